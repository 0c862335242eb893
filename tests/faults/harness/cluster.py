"""Tandem as it is deployed, on this machine: the built binaries, a real PostgreSQL, a real Kafka.

Distributed: one process per service and adapter, and a port of the proxy for every edge between two
of them. Embedded: `tandem start`. A supervisor restarts whatever ends, as a restart policy does,
and measures from the kill to the first answer. Ports are outside the range that the kernel gives
to clients: nobody else gets them while their owner is down.
"""
import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

import api as api_lib
from api import PARTS, ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
PORTS = (20000, 32000)
RESTART_DELAY_S = 0.1   # the restart policy's, doubled while it ends at once
RESTART_DELAY_MAX_S = 1.0
SERVING_PATIENCE_S = 90


def free_port(taken=set()):
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        if port in taken:
            continue
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port


def clean_environment():
    """Without TANDEM_…: those are settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("TANDEM_")}


class Managed:
    """A process that is started again when it ends, and how long that took."""

    def __init__(self, name, argv, log, env=None, serving=None):
        self.name, self.argv, self.log, self.env, self.serving = name, argv, log, env or {}, serving
        self.extra_env = {}
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
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *self.argv], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={**clean_environment(), **self.env, **self.extra_env},
                preexec_fn=os.setpgrp)
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
        self.exits.append((now, code, self.cause))
        lived = now - self.started_at
        self.process = None
        self.serves.clear()
        if not self.wanted:
            return
        if self.killed_at is None:
            self.killed_at, self.cause = now, "by itself (%s)" % code
        self.delay = min(self.delay * 2, RESTART_DELAY_MAX_S) if lived < 2 else RESTART_DELAY_S
        at = max(now + self.delay, self.hold_until)
        asyncio.get_running_loop().call_later(at - now, self._again)

    def _again(self):
        if self.wanted and self.process is None:
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

    def log(self, name):
        return os.path.join(self.folder, "logs", name + ".log")

    # --- starting -----------------------------------------------------------------------------

    async def start(self, env=None):
        self.env = env or {}
        if self.distributed:
            self._plan_distributed()
        else:
            self._plan_embedded()
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
                  self.env, lambda: self._serves("tandem"))
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
        self.postgres = "postgresql://tandem@127.0.0.1:%d/" % self.pg_port
        self.kafka = "127.0.0.1:%d" % self.kafka_port
        support = os.path.join(ROOT, "tests/support")
        self._add("postgres", [os.path.join(support, "postgres"), "run",
                               os.path.join(self.storage, "postgres"), str(self.pg_port)],
                  serving=self._postgres_serves)
        self._add("kafka", self._kafka_command(kafka_ports), serving=self._kafka_serves)
        for part in PARTS:
            argv = [os.path.join(self.bin, "tandem-" + part),
                    "--server.listen=" + self.direct[part],
                    "--storage.database=postgresql://tandem@%s/" % via(part + "->postgres"),
                    "--storage.database_prefix=tandem_", "--bus.kafka=" + via(part + "->kafka")]
            argv += ["--address.%s=%s" % (other, via("%s->%s" % (part, other)))
                     for other in PARTS if other != part]
            if part == "billing":
                argv.append("--billing.default_credit_limit=20000")
            self._add(part, argv, self.env, lambda part=part: self._serves(part))

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
            await connection.execute("SELECT pg_reload_conf()")

    # --- serving ------------------------------------------------------------------------------

    async def _serves(self, part):
        """It answers a call that reads its database."""
        name = "order" if part == "tandem" else part
        result = await self.probe.call(
            "EventService.ReadEvents", self.probe.request(
                "EventService.ReadEvents", source="/tandem/" + name, page_size=1), timeout=1.0,
            part=part)
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
                admin.list_topics(timeout=0.5)
                return True
            except Exception:  # it is not there yet
                return False
        return await asyncio.to_thread(look)

    async def _reap(self):
        while True:
            for managed in self.managed.values():
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
