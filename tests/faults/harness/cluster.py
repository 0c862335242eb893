"""Tandem as it is deployed, on this machine: the built binaries, a real PostgreSQL, a real Kafka.

Distributed: one process per service and adapter, and a port of the proxy for every edge between two
of them. Embedded: `tandem start`. A supervisor restarts whatever ends, as a restart policy does,
and measures from the kill to the first answer. Ports are outside the range that the kernel gives
to clients: nobody else gets them while their owner is down.
"""
import asyncio
import json
import mmap
import os
import shutil
import signal
import struct
import subprocess
import sys
import time

import api as api_lib
import sanitizers
from api import PARTS, ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from loopback import clean_environment, free_port  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
RESTART_DELAY_S = 0.1   # the restart policy's, doubled while it ends at once
RESTART_DELAY_MAX_S = 1.0
SERVING_PATIENCE_S = 240


def preloaded(folder, name):
    """The library of name.c, built for this machine; None where there is no compiler."""
    path = os.path.join(folder, name + ".so")
    try:
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", path,
                        os.path.join(HERE, name + ".c"), "-ldl"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    os.chmod(path, 0o755)
    return path


class Managed:
    """A process that is started again when it ends, and how long that took."""

    def __init__(self, name, argv, log, env=None, serving=None):
        self.name, self.argv, self.log, self.env, self.serving = name, argv, log, env or {}, serving
        self.extra_env = {}
        self.arms = []           # failpoints of the starts to come, one set for each
        self.armed = None        # those of the process that runs
        self.process = None
        self.wanted = False
        self.hold_until = 0.0    # a fault keeps it down
        self.delay = RESTART_DELAY_S
        self.killed_at = None
        self.cause = None
        self.started_at = 0.0
        self.exits = []          # (time, code, the fault that did it)
        self.recoveries = []     # (fault, seconds without the time it was kept down)
        self.serves = asyncio.Event()
        self.watching = None

    @property
    def pid(self):
        return self.process.pid if self.process is not None else None

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def spawn(self):
        self.serves.clear()
        self.started_at = time.monotonic()
        env = {**sanitizers.OPTIONS, **clean_environment(), **self.env, **self.extra_env}
        libraries = [e["LD_PRELOAD"] for e in (self.env, self.extra_env) if "LD_PRELOAD" in e]
        if libraries:
            env["LD_PRELOAD"] = ":".join(libraries)
        self.armed = self.arms.pop(0) if self.arms else None
        if self.armed:
            env["TANDEM_TEST_FAILPOINTS"] = self.armed
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *self.argv], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=env, preexec_fn=os.setpgrp)
        if self.watching is not None:
            self.watching.cancel()
        self.watching = asyncio.ensure_future(self._watch())

    async def _watch(self):
        if self.serving is not None:
            while not await self.serving():
                await asyncio.sleep(0.02)
        now = time.monotonic()
        self.serves.set()
        if self.killed_at is not None:
            self.recoveries.append((self.cause, now - self.killed_at))
            self.killed_at = self.cause = None

    def signal(self, number, cause=None, down_s=0.0):
        """Sends a signal; one that ends it counts from now, or from when it may start again."""
        if not self.running:
            return False
        if number in (signal.SIGKILL, signal.SIGTERM, signal.SIGQUIT):
            self.cause = cause
            self.hold_until = time.monotonic() + down_s if down_s else 0.0
            self.killed_at = max(time.monotonic(), self.hold_until)
            if self.watching is not None:  # what is ending serves no more, though it may answer yet
                self.watching.cancel()
        try:
            os.kill(self.process.pid, number)
        except ProcessLookupError:
            return False
        return True

    def reap(self):
        """Called often: restarts what has ended."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        code = self.process.returncode
        cause = self.cause or ("F2" if self.armed and code == -signal.SIGKILL else None)
        self.exits.append((now, code, cause))
        lived = now - self.started_at
        self.process = None
        self.serves.clear()
        if not self.wanted:
            return
        if self.killed_at is None:
            self.killed_at, self.cause = now, cause or "by itself (%s)" % code
        self.delay = min(self.delay * 2, RESTART_DELAY_MAX_S) if lived < 2 else RESTART_DELAY_S
        at = max(now + self.delay, self.hold_until)
        asyncio.get_running_loop().call_later(at - now, self._again)

    def _again(self):
        if self.wanted and self.process is None:
            self.spawn()

    async def down(self, cause):
        """Kills it; it stays down until `up`."""
        self.wanted = False
        if self.signal(signal.SIGKILL, cause):
            while self.process is not None:
                await asyncio.sleep(0.01)

    def up(self):
        self.wanted = True
        if self.process is None:
            self.killed_at = time.monotonic()
            self.spawn()


class Proxy:
    """The proxy's process and its lines."""

    def __init__(self, edges, folder):
        path = os.path.join(folder, "edges.json")
        with open(path, "w") as file:
            json.dump(edges, file)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", sys.executable, os.path.join(HERE, "proxy.py"), path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=open(os.path.join(folder, "logs/proxy.log"), "ab"))
        self.ports = json.loads(self.process.stdout.readline())

    def do(self, what, edges=(), **more):
        line = json.dumps(dict(more, do=what, edges=list(edges)))
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait()


class SlowDisk:
    """slow_disk.c for those who write, and how late their disk answers: changed while they run."""

    def __init__(self, folder):
        self.control, self.env, self.view = os.path.join(folder, "slow_disk"), {}, None
        library = preloaded(folder, "slow_disk")
        if library is None:
            return
        with open(self.control, "wb") as file:
            file.write(bytes(16))
        os.chmod(self.control, 0o666)
        with open(self.control, "r+b") as file:
            self.view = mmap.mmap(file.fileno(), 16)
        self.env = {"LD_PRELOAD": library, "SLOW_DISK": self.control}

    def late(self, milliseconds):
        """From now on; answers how often it was late so far."""
        self.view[0:8] = struct.pack("q", milliseconds * 1000)
        return struct.unpack("q", self.view[8:16])[0]


class Cluster:
    def __init__(self, folder, mode, bin_dir, storage=None):
        self.folder, self.mode, self.bin = folder, mode, bin_dir
        self.distributed = mode == "distributed"
        os.makedirs(os.path.join(folder, "logs"), exist_ok=True)
        os.chmod(folder, 0o755)
        self.storage = storage or os.path.join(folder, "data")
        os.makedirs(self.storage, exist_ok=True)
        self.managed = {}
        self.direct = {}
        self.proxy = None
        self.reaper = None
        self.probe = None
        self.test_build = os.path.exists(os.path.join(bin_dir, "test_build"))
        self.slow_disk = SlowDisk(folder)
        self.first_arms = {}     # part -> failpoints of its first starts

    def log(self, name):
        return os.path.join(self.folder, "logs", name + ".log")

    # --- starting -----------------------------------------------------------------------------

    async def start(self, env=None):
        self.env = env or {}
        if self.distributed:
            self._plan_distributed()
        else:
            self._plan_embedded()
        for part, arms in self.first_arms.items():
            self.managed[part].arms = list(arms)
        self.probe = api_lib.Api(self.direct, actor="probe")
        self.reaper = asyncio.ensure_future(self._reap())
        if self.distributed:
            for name in ("postgres", "kafka"):
                self.begin(name)
            for name in ("postgres", "kafka"):
                await self.wait_serving(name)
            await self._make_databases()
        for name in self.parts:
            self.begin(name)
        for name in self.parts:
            await self.wait_serving(name)

    def begin(self, name):
        self.managed[name].wanted = True
        self.managed[name].spawn()

    async def wait_serving(self, name):
        await asyncio.wait_for(self.managed[name].serves.wait(), SERVING_PATIENCE_S)

    def _add(self, name, argv, env=None, serving=None):
        self.managed[name] = Managed(name, argv, self.log(name), env, serving)

    def _plan_embedded(self):
        port = free_port()
        self.parts = ["tandem"]
        address = "127.0.0.1:%d" % port
        self.direct = {part: address for part in PARTS + ["tandem"]}
        self.proxy = Proxy({"driver->tandem": ("127.0.0.1", port)}, self.folder)
        through = "127.0.0.1:%d" % self.proxy.ports["driver->tandem"]
        self.through = {part: through for part in PARTS + ["tandem"]}
        self._add("tandem", [os.path.join(self.bin, "tandem"), "start",
                             "--storage.dir=" + os.path.join(self.storage, "sqlite"),
                             "--server.listen=" + address,
                             "--billing.default_credit_limit=20000"],
                  {**self.env, **self.slow_disk.env}, lambda: self._serves("tandem"))
        self.kafka = self.postgres = None

    def _plan_distributed(self):
        self.parts = list(PARTS)
        ports = {part: free_port() for part in PARTS}
        self.direct = {part: "127.0.0.1:%d" % port for part, port in ports.items()}
        self.pg_port = free_port()
        kafka_ports = {part: free_port() for part in PARTS}
        self.kafka_port, self.controller_port = free_port(), free_port()
        edges = {}
        for one in PARTS:
            edges["driver->" + one] = ("127.0.0.1", ports[one])
            edges[one + "->postgres"] = ("127.0.0.1", self.pg_port)
            edges[one + "->kafka"] = ("127.0.0.1", kafka_ports[one])
            for other in PARTS:
                if other != one:
                    edges["%s->%s" % (one, other)] = ("127.0.0.1", ports[other])
        self.proxy = Proxy(edges, self.folder)

        def via(edge):
            return "127.0.0.1:%d" % self.proxy.ports[edge]
        self.through = {part: via("driver->" + part) for part in PARTS}
        self.gone = []           # replicas that were there for a while
        self.postgres = "postgresql://tandem@127.0.0.1:%d/" % self.pg_port
        self.kafka = "127.0.0.1:%d" % self.kafka_port
        support = os.path.join(ROOT, "tests/support")
        self._add("postgres", [os.path.join(support, "postgres"), "run",
                               os.path.join(self.storage, "postgres"), str(self.pg_port)],
                  self.slow_disk.env, serving=self._postgres_serves)
        self._add("kafka", self._kafka_command(kafka_ports), serving=self._kafka_serves)
        for part in PARTS:
            self._add(part, self._command(part, self.direct[part]), self.env,
                      lambda part=part: self._serves(part))

    def _command(self, part, address):
        def via(edge):
            return "127.0.0.1:%d" % self.proxy.ports[edge]
        argv = [os.path.join(self.bin, "tandem-" + part), "--server.listen=" + address,
                "--storage.database=postgresql://tandem@%s/" % via(part + "->postgres"),
                "--storage.database_prefix=tandem_", "--bus.kafka=" + via(part + "->kafka")]
        argv += ["--address.%s=%s" % (other, via("%s->%s" % (part, other)))
                 for other in PARTS if other != part]
        if part == "billing":
            argv.append("--billing.default_credit_limit=20000")
        return argv

    async def replica(self, part, arm=None):
        """One more process of a part, for a while: its name and address."""
        name, address = part + "-2", "127.0.0.1:%d" % free_port()
        if name in self.managed:
            raise RuntimeError("there is one")
        self.direct[name] = address
        self._add(name, self._command(part, address), self.env,
                  lambda: self._serves(part, name))
        self.managed[name].arms = [arm] if arm else []
        self.begin(name)
        await self.wait_serving(name)
        return name, address

    async def no_replica(self, part):
        name = part + "-2"
        if name in self.managed:
            await self.managed[name].down("F2")
            self.managed[name].watching.cancel()
            self.gone.append(self.managed.pop(name))
            del self.direct[name]

    def _kafka_command(self, ports):
        """A broker with a listener per part, each telling its clients to come through the proxy."""
        data = os.path.join(self.storage, "kafka")
        os.makedirs(data, exist_ok=True)
        listeners = ["DRIVER://127.0.0.1:%d" % self.kafka_port,
                     "CONTROLLER://127.0.0.1:%d" % self.controller_port]
        advertised = ["DRIVER://127.0.0.1:%d" % self.kafka_port]
        for part, port in ports.items():
            name = part.replace("_", "").upper()
            listeners.append("%s://127.0.0.1:%d" % (name, port))
            advertised.append("%s://127.0.0.1:%d" % (name, self.proxy.ports[part + "->kafka"]))
        names = [one.partition("://")[0] for one in listeners]
        properties = os.path.join(data, "server.properties")
        with open(properties, "w") as file:
            file.write("\n".join([
                "process.roles=broker,controller", "node.id=1",
                "controller.quorum.voters=1@127.0.0.1:%d" % self.controller_port,
                "listeners=" + ",".join(listeners),
                "advertised.listeners=" + ",".join(advertised),
                "listener.security.protocol.map=" + ",".join(n + ":PLAINTEXT" for n in names),
                "inter.broker.listener.name=DRIVER", "controller.listener.names=CONTROLLER",
                "log.dirs=" + os.path.join(data, "log"), "num.network.threads=1",
                "num.io.threads=4", "offsets.topic.num.partitions=4",
                "offsets.topic.replication.factor=1",
                "transaction.state.log.num.partitions=4",
                "transaction.state.log.replication.factor=1",
                "transaction.state.log.min.isr=1", "group.initial.rebalance.delay.ms=0", ""]))
        libs = os.path.join(ROOT, "build/third_party/kafka/libs")
        java = ["java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-cp", libs + "/*", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        if not os.path.exists(os.path.join(data, "log/meta.properties")):
            subprocess.run(java + ["kafka.tools.StorageTool", "format", "-t",
                                   "MkU3OEVBNTcwNTJENDM2Qg", "-c", properties],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return java + ["kafka.Kafka", properties]

    async def _make_databases(self):
        import psycopg
        async with await psycopg.AsyncConnection.connect(self.postgres + "postgres",
                                                         autocommit=True) as connection:
            for part in PARTS:
                await connection.execute(
                    "CREATE DATABASE tandem_%s TEMPLATE template0 LC_COLLATE 'C'" % part)
            # Its own recovery after a kill is short, and what is measured is Tandem's.
            await connection.execute("ALTER SYSTEM SET checkpoint_timeout = '30s'")
            await connection.execute("ALTER SYSTEM SET max_wal_size = '256MB'")
            await connection.execute("ALTER SYSTEM SET recovery_init_sync_method = 'syncfs'")
            await connection.execute("SELECT pg_reload_conf()")

    # --- serving ------------------------------------------------------------------------------

    async def _serves(self, part, at=None):
        """It answers a call that reads its database."""
        name = "order" if part == "tandem" else part
        result = await self.probe.call(
            "EventService.ReadEvents", self.probe.request(
                "EventService.ReadEvents", source="/tandem/" + name, page_size=1), timeout=3.0,
            part=at or part)
        return result.code.value[0] == 0

    async def _postgres_serves(self):
        import psycopg
        try:
            async with await psycopg.AsyncConnection.connect(
                    self.postgres + "postgres?connect_timeout=2") as connection:
                await connection.execute("SELECT 1")
            return True
        except psycopg.Error:
            await asyncio.sleep(0.05)
            return False

    async def _kafka_serves(self):
        from confluent_kafka.admin import AdminClient
        admin = AdminClient({"bootstrap.servers": self.kafka, "log_level": 0})

        def look():
            try:
                admin.list_topics(timeout=3)
                return True
            except Exception:  # it is not there yet
                return False
        return await asyncio.to_thread(look)

    async def _reap(self):
        while True:
            for managed in list(self.managed.values()):
                managed.reap()
            await asyncio.sleep(0.01)

    # --- ending -------------------------------------------------------------------------------

    async def stop(self, patience_s=60):
        """All processes, the parts first. Answers what did not end by itself in time."""
        late = []
        for names in (self.parts, ["kafka", "postgres"]):
            names = [n for n in names if n in self.managed]
            for name in names:
                managed = self.managed[name]
                managed.wanted = False
                if managed.watching:
                    managed.watching.cancel()
                if managed.running:
                    os.kill(managed.pid, signal.SIGCONT)
                    os.kill(managed.pid,
                            signal.SIGKILL if name == "kafka" else signal.SIGTERM)
            deadline = time.monotonic() + patience_s
            while time.monotonic() < deadline and any(self.managed[n].running for n in names):
                await asyncio.sleep(0.05)
            for name in names:
                if self.managed[name].running:
                    late.append(name)
                    os.kill(self.managed[name].pid, signal.SIGKILL)
        if self.reaper:
            self.reaper.cancel()
        if self.probe:
            await self.probe.close()
        if self.proxy:
            self.proxy.stop()
        return late

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
