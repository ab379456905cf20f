#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checker of the torture: a good history passes, and each planted one is refused by its rule."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from history import Nemesis, Process
from rules import RULES, S, Run
from truth import Clock, Truth

OFFSET = 1_700_000_000 * S
MS = 1_000_000
OPERATOR = 0x99


class World:
    """Writes a history and the logs that go with it; time passes by after()."""

    def __init__(self):
        self.t, self.zxid, self.sequence = 1000 * S, 0x100000000, 0
        self.rows, self.uncertain, self.lines, self.nemesis = [], set(), {}, []
        self.note("begin", tick_ms=1000, kinds=["worker-kill", "link-reset"], left_out={}, quota=0,
                  threads=4)
        self.note("operator", session=f"0x{OPERATOR:x}")
        self.note("phase", name="calm")

    def after(self, ms):
        self.t += ms * MS
        return self

    def note(self, event, **rest):
        self.nemesis.append({"ev": event, "t": self.t, **rest})

    def log(self, kind, session, *paths):
        """A transaction; several operations in one when kind is a list."""
        self.zxid += 1
        kinds = kind if isinstance(kind, list) else [kind]
        for one in kinds:
            for path in paths or ["-"]:
                self.rows.append((self.zxid, (self.t + OFFSET) // MS, one, session, path))
        return self.zxid

    def say(self, who, event, **rest):
        self.lines.setdefault(who, []).append({"ev": event, "t": self.t, **rest})

    def worker(self, who, session, sealed=True):
        self.say(who, "start", pid=1, session_ms=4000, sealed=sealed, threads=2)
        self.say(who, "session", id=f"0x{session:x}")
        self.note("spawn", who=who)
        return Worker(self, who, session)

    def fault(self, kind, ms, target="1", lane="links"):
        ident = f"{lane}/{len(self.nemesis)}"
        self.note("fault_on", id=ident, kind=kind, lane=lane, target=target)
        self.after(ms)
        self.note("fault_off", id=ident, kind=kind, target=target)

    def finish(self):
        for name in ("quiet", "idle", "close", "end"):
            self.note("phase", name=name)
            self.after(10)

    def run(self):
        processes = []
        for who, lines in self.lines.items():
            process = Process(who)
            for row in lines:
                process.take(row)
            processes.append(process)
        return Run(Nemesis(self.nemesis), processes, Truth(set(self.rows), self.uncertain),
                   Clock([(self.t, OFFSET)]))


class Worker:
    def __init__(self, world, who, session):
        self.world, self.who, self.session, self.n = world, who, session, 0
        self.token = self.path = None

    def join(self, lock="lock-0", timeout=-1, guid=None):
        self.n += 1
        self.world.say(self.who, "invoke", th=0, n=self.n, lock=lock, verb="sync", timeout_ms=timeout)
        self.world.after(1)
        self.world.sequence += 1
        guid = guid or f"guid{self.who}{self.n}"
        self.path = f"/torture/{lock}/{guid}-lock-{self.world.sequence:010d}"
        self.token = self.world.log("create", self.session, self.path)
        self.world.after(1)
        return self

    def grant(self, left=2000, token=None):
        self.world.say(self.who, "grant", n=self.n, token=token or self.token, node=self.path,
                       until=self.world.t + left * MS if left else 0)
        return self

    def beat(self, left=2000):
        self.world.after(5)
        self.world.say(self.who, "beat", n=self.n, token=self.token,
                       until=self.world.t + left * MS if left else 0)
        return self

    def store(self, accepted=True, believed=True, highest=0):
        self.world.say(self.who, "store", n=self.n, token=self.token, highest=highest,
                       accepted=accepted, believed=believed)
        return self

    def release(self, rc="ZKLOCK_OK", sign_off=True):
        self.world.say(self.who, "release", n=self.n, token=self.token)
        self.world.after(1)
        if sign_off:
            self.sign_off()
        self.world.after(1)
        self.world.say(self.who, "released", n=self.n, token=self.token, rc=rc)
        return self

    def sign_off(self):
        self.world.log(["set", "delete"], self.session, self.path)

    def lost(self, cause="unproven"):
        self.world.say(self.who, "lost", token=self.token, cause=cause)
        return self

    def fail(self, error):
        self.world.log("delete", self.session, self.path)
        self.world.after(1)
        self.world.say(self.who, "fail", n=self.n, rc=error)
        return self

    def idle(self):
        self.world.say(self.who, "idle")


def broken(run):
    return {f.__name__ for f in RULES if any(f(run))}


class Check(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.a = self.world.worker("w01-1", 0xa)
        self.b = self.world.worker("w02-1", 0xb)
        self.c = self.world.worker("w03-1", 0xc)

    def end(self):
        self.world.finish()
        self.world.note("phase", name="end")
        return self.world.run()

    def refused_by(self, *names):
        found = broken(self.end())
        for name in names:
            self.assertIn(name, found)

    def quiet_grant(self):
        """What makes the other rules content: a grant in the quiet phase."""
        self.world.after(20000).note("phase", name="quiet")
        self.c.join("lock-9").grant().release()
        self.world.after(10)
        for name in ("idle", "close"):
            self.world.note("phase", name=name)

    def passes(self):
        self.quiet_grant()
        self.world.note("phase", name="end")
        self.assertEqual(broken(self.world.run()), set())

    # ---- good ones --------------------------------------------------------------------------------

    def test_hand_over_is_good(self):
        self.a.join().grant().beat().store()
        self.b.join()
        self.a.release()
        self.b.grant().store(highest=self.a.token).release()
        self.passes()

    def test_kill_and_expiry_are_good(self):
        self.a.join().grant(left=500)
        self.b.join()
        self.world.fault("worker-kill", 0, "w01-1", "workers")
        self.world.note("exit", who="w01-1", status=-9)
        self.world.after(4500).log("close", 0xa)
        self.b.grant().release()
        self.passes()

    def test_loss_under_a_fault_is_good(self):
        self.a.join().grant(left=100)
        self.world.fault("link-silent", 200)
        self.a.beat(left=0).lost().release("ZKLOCK_ERR_LOST", sign_off=False)
        self.world.log("delete", 0xa, self.a.path)
        self.passes()

    def test_broken_by_an_operator_is_good(self):
        self.a.join().grant(left=2000)
        self.b.join()
        self.world.log("delete", OPERATOR, self.a.path)
        self.b.grant()
        self.a.lost("deleted").release("ZKLOCK_ERR_LOST", sign_off=False)
        self.b.release()
        self.passes()

    def test_broken_before_a_server_that_lags_told_the_grant_is_good(self):
        """The operator takes all of the queue away; who is told late still becomes the first."""
        self.c.join().grant()
        self.a.join()
        self.b.join()
        for worker in (self.c, self.a):
            self.world.log("delete", OPERATOR, worker.path)
        self.b.grant()
        self.world.after(5)
        self.a.grant()  # its server has seen only the end of C
        self.world.after(1)
        for worker in (self.c, self.a):
            worker.lost("deleted").release("ZKLOCK_ERR_LOST", sign_off=False)
        self.b.release()
        self.passes()

    def test_late_waker_that_knows_is_good(self):
        self.a.join()
        self.world.fault("worker-stop-long", 6000, "w01-1", "workers")
        self.world.log("close", 0xa)
        self.b.join().grant()
        self.a.grant(left=0).lost("expired").release("ZKLOCK_ERR_LOST", sign_off=False)
        self.b.release()
        self.passes()

    def test_waiter_that_times_out_is_good(self):
        self.a.join().grant().beat()
        self.b.join(timeout=100)
        self.world.after(100)
        self.b.fail("ZKLOCK_ERR_TIMEOUT")
        self.a.release()
        self.passes()

    def test_command_in_its_time_is_good(self):
        self.a.join().grant().release()
        self.b.join()
        self.world.say("r01-1", "use", lock="lock-0", token=self.b.token)
        self.world.after(5).say("r01-1", "use", lock="lock-0", token=self.b.token)
        self.world.after(5)
        self.b.sign_off()
        self.c.join().grant().release()
        self.passes()

    def test_proposal_that_never_was_is_no_node(self):
        self.a.join()
        self.world.uncertain.add(self.world.rows[-1])
        self.passes()

    def test_close_that_never_was_is_no_end(self):
        """A leader that was stopped wakes, ends all sessions, and finds that it leads nobody."""
        self.a.join().grant(left=5000)
        self.world.fault("leader-stop", 500, lane="servers")
        self.world.log("close", 0xa)
        self.world.uncertain.add(self.world.rows[-1])
        self.a.beat(left=3000).release()
        self.b.join().grant().release()
        self.passes()

    # ---- planted ones -----------------------------------------------------------------------------

    def test_two_holders(self):
        self.a.join().grant()
        self.b.join().grant()
        self.refused_by("one_holder", "first_come_first_served", "grant_needs_its_node")

    def test_two_holders_by_a_read_as_proof(self):
        """Read-based renewal: the servers have ended the session, the holder believes on."""
        self.a.join().grant(left=4000)
        self.world.fault("follower-cut", 2000, lane="servers")
        self.world.log("close", 0xa)
        self.b.join().grant()
        self.a.beat(left=4000)
        self.refused_by("one_holder", "proof_is_conservative")

    def test_proof_outlives_the_node(self):
        self.a.join().grant(left=5000)
        self.world.after(1000).log("close", 0xa)
        self.world.after(6000)
        self.refused_by("proof_is_conservative")

    def test_skip_ahead(self):
        """A waiting predecessor dies, and the next takes the lock beside its holder."""
        self.a.join().grant()
        self.b.join()
        self.c.join()
        self.world.log("delete", 0xb, self.b.path)
        self.c.grant()
        self.refused_by("one_holder", "first_come_first_served", "grant_needs_its_node")

    def test_node_of_a_dead_session(self):
        self.a.join()
        self.world.lines["w01-1"][1]["id"] = "0xaa"  # a new session, which adopts
        self.a.grant().release()
        self.refused_by("grant_needs_its_node")

    def test_a_second_session_beside_one_that_was_denied_a_delete(self):
        self.world.fault("acl-taken", 100, target="/torture/lock-0", lane="operator")
        self.a.join()
        self.world.lines["w01-1"][1]["id"] = "0xaa"
        self.a.grant().release()
        self.passes()

    def test_sequence_as_token(self):
        self.a.join().grant(token=7).release()
        self.refused_by("grant_needs_its_node")

    def test_token_falls(self):
        self.a.join().grant(left=50).release()
        self.b.join().grant(left=50).release()
        self.a.grant(left=50)
        self.refused_by("tokens_grow")

    def test_store_takes_an_old_token(self):
        self.a.join().grant().store(accepted=True, highest=1 << 50).release()
        self.refused_by("store_is_fenced")

    def test_store_refuses_a_believer(self):
        self.a.join().grant().store(accepted=False, highest=1 << 50).release()
        self.refused_by("store_is_fenced")

    def test_grant_without_proof(self):
        self.a.join().grant(left=0).release()
        self.refused_by("granted_with_proof")

    def test_lost_twice(self):
        self.a.join().grant(left=10).lost().lost()
        self.refused_by("lost_is_told_once")

    def test_lost_and_released(self):
        self.a.join().grant(left=10).lost().release("ZKLOCK_OK")
        self.refused_by("lost_is_told_once")

    def test_lost_and_never_told(self):
        self.a.join().grant(left=10).release("ZKLOCK_ERR_LOST").idle()
        self.refused_by("lost_is_told_once")

    def test_resumed_after_lost(self):
        self.a.join().grant(left=10).lost()
        self.world.after(1).say("w01-1", "resumed", token=self.a.token, cause="none")
        self.refused_by("lost_is_told_once")

    def test_a_loss_by_a_fault_whose_event_is_read_late(self):
        self.a.join().grant(left=10)
        self.world.fault("worker-stop-long", 5000, target="w01-1", lane="workers")
        self.a.release("ZKLOCK_ERR_LOST", sign_off=False)
        self.world.log("delete", self.a.session, self.a.path)
        self.world.after(60000)
        self.a.lost()
        self.assertNotIn("no_false_loss", broken(self.end()))

    def test_lost_without_a_fault(self):
        self.a.join().grant(left=10).lost()
        self.refused_by("no_false_loss")

    def test_stuck_waiter(self):
        self.a.join().grant().release()
        self.b.join()
        self.world.after(30000)
        self.refused_by("no_stuck_waiter")

    def test_stuck_waiter_after_a_fault(self):
        self.a.join().grant().release()
        self.b.join()
        self.world.fault("link-reset", 10)
        self.world.after(30000)
        self.refused_by("no_stuck_waiter")

    def test_worker_that_does_not_finish(self):
        self.world.note("stuck", who=["w01"])
        self.refused_by("no_stuck_waiter")

    def test_unanswered(self):
        self.a.join().idle()
        self.refused_by("all_is_answered")

    def test_timeout_too_early(self):
        self.a.join(timeout=500).fail("ZKLOCK_ERR_TIMEOUT")
        self.refused_by("deadlines_hold")

    def test_timeout_far_too_late(self):
        self.a.join(timeout=500)
        self.world.after(20000)
        self.a.fail("ZKLOCK_ERR_TIMEOUT")
        self.refused_by("deadlines_hold")

    def test_undocumented_answer(self):
        self.a.join().fail("ZKLOCK_ERR_INTERNAL")
        self.refused_by("answers_are_documented")

    def test_waiter_signs_off(self):
        self.a.join().grant()
        self.b.join().sign_off()
        self.refused_by("only_holders_sign_off")

    def test_deleted_by_a_stranger(self):
        self.a.join().grant()
        self.world.log("delete", 0xb, self.a.path)
        self.refused_by("nothing_taken_over")

    def test_seal_that_does_not_hold(self):
        self.a.join().grant()
        self.world.log("set", OPERATOR, self.a.path)
        self.refused_by("nothing_taken_over")

    def test_made_twice(self):
        self.a.join(guid="one")
        self.a.join(guid="one")
        self.refused_by("no_node_twice")

    def test_ghost(self):
        """A delete of unknown result that was not repeated."""
        self.a.join().grant().release(sign_off=False)
        self.refused_by("nothing_left_behind")

    def test_container_left(self):
        self.world.note("containers", left=["lock-0"])
        self.refused_by("nothing_left_behind")

    def test_watch_left(self):
        """An exists watch on a node that has gone."""
        self.world.note("idle_watches", left=3)
        self.refused_by("no_watch_left")

    def test_herd(self):
        self.world.note("phase", name="quiet")
        self.a.join().grant().release()
        for reads in (0, 400):
            self.world.after(100).say("w01-1", "usage", reads=reads, sessions=1)
        self.refused_by("nobody_lists_again")

    def test_leaks(self):
        for what in ("fds", "threads", "rss_kb"):
            with self.subTest(what):
                self.setUp()
                for i in range(8):
                    usage = {"fds": 20, "threads": 6, "rss_kb": 9000, "reads": 0, "sessions": 1}
                    usage[what] *= 1 + i // 4
                    self.world.say("w01-1", "usage", **usage)
                self.a.idle()
                self.refused_by("resources_stay_flat")

    def test_crash(self):
        for status in (-6, -11, -14, 1):
            with self.subTest(status):
                self.setUp()
                self.world.note("exit", who="w01-1", status=status)
                self.refused_by("nobody_crashed")

    def test_command_outlives_its_lock(self):
        self.a.join()
        self.world.say("r01-1", "use", lock="lock-0", token=self.a.token)
        self.world.log("close", 0xa)
        self.b.join().grant()
        self.world.after(100).say("r01-1", "use", lock="lock-0", token=self.a.token)
        self.refused_by("one_holder", "commands_end_in_time")

    def test_quota_not_met(self):
        self.world.nemesis[0]["quota"] = 1
        self.world.fault("worker-kill", 0, "w09-1", "workers")
        self.refused_by("every_fault_came")

    def test_run_that_broke_off(self):
        self.quiet_grant()
        self.assertIn("every_fault_came", broken(self.world.run()))

    def test_nobody_gets_on(self):
        self.refused_by("all_get_on")

    def test_every_rule_has_a_planted_history(self):
        with open(__file__, encoding="utf-8") as file:
            text = file.read()
        for function in RULES:
            self.assertIn(f'"{function.__name__}"', text)


if __name__ == "__main__":
    unittest.main()
