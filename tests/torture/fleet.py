# SPDX-License-Identifier: Apache-2.0
"""All that a torture starts: servers, proxy, workers, `zklock run`; and how it ends."""
import glob
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time


def now():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Log:
    """The nemesis' own history, and a line for who watches."""

    def __init__(self, path, verbose):
        self.file, self.verbose, self.lock = open(path, "w", buffering=1), verbose, threading.Lock()

    def note(self, event, **rest):
        with self.lock:
            self.file.write(json.dumps({"ev": event, "t": now(), **rest}) + "\n")

    def clock(self):
        """Servers stamp their log by the time of day, workers by CLOCK_BOOTTIME."""
        def sample():
            before, real, after = now(), time.time_ns(), now()
            return after - before, real - (before + after) // 2
        self.note("clock", offset=min(sample() for _ in range(8))[1])  # the one least disturbed

    def say(self, text):
        if self.verbose:
            print(text, flush=True)


class Servers:
    def __init__(self, root, folder, count, tick, session_max, log):
        self.script, self.dir, self.count, self.log = f"{root}/scripts/ensemble", folder, count, log
        self.lock, self.under_way, self.ending = threading.Lock(), set(), False
        memory = os.statvfs("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
        roomy = memory and memory.f_bavail * memory.f_frsize > 4 << 30
        self.options = ["--servers", str(count), "--tick", str(tick),
                        "--conf", f"maxSessionTimeout={session_max}",
                        "--jvm", "-Dznode.container.checkIntervalMs=2000"]
        self.options += ["--data-tmpfs"] if roomy else []

    def call(self, *words, check=True):
        with self.lock:
            if self.ending and words[0] != "stop":
                raise RuntimeError("the servers are being stopped")
            script = subprocess.Popen([self.script, *words, "--dir", self.dir], text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, start_new_session=True)
            self.under_way.add(script)
        try:
            out, errors = script.communicate()
        except BaseException:  # interrupted: `start` takes back what it has begun
            script.terminate()
            script.wait()
            raise
        finally:
            self.under_way.discard(script)
        if check and script.returncode != 0:
            raise RuntimeError(f"ensemble {' '.join(words)}: {errors.strip()}")
        return out.strip()

    def start(self):
        self.call("start", *self.options)

    def address(self, number):
        return tuple(open(f"{self.dir}/{number}/{name}", encoding="utf-8").read().strip()
                     for name in ("host", "port"))

    def addresses(self):
        return [":".join(self.address(n)) for n in range(1, self.count + 1)]

    def data(self):
        return [open(f"{self.dir}/{n}/datadir", encoding="utf-8").read().strip()
                for n in range(1, self.count + 1)]

    def leader(self):
        """Its number, or None while there is none."""
        found = self.call("leader", check=False)
        return int(found) if found else None

    def ask(self, number, word):
        """A four-letter word, or None: a server that is stopped answers nothing."""
        host, port = self.address(number)
        try:
            with socket.create_connection((host, int(port)), timeout=1) as link:
                link.sendall(word.encode())
                link.settimeout(2)
                answer = b""
                while piece := link.recv(65536):
                    answer += piece
                return answer.decode()
        except OSError:
            return None

    def numbers(self, number):
        """What `mntr` says, as {name: number}, or None while it serves nobody."""
        answer = self.ask(number, "mntr") or ""
        found = {}
        for line in answer.splitlines():
            name, _, value = line.partition("\t")
            if value.lstrip("-").isdigit():
                found[name] = int(value)
        return found if "zk_watch_count" in found else None

    def heal(self):
        """All run, all serve. First those that are only stopped: an election waits for them."""
        everybody = [str(n) for n in range(1, self.count + 1)]
        for number in everybody:
            self.call("resume", number, check=False)
        modes = dict(line.split()[::3] for line in self.call("status").splitlines())
        for number in everybody:
            if modes[number] == "dead":
                self.call("restart", number)
        for number in everybody:
            self.call("wait", number)

    def stop(self, keep):
        """No restart that another thread has begun may outlive this."""
        with self.lock:
            self.ending = True
            for script in self.under_way.copy():
                script.terminate()
        if os.path.exists(f"{self.dir}/servers"):
            self.call("stop", *(["--keep"] if keep else []), check=False)


class Proxy:
    def __init__(self, program, addresses, environment):
        self.lock = threading.Lock()
        self.process = subprocess.Popen([program, *addresses], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, bufsize=1, env=environment,
                                        start_new_session=True)
        words = self.process.stdout.readline().split()
        if not words or words[0] != "ready":
            raise RuntimeError("the proxy does not start")
        self.addresses = [f"127.0.0.1:{port}" for port in words[1:]]

    def tell(self, command):
        with self.lock:
            self.process.stdin.write(command + "\n")
            if self.process.stdout.readline().strip() != "done":
                raise RuntimeError("the proxy has ended")

    def heal(self):
        for number in range(1, len(self.addresses) + 1):
            self.tell(f"heal {number}")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


class Member:
    """A place in the fleet that always has a process in it: a worker, or a row of `zklock run`."""

    def __init__(self, fleet, name, number):
        self.fleet, self.name, self.number = fleet, name, number
        self.process, self.life = None, 0
        self.dice = random.Random(f"{fleet.seed}/{name}")
        self.wanted = threading.Event()
        self.wanted.set()
        self.guard = threading.Lock()  # between a fault and the end of its target
        self.thread = threading.Thread(target=self.live, daemon=True)

    def pause(self):
        return self.dice.uniform(0.2, 2.0)

    def live(self):
        while self.wanted.is_set():
            self.life += 1
            name = f"{self.name}-{self.life}"
            with open(f"{self.fleet.dir}/log/{name}", "ab") as out:
                with self.guard:
                    self.process = subprocess.Popen(
                        self.command(name), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                        env=self.environment(), start_new_session=True)
                self.fleet.log.note("spawn", who=name, pid=self.process.pid)
                os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
                with self.guard:
                    status = self.process.wait()
            self.after(self.process.pid)
            self.fleet.log.note("exit", who=name, status=status)
            if self.wanted.is_set():
                self.fleet.ending.wait(self.pause())

    def send(self, number):
        """A signal. Result: it was there to get it."""
        with self.guard:
            if self.process is None or self.process.returncode is not None:
                return False
            try:
                os.kill(self.process.pid, number)
            except ProcessLookupError:
                return False
            return True

    def environment(self):
        return self.fleet.environment

    def after(self, pid):
        """What a process that was killed could not remove."""


class Worker(Member):
    SESSIONS = [4000, 4000, 6000, 8000]

    def __init__(self, fleet, number):
        super().__init__(fleet, f"w{number:02d}", number)
        self.session_ms = self.SESSIONS[number % 4]
        self.sealed = number % 3 != 1
        self.proxied = number % 3 != 0
        self.survivor = number < 4
        self.clock = None
        if fleet.faketime and number >= fleet.workers - 2:
            self.clock = f"{fleet.dir}/clock-{number}"
            self.step("+0")

    def step(self, offset):
        with open(self.clock + ".new", "w", encoding="utf-8") as out:
            out.write(offset + "\n")
        os.replace(self.clock + ".new", self.clock)

    def after(self, pid):
        for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}") if self.clock else ():
            if os.path.exists(f"/dev/shm/{name}"):
                os.remove(f"/dev/shm/{name}")

    def environment(self):
        if not self.clock:
            return self.fleet.environment
        return dict(self.fleet.environment, LD_PRELOAD=self.fleet.faketime, FAKETIME_NO_CACHE="1",
                    FAKETIME_TIMESTAMP_FILE=self.clock, DONT_FAKE_MONOTONIC="1",
                    FAKETIME_DONT_FAKE_MONOTONIC="1")

    def command(self, name):
        fleet = self.fleet
        servers = fleet.proxy.addresses if self.proxied else fleet.servers.addresses()
        return [fleet.worker, "--servers", ",".join(servers), "--root", fleet.root,
                "--history", f"{fleet.dir}/history/{name}.jsonl", "--store", f"{fleet.dir}/store",
                "--session-ms", str(self.session_ms), "--threads", str(fleet.threads),
                "--locks", str(fleet.locks), "--rare", "2", "--think-ms", str(fleet.think_ms),
                "--hold-ms", "20", "--seed", str(self.dice.randrange(1 << 30)),
                *([] if self.sealed else ["--no-seal"])]


class Run(Member):
    session_ms = 4000

    def __init__(self, fleet, number):
        super().__init__(fleet, f"r{number:02d}", number)

    def command(self, name):
        fleet = self.fleet
        lock = f"lock-{self.dice.randrange(fleet.locks - 2)}"
        servers = (fleet.proxy.addresses, fleet.servers.addresses())[self.number % 2]
        long = self.dice.random() < 0.1
        return [fleet.zklock, "run", "--servers", ",".join(servers), "--root", fleet.root,
                "--session-timeout", f"{self.session_ms}ms", "--kill-after", "500ms",
                "-w", "20", lock, "--", fleet.worker, "--child", "--lock", lock,
                "--history", f"{fleet.dir}/history/{name}.jsonl",
                "--ms", str(self.dice.randint(2000, 8000) if long else self.dice.randint(5, 80))]

    def environment(self):
        return dict(self.fleet.environment, ZKLOCK_CONFIG=f"{self.fleet.dir}/zklock.conf")


class Fleet:
    def __init__(self, folder, build, seed, servers, log, workers):
        self.dir, self.build, self.seed, self.servers, self.log = folder, build, seed, servers, log
        self.workers, self.threads, self.locks, self.think_ms = workers, 2, 8, 400
        self.root = "/torture"
        self.ending = threading.Event()
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("ZKLOCK_")}
        self.environment["LD_LIBRARY_PATH"] = f"{build}/src/.libs"
        self.worker, self.zklock = self.program("tests/torture/worker"), self.program("tools/zklock")
        self.faketime = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") or [None])[0]
        self.proxy, self.members = None, []

    def program(self, name):
        """Not libtool's script, but the program behind it: a signal has to hit the right one."""
        folder, base = os.path.split(name)
        behind = f"{self.build}/{folder}/.libs/{base}"
        return behind if os.path.exists(behind) else f"{self.build}/{name}"

    def start(self):
        for folder in ("history", "log"):
            os.makedirs(f"{self.dir}/{folder}")
        with open(f"{self.dir}/zklock.conf", "w", encoding="utf-8"):
            pass  # not that of this machine
        self.proxy = Proxy(self.program("tests/torture/proxy"), self.servers.addresses(),
                           self.environment)
        self.members = [Worker(self, n) for n in range(self.workers)]
        if os.path.exists(self.zklock):
            self.members += [Run(self, n) for n in range(max(2, self.workers // 6))]
        for member in self.members:
            member.thread.start()

    def of(self, kind):
        return [member for member in self.members if isinstance(member, kind)]

    def end_runs(self, seconds):
        """No further `zklock run`; those under way end by themselves."""
        runs = self.of(Run)
        for member in runs:
            member.wanted.clear()
        self.ending.set()
        self.await_threads(runs, seconds)

    def idle(self, seconds):
        """Workers finish what is under way. Result: those who do not."""
        workers = self.of(Worker)
        for member in workers:
            member.wanted.clear()
            member.send(signal.SIGUSR1)
        end = time.monotonic() + seconds
        waiting = workers
        while waiting and time.monotonic() < end:
            time.sleep(0.2)
            waiting = [w for w in waiting if w.thread.is_alive() and not self.says_idle(w)]
        return [member.name for member in waiting]

    def says_idle(self, worker):
        path = f"{self.dir}/history/{worker.name}-{worker.life}.jsonl"
        if not os.path.exists(path):
            return False
        with open(path, "rb") as history:
            history.seek(max(0, os.path.getsize(path) - 16384))
            return b'"ev":"idle"' in history.read()

    def close(self, seconds):
        for member in self.members:
            member.wanted.clear()
            member.send(signal.SIGTERM)
        self.await_threads(self.members, seconds)

    @staticmethod
    def await_threads(members, seconds):
        end = time.monotonic() + seconds
        for member in members:
            member.thread.join(max(0.0, end - time.monotonic()))

    def kill(self):
        """Whatever still runs, at once. `zklock run` takes its command with it."""
        self.ending.set()
        for member in self.members:
            member.wanted.clear()
            member.send(signal.SIGKILL)
        self.await_threads([m for m in self.members if m.thread.ident], 10)
        if self.proxy:
            self.proxy.process.kill()
            self.proxy.process.wait()
