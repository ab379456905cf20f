#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One torture: start all, harm all, heal all, look what is left, judge. Called by scripts/torture."""
import argparse
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import plan
from faults import KazooClient, Nemesis, Operator, left_out
from fleet import Fleet, Log, Servers, now

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TICK_MS, SESSION_MAX_MS = 1000, 8000
CALM_S, SETTLE_S, QUIET_S = 8, 12, 10  # settle: the longest session and a tick, and the reconnect


def arguments():
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="of load (default 2)")
    parser.add_argument("--seed", type=int, help="of the faults (default: by the clock)")
    parser.add_argument("--servers", type=int, choices=(3, 5), help="default: by the seed")
    parser.add_argument("--workers", type=int, default=0, help="default: by the processors")
    parser.add_argument("--build", required=True, help="the folder where it was built")
    parser.add_argument("--dir", help="for histories and logs (default: a new one)")
    parser.add_argument("--keep", action="store_true", help="leave the folder, also on success")
    parser.add_argument("--quiet", action="store_true", help="no line for each fault")
    parser.add_argument("--in-namespace", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.minutes < 0.5:
        parser.error("--minutes: at least 0.5")
    if options.seed is None:
        options.seed = time.time_ns() // 1000 % 1000000
    options.servers = options.servers or (3, 3, 5)[options.seed % 3]
    options.workers = options.workers or max(12, min(36, 12 * os.cpu_count()))
    return options


def enter_namespace(options):
    """A network of our own, in which packets can be filtered: as root, or as root of a user namespace."""
    if not all(shutil.which(tool) for tool in ("unshare", "ip", "iptables", "ss")):
        return
    probe = "ip link set lo up && iptables -A INPUT -p tcp --dport 1 -j DROP && iptables -F INPUT"
    for words in (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"]):
        if subprocess.run([*words, "sh", "-c", probe], stdout=subprocess.DEVNULL, check=False,
                          stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode == 0:
            again = [*words, sys.executable, os.path.abspath(__file__), *sys.argv[1:],
                     "--in-namespace", "--seed", str(options.seed)]
            os.execvp(again[0], again)


class Watch(threading.Thread):
    """Notes what is slow without our doing: a machine that stalls, servers that take long to write;
    and how many watches the servers keep."""

    def __init__(self, servers, log, operator, root):
        super().__init__(daemon=True)
        self.servers, self.log, self.operator, self.root = servers, log, operator, root
        self.ended = threading.Event()
        self.other = threading.Thread(target=self.watch_stalls, daemon=True)

    def run(self):
        self.other.start()
        while not self.ended.wait(1.0):
            self.sample()
            self.log.clock()
            if self.operator:
                self.probe()

    def watch_stalls(self):
        last = now()
        while not self.ended.wait(0.1):
            current = now()
            if current - last > 500_000_000:
                self.log.note("stall", since=last)
            last = current

    def sample(self):
        total = {"watches": 0, "connections": 0}
        for number in range(1, self.servers.count + 1):
            found = self.servers.numbers(number)
            if not found:
                return
            total["watches"] += found["zk_watch_count"]
            total["connections"] += found["zk_num_alive_connections"]
        self.log.note("sample", **total)

    def probe(self):
        start = now()
        try:
            self.operator.set_async(self.root, b"").get(timeout=20)
        except Exception as error:
            self.log.note("slow", since=start, why=repr(error))
            return
        if now() - start > 700_000_000:
            self.log.note("slow", since=start)

    def stop(self):
        self.ended.set()
        self.join(25)


class Storm:
    def __init__(self, options):
        self.options = options
        self.dir = options.dir or tempfile.mkdtemp(prefix="zklock-torture-")
        os.makedirs(self.dir, exist_ok=True)
        self.log = Log(f"{self.dir}/nemesis.jsonl", not options.quiet)
        self.servers = Servers(ROOT, f"{self.dir}/servers", options.servers, TICK_MS,
                               SESSION_MAX_MS, self.log)
        self.fleet = self.nemesis = self.watch = None
        self.clients = []

    def phase(self, name):
        self.log.note("phase", name=name)
        self.log.clock()
        self.log.say(f"-- {name}")

    def start(self):
        options = self.options
        self.servers.start()
        self.fleet = Fleet(self.dir, options.build, options.seed, self.servers, self.log,
                           options.workers)
        self.nemesis = Nemesis(self.fleet, self.servers, self.log, options.in_namespace)
        missing = left_out(options.servers, options.in_namespace, self.fleet.faketime,
                           os.path.exists(self.fleet.zklock))
        for kind, why in missing.items():
            self.log.say(f"left out: {kind}: {why}")
        self.log.note("begin", seed=options.seed, minutes=options.minutes, left_out=missing,
                      servers=options.servers, workers=options.workers, tick_ms=TICK_MS,
                      quota=plan.quota(options.minutes), kinds=plan.KINDS,
                      threads=options.workers * self.fleet.threads, root=self.fleet.root)
        self.fleet.start()
        if KazooClient:
            addresses = self.servers.addresses()
            self.nemesis.operator = Operator(addresses, self.fleet.root, self.log)
            prober = KazooClient(hosts=",".join(addresses), timeout=8)
            prober.start(timeout=30)
            prober.ensure_path(self.fleet.root)
            self.clients = [self.nemesis.operator, prober]
        self.watch = Watch(self.servers, self.log, self.clients[1] if self.clients else None,
                           self.fleet.root)
        self.watch.start()
        return missing

    def storm(self, missing):
        seconds = self.options.minutes * 60 - CALM_S - SETTLE_S - QUIET_S
        until, lanes = time.monotonic() + max(10, seconds), []
        for lane, kinds in plan.LANES.items():
            faults = plan.lane_faults(self.options.seed, lane, seconds, missing)
            must = [k for k in kinds if k not in missing] if self.options.minutes >= 2 else []
            lanes.append(threading.Thread(target=self.nemesis.run_lane, args=(faults, must, until),
                                          daemon=True))
        for thread in lanes:
            thread.start()
        for thread in lanes:
            thread.join()

    def wind_down(self):
        """All is healed: all must get on, finish, keep no watch, and leave nothing."""
        self.phase("settle")
        self.nemesis.heal_all()
        time.sleep(SETTLE_S)  # the longest session timeout: what has died is gone then
        self.phase("quiet")
        time.sleep(QUIET_S)
        self.phase("idle")
        self.fleet.end_runs(60)
        stuck = self.fleet.idle(60)
        self.log.note("stuck", who=stuck)
        for client in self.clients:
            client.stop()
        self.watch.stop()
        self.log.note("idle_watches", left=self.until_zero(self.watches, 10))
        self.phase("close")
        self.fleet.close(100)
        self.look_for_ghosts()
        self.log.note("closed_watches", left=self.until_zero(self.watches, 5))
        self.phase("end")

    @staticmethod
    def until_zero(count, seconds):
        end = time.monotonic() + seconds
        while (left := count()) and time.monotonic() < end:
            time.sleep(0.1)
        return left

    def watches(self):
        """Of all servers; 1 for each that does not answer, which is not nothing."""
        numbers = [self.servers.numbers(n) for n in range(1, self.servers.count + 1)]
        return sum(n["zk_watch_count"] if n else 1 for n in numbers)

    def look_for_ghosts(self):
        """By what the leader's `dump` and `mntr` say: no ephemeral node, and only our root stays."""
        def ephemerals():
            numbers = [self.servers.numbers(n) for n in range(1, self.servers.count + 1)]
            return sum(n["zk_ephemerals_count"] if n else 1 for n in numbers)
        # what was killed last is gone after its session timeout and a tick
        self.log.note("ghosts", left=self.until_zero(ephemerals, SESSION_MAX_MS / 1000 + 5))
        if not KazooClient:
            return
        client = KazooClient(hosts=",".join(self.servers.addresses()), timeout=8)
        client.start(timeout=30)
        # the root is a container itself, and may be gone as well
        names = self.until_zero(lambda: client.exists(self.fleet.root) and
                                client.get_children(self.fleet.root), 20)
        client.stop()
        client.close()
        self.log.note("containers", left=names or [])

    def stop(self):
        """Whatever is still there, and in every case."""
        if self.nemesis:
            self.nemesis.ending.set()
        if self.fleet:
            self.fleet.kill()
        self.servers.stop(keep=True)

    def judge(self):
        data = [word for folder in self.servers.data() for word in ("--data", folder)]
        return subprocess.run([sys.executable, f"{ROOT}/tests/torture/check.py", self.dir, *data],
                              check=False).returncode

    def remove(self, good):
        if good and not self.options.keep:
            self.servers.stop(keep=False)
            shutil.rmtree(self.dir, ignore_errors=True)
            return
        self.keep_data()
        print(f"kept: {self.dir}")
        if not good:
            options = self.options
            print(f"again: scripts/torture --minutes {options.minutes:g} --seed {options.seed} "
                  f"--servers {options.servers} --workers {options.workers}")

    def keep_data(self):
        """The transaction logs stay beside the histories, also when they were in memory."""
        if not os.path.exists(f"{self.servers.dir}/servers"):
            return
        for number, folder in enumerate(self.servers.data(), 1):
            shutil.copytree(folder, f"{self.dir}/data/{number}", dirs_exist_ok=True)
        self.servers.stop(keep=False)


def interrupted(number, _frame):
    raise SystemExit(128 + number)


def main():
    options = arguments()
    if options.in_namespace:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    else:
        enter_namespace(options)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    logging.getLogger("kazoo").setLevel(logging.CRITICAL + 1)  # that servers go away is no news here
    storm, good = Storm(options), False
    print(f"torture: seed {options.seed}, {options.minutes:g} min, {options.servers} servers, "
          f"{options.workers} workers", flush=True)
    try:
        missing = storm.start()
        storm.phase("calm")
        time.sleep(CALM_S)
        storm.phase("storm")
        storm.storm(missing)
        storm.wind_down()
        storm.stop()
        good = storm.judge() == 0
    except SystemExit:
        storm.options.keep, good = False, True  # interrupted: nothing is left
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        storm.stop()
        storm.remove(good)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
