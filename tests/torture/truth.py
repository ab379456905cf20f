# SPDX-License-Identifier: Apache-2.0
"""Ground truth: when each contender's node began and ended, and how, by the servers' own logs."""
import bisect
import glob
import os
import re
import sys
from collections import Counter, defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import txnlog

CONTENDER = re.compile(r"^(?P<lock>/.+)/(?P<guid>[^/]+)-lock-\d+$")
NEVER = 1 << 63


class Node:
    """One contender. end_kind: signoff (set and delete in one), delete, close (of its session)."""
    __slots__ = ("path", "lock", "guid", "session", "created", "created_ms", "end", "end_ms",
                 "end_kind", "end_session", "end_certain", "maybe", "maybe_ms", "head", "head_ms",
                 "sure_ms")

    def __init__(self, path, lock, guid, session, created, created_ms):
        self.path, self.lock, self.guid, self.session = path, lock, guid, session
        self.created, self.created_ms = created, created_ms
        self.end, self.end_ms, self.end_kind, self.end_session = NEVER, NEVER, None, None
        self.end_certain = True
        # the first end that may have been: of a proposal that a leader made and perhaps none kept
        self.maybe, self.maybe_ms = NEVER, NEVER
        # when the last of those before it had, or may have, ended: from then on it was the first
        self.head, self.head_ms = created, created_ms
        self.sure_ms = created_ms  # the same without "may"

    def was_first(self):
        return self.head < NEVER and self.end > self.head


def read_logs(folders):
    """({(zxid, ms, type, session, path)}, those of which it is not known whether they happened).

    A leader that falls has logged, and may have made others log, what its successor never knew. What
    the successor began with is the name of the snapshot that servers write when they follow it. Where
    there is none, what only a minority has logged is uncertain."""
    count = Counter()
    for folder in folders:
        found = set()
        for file in glob.glob(os.path.join(folder, "version-2", "log.*")):
            found.update(txnlog.transactions(file))
        count.update(found)
    kept = last_of_epochs(folders, count)
    rows = {row for row in count if row[0] <= kept.get(row[0] >> 32, NEVER)}
    majority = len(folders) // 2 + 1
    return rows, {row for row in rows if count[row] < majority and row[0] >> 32 not in kept}


TAKE_OVER_MS = 3000  # a successor's first transaction comes at most so long after its snapshot


def last_of_epochs(folders, rows):
    """{epoch: the last transaction that its successor knew}"""
    first = {}
    for row in rows:
        first[row[0] >> 32] = min(first.get(row[0] >> 32, NEVER), row[1])
    snapshots = [(os.path.getmtime(file) * 1000, int(file.rsplit(".", 1)[1], 16))
                 for folder in folders
                 for file in glob.glob(os.path.join(folder, "version-2", "snapshot.*"))]
    kept, epochs = {}, sorted(first)
    for epoch, successor in zip(epochs, epochs[1:]):
        known = [zxid for ms, zxid in snapshots
                 if zxid >> 32 == epoch and ms >= first[successor] - TAKE_OVER_MS]
        if known:
            kept[epoch] = max(known)
    return kept


def followed(rows, uncertain, granted):
    """Uncertain creates that did happen: somebody got their token, or wrote or deleted them later."""
    later = {row[4] for row in rows if row[2] in ("set", "delete")}
    return {row for row in uncertain if row[2] == "create" and (row[0] in granted or row[4] in later)}


class Truth:
    def __init__(self, rows, uncertain=frozenset(), granted=frozenset()):
        self.nodes = {}  # by czxid, which is the token
        self.by_lock = defaultdict(list)  # in order of creation, which is that of the queue
        self.sets = []  # (zxid, session, node): writes that are not part of a sign-off
        self.uncertain = len(uncertain)
        self.guids = Counter()
        self.replay(rows - uncertain | followed(rows - uncertain, uncertain, granted))
        self.end_by_hearsay(uncertain)
        self.find_heads()

    def replay(self, rows):
        alive, of_session, groups = {}, defaultdict(set), defaultdict(list)
        for row in rows:
            groups[row[0]].append(row)
        for zxid in sorted(groups):
            group = groups[zxid]
            written = {row[4] for row in group if row[2] == "set"}
            deleted = {row[4] for row in group if row[2] == "delete"}
            for _, ms, kind, session, path in group:
                if kind == "create":
                    self.create(zxid, ms, session, path, alive, of_session)
                elif kind == "delete" and path in alive:
                    self.end(alive.pop(path), zxid, ms, session,
                             "signoff" if path in written else "delete")
                elif kind == "set" and path in alive and path not in deleted:
                    self.sets.append((zxid, session, alive[path]))
                elif kind == "close":
                    for node in of_session.pop(session, ()):
                        if node.end == NEVER:
                            alive.pop(node.path, None)
                            self.end(node, zxid, ms, session, "close")

    def end_by_hearsay(self, uncertain):
        """A new leader makes good what it finds in its own log, and others take it over without
        logging it: an uncertain end may be the end. So an end is between `maybe` and `end`, and a
        rule takes of the two what accuses less."""
        by_path, by_session = defaultdict(list), defaultdict(list)
        for node in self.nodes.values():
            by_path[node.path].append(node)
            by_session[node.session].append(node)
        for zxid, ms, kind, session, path in sorted(uncertain):
            found = by_path[path] if kind == "delete" else by_session[session] if kind == "close" else ()
            for node in found:
                if node.created < zxid < node.maybe:
                    node.maybe, node.maybe_ms = zxid, ms
                if node.created < zxid < node.end == NEVER:
                    self.end(node, zxid, ms, session, kind)
                    node.end_certain = False

    def create(self, zxid, ms, session, path, alive, of_session):
        match = CONTENDER.match(path)
        if not match:
            return
        node = Node(path, match["lock"], match["guid"], session, zxid, ms)
        self.nodes[zxid] = alive[path] = node
        of_session[session].add(node)
        self.by_lock[node.lock].append(node)
        self.guids[node.guid] += 1

    @staticmethod
    def end(node, zxid, ms, session, kind):
        node.end, node.end_ms, node.end_kind, node.end_session = zxid, ms, kind, session

    def find_heads(self):
        for nodes in self.by_lock.values():
            last = last_ms = sure_ms = 0
            for node in nodes:
                node.head, node.head_ms = max(node.created, last), max(node.created_ms, last_ms)
                node.sure_ms = max(node.created_ms, sure_ms)
                last = max(last, min(node.end, node.maybe))
                last_ms = max(last_ms, min(node.end_ms, node.maybe_ms))
                sure_ms = max(sure_ms, node.end_ms)


class Clock:
    """Time of day of the servers' logs, in ms, to the workers' CLOCK_BOOTTIME, in ns."""

    def __init__(self, samples):
        self.samples = sorted((t + offset, offset) for t, offset in samples)  # by time of day, ns
        self.times = [real for real, _ in self.samples]

    def boot(self, ms):
        if ms >= NEVER:
            return NEVER
        i = min(bisect.bisect(self.times, ms * 1000000), len(self.samples) - 1)
        return ms * 1000000 - self.samples[i][1]

    def spread_ms(self):
        offsets = [offset for _, offset in self.samples]
        return (max(offsets) - min(offsets)) / 1e6
