"""What goes through the bus: the latency of an event, draining a backlog, applying events."""
import time

from accept import METHOD, durable_postgres
from chain import check_kafka
from figures import Bench
from load import Orders, write_requests
from machine import say, wait_for
from world import BATCH

TOPIC = "tandem.order.order.v1"
PARTITIONS = 1  # as the relay makes its topics
# Another day; --peers takes it anew.
DEBEZIUM = {"p50": 3.2, "p99": 12.0, "drain": 34_000}


def events(ctx):
    """From the commit, as PostgreSQL notes it, to a consumer of the topic."""
    bench = Bench("events", "Commit to subscriber")
    rate, seconds = 1000, ctx.sizes["event_seconds"]
    ctx.postgres.with_setting("track_commit_timestamp", "on")
    try:
        with ctx.kafka() as kafka:
            world = ctx.world("events", kafka=kafka)
            world.start("order")
            durable_postgres(bench, ctx.postgres)
            files = write_requests(ctx.runner.file("events.requests"),
                                   Orders(*world.masters()).singles())
            address = world.addresses["order"]
            ctx.runner.call(address, METHOD, files, rate=rate, seconds=2)  # the topic is made
            ends = kafka.ends()
            wait_for(lambda: ends([TOPIC])[TOPIC] == world.one(
                "order", "SELECT count(*) FROM journal WHERE topic = '%s'" % TOPIC), "the relay")
            ours, limit = [], []
            kafka.create("bench.limit", 1)
            size = int(world.one("order", "SELECT avg(octet_length(payload)) FROM journal WHERE "
                                 "topic = '%s'" % TOPIC))
            sent = accepted = arrived = twice = 0
            for i in range(ctx.sizes["rounds"]):
                name = "bench.limit" if i == 0 else "bench.limit%d" % i
                if i:
                    kafka.create(name, 1)
                limit.append(ctx.runner.run("bench_limit", "latency", name="librdkafka",
                                            brokers=kafka.address, topic=name, rate=rate,
                                            seconds=seconds, bytes=size))
                head = world.one("order", "SELECT position FROM journal_head")
                out = ctx.runner.file("arrivals")
                ctx.follower(kafka, [TOPIC], out)
                told = ctx.runner.call(address, METHOD, files, rate=rate, seconds=seconds,
                                       profile="events")
                committed = dict(world.sql(
                    "order", "SELECT aggregateid, (extract(epoch FROM "
                    "pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM journal WHERE "
                    "position > %d AND entity_version = 1" % head))
                wait_for(lambda: ends([TOPIC])[TOPIC] == world.one(
                    "order", "SELECT count(*) FROM journal WHERE topic = '%s'" % TOPIC),
                    "the relay")
                time.sleep(0.5)
                ctx.machine.remove("follower")
                delays, seen = [], set()
                with open(out) as lines:
                    for line in lines:
                        order, _, micros = line.split()
                        twice += order in seen
                        seen.add(order)
                        if order in committed:
                            delays.append(int(micros) - committed[order])
                delays.sort()
                arrived += len(seen & set(committed))
                sent += told["sent"]
                accepted += told["accepted"]
                told["delays"] = delays
                ours.append(told)
            bench.check("sent = acknowledged = arrived", sent == accepted == arrived,
                        "%d, %d, %d; %d twice" % (sent, accepted, arrived, twice))
            check_kafka(bench, kafka, TOPIC)
            for share, name, target, own in ((0.5, "p50", "≤ 2 ms", "p50_us"),
                                             (0.99, "p99", "≤ 8 ms", "p99_us")):
                values = [t["delays"][min(len(t["delays"]) - 1, int(share * len(t["delays"])))] /
                          1000 for t in ours]
                bench.row("commit to subscriber at %d/s: %s" % (rate, name), "ms", values,
                          "librdkafka alone", [t["latency"][own] / 1000 for t in limit], target)
                bench.row("commit to subscriber at %d/s: %s" % (rate, name), "ms", values,
                          "Debezium, tuned (another day)", [DEBEZIUM[name]] * len(values))
            bench.use("%d orders/s, relayed" % rate, sum(t["within"] for t in ours),
                      _sum(ours), ours[-1]["rss"])
            delays = ours[-1]["delays"]
            bench.plot("events", "Commit to subscriber at %d/s" % rate, "share of events, %",
                       "milliseconds", {"Tandem": [
                           (s, delays[min(len(delays) - 1, int(s / 100 * len(delays)))] / 1000)
                           for s in (1, 10, 25, 50, 75, 90, 95, 99, 99.9)]})
            world.drop()
    finally:
        ctx.postgres.with_setting("track_commit_timestamp", None)
    return bench


def _sum(runs):
    out = {}
    for told in runs:
        for name, seconds in told["cpu"].items():
            out[name] = out.get(name, 0.0) + seconds
    return out


def relay_and_consume(ctx):
    """A journal of many rows: how fast it is in Kafka, then how fast a service has applied it."""
    relay = Bench("relay", "Draining a backlog into Kafka")
    consume = Bench("consume", "Applying events to PostgreSQL exactly once")
    count = ctx.sizes["stored"][-1] if ctx.mode != "large" else 1_000_000
    world = ctx.stored(count)
    masters = ctx.masters()
    with ctx.kafka() as kafka:
        world.kafka = kafka
        ctx.postgres.sql(world.name + "_order", "DELETE FROM relay_cursor")
        rows, value = [int(v) for v in world.sql(
            "order", "SELECT count(*), (SELECT sum(net_total_micros) FROM orders) FROM journal "
            "WHERE topic = '%s'" % TOPIC)[0]]
        orders = world.one("order", "SELECT count(*) FROM orders")
        size = int(world.one("order", "SELECT avg(octet_length(payload)) FROM (SELECT payload "
                             "FROM journal WHERE topic = '%s' ORDER BY position LIMIT 10000) j" %
                             TOPIC))
        ends = kafka.ends()
        before = ctx.machine.cpu()
        world.start("order")
        begun = time.monotonic()
        points = []

        def drained():
            done = ends([TOPIC])[TOPIC]
            points.append((time.monotonic() - begun, done))
            return done >= rows
        wait_for(drained, "the relay", 1800, 0.05)
        used = {k: v - before.get(k, 0.0) for k, v in ctx.machine.cpu().items()}
        rss = ctx.machine.rss()
        relay.check("rows of the journal = messages in the topic", points[-1][1] == rows,
                    "%d, %d" % (rows, points[-1][1]))
        wait_for(lambda: world.one("order", "SELECT count(*) FROM relay_cursor WHERE position = "
                                   "(SELECT position FROM journal_head)") == 1, "the cursor")
        relay.check("the cursor is at the journal's end", True)
        say("drained")
        durable_postgres(relay, ctx.postgres)
        check_kafka(relay, kafka, TOPIC)
        first = max([p for p in points if p[1] == 0] or [(0, 0)])
        rate = (rows - first[1]) / (points[-1][0] - first[0])
        kafka.create("bench.limit", PARTITIONS)
        limit = ctx.runner.run("bench_limit", "produce", name="librdkafka", brokers=kafka.address,
                               topic="bench.limit", count=rows, bytes=size)
        relay.check("librdkafka: sent = acknowledged", limit["sent"] == limit["accepted"],
                    limit["accepted"])
        relay.row("%s rows of %d bytes" % ("{:,}".format(rows), size), "rows/s", [rate],
                  "librdkafka alone", [limit["per_second"]], "≥ 150,000/s, aim 200,000")
        relay.row("%s rows of %d bytes" % ("{:,}".format(rows), size), "rows/s", [rate],
                  "Debezium (another day)", [DEBEZIUM["drain"]])
        relay.use("relay", rows, used, rss)
        relay.use("librdkafka alone", rows, limit["cpu"])
        relay.plot("relay", "Draining a backlog", "seconds", "messages in the topic",
                   {"relay": points[::max(1, len(points) // 200)] + [points[-1]]})

        # The source stays: a subscriber compares what it has with it, and fills gaps from it.
        reader = masters.copy("consume", kafka=kafka)
        reader.addresses["order"] = world.addresses["order"]
        before = ctx.machine.cpu()
        reader.start("customer")
        begun = time.monotonic()
        points = []

        def applied():
            done = int(reader.one("customer", "SELECT coalesce(sum(orders), 0) FROM "
                                  "dealings_histories"))
            points.append((time.monotonic() - begun, done))
            return done >= orders
        wait_for(applied, "the reader", 1800, 0.1)
        used = {k: v - before.get(k, 0.0) for k, v in ctx.machine.cpu().items()}
        rss = ctx.machine.rss()
        applied_value = int(reader.one("customer", "SELECT sum(ordered_micros) FROM "
                                       "dealings_histories_totals"))
        gross = int(world.one("order", "SELECT sum(gross_total_micros) FROM orders"))
        consume.check("orders stored = orders applied, once each, with the right total",
                      points[-1][1] == orders and applied_value in (value, gross),
                      "%d, %d; %s" % (orders, points[-1][1], applied_value / 1e6))
        durable_postgres(consume, ctx.postgres)
        first = max([p for p in points if p[1] == 0] or [(0, 0)])
        consume.row("the CRM's dealings, from %s orders" % "{:,}".format(orders), "events/s",
                    [(orders - first[1]) / (points[-1][0] - first[0])], target="≥ 50,000/s")
        consume.use("reader", orders, used, rss)
        consume.plot("consume", "Applying a backlog", "seconds", "events applied",
                     {"customer": points[::max(1, len(points) // 200)] + [points[-1]]})
        reader.drop()
        world.stop()
        world.kafka = None
    return [relay, consume]


def fill(ctx, world, count):
    """So many orders more, by batches through the order service."""
    batch = min(200, BATCH, count)
    orders = Orders(*world.masters(), count=max(batch, 20 * batch), seed=3)
    file = write_requests(ctx.runner.file("fill.requests"), orders.batches(batch))
    before = world.one("order", "SELECT count(*) FROM orders")
    told = ctx.runner.call(world.addresses["order"], "OrderService.BatchPlaceOrder", file,
                           in_flight=4, count=(count + batch - 1) // batch)
    stored = world.one("order", "SELECT count(*) FROM orders") - before
    if told["refused"] or stored < count:
        raise RuntimeError("filling: %d of %d orders are stored" % (stored, count))
    return told
