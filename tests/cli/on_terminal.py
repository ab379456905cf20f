#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A shell on a terminal of its own, and what is typed into it: on_terminal.py <SCRIPT

Lines of SCRIPT: `type TEXT` (\\n and \\x1a as in Python), `see REGEX` (wait for it in what came since
the last one), `make FILE`, `await FILE`. What the terminal showed is printed when something does not
come within a minute.
"""
import os
import pty
import re
import select
import signal
import sys
import time

LIMIT = 60  # seconds


def wait_for(terminal, pattern, seen):
    end = time.monotonic() + LIMIT
    while not re.search(pattern, seen):
        ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0))
        try:
            more = os.read(terminal, 4096) if ready else b""
        except OSError:  # the shell is gone
            more = b""
        if not more:
            sys.exit(f"never seen: {pattern}\nbut:\n{seen}")
        seen += more.decode(errors="replace")
    return seen[re.search(pattern, seen).end():]


def wait_for_file(name):
    end = time.monotonic() + LIMIT
    while not os.path.exists(name):
        if time.monotonic() > end:
            sys.exit(f"never made: {name}")
        time.sleep(0.02)


def end_session(shell):
    """The shell, and all that it has started and left."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(name)) == shell:
                os.kill(int(name), signal.SIGKILL)
        except ProcessLookupError:
            pass
    os.waitpid(shell, 0)


def follow(script, terminal):
    seen = wait_for(terminal, "ready> ", "")
    for line in script:
        verb, _, text = line.partition(" ")
        if verb == "type":
            os.write(terminal, text.encode().decode("unicode_escape").encode())
        elif verb == "see":
            seen = wait_for(terminal, text, seen)
        elif verb == "make":
            open(text, "x").close()
        elif verb == "await":
            wait_for_file(text)
        elif verb:
            sys.exit(f"no such verb: {line}")


def main():
    script = sys.stdin.read().splitlines()
    shell, terminal = pty.fork()
    if shell == 0:
        os.environ.update(PS1="ready> ", TERM="dumb")
        os.execlp("bash", "bash", "--norc", "--noprofile", "--noediting", "-i")
    try:
        follow(script, terminal)
    finally:
        end_session(shell)


main()
