#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A name server for tests: nameserver.py ADDRESS FOLDER, on UDP port 53.

FOLDER/zone has lines "NAME ADDRESS", read anew for each question; while FOLDER/silent exists, no
question is answered. FOLDER/asked gets a line for each.
"""
import os
import socket
import struct
import sys

A, IN = 1, 1


def question(packet):
    """Name and type of the first question, and where it ends."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), struct.unpack_from(">H", packet, at + 1)[0], at + 5


def answer(packet, zone):
    name, kind, end = question(packet)
    known = zone.get(name)
    found = known if kind == A else None
    flags = 0x8180 if known else 0x8183  # no such name
    head = struct.pack(">HHHHHH", struct.unpack_from(">H", packet)[0], flags, 1, bool(found), 0, 0)
    body = packet[12:end]
    if found:
        body += struct.pack(">HHHIH", 0xC00C, A, IN, 0, 4) + socket.inet_aton(found)
    return head + body


def main():
    address, folder = sys.argv[1:]
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    while True:
        packet, client = server.recvfrom(512)
        with open(os.path.join(folder, "asked"), "a", encoding="ascii") as asked:
            print(question(packet)[0], file=asked)
        if os.path.exists(os.path.join(folder, "silent")):
            continue
        with open(os.path.join(folder, "zone"), encoding="ascii") as lines:
            zone = dict(line.split() for line in lines)
        server.sendto(answer(packet, zone), client)


if __name__ == "__main__":
    main()
