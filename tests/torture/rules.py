# SPDX-License-Identifier: Apache-2.0
"""The rules. Each takes a Run and yields one text for each time that it was broken."""
from collections import defaultdict

from history import GRACE_NS
from truth import NEVER

MS, S = 1_000_000, 1_000_000_000
STUCK_NS = 5 * S  # first in line, nothing wrong, and no grant: far beyond any round trip
LATE_NS = 5 * S  # beyond a deadline; a hang guard, since a busy machine is no broken promise

RULES = []


def rule(function):
    RULES.append(function)
    return function


class Belief:
    """From when until when somebody may have acted as the holder."""
    __slots__ = ("start", "end", "token", "who", "excused")

    def __init__(self, start, end, token, who, excused):
        self.start, self.end, self.token, self.who, self.excused = start, end, token, who, excused


class Run:
    def __init__(self, nemesis, processes, truth, clock):
        self.nemesis, self.processes, self.truth, self.clock = nemesis, processes, truth, clock
        # stamps of the servers are cut to ms, and the two clocks are compared once a second
        self.blur = MS + int(clock.spread_ms() * MS)
        self.attempts = [a for p in processes for a in p.attempts.values()]
        self.grants = [a for a in self.attempts if a.granted and a.token]
        self.by_session = {s: p for p in processes for s in p.sessions}
        self.overlaps_excused = 0

    def broken(self, node):
        """When an operator took this node away: what its holder believes after that is excused."""
        if node and node.end_kind == "delete" and node.end_session in self.nemesis.operators:
            return self.clock.boot(node.end_ms)
        return None

    def acl_taken(self, lock):
        """Was the right to delete ever taken away there?"""
        return any(f.kind == "acl-taken" and f.target.endswith("/" + lock)
                   for f in self.nemesis.faults.values())

    def is_session_of(self, process, session):
        """Each is told of, but for the second one of a process whose first, on which a delete was
        denied, goes on as long as it holds something (docs/faults.md, row 20)."""
        if session in process.sessions or not process.sessions:
            return True
        denied = any(self.acl_taken(a.lock) for a in process.attempts.values())
        return denied and session not in self.by_session

    def belief(self, start, end, token, who):
        cut = self.broken(self.truth.nodes.get(token))
        if cut is not None and cut < end:
            return Belief(start, max(start, cut), token, who, True)
        return Belief(start, end, token, who, False)

    def beliefs(self):
        """By lock: of workers by what they were told, of commands by what they did."""
        found = defaultdict(list)
        for a in self.grants:
            if a.believed_until():
                found[a.lock].append(self.belief(a.granted, a.believed_until(), a.token,
                                                 a.process.name))
        for process in self.processes:
            uses = defaultdict(list)
            for row in process.uses:
                uses[row["lock"], row["token"]].append(row["t"])
            for (lock, token), times in uses.items():
                found[lock].append(self.belief(min(times), max(times), token,
                                               f"command of {process.name}"))
        return found


def overlaps(beliefs):
    """Pairs of which the second began while the first, or one before it, still believed."""
    last = None
    for belief in sorted(beliefs, key=lambda b: (b.start, b.token)):
        if last and belief.start < last.end and belief.token != last.token:
            yield last, belief
        if not last or belief.end > last.end:
            last = belief


@rule
def one_holder(run):
    """P1: no two holders of a lock have proof at one instant; a command runs only while its run holds"""
    for lock, beliefs in run.beliefs().items():
        for a, b in overlaps(b for b in beliefs if b.end > b.start):  # else broken before it began
            yield (f"{lock}: {a.who} (token {a.token}) until {a.end}, {b.who} (token {b.token}) "
                   f"from {b.start}: {(a.end - b.start) / MS:.3f} ms")


@rule
def proof_is_conservative(run):
    """P3: what a holder believes ends before the servers end its node"""
    for a in run.grants:
        node, until = run.truth.nodes.get(a.token), a.believed_until()
        if not node or not until or node.end == NEVER or not node.end_certain:
            continue
        if run.broken(node) is not None:
            continue
        end = run.clock.boot(node.end_ms) + run.blur
        if until >= end and not (a.released and a.released < end):
            yield (f"{a.lock}: {a.process.name} believed in {node.path} for "
                   f"{(until - end) / MS:.1f} ms after its {node.end_kind}")


@rule
def commands_end_in_time(run):
    """P3 for commands: what runs under `zklock run` is gone before its node is"""
    for process in run.processes:
        for row in process.uses[-1:]:
            node = run.truth.nodes.get(row["token"])
            if node and run.broken(node) is None and node.end_certain:
                late = row["t"] - run.clock.boot(node.end_ms) - run.blur
                if late > 0:
                    yield f"{row['lock']}: {process.name} worked {late / MS:.1f} ms after the end"


@rule
def grant_needs_its_node(run):
    """P7: a grant stands on a node that its own session made, that was alive and first"""
    for a in run.grants:
        node = run.truth.nodes.get(a.token)
        if not node:
            yield f"{a.lock}: {a.process.name} got token {a.token}, and no such node was made"
        elif a.node and node.path != a.node:
            yield f"{a.process.name}: token {a.token} is of {node.path}, not of {a.node}"
        elif not run.is_session_of(a.process, node.session):
            yield f"{a.process.name}: {node.path} is of session 0x{node.session:x}, not of ours"
        elif not node.was_first():
            yield f"{a.process.name}: {node.path} was never the first, and was granted"


@rule
def first_come_first_served(run):
    """P2: when a lock is granted, all who came before have left"""
    for a in run.grants:
        node = run.truth.nodes.get(a.token)
        if node and (node.head == NEVER or run.clock.boot(node.head_ms) > a.granted + run.blur):
            yield f"{a.process.name}: {node.path} was granted while one before it stood"


@rule
def tokens_grow(run):
    """P5: tokens grow from grant to grant of a lock"""
    highest = {}
    for a in sorted(run.grants, key=lambda a: a.granted):
        broken = run.broken(run.truth.nodes.get(a.token))
        if not a.first_until or broken is not None and broken < a.granted:
            continue  # it woke up too late and knows it, or an operator had been there
        if a.token <= highest.get(a.lock, (0, ""))[0]:
            yield f"{a.lock}: token {a.token} of {a.process.name} after {highest[a.lock]}"
        highest[a.lock] = max(highest.get(a.lock, (0, "")), (a.token, a.process.name))


@rule
def store_is_fenced(run):
    """P5: the store takes no token below its highest, and refuses nobody who still believes"""
    for a in run.grants:
        for row in a.stores:
            if row["accepted"] != (row["token"] >= row["highest"]):
                yield f"{a.lock}: token {row['token']} against {row['highest']}"
            if row["believed"] and not row["accepted"] and \
                    run.broken(run.truth.nodes.get(a.token)) is None:
                yield f"{a.lock}: {a.process.name} believed, and {row['highest']} had been there"


@rule
def granted_with_proof(run):
    """P3: a grant comes with time left, unless the process was stopped on the way"""
    for a in run.grants:
        if not a.first_until and not any(on - GRACE_NS <= a.granted <= off + GRACE_NS
                                         for on, off in run.nemesis.troubles(a.process)):
            yield f"{a.lock}: {a.process.name} got token {a.token} with no time left"


@rule
def lost_is_told_once(run):
    """P4: each grant ends in one release or one LOST, with nothing after it"""
    for process in run.processes:
        for token, told in process.lost.items():
            if len(told) != 1:
                yield f"{process.name}: LOST {len(told)} times for token {token}"
            for row in process.events:
                if row["ev"] != "lost" and row["token"] == token and row["t"] > told[0][0]:
                    yield f"{process.name}: {row['ev']} after LOST for token {token}"
        for a in process.attempts.values():
            if not a.token or not a.answer or (process.closed and process.closed < a.answered):
                continue
            lost = a.token in process.lost
            if a.answer in ("ZKLOCK_OK", "ZKLOCK_ERR_PENDING") and lost:
                yield f"{process.name}: token {a.token} was released and lost"
            if a.answer == "ZKLOCK_ERR_LOST" and not lost and process.idle:
                yield f"{process.name}: unlock says that token {a.token} was lost, no event did"


@rule
def no_false_loss(run):
    """A lock is lost only when a fault was near, or its node was deleted"""
    for process in run.processes:
        troubles = run.nemesis.troubles(process)
        answered = {a.token: a.answered for a in process.attempts.values()
                    if a.answer == "ZKLOCK_ERR_LOST"}
        for token, told in process.lost.items():
            t, cause = told[0]
            t = min(t, answered.get(token, NEVER))  # an event waits until somebody asks for it
            node = run.truth.nodes.get(token)
            if cause == "closed" or (node and run.broken(node) is not None):
                continue
            since = t - process.session_ms * MS - GRACE_NS
            if not any(on <= t and off >= since for on, off in troubles):
                yield f"{process.name}: token {token} was lost ({cause}) without a fault"


@rule
def no_stuck_waiter(run):
    """P8: who is first, alive and undisturbed is granted"""
    grants = {a.token: a.granted for a in run.grants}
    tick = run.nemesis.begin.get("tick_ms", 1000) * MS
    over = run.nemesis.phase("idle")[1] or max((p.last for p in run.processes), default=0)
    for node in run.truth.nodes.values():
        process = run.by_session.get(node.session)
        if not process or node.sure_ms >= NEVER:
            continue
        start = run.clock.boot(node.sure_ms)
        end = min(grants.get(node.created, NEVER), run.clock.boot(min(node.end_ms, node.maybe_ms)), over)
        if end - start <= STUCK_NS:
            continue
        tail = process.session_ms * MS + tick + GRACE_NS
        troubles = [(on, off + tail) for on, off in run.nemesis.troubles(process)]
        died = run.nemesis.exits.get(process.name, (NEVER, 0))[0]
        troubles.append((min(died, process.closed or NEVER), NEVER))
        if (alone := uncovered(start, end, troubles)) > STUCK_NS:
            yield f"{process.name}: {node.path} was first for {alone / S:.1f} s without a reason"
    for name in run.nemesis.notes.get("stuck", {}).get("who", []):
        yield f"{name} did not finish what it had under way within a minute"


def uncovered(start, end, intervals):
    """How much of [start, end] lies in none of the intervals."""
    alone, at = 0, start
    for on, off in sorted(intervals):
        if on > at:
            alone += max(0, min(on, end) - at)
        at = max(at, off)
        if at >= end:
            return alone
    return alone + max(0, end - at)


@rule
def all_is_answered(run):
    """P8: at the end no call is under way"""
    for process in run.processes:
        if not process.idle:
            continue
        for a in process.attempts.values():
            if not a.granted and not a.failed:
                yield f"{process.name}: attempt {a.n} on {a.lock} ({a.verb}) has no answer"
            elif a.granted and not a.answered:
                yield f"{process.name}: attempt {a.n} on {a.lock} has no end"


@rule
def deadlines_hold(run):
    """P8: a deadline ends a wait, not before it, and not long after it"""
    for a in run.attempts:
        if a.timeout_ms <= 0 or not (a.failed or a.granted):
            continue
        late = (a.granted or a.failed) - a.invoked - a.timeout_ms * MS
        if a.error == "ZKLOCK_ERR_TIMEOUT" and late < -MS:
            yield f"{a.process.name}: {a.lock}: timed out {-late / MS:.1f} ms too early"
        if late > LATE_NS:
            late -= sum(off - on for on, off in run.nemesis.troubles(a.process)
                        if (on, off) in a.process.stalls and off > a.invoked)
            if late > LATE_NS:
                yield f"{a.process.name}: {a.lock}: {late / S:.1f} s after its deadline"



@rule
def answers_are_documented(run):
    """Each error is one that the manual names for the call, and fits it"""
    for a in run.attempts:
        closing = a.process.closed and (a.failed or a.answered) >= a.process.closed
        allowed = {"ZKLOCK_ERR_UNAVAILABLE"}
        allowed |= {"ZKLOCK_ERR_BUSY"} if a.timeout_ms == 0 else set()
        allowed |= {"ZKLOCK_ERR_ACCESS"} if run.acl_taken(a.lock) else set()
        allowed |= {"ZKLOCK_ERR_TIMEOUT"} if a.timeout_ms > 0 else set()
        allowed |= {"ZKLOCK_ERR_CANCELLED"} if a.verb == "sync" or closing else set()
        allowed |= {"ZKLOCK_ERR_CLOSED"} if closing else set()
        # granted and lost before the call returned: the event says so, too
        allowed |= {"ZKLOCK_ERR_LOST"} if any(
            row["ev"] == "lost" and row.get("lock") == a.lock and
            a.invoked <= row["t"] <= (a.failed or 0) + S for row in a.process.events) else set()
        if a.error and a.error not in allowed:
            yield f"{a.process.name}: {a.verb} with {a.timeout_ms} ms ended with {a.error}"
        ends = {"ZKLOCK_OK", "ZKLOCK_ERR_LOST", "ZKLOCK_ERR_PENDING"}
        ends |= {"ZKLOCK_ERR_CLOSED"} if closing else set()
        ends |= {"ZKLOCK_ERR_ACCESS"} if run.acl_taken(a.lock) else set()
        if a.answer and a.answer not in ends:
            yield f"{a.process.name}: unlock ended with {a.answer}"
    for process in run.processes:
        for row in process.nested:
            if row["rc"] not in ("ZKLOCK_OK", "ZKLOCK_ERR_LOST", "ZKLOCK_ERR_CLOSED",
                                 "ZKLOCK_ERR_CANCELLED", "ZKLOCK_ERR_UNAVAILABLE"):
                yield f"{process.name}: a second lock by the same thread: {row['rc']}"


@rule
def only_holders_sign_off(run):
    """P2: set and delete in one is sent by the first in line for its own node, and by nobody else"""
    for node in run.truth.nodes.values():
        if node.end_kind == "signoff" and node.end_certain:
            if node.end_session != node.session:
                yield f"{node.path} was signed off by session 0x{node.end_session:x}"
            elif not node.was_first():
                yield f"{node.path} signed off, and had never been the first"


@rule
def nothing_taken_over(run):
    """P7: nobody but its session and the operator deletes or writes a node; a seal holds"""
    for node in run.truth.nodes.values():
        strangers = {node.session} | run.nemesis.operators
        if node.end_kind == "delete" and node.end_session not in strangers:
            yield f"{node.path} was deleted by session 0x{node.end_session:x}"
    for zxid, session, node in run.truth.sets:
        process = run.by_session.get(node.session)
        if session not in run.nemesis.operators:
            yield f"0x{zxid:x}: session 0x{session:x} wrote into {node.path}"
        elif process and process.sealed:
            yield f"0x{zxid:x}: an operator wrote into {node.path}, which is sealed"


@rule
def no_node_twice(run):
    """P6: a create of unknown result is never repeated beside its first: a GUID is made once"""
    for guid, times in run.truth.guids.items():
        if times > 1:
            yield f"{guid} was made {times} times"


@rule
def nothing_left_behind(run):
    """P6: after all have closed, and a session timeout, no node is left, and no container"""
    for what in ("ghosts", "containers"):
        left = run.nemesis.notes.get(what, {}).get("left")
        if left:
            yield f"{what}: {left}"
    for node in run.truth.nodes.values():
        if node.end == NEVER:
            yield f"{node.path} never ended"


@rule
def no_watch_left(run):
    """P9: idle sessions keep no watch, and never are there more than four a contender"""
    for what in ("idle_watches", "closed_watches"):
        if run.nemesis.notes.get(what, {}).get("left"):
            yield f"{what}: {run.nemesis.notes[what]['left']}"
    most = 4 * (run.nemesis.begin.get("threads", 0) + 8)
    for row in run.nemesis.samples:
        if row["watches"] > most:
            yield f"{row['watches']} watches, at most {most}"


@rule
def nobody_lists_again(run):
    """P9, P12: in quiet times an attempt costs no more reads than its join and its neighbours' leaving"""
    since, until = run.nemesis.phase("quiet")
    for process in run.processes:
        usage = [row for row in process.usage if since <= row["t"] <= until]
        if len(usage) < 2 or usage[0]["sessions"] != usage[-1]["sessions"]:
            continue
        first, last = usage[0], usage[-1]
        tries = sum(1 for a in process.attempts.values()
                    if a.invoked <= last["t"] and (a.granted or a.failed or NEVER) >= first["t"])
        idle = 4 * (last["t"] - first["t"]) / (process.session_ms * MS)
        if last["reads"] - first["reads"] > 5 * tries + idle + 5:
            yield f"{process.name}: {last['reads'] - first['reads']} reads for {tries} attempts"


@rule
def resources_stay_flat(run):
    """Descriptors and threads do not grow, memory does not beyond its first quarter"""
    for process in run.processes:
        if not process.idle or len(process.usage) < 8:
            continue
        base, last = process.usage[len(process.usage) // 4], process.usage[-1]
        for what, slack in (("fds", 3), ("threads", 2)):
            if last[what] > base[what] + slack:
                yield f"{process.name}: {what} from {base[what]} to {last[what]}"
        if last["rss_kb"] > 1.25 * base["rss_kb"] + 4096:
            yield f"{process.name}: memory from {base['rss_kb']} to {last['rss_kb']} KiB"


@rule
def nobody_crashed(run):
    """Every process ends as it should, but for those that were killed on purpose"""
    killed = {f.target for f in run.nemesis.faults.values() if f.kind in ("worker-kill", "run-kill")}
    for who, (_, status) in run.nemesis.exits.items():
        on_purpose = status == -9 and who in killed
        if status < 0 and not on_purpose or (status != 0 and who.startswith("w") and not on_purpose):
            yield f"{who} ended with {status}"


@rule
def all_get_on(run):
    """In quiet times every busy lock is granted"""
    since, until = run.nemesis.phase("quiet")
    got = {a.lock for a in run.grants if since <= a.granted <= until}
    asked = {a.lock for a in run.attempts if since <= a.invoked <= (since + until) // 2}
    for lock in sorted(asked - got):
        if sum(1 for a in run.attempts if a.lock == lock and a.timeout_ms != 0
               and since <= a.invoked <= (since + until) // 2) > 3:
            yield f"{lock} was asked for and never granted"
    if not got:
        yield "nothing was granted"


@rule
def every_fault_came(run):
    """Each kind of fault that can be done here came as often as it must, and the run came to its end"""
    begin, count = run.nemesis.begin, defaultdict(int)
    for fault in run.nemesis.faults.values():
        count[fault.kind] += not fault.failed
    for kind in begin.get("kinds", []):
        if kind not in begin["left_out"] and count[kind] < begin["quota"]:
            yield f"{kind}: {count[kind]} times, at least {begin['quota']}"
    if not run.nemesis.ended("end"):
        yield "the run did not come to its end"
