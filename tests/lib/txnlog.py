#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a ZooKeeper server has written into its transaction log: the ground truth of the tests.

usage: txnlog.py DATADIR           one line a transaction: zxid time_ms type session path
       txnlog.py --checks DATADIR  those that only check: zxid time_ms checks bytes

A node that goes by itself is a `delete`; one that goes with its session stands behind `close` (the
session's end). Format: org.apache.zookeeper.server.persistence.FileTxnLog (ZKLG, version 2): a
header, then a checksum, a length and a record (TxnHeader, body, 'B') for each transaction.
"""
import glob
import os
import struct
import sys
import zlib

TYPES = {-11: "close", -10: "open", 1: "create", 2: "delete", 5: "set", 7: "setacl", 14: "multi",
         15: "create", 19: "create", 21: "create", -1: "error"}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        value = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return value[0]

    def buffer(self):
        size = self.take("i")
        data = self.data[self.at:self.at + max(size, 0)]
        self.at += max(size, 0)
        return data


def paths(kind, body):
    """The paths that a transaction is about."""
    try:
        if kind == 14:
            found = []
            for _ in range(body.take("i")):
                sub = body.take("i")
                if sub == -1:
                    return []  # one of them failed: none of them happened
                found += [(TYPES.get(t, str(t)), p) for t, p in paths(sub, Reader(body.buffer()))]
            return [(t if isinstance(t, int) else next(k for k, v in TYPES.items() if v == t), p)
                    for t, p in found]
        if kind in (1, 2, 5, 7, 15, 19, 21):
            return [(kind, body.buffer().decode())]
    except struct.error:
        pass
    return []


def records(file):
    with open(file, "rb") as log:
        data = log.read()
    reader = Reader(data)
    if len(data) < 16 or reader.take("i") != 0x5A4B4C47:
        return
    reader.take("i"), reader.take("q")
    while reader.at + 12 <= len(data):
        checksum = reader.take("q")
        record = reader.buffer()
        if not record or zlib.adler32(record) != checksum:
            return  # the file is allocated ahead, with zeroes; or the server was killed in this one
        reader.at += 1
        yield record


def transactions(file):
    for record in records(file):
        body = Reader(record)
        session, _, zxid, time, kind = (body.take(f) for f in "qiqqi")
        listed = paths(kind, body) or [(kind, "-")]
        for sub, path in listed:
            yield zxid, time, TYPES.get(sub, str(sub)), session & (2 ** 64 - 1), path


def checks(file):
    """Transactions of nothing but checks (type 13)."""
    for record in records(file):
        body = Reader(record)
        _, _, zxid, time, kind = (body.take(f) for f in "qiqqi")
        if kind == 14:
            count = body.take("i")
            if all((body.take("i"), body.buffer())[0] == 13 for _ in range(count)):
                yield zxid, time, count, len(record)


def main():
    seen, what = set(), checks if sys.argv[1] == "--checks" else transactions
    for file in glob.glob(os.path.join(sys.argv[-1], "version-2", "log.*")):
        seen.update(what(file))
    for line in sorted(seen):
        if what is transactions:
            line = line[:3] + (f"0x{line[3]:x}", line[4])
        print(*line)


if __name__ == "__main__":
    main()
