#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A crowd in a queue: long_queue.py SERVERS PATH COUNT stands there COUNT times, until its input ends."""
import sys
import uuid

from kazoo.client import KazooClient


def main():
    servers, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    client = KazooClient(hosts=servers, timeout=20)
    client.start(timeout=30)
    client.ensure_path(path)
    for first in range(0, count, 500):
        some = client.transaction()
        for _ in range(first, min(first + 500, count)):
            some.create(f"{path}/{uuid.uuid4()}-lock-", ephemeral=True, sequence=True)
        some.commit()
    print("ready", flush=True)
    sys.stdin.read()
    client.stop()


if __name__ == "__main__":
    main()
