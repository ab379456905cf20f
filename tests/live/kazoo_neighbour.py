#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program that locks with kazoo's Lock, in the queue of zklock's locks.

kazoo_neighbour.py SERVERS PATH COUNT SECTION...: COUNT times: take the lock, run SECTION with the
lock node's czxid as its last argument, release. kazoo sees our nodes as contenders only with
extra_lock_patterns=["lock-"].
"""
import subprocess
import sys

from kazoo.client import KazooClient


def main():
    servers, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    client = KazooClient(hosts=servers, timeout=4)
    client.start(timeout=30)
    for _ in range(count):
        lock = client.Lock(path, extra_lock_patterns=["lock-"])
        with lock:
            czxid = client.exists(path + "/" + lock.node).czxid
            subprocess.run(sys.argv[4:] + [str(czxid)], check=True)
    client.stop()


if __name__ == "__main__":
    main()
