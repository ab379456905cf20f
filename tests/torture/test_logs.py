#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The servers' logs are read for what happened, and the plan of faults is that of the seed."""
import os
import struct
import sys
import tempfile
import unittest
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import plan
from truth import read_logs


class Logs(unittest.TestCase):
    @staticmethod
    def record(zxid, kind, path):
        body = struct.pack(">qiqqi", 0xa, 0, zxid, 5, kind)
        body += struct.pack(">i", len(path)) + path.encode() if path else b""
        return struct.pack(">qi", zlib.adler32(body), len(body)) + body + b"B"

    def write(self, folder, name, records):
        path = os.path.join(folder, name, "version-2")
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "log.1"), "wb") as out:
            out.write(struct.pack(">iiq", 0x5A4B4C47, 2, 0) + b"".join(records) + bytes(64))

    def test_a_minority_is_uncertain_and_a_torn_record_is_none(self):
        with tempfile.TemporaryDirectory() as folder:
            common = self.record(1, 1, "/torture/l/g-lock-0000000000")
            fallen = self.record(2, 2, "/torture/l/g-lock-0000000000")
            self.write(folder, "1", [common, fallen, self.record(3, 2, "/x")[:30]])
            self.write(folder, "2", [common])
            self.write(folder, "3", [common])
            rows, uncertain = read_logs([os.path.join(folder, n) for n in "123"])
        self.assertEqual({row[0] for row in rows}, {1, 2})
        self.assertEqual({row[0] for row in uncertain}, {2})


    def test_what_a_successor_never_knew_did_not_happen(self):
        """All have logged 3, and followed a leader that began with 2."""
        logs = [self.record(zxid, 1, f"/torture/l/g-lock-000000000{zxid & 15}")
                for zxid in (1, 2, 3, 0x100000001)]
        with tempfile.TemporaryDirectory() as folder:
            for name in "123":
                self.write(folder, name, logs)
            with open(os.path.join(folder, "1", "version-2", "snapshot.2"), "wb"):
                pass
            rows, uncertain = read_logs([os.path.join(folder, n) for n in "123"])
        self.assertEqual({row[0] for row in rows}, {1, 2, 0x100000001})
        self.assertEqual(uncertain, set())

    def test_a_transaction_that_failed_did_nothing(self):
        path = b"/torture/l/g-lock-0000000000"
        first = struct.pack(">i", len(path)) + path
        body = struct.pack(">qiqqi", 0xa, 0, 7, 5, 14) + struct.pack(">i", 2)
        for kind, sub in ((5, first), (-1, struct.pack(">i", -102))):
            body += struct.pack(">ii", kind, len(sub)) + sub
        record = struct.pack(">qi", zlib.adler32(body), len(body)) + body + b"B"
        with tempfile.TemporaryDirectory() as folder:
            self.write(folder, "1", [record])
            rows, _ = read_logs([os.path.join(folder, "1")])
        self.assertEqual({row[2] for row in rows}, {"multi"})


class Plan(unittest.TestCase):
    @staticmethod
    def first(seed, lane, count, seconds=90):
        faults = plan.lane_faults(seed, lane, seconds, {})
        return [next(faults) for _ in range(count)]

    def test_the_seed_decides(self):
        for lane in plan.LANES:
            self.assertEqual(self.first(7, lane, 30), self.first(7, lane, 30))
            self.assertNotEqual(self.first(7, lane, 30), self.first(8, lane, 30))

    def test_each_bag_has_each_kind(self):
        for lane, kinds in plan.LANES.items():
            self.assertEqual({f.kind for f in self.first(3, lane, len(kinds))}, set(kinds))

    def test_an_hour_has_its_quota(self):
        for lane, kinds in plan.LANES.items():
            time, count = 0, dict.fromkeys(kinds, 0)
            for fault in plan.lane_faults(5, lane, 3570, {}):
                time += fault.gap + fault.seconds + 3
                if time > 3570:
                    break
                count[fault.kind] += 1
            self.assertGreaterEqual(min(count.values()), plan.quota(60))

    def test_what_is_left_out_is(self):
        self.assertNotIn("follower-cut", {f.kind for f in self._without("follower-cut")})

    @staticmethod
    def _without(kind):
        faults = plan.lane_faults(1, "servers", 90, {kind: "no"})
        return [next(faults) for _ in range(40)]


if __name__ == "__main__":
    unittest.main()
