# SPDX-License-Identifier: Apache-2.0
"""What workers and nemesis have written down, put together: attempts, losses, faults, phases."""
import glob
import json
import os

GRACE_NS = 2_000_000_000  # for a reconnect after a fault has been healed


class Attempt:
    """One call to get a lock, and what came of it. Times in ns of CLOCK_BOOTTIME, 0: not seen."""
    __slots__ = ("process", "n", "lock", "verb", "timeout_ms", "invoked", "granted", "token", "node",
                 "until", "first_until", "denied_at", "released", "answered", "answer", "failed",
                 "error", "stores")

    def __init__(self, process, row):
        self.process, self.n, self.lock, self.verb = process, row["n"], row["lock"], row["verb"]
        self.timeout_ms, self.invoked = row["timeout_ms"], row["t"]
        self.granted = self.token = self.until = self.first_until = self.denied_at = 0
        self.released = self.answered = self.failed = 0
        self.answer = self.error = self.node = None
        self.stores = []

    def note_belief(self, row):
        """A zero says that there is no proof now; what was claimed before stays claimed."""
        if row["until"]:
            self.until = max(self.until, row["until"])
        elif not self.denied_at:
            self.denied_at = row["t"]

    def believed_until(self):
        """The end of belief, 0 when there was none: what the process could have acted upon."""
        if not self.first_until:
            return 0
        ends = [self.until]
        ends += [t for t in (self.released, self.denied_at, self.process.closed) if t]
        lost = self.process.lost.get(self.token)
        ends += [lost[0][0]] if lost else []
        return min(ends)


class Process:
    """One life of a worker, or of the command of a `zklock run`."""

    def __init__(self, name):
        self.name, self.worker = name, name.rsplit("-", 1)[0]
        self.session_ms, self.sealed, self.threads = 4000, True, 0
        self.attempts, self.sessions = {}, set()
        self.lost, self.events, self.usage, self.stalls, self.uses = {}, [], [], [], []
        self.nested, self.pauses = [], []
        self.started = self.closed = self.idle = self.last = 0

    def take(self, row):
        kind, t = row["ev"], row["t"]
        self.last = max(self.last, t)
        attempt = self.attempts.get(row.get("n"))
        if kind == "invoke":
            self.attempts[row["n"]] = Attempt(self, row)
        elif kind in ("grant", "beat"):
            if kind == "grant":
                attempt.granted, attempt.token, attempt.node = t, row["token"], row["node"]
                attempt.first_until = row["until"]
            attempt.note_belief(row)
        elif kind == "store":
            attempt.stores.append(row)
        elif kind == "release":
            attempt.released = t
        elif kind == "released":
            attempt.answered, attempt.answer = t, row["rc"]
        elif kind == "fail":
            attempt.failed, attempt.error = t, row["rc"]
        elif kind in ("lost", "suspended", "resumed"):
            self.events.append(row)
            if kind == "lost":
                self.lost.setdefault(row["token"], []).append((t, row["cause"]))
        else:
            self.take_rest(kind, t, row)

    def take_rest(self, kind, t, row):
        if kind == "start":
            self.started, self.session_ms = t, row["session_ms"]
            self.sealed, self.threads = row["sealed"], row["threads"]
        elif kind == "session":
            self.sessions.add(int(row["id"], 16))
        elif kind == "usage":
            self.usage.append(row)
        elif kind == "stall":
            self.stalls.append((row["from"], t))
        elif kind == "use":
            self.uses.append(row)
        elif kind == "nested":
            self.nested.append(row)
        elif kind == "close":
            self.closed = t
        elif kind == "idle":
            self.idle = t


class Fault:
    def __init__(self, row):
        self.id, self.kind, self.lane, self.target = row["id"], row["kind"], row["lane"], row["target"]
        self.on, self.off, self.failed = row["t"], 1 << 63, False

    def concerns(self, process):
        return self.lane != "workers" or self.target.split()[0].startswith(process.worker)


class Nemesis:
    def __init__(self, rows):
        self.begin, self.faults, self.phases, self.clock = {}, {}, [], []
        self.operators, self.exits, self.spawns, self.samples = set(), {}, {}, []
        self.slow, self.written, self.notes, self.missed = [], [], {}, 0
        for row in rows:
            self.take(row["ev"], row["t"], row)

    def take(self, kind, t, row):
        if kind == "begin":
            self.begin = row
        elif kind == "fault_on":
            self.faults[row["id"]] = Fault(row)
        elif kind == "fault_off":
            self.faults[row["id"]].off = t
        elif kind == "fault_failed":
            self.faults[row["id"]].failed = True
        elif kind == "phase":
            self.phases.append((t, row["name"]))
        elif kind == "clock":
            self.clock.append((t, row["offset"]))
        elif kind == "operator":
            self.operators.add(int(row["session"], 16))
        elif kind == "spawn":
            self.spawns[row["who"]] = t
        elif kind == "exit":
            self.exits[row["who"]] = (t, row["status"])
        elif kind == "sample":
            self.samples.append(row)
        elif kind in ("stall", "slow"):
            self.slow.append((row["since"], t, kind))
        elif kind == "written":
            self.written.append(row)
        elif kind == "missed":
            self.missed += 1
        else:
            self.notes[kind] = row

    def phase(self, name):
        """(from, until)"""
        for i, (t, found) in enumerate(self.phases):
            if found == name:
                return t, self.phases[i + 1][0] if i + 1 < len(self.phases) else t
        return 0, 0

    def ended(self, name):
        return self.phases[-1][1] == name if self.phases else False

    def troubles(self, process):
        """Intervals in which this process, or all, had to expect harm."""
        found = [(f.on, f.off) for f in self.faults.values() if f.concerns(process)]
        found += [(since, until) for since, until, _ in self.slow]
        return found + process.stalls


def rows_of(path):
    """A line that its writer did not live to end is none."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.endswith("}\n"):
                yield json.loads(line)


def load_processes(folder):
    processes = []
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        process = Process(os.path.basename(path)[:-len(".jsonl")])
        for row in rows_of(path):
            process.take(row)
        processes.append(process)
    return processes
