#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kazoo's Lock, asked as bench/peer.h says.

One client per server, as the floors have one session per server; each waiter is a thread, since
kazoo has no other way to wait.
"""
import itertools
import sys
import threading
import time
import uuid

from kazoo.client import KazooClient

MOST_WAITERS = 100
SETTLE_LIMIT_S = 60


class Skip(Exception):
    """Not offered, and why."""


def connect(server):
    client = KazooClient(hosts=server, timeout=10.0)
    client.start(timeout=15)
    return client


def microseconds(start):
    return (time.monotonic() - start) * 1e6


class Crew:
    """Standing waiters: threads that take, and give back when told, or at once during a drain."""

    def __init__(self, clients, path, count):
        self.clients, self.path = clients, path
        self.changed = threading.Condition()
        self.place = ["idle"] * count
        self.holder = None
        self.handovers = 0
        self.released_at = 0.0
        self.samples = []
        self.failure = None
        self.threads = [
            threading.Thread(target=self.member, args=(i,), daemon=True) for i in range(count)
        ]
        for thread in self.threads:
            thread.start()

    def member(self, i):
        lock = self.clients[i % len(self.clients)].Lock(self.path)
        try:
            while self.order(i) != "ending":
                if self.place[i] == "joining":
                    lock.acquire()
                    self.granted(i, time.monotonic())
                    continue
                lock.release()
                self.set(i, "idle")
        except Exception as e:  # whatever it is, the main thread tells it
            with self.changed:
                self.failure = self.failure or e
                self.changed.notify_all()

    def order(self, i):
        with self.changed:
            while self.place[i] in ("idle", "holding"):
                self.changed.wait()
            return self.place[i]

    def set(self, i, place):
        with self.changed:
            self.place[i] = place
            self.changed.notify_all()

    def granted(self, i, now):
        with self.changed:
            self.holder = i
            if self.handovers > 0:
                self.samples.append((now - self.released_at) * 1e6)
                self.handovers -= 1
            self.place[i] = "leaving" if self.handovers > 0 else "holding"
            if self.handovers > 0:
                self.released_at = time.monotonic()
            self.changed.notify_all()

    def wait_for(self, condition):
        while not condition() and self.failure is None:
            self.changed.wait()
        if self.failure is not None:
            raise self.failure

    def fill(self):
        with self.changed:
            idle = [i for i, place in enumerate(self.place) if place == "idle"]
            for i in idle:
                self.place[i] = "joining"
            self.changed.notify_all()
            self.wait_for(lambda: self.holder is not None)
        if idle:
            self.settle()

    def settle(self):
        """All have a node, and the watches that show that each has looked at the one ahead."""
        end = time.monotonic() + SETTLE_LIMIT_S
        while True:
            stat = self.clients[0].exists(self.path)
            watches = sum(
                len(watchers)
                for client in self.clients
                for path, watchers in client._data_watchers.items()
                if path.startswith(self.path + "/")
            )
            if stat.numChildren >= len(self.place) and watches >= len(self.place) - 1:
                return
            if time.monotonic() > end:
                raise TimeoutError("waiters do not get into the queue")
            time.sleep(0.002)

    def drain(self, count, samples):
        with self.changed:
            self.samples, self.handovers = samples, count
            self.released_at = time.monotonic()
            self.place[self.holder] = "leaving"
            self.changed.notify_all()
            self.wait_for(lambda: self.handovers == 0 and "leaving" not in self.place)

    def end(self):
        waiting = self.place.count("joining")
        if waiting:
            self.drain(waiting, [])
        self.drain(0, [])
        with self.changed:
            self.place = ["ending"] * len(self.place)
            self.changed.notify_all()
        for thread in self.threads:
            thread.join()


class Peer:
    def __init__(self, servers):
        self.servers = servers.split(",")
        self.clients = [connect(server) for server in self.servers]
        self.root = f"/zkbench-kazoo-{uuid.uuid4()}"
        self.crews = {}

    def client(self, turn):
        return self.clients[turn % len(self.clients)]

    def cycle(self, _n, count, turn):
        lock = self.client(turn).Lock(self.root + "/single")
        samples = []
        for _ in range(count):
            start = time.monotonic()
            lock.acquire()
            lock.release()
            samples.append(microseconds(start))
        return samples

    def trylock_busy(self, _n, count, turn):
        samples = []
        with self.client(turn + 1).Lock(self.root + "/busy"):
            lock = self.client(turn).Lock(self.root + "/busy")
            for _ in range(count):
                start = time.monotonic()
                if lock.acquire(blocking=False):
                    raise RuntimeError("took a lock that is held")
                samples.append(microseconds(start))
        return samples

    def handover(self, n, count, _turn):
        if n > MOST_WAITERS:
            raise Skip("a thread for each waiter")
        if n not in self.crews:
            self.crews[n] = Crew(self.clients, f"{self.root}/line-{n}", n + 1)
        crew = self.crews[n]
        batch = max(1, min(100, n // 2))
        samples = []
        for _ in range(0, count, batch):
            crew.fill()
            crew.drain(batch, samples)
        return samples

    def throughput(self, n, count, _turn):
        left = itertools.count(1)
        failures = []

        def work(lock):
            try:
                while next(left) <= count:
                    lock.acquire()
                    lock.release()
            except Exception as e:
                failures.append(e)

        threads = []
        for i in range(n):
            lock = self.client(i).Lock(f"{self.root}/lock-{i}")
            with lock:  # makes the parents, which is not timed
                pass
            threads.append(threading.Thread(target=work, args=(lock,)))
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return [microseconds(start) / count]

    def cold(self, _n, count, turn):
        samples = []
        for _ in range(count):
            start = time.monotonic()
            client = connect(self.servers[turn % len(self.servers)])
            lock = client.Lock(self.root + "/cold")
            lock.acquire()
            samples.append(microseconds(start))
            lock.release()
            client.stop()
            client.close()
        return samples

    def answer(self, line):
        words = line.split()
        tasks = {
            task.__name__: task
            for task in (self.cycle, self.trylock_busy, self.handover, self.throughput, self.cold)
        }
        if words[0] != "measure" or words[1] not in tasks:
            raise Skip("not offered")
        return tasks[words[1]](*map(int, words[2:5]))

    def close(self):
        for crew in self.crews.values():
            crew.end()
        for client in self.clients:
            client.stop()
            client.close()


def main():
    peer = Peer(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            samples = peer.answer(line)
            print("ok", *(f"{us:.1f}" for us in samples), flush=True)
        except Skip as e:
            print("skip", e, flush=True)
        except Exception as e:  # one line tells the driver, whatever it was
            print("error", repr(e).replace("\n", " "), flush=True)
    peer.close()


if __name__ == "__main__":
    main()
