"""Debezium's outbox, on the PostgreSQL and Kafka of the run."""
import os
import re
import subprocess
import time

from figures import Bench
from load import _pg
from machine import ROOT, Process, clean_environment, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
POM = os.path.join(os.path.dirname(HERE), "peers/debezium/pom.xml")
LIBS = os.path.join(ROOT, "build/third_party/debezium/libs")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
ROWS = os.path.join(os.path.dirname(HERE), "peers/outbox_row.sql")
TOPIC = "outbox.order"
TUNED = {"poll.interval.ms": "1", "producer.override.linger.ms": "0",
         "max.batch.size": "8192", "max.queue.size": "32768"}


def fetch():
    if not os.path.isdir(LIBS):
        subprocess.run(["mvn", "-B", "-q", "-f", POM, COPY, "-DincludeScope=runtime",
                        "-DoutputDirectory=" + LIBS], check=True)


def connect(ctx, kafka, snapshot, tuned):
    """Kafka Connect with the connector in it, as one process."""
    worker, connector = ctx.runner.file("connect.properties"), ctx.runner.file("debezium.properties")
    offsets = ctx.runner.file("connect.offsets")
    if os.path.exists(offsets):
        os.remove(offsets)
    _write(worker, {
        "bootstrap.servers": kafka.address, "offset.storage.file.filename": offsets,
        "offset.flush.interval.ms": "1000", "listeners": "http://127.0.0.1:0",
        "connector.client.config.override.policy": "All",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "io.debezium.converters.BinaryDataConverter"})
    _write(connector, {
        "name": "peer", "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1", "database.hostname": "127.0.0.1",
        "database.port": str(ctx.postgres.port), "database.user": "tandem",
        "database.password": "none", "database.dbname": "peer", "topic.prefix": "peer",
        "plugin.name": "pgoutput", "table.include.list": "public.outbox",
        "snapshot.mode": snapshot, "transforms": "outbox",
        "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.outbox.route.topic.replacement": TOPIC,
        "transforms.outbox.table.fields.additional.placement":
            "aggregateid:header:ce_subject,type:header:ce_type",
        **(TUNED if tuned else {})})
    return ctx.machine.add(Process("debezium", [
        "java", "-Xms128m", "-Xmx1g", "-cp", LIBS + "/*",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "org.apache.kafka.connect.cli.ConnectStandalone", worker, connector],
        ctx.machine.log("debezium")))


def _write(file, properties):
    with open(file, "w") as out:
        out.writelines("%s=%s\n" % item for item in properties.items())


def _insert(ctx, *args):
    told = subprocess.run([_pg("pgbench"), "-n", "-M", "prepared", "-f", ROWS, "-c", "4", "-j", "2",
                           *args, ctx.postgres.url + "peer"], check=True, capture_output=True,
                          env=clean_environment()).stdout.decode()
    return int(re.search(r"actually processed: (\d+)", told).group(1))


def _forget(ctx):
    """The slot and publication that the connector made."""
    ctx.machine.remove("debezium", kill=True)
    wait_for(lambda: not ctx.postgres.sql("peer", "SELECT 1 FROM pg_replication_slots WHERE "
                                          "active"), "the slot")
    ctx.postgres.sql("peer", "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    ctx.postgres.sql("peer", "DROP PUBLICATION IF EXISTS dbz_publication")


def debezium(ctx):
    bench = Bench("debezium", "Debezium's outbox: commit to subscriber, and a backlog")
    fetch()
    ctx.postgres.with_setting("track_commit_timestamp", "on")
    ctx.postgres.with_setting("wal_level", "logical")
    ctx.peer_database()
    ctx.postgres.sql("peer", "CREATE TABLE outbox (id UUID PRIMARY KEY, aggregatetype TEXT, "
                     "aggregateid TEXT, type TEXT, payload BYTEA)")
    rate, seconds = 1000, ctx.sizes["event_seconds"]
    for tuned in (False, True):
        label = "tuned" if tuned else "as shipped"
        with ctx.kafka() as kafka:
            kafka.create(TOPIC, 1)
            ends = kafka.ends()
            begun = time.monotonic()
            process = connect(ctx, kafka, "no_data", tuned)
            wait_for(lambda: ctx.postgres.sql("peer", "SELECT 1 FROM pg_replication_slots WHERE "
                                              "active"), "the connector", 120, 0.1)
            _insert(ctx, "-t", "1")
            wait_for(lambda: ends([TOPIC])[TOPIC] > 0, "the first event", 60)
            bench.row("%s: to the first event" % label, "s", [time.monotonic() - begun])
            first = ctx.postgres.sql("peer", "SELECT last_value FROM order_ids")[0][0]
            out = ctx.runner.file("arrivals")
            ctx.follower(kafka, [TOPIC], out)
            sent = _insert(ctx, "-R", str(rate), "-T", str(int(seconds)))
            committed = {row[0]: row[1] for row in ctx.postgres.sql(
                "peer", "SELECT aggregateid, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * "
                "1000000)::bigint FROM outbox WHERE aggregateid::bigint > %d" % first)}
            time.sleep(2)
            ctx.machine.remove("follower")
            with open(out) as lines:
                delays = sorted(int(line.split()[2]) - committed[line.split()[0]]
                                for line in lines if line.split()[0] in committed)
            bench.check("%s: committed = arrived" % label, sent == len(committed) == len(delays),
                        "%d, %d" % (sent, len(delays)))
            for share, name in ((0.5, "p50"), (0.99, "p99")):
                bench.row("%s, commit to subscriber at %d/s: %s" % (label, rate, name), "ms",
                          [delays[int(share * (len(delays) - 1))] / 1000] if delays else [0])
            bench.use(label, max(1, sent), {"debezium": process.cpu()},
                      {"debezium": process.peak_mb()})
            _forget(ctx)
    rows = 20_000 if ctx.mode == "quick" else 200_000
    ctx.postgres.sql("peer", "TRUNCATE outbox")
    ctx.postgres.sql("peer", "INSERT INTO outbox SELECT gen_random_uuid(), 'order', n::text, "
                     "'OrderPlaced', decode(repeat('ab', 400), 'hex') FROM generate_series(1, %d) n"
                     % rows)
    with ctx.kafka() as kafka:
        kafka.create(TOPIC, 1)
        ends = kafka.ends()
        connect(ctx, kafka, "initial", True)
        points = []

        def drained():
            points.append((time.monotonic(), ends([TOPIC])[TOPIC]))
            return points[-1][1] >= rows
        wait_for(drained, "the backlog", 600, 0.05)
        first = max(p for p in points if p[1] == 0)
        bench.check("backlog: stored = in the topic", points[-1][1] == rows, rows)
        bench.row("a backlog of {:,} rows".format(rows), "rows/s",
                  [rows / (points[-1][0] - first[0])])
        _forget(ctx)
    ctx.postgres.with_setting("wal_level", None)
    ctx.postgres.with_setting("track_commit_timestamp", None)
    return bench
