#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a copy of a process does to the session that both have: clone.py SERVER SESSION PATH VERB

prove   connects to that session and checks the znode at PATH in a transaction, as a holder proves its
        own; prints whether that was done, whose the znode is, and its token
delete  deletes it
Ends without a word to the server, as the session is not its own to end.
"""
import os
import struct
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss, NoNodeError, SessionMovedError


def password(session):
    """As servers make it: java.util.Random(session ^ superSecret).nextBytes(16)."""
    seed = (session ^ 0xB3415C00 ^ 0x5DEECE66D) % 2 ** 48
    text = b""
    for _ in range(4):
        seed = (seed * 0x5DEECE66D + 0xB) % 2 ** 48
        text += struct.pack("<I", seed >> 16)
    return text


def prove(client, session, path):
    proof = client.transaction()
    proof.check(path, 0)
    result, stat = proof.commit(), client.exists(path)
    print("proven" if result == [True] else "refused", stat.owner_session_id == session, stat.czxid)


def delete(client, _, path):
    try:
        client.delete(path)
    except NoNodeError:
        pass  # by ourselves, without hearing of it


def connect(server, session):
    client = KazooClient(hosts=server, client_id=(session, password(session)))
    client.start(timeout=30)
    if client.client_id[0] != session:
        sys.exit("another session")
    return client


def main():
    server, session, path, verb = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    client = connect(server, session)
    while True:
        try:
            (delete if verb == "delete" else prove)(client, session, path)
            break
        except (ConnectionLoss, SessionMovedError):
            pass  # the other one has come back and taken the session over
        except RuntimeError:  # the same, in the middle of a request: kazoo ends its thread at that
            client = connect(server, session)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
