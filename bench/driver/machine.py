"""What is measured runs here: processes with their CPU time and memory, PostgreSQL, Kafka.

Every process ends with the driver, however that ends. Figures of a process come from /proc, so that
each one's share is told apart.
"""
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 600

sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from loopback import clean_environment, free_port  # noqa: E402


def say(text):
    """Progress, beside the figures."""
    print("== " + text, file=sys.stderr, flush=True)


def wait_for(fact, what, patience_s=PATIENCE_S, pause_s=0.02):
    end = time.monotonic() + patience_s
    while True:
        answer = fact()
        if answer:
            return answer
        if time.monotonic() > end:
            raise RuntimeError("waited in vain for " + what)
        time.sleep(pause_s)


def _stat(pid):
    """(parent, own CPU seconds, those of ended and awaited children); None when it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    user, system, child_user, child_system = (int(f) for f in fields[11:15])
    return int(fields[1]), (user + system) / TICKS, (child_user + child_system) / TICKS


def _memory(pid, field, file="status"):
    """KiB of a field of /proc/<pid>/status or smaps_rollup; 0 when it is gone."""
    try:
        with open("/proc/%d/%s" % (pid, file)) as lines:
            for line in lines:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    return 0


class Process:
    """One process of the run."""

    def __init__(self, name, argv, log, ready=None, env=None, stdin=None):
        self.name, self.argv = name, argv
        self.started = time.monotonic()
        self.log = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *argv], env={**clean_environment(), **(env or {})},
                stdin=stdin or subprocess.DEVNULL, stderr=out,
                stdout=subprocess.PIPE if ready else out)
        self.ready_line, self.ready_s = None, None
        if ready:
            while True:
                line = self.popen.stdout.readline().decode()
                if not line:
                    raise RuntimeError("%s ended: see %s" % (name, log))
                if line.startswith(ready):
                    self.ready_line, self.ready_s = line.strip(), time.monotonic() - self.started
                    break

    @property
    def pid(self):
        return self.popen.pid

    def cpu(self):
        stat = _stat(self.pid)
        return stat[1] if stat else 0.0

    def rss_mb(self):
        return _memory(self.pid, "VmRSS") / 1024

    def peak_mb(self):
        return _memory(self.pid, "VmHWM") / 1024

    def stop(self, kill=False):
        if self.popen.poll() is None:
            (self.popen.kill if kill else self.popen.terminate)()
            try:
                self.popen.wait(60)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()


class Postgres(Process):
    """PostgreSQL as Debian ships it, by tests/support; the data stays where it is."""

    def __init__(self, data, log):
        self.data, self.logfile = data, log
        self.port = free_port()
        self.url = "postgresql://tandem@127.0.0.1:%d/" % self.port
        self._start()

    def _start(self):
        super().__init__("postgres", [os.path.join(ROOT, "tests/support/postgres"), "run",
                                      self.data, str(self.port)], self.logfile)
        wait_for(self._serves, "PostgreSQL")

    def _serves(self):
        import psycopg
        if self.popen.poll() is not None:
            raise RuntimeError("PostgreSQL ended: see " + self.logfile)
        try:
            psycopg.connect(self.url + "postgres", connect_timeout=2).close()
            return True
        except psycopg.Error:
            return False

    def sql(self, database, text, *params):
        """Rows of a statement in a transaction of its own."""
        import psycopg
        with psycopg.connect(self.url + database, autocommit=True) as connection:
            cursor = connection.execute(text, params or None)
            return cursor.fetchall() if cursor.description else []

    def databases(self):
        return {row[0] for row in self.sql("postgres", "SELECT datname FROM pg_database")}

    def create(self, name, template="template0"):
        collation = "" if template != "template0" else (
            " LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'")
        self.sql("postgres", "CREATE DATABASE %s TEMPLATE %s%s" % (name, template, collation))

    def drop(self, name):
        self.sql("postgres", "DROP DATABASE IF EXISTS %s WITH (FORCE)" % name)

    def with_setting(self, name, value):
        """Starts it again with a setting of another value (None: its default)."""
        self.sql("postgres", "ALTER SYSTEM RESET " + name if value is None
                 else "ALTER SYSTEM SET %s = '%s'" % (name, value))
        self.stop()
        self._start()

    def children(self):
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                stat = _stat(int(name))
                if stat and stat[0] == self.pid:
                    found.append(int(name))
        return found

    def sessions(self, url):
        """The processes that serve a database: they say so where others have their arguments; one
        that ended and is not waited for yet says nothing."""
        found = set()
        for pid in self.children():
            try:
                with open("/proc/%d/cmdline" % pid) as file:
                    says = file.read()
                if not says or (" %s 127.0.0.1(" % url.rpartition("/")[2]) in says:
                    found.add(pid)
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def cpu(self):
        own = _stat(self.pid)
        running = [_stat(pid) for pid in self.children()]
        return own[1] + own[2] + sum(s[1] + s[2] for s in running if s)

    def rss_mb(self):
        return sum(_memory(pid, "Pss", "smaps_rollup") for pid in [self.pid, *self.children()]) / 1024

    peak_mb = rss_mb

    def stop(self, kill=False):
        if self.popen.poll() is None:
            self.popen.send_signal(2)  # fast
        super().stop()


class Kafka(Process):
    """A broker on loopback: Kafka's own defaults, a JVM that may compile, a heap of 1 GB."""

    def __init__(self, data, log):
        os.makedirs(data, exist_ok=True)
        port, controller = free_port(), free_port()
        self.address = "127.0.0.1:%d" % port
        properties = os.path.join(data, "server.properties")
        with open(properties, "w") as file:
            file.write("""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%d
listeners=PLAINTEXT://%s,CONTROLLER://127.0.0.1:%d
advertised.listeners=PLAINTEXT://%s
controller.listener.names=CONTROLLER
log.dirs=%s
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
""" % (controller, self.address, controller, self.address, os.path.join(data, "log")))
        java = ["java", "-Xms256m", "-Xmx1g", "-XX:+UseG1GC", "-cp",
                os.path.join(ROOT, "build/third_party/kafka/libs/*"),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        subprocess.run(java + ["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg",
                               "-c", properties], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        super().__init__("kafka", java + ["kafka.Kafka", properties], log)
        self.data = data
        wait_for(self._serves, "Kafka", pause_s=0.1)

    def _admin(self):
        from confluent_kafka.admin import AdminClient
        return AdminClient({"bootstrap.servers": self.address, "log_level": 0})

    def _serves(self):
        if self.popen.poll() is not None:
            raise RuntimeError("Kafka ended: see " + self.log)
        try:
            self._admin().list_topics(timeout=1)
            return True
        except Exception:  # it is not there yet
            return False

    def create(self, topic, partitions):
        from confluent_kafka.admin import NewTopic
        admin = self._admin()  # its futures end with it
        for future in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
            future.result()

    def config(self, topic):
        """What the broker says of a topic."""
        from confluent_kafka.admin import ConfigResource, ResourceType
        admin = self._admin()
        told = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)])
        return {name: entry.value for name, entry in next(iter(told.values())).result().items()}

    def ends(self):
        """A function that answers {topic: messages}, quick enough to be asked often."""
        from confluent_kafka import Consumer, KafkaException, TopicPartition
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "bench-ends",
                             "log_level": 0})

        last = {}

        def ask(topics):
            try:
                known = consumer.list_topics(timeout=10).topics
                for t in topics:
                    last[t] = 0 if t not in known else sum(
                        consumer.get_watermark_offsets(TopicPartition(t, p), timeout=10)[1]
                        for p in known[t].partitions)
            except KafkaException:  # a topic that is being made has no leader yet
                pass
            return {t: last.get(t, 0) for t in topics}
        return ask

    def stop(self, kill=True):
        super().stop(kill)
        shutil.rmtree(self.data, ignore_errors=True)


class Machine:
    """The processes of a run, by name, and their figures."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "logs"), exist_ok=True)
        os.chmod(folder, 0o755)
        self.running = {}

    def log(self, name):
        return os.path.join(self.folder, "logs", name + ".log")

    def add(self, process):
        self.running[process.name] = process
        return process

    def remove(self, name, kill=False):
        process = self.running.pop(name, None)
        if process:
            process.stop(kill)

    def cpu(self):
        return {name: p.cpu() for name, p in self.running.items()}

    def at_rest(self, share=0.1, patience_s=PATIENCE_S):
        """Waits until all together use less than this share of a core."""
        def rests():
            before = self.cpu()
            time.sleep(1)
            after = self.cpu()
            return sum(after[name] - before.get(name, 0.0) for name in after) < share
        wait_for(rests, "rest", patience_s)

    def rss(self):
        return {name: round(p.rss_mb(), 1) for name, p in self.running.items()}

    def stop(self):
        names = [n for n in self.running if n not in ("postgres", "kafka")]
        for name in [*names, "kafka", "postgres"]:
            self.remove(name)
