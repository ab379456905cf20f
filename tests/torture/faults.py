# SPDX-License-Identifier: Apache-2.0
"""How each kind of fault is done, and how it is healed. A fault that finds nobody to hit is tried again."""
import re
import signal
import subprocess
import threading
import time

from fleet import Run, Worker, now

try:
    from kazoo.client import KazooClient
    from kazoo.exceptions import KazooException, NoAuthError, NoNodeError, NotEmptyError
    from kazoo.handlers.threading import KazooTimeoutError
    from kazoo.security import OPEN_ACL_UNSAFE, make_acl
except ImportError:
    KazooClient = None

OPERATOR = {"delete-holder", "delete-waiter", "delete-parent", "foreign-write", "acl-taken"}
TRIES = 20


class Missed(Exception):
    """Nobody was there to be hit."""


class Operator:
    """A client with every right, on a session of its own, which is written down."""

    def __init__(self, servers, root, log):
        self.root, self.log, self.lock = root, log, threading.Lock()
        self.client = KazooClient(hosts=",".join(servers), timeout=8)
        self.client.start(timeout=30)
        self.noted = set()
        self.who()

    def who(self):
        session = self.client.client_id[0] if self.client.client_id else 0
        if session and session not in self.noted:
            self.noted.add(session)
            self.log.note("operator", session=f"0x{session & (2 ** 64 - 1):x}")

    def do(self, call, *arguments):
        """One request; what takes longer than 5 s is given up, and may yet happen."""
        with self.lock:
            self.who()
            try:
                return getattr(self.client, call + "_async")(*arguments).get(timeout=5)
            except NoNodeError:
                raise
            except (NoAuthError, NotEmptyError):
                raise
            except (KazooException, KazooTimeoutError) as error:
                raise Missed(str(error)) from error
            finally:
                self.who()

    def locks(self):
        return sorted(self.do("get_children", self.root))

    def queue(self, lock):
        try:
            names = self.do("get_children", f"{self.root}/{lock}")
        except NoNodeError:
            return []
        return sorted(names, key=lambda name: name[-10:])

    def stop(self):
        self.client.stop()
        self.client.close()


class Nemesis:
    def __init__(self, fleet, servers, log, filters, interval_t=8):
        self.fleet, self.servers, self.log, self.filters = fleet, servers, log, filters
        self.longest = interval_t  # seconds: the longest session timeout
        self.operator = None
        self.done = {}
        self.calm_leader = 0.0  # time.monotonic(): a cut before it could break assumption 3
        self.ending = threading.Event()
        self.lock = threading.Lock()

    # ---- running a plan -------------------------------------------------------------------------

    def run_lane(self, faults, must, until):
        """Faults of a lane one after the other until the time is over and each kind came once."""
        threads = []
        for fault in faults:
            missing = [kind for kind in must if not self.done.get(kind)]
            if self.ending.wait(fault.gap) or time.monotonic() > until + (90 if missing else 0):
                break
            if fault.lane in ("workers", "operator"):
                thread = threading.Thread(target=self.carry_out, args=(fault,), daemon=True)
                thread.start()
                threads.append(thread)
            else:
                self.carry_out(fault)
        for thread in threads:
            thread.join(60)

    def carry_out(self, fault):
        method = getattr(self, fault.kind.replace("-", "_"))
        for _ in range(TRIES):
            try:
                method(fault)
                break
            except (Missed, RuntimeError) as missed:
                self.log.note("missed", number=fault.number, lane=fault.lane, kind=fault.kind,
                              why=str(missed))
            except Exception as error:  # the run goes on, and the rule of quotas fails
                if not (KazooClient and isinstance(error, KazooException)):
                    self.log.say(f"  {fault.kind}: {error!r}")
                self.log.note("missed", number=fault.number, lane=fault.lane, kind=fault.kind,
                              why=repr(error))
            if self.ending.wait(1):
                break

    def harm(self, fault, target, seconds, begin, end=None):
        """Between begin and end the fault is on; it counts when it has begun."""
        ident = f"{fault.lane}/{fault.number}"
        self.log.note("fault_on", id=ident, kind=fault.kind, lane=fault.lane, target=str(target))
        try:
            begin()
            with self.lock:
                self.done[fault.kind] = self.done.get(fault.kind, 0) + 1
            self.log.say(f"  {fault.kind} {target}" + (f", {seconds:.1f} s" if seconds else ""))
            self.ending.wait(seconds)
        except Exception as error:
            self.log.note("fault_failed", id=ident, why=repr(error))
            raise
        finally:
            if end:
                end()
            self.log.note("fault_off", id=ident, kind=fault.kind, target=str(target))

    # ---- workers --------------------------------------------------------------------------------

    def pick(self, fault, members):
        members = [m for m in members if m.process and m.process.returncode is None]
        if not members:
            raise Missed("nobody there")
        return members[fault.dice % len(members)]

    def pick_worker(self, fault, members):
        """Every other time one that holds a lock right now, as its owner record says."""
        members = [m for m in members if m.process and m.process.returncode is None]
        if fault.dice & 1 and self.operator:
            try:
                lock, queue = self.a_queue(fault, 1)
                record = self.operator.do("get", f"{lock}/{queue[0]}")[0].decode()
                pid = int(re.search(r"^pid=(\d+)$", record, re.M)[1])
                members = [m for m in members if m.process.pid == pid] or members
            except (Missed, NoNodeError, TypeError):
                pass  # no servers now, or it has just gone, or it is no worker's
        return self.pick(fault, members)

    def signal_worker(self, fault, number):
        victim = self.pick_worker(fault, [w for w in self.fleet.of(Worker) if not w.survivor])
        self.harm(fault, f"{victim.name}-{victim.life}", 0,
                  lambda: self.must_send(victim, number))

    @staticmethod
    def must_send(member, number):
        if not member.send(number):
            raise Missed(f"{member.name} has just ended")

    def worker_kill(self, fault):
        self.signal_worker(fault, signal.SIGKILL)

    def worker_term(self, fault):
        self.signal_worker(fault, signal.SIGTERM)

    def stop_member(self, fault, victim, seconds):
        name = f"{victim.name}-{victim.life}"
        self.harm(fault, name, seconds, lambda: self.must_send(victim, signal.SIGSTOP),
                  lambda: victim.send(signal.SIGCONT))

    def worker_stop_short(self, fault):
        self.stop_member(fault, self.pick_worker(fault, self.fleet.of(Worker)), fault.seconds)

    def worker_stop_long(self, fault):
        victim = self.pick_worker(fault, self.fleet.of(Worker))
        self.stop_member(fault, victim, fault.seconds * victim.session_ms / 1000 + 1)

    def run_kill(self, fault):
        victim = self.pick(fault, self.fleet.of(Run))
        self.harm(fault, f"{victim.name}-{victim.life}", 0,
                  lambda: self.must_send(victim, signal.SIGKILL))

    def run_stop(self, fault):
        victim = self.pick(fault, self.fleet.of(Run))
        self.stop_member(fault, victim, fault.seconds * victim.session_ms / 1000 + 1)

    def clock_step(self, fault):
        victim = self.pick(fault, [w for w in self.fleet.of(Worker) if w.clock])
        offset = ("+1d", "-1d", "+3600", "-90")[fault.dice % 4]
        self.harm(fault, f"{victim.name} {offset}", fault.seconds, lambda: victim.step(offset),
                  lambda: victim.step("+0"))

    # ---- servers --------------------------------------------------------------------------------

    def a_server(self, fault):
        return 1 + fault.dice % self.servers.count

    def the_leader(self):
        leader = self.servers.leader()
        if leader is None:
            raise Missed("no leader")
        return leader

    def restart(self, number):
        self.servers.call("restart", str(number))

    def kill_server(self, fault, number):
        self.harm(fault, number, fault.seconds, lambda: self.servers.call("kill", str(number)),
                  lambda: self.restart(number))

    def stop_server(self, fault, number):
        def resume():
            self.servers.call("resume", str(number))
            self.calm_leader = time.monotonic() + 6
            self.servers.call("wait", str(number))
        self.harm(fault, number, fault.seconds,
                  lambda: self.servers.call("pause", str(number)), resume)

    def server_kill(self, fault):
        self.kill_server(fault, self.a_server(fault))

    def server_stop_short(self, fault):
        self.stop_server(fault, self.a_server(fault))

    def server_stop_long(self, fault):
        self.stop_server(fault, self.a_server(fault))

    def leader_kill(self, fault):
        self.kill_server(fault, self.the_leader())

    def leader_stop(self, fault):
        self.stop_server(fault, self.the_leader())

    def rolling_restart(self, fault):
        def roll():
            for number in range(1, self.servers.count + 1):
                if self.ending.is_set():
                    return
                self.servers.call("kill", str(number))
                self.restart(number)
        self.harm(fault, "all", 0, roll)

    def quorum_loss(self, fault):
        """Half are killed, half are stopped: a majority of all."""
        majority = self.servers.count // 2 + 1
        first = fault.dice % self.servers.count
        victims = [1 + (first + i) % self.servers.count for i in range(majority)]

        def begin():
            for i, number in enumerate(victims):
                self.servers.call("kill" if (fault.dice >> i) & 1 else "pause", str(number))

        self.harm(fault, victims, fault.seconds, begin, self.servers.heal)
        self.calm_leader = time.monotonic() + 6

    def follower_cut(self, fault):
        """No packet passes between a follower and its leader; the follower's clients stay."""
        if time.monotonic() < self.calm_leader:
            raise Missed("the leader was stopped a moment ago")
        leader = self.the_leader()
        others = [n for n in range(1, self.servers.count + 1) if n != leader]
        victim = others[fault.dice % len(others)]
        ports = self.link_to_leader(victim, leader)
        self.harm(fault, victim, fault.seconds, lambda: self.filter("-A", ports),
                  lambda: self.heal_cut(victim))

    def link_to_leader(self, victim, leader):
        config = open(f"{self.servers.dir}/1/zoo.cfg", encoding="utf-8").read()
        quorum = re.search(rf"^server\.{leader}=[^:]*:(\d+):", config, re.M)[1]
        pid = open(f"{self.servers.dir}/{victim}/pid", encoding="utf-8").read().strip()
        links = subprocess.run(["ss", "-tnpH", f"dport = :{quorum}"], stdout=subprocess.PIPE,
                               text=True, check=True).stdout
        for line in links.splitlines():
            if f"pid={pid}," in line:
                return line.split()[3].rsplit(":", 1)[1], quorum
        raise Missed("the follower has no leader now")

    def filter(self, what, ports):
        for a, b in (ports, ports[::-1]):
            subprocess.run(["iptables", what, "INPUT", "-p", "tcp", "--sport", a, "--dport", b,
                            "-j", "DROP"], check=True)

    def heal_cut(self, victim):
        """A connection that was cut for seconds waits as long again, so the follower starts anew."""
        subprocess.run(["iptables", "-F", "INPUT"], check=True)
        self.restart(victim)

    # ---- links ----------------------------------------------------------------------------------

    def harm_link(self, fault, command):
        number = self.a_server(fault)
        self.harm(fault, number, fault.seconds,
                  lambda: self.fleet.proxy.tell(command.format(n=number)),
                  lambda: self.fleet.proxy.tell(f"heal {number}"))

    def link_reset(self, fault):
        self.harm_link(fault, "reset {n} " + ("100", "50")[fault.dice % 2])

    def link_half_open(self, fault):
        self.harm_link(fault, "freeze {n} both 60")

    def link_silent(self, fault):
        self.harm_link(fault, "silence {n} both")

    def link_oneway_up(self, fault):
        self.harm_link(fault, "silence {n} up")

    def link_oneway_down(self, fault):
        self.harm_link(fault, "silence {n} down")

    def link_slow(self, fault):
        self.harm_link(fault, "delay {n} " + ("20", "60", "120")[fault.dice % 3])

    # ---- operator -------------------------------------------------------------------------------

    def a_queue(self, fault, least):
        """A lock that has so many contenders now, and their names."""
        locks = self.operator.locks()
        for i in range(len(locks)):
            lock = locks[(fault.dice + i) % len(locks)]
            queue = self.operator.queue(lock)
            if len(queue) >= least:
                return f"{self.operator.root}/{lock}", queue
        raise Missed("no queue is that long")

    def delete(self, fault, path):
        def begin():
            try:
                self.operator.do("delete", path)
            except NoNodeError as gone:
                raise Missed("it has just gone") from gone
        self.harm(fault, path, 0, begin)

    def delete_holder(self, fault):
        lock, queue = self.a_queue(fault, 1)
        self.delete(fault, f"{lock}/{queue[0]}")

    def delete_waiter(self, fault):
        lock, queue = self.a_queue(fault, 2)
        self.delete(fault, f"{lock}/{queue[1 + fault.dice % (len(queue) - 1)]}")

    def delete_parent(self, fault):
        lock, _ = self.a_queue(fault, 1)
        self.harm(fault, lock, 0, lambda: self.delete_all(lock))

    def delete_all(self, lock):
        for _ in range(50):
            for name in self.operator.queue(lock.rsplit("/", 1)[1]):
                try:
                    self.operator.do("delete", f"{lock}/{name}")
                except NoNodeError:
                    pass
            try:
                self.operator.do("delete", lock)
                return
            except NotEmptyError:
                continue
            except NoNodeError:
                return
        raise Missed("they come faster than they can be deleted")

    def foreign_write(self, fault):
        """Into all nodes of a queue: sealed ones must refuse."""
        lock, queue = self.a_queue(fault, 2)

        def begin():
            for name in queue:
                try:
                    self.operator.do("set", f"{lock}/{name}", b"foreign")
                    self.log.note("written", node=f"{lock}/{name}", accepted=True)
                except NoAuthError:
                    self.log.note("written", node=f"{lock}/{name}", accepted=False)
                except NoNodeError:
                    pass
        self.harm(fault, lock, 0, begin)

    def acl_taken(self, fault):
        lock, _ = self.a_queue(fault, 1)
        looking = [make_acl("world", "anyone", read=True, admin=True)]
        self.harm(fault, lock, fault.seconds,
                  lambda: self.operator.do("set_acls", lock, looking),
                  lambda: self.give_back(lock))

    def give_back(self, lock):
        for _ in range(120):
            try:
                self.operator.do("set_acls", lock, OPEN_ACL_UNSAFE)
                return
            except NoNodeError:
                return
            except Missed:
                time.sleep(0.5)
        raise RuntimeError(f"{lock}: its ACL could not be given back")

    # ---- the end --------------------------------------------------------------------------------

    def heal_all(self):
        self.fleet.proxy.heal()
        if self.filters:
            subprocess.run(["iptables", "-F", "INPUT"], check=True)
        for member in self.fleet.members:
            member.send(signal.SIGCONT)
        self.servers.heal()


def left_out(servers, filters, faketime, has_zklock):
    """{kind: why it cannot be done here}"""
    missing = {}
    if not KazooClient:
        missing.update({kind: "python3-kazoo is not there" for kind in OPERATOR})
    if not filters:
        missing["follower-cut"] = "no packet filter (root, unshare, ip, iptables, ss)"
    if not faketime:
        missing["clock-step"] = "libfaketime is not there"
    if not has_zklock:
        missing.update({kind: "the command is not built" for kind in ("run-kill", "run-stop")})
    if servers < 3:
        for kind in ("follower-cut",):
            missing[kind] = "one server has no followers"
    return missing


__all__ = ["Nemesis", "Operator", "Missed", "left_out", "KazooClient", "now"]
