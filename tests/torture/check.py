#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judge the histories of a torture against the servers' transaction logs.

    check.py DIR [--data DATADIR]...     DIR/nemesis.jsonl, DIR/history/*.jsonl

One line for each rule, then figures, and `N passed, N failed`. Status 1 when a promise was broken.
"""
import argparse
import os
import sys
from collections import Counter
from itertools import islice

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from history import Nemesis, load_processes, rows_of
from rules import MS, RULES, Run
from truth import Clock, Truth, read_logs

SHOWN = 5  # of what breaks a rule


def load(folder, data):
    nemesis = Nemesis(rows_of(os.path.join(folder, "nemesis.jsonl")))
    rows, uncertain = read_logs(data)
    processes = load_processes(os.path.join(folder, "history"))
    granted = {a.token for p in processes for a in p.attempts.values() if a.token}
    return Run(nemesis, processes, Truth(rows, uncertain, granted), Clock(nemesis.clock))


def judge(run):
    """Result: how many rules hold, how many do not."""
    failed = 0
    for function in RULES:
        found = list(function(run))
        name, text = function.__name__.replace("_", " "), function.__doc__
        print(f"{'FAIL' if found else 'PASS'}: {name}: {text}")
        for line in islice(found, SHOWN):
            print(f"      {line}")
        if len(found) > SHOWN:
            print(f"      ... {len(found)} in all")
        failed += bool(found)
    return len(RULES) - failed, failed


# ---- figures: reported, not judged -------------------------------------------------------------------

def percentiles(values):
    values = sorted(values)
    if not values:
        return "none"
    return ", ".join(f"{name} {values[min(len(values) - 1, int(len(values) * p))] / MS:.2f}"
                     for name, p in (("p50", .5), ("p90", .9), ("p99", .99), ("max", 1))) + \
        f" ms ({len(values)})"


def hand_overs(run, since, until):
    """From the call that releases to the grant of who waited directly behind, already then."""
    by_end = {node.end: node for node in run.truth.nodes.values()}
    holds = {a.token: a for a in run.grants}
    for b in run.grants:
        node = run.truth.nodes.get(b.token)
        before = by_end.get(node.head) if node else None
        a = holds.get(before.created) if before else None
        if a and a.released and a.answer == "ZKLOCK_OK" and since <= a.released <= until and \
                a.lock == b.lock and run.clock.boot(node.created_ms) < a.released < b.granted:
            yield b.granted - a.released


def report(run):
    nemesis, grants = run.nemesis, run.grants
    begin, end = nemesis.phases[0][0], nemesis.phases[-1][0]
    seconds = (nemesis.phase("idle")[0] or end) - begin
    seconds /= 1e9
    faults = Counter(f.kind for f in nemesis.faults.values() if not f.failed)
    print(f"\n{len(grants)} grants in {seconds:.0f} s ({len(grants) / max(1, seconds):.1f} a second) "
          f"of {len(run.attempts)} attempts, {len(run.truth.nodes)} nodes, "
          f"{len(run.processes)} processes")
    print("faults:", sum(faults.values()), "-",
          ", ".join(f"{kind} {n}" for kind, n in sorted(faults.items())))
    for kind, why in nemesis.begin.get("left_out", {}).items():
        print(f"left out: {kind}: {why}")
    print("not granted:", dict(Counter(a.error for a in run.attempts if a.error)))
    print("lost:", dict(Counter(told[0][1] for p in run.processes for told in p.lost.values())))
    print("releases:", dict(Counter(a.answer for a in grants if a.answer)))
    print("ends of nodes:", dict(Counter(str(n.end_kind) for n in run.truth.nodes.values())))
    print("hand-over, all:  ", percentiles(hand_overs(run, 0, 1 << 62)))
    print("hand-over, quiet:", percentiles(hand_overs(run, *nemesis.phase("quiet"))))
    refused = sum(not row["accepted"] for a in grants for row in a.stores)
    excused = sum(b.excused for found in run.beliefs().values() for b in found)
    print(f"writes refused by the store: {refused}; holds that an operator broke: {excused}; "
          f"written into: {Counter(row['accepted'] for row in nemesis.written)[True]}, "
          f"refused by the seal: {Counter(row['accepted'] for row in nemesis.written)[False]}")
    margins = [(run.clock.boot(n.end_ms) - a.believed_until()) / MS for a in grants
               if a.believed_until() and (n := run.truth.nodes.get(a.token)) and n.end_kind == "close"
               and not a.process.closed and not 0 < a.released < run.clock.boot(n.end_ms)]
    if margins:
        print(f"sessions that ended under a holder: {len(margins)}; its belief had ended at least "
              f"{min(margins):.0f} ms before")
    stalls = [until - since for since, until, kind in nemesis.slow if kind == "stall"]
    slow = [until - since for since, until, kind in nemesis.slow if kind == "slow"]
    print(f"machine stalled: {len(stalls)} times, {sum(stalls) / 1e9:.1f} s; writes slower than "
          f"0.7 s: {len(slow)}, {sum(slow) / 1e9:.1f} s; "
          f"transactions that only a minority logged: {run.truth.uncertain}; "
          f"clocks drifted by {run.clock.spread_ms():.3f} ms")


def main():
    parser = argparse.ArgumentParser(prog="check.py", description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--data", action="append", default=[])
    options = parser.parse_args()
    data = options.data
    if not data:  # a folder that was kept
        kept = os.path.join(options.folder, "data")
        data = [os.path.join(kept, name) for name in sorted(os.listdir(kept))]
    run = load(options.folder, data)
    passed, failed = judge(run)
    report(run)
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
