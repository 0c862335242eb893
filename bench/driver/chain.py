"""Order to cash, complete: placed, credit, stock, confirmed, shipped, invoiced, paid, closed."""
import json
import os
import statistics

from accept import durable_postgres
from figures import Bench
from load import ORDER, Orders, write_requests
from machine import HERE, wait_for
from world import PARTS, STOCK, TAX_PERCENT

FIGURES = os.path.join(os.path.dirname(HERE), "figures.json")
# What others did on two cores on another day; what `--peers --save` found takes its place.
PEERS_PER_SECOND = {"vendure": ("Vendure 3.7", 4.2), "medusa": ("Medusa 2.21", 0.9),
                    "tryton": ("Tryton 8.2", 0.39)}


def peers_per_second(file):
    """{name and day: complete orders a second} of each peer."""
    kept = {}
    if os.path.exists(file):
        with open(file) as text:
            kept = json.load(text)
    found = {}
    for name, (title, rate) in PEERS_PER_SECOND.items():
        day = "another day"
        if name in kept:
            title, day = kept[name]["title"].split(":")[0], kept[name]["conditions"]["date"][:10]
            rate = statistics.median(next(row["values"] for row in kept[name]["rows"]
                                          if row["unit"] == "orders/s"))
        found["%s (%s)" % (title, day)] = rate
    return found


class Chains:
    """A world in which whole orders run, and whether all books agree afterwards."""

    def __init__(self, ctx, bench, world):
        self.ctx, self.bench, self.world = ctx, bench, world
        world.start(*PARTS)
        customers, products = world.masters()
        bench.check("customers and products there are",
                    min(customers, products) >= ctx.sizes["masters"],
                    "%d and %d" % (customers, products))
        self.products = products
        self.files = {}
        for hot in (0, 10):
            orders = Orders(customers, products, hot=hot, seed=2)
            base = ctx.runner.file("%s-%d" % (world.name, hot))
            self.files[hot] = dict(
                places=write_requests(base + ".places", orders.singles(ORDER)),
                ships=write_requests(base + ".ships", orders.shipments()),
                pays=write_requests(base + ".pays", orders.payments()))
        self.closed = self.value = 0
        self.whole = True

    def run(self, seconds, hot=0, profile=None, **pace):
        at = self.world.addresses
        told = self.ctx.runner.run(
            "bench_load", "chain", order=at["order"], inventory=at["inventory"],
            billing=at["billing"], seconds=seconds, profile=profile, **self.files[hot], **pace)
        self.closed += told["closed"]
        self.value += told["value"]
        self.whole = self.whole and told["refused"] == told["unanswered"] == 0 and \
            told["sent"] == told["accepted"] == told["shipped"] == told["paid"] == told["closed"]
        return told

    def check(self):
        """Every count and sum, as each service has it."""
        world, bench = self.world, self.bench
        # The last facts may still be on their way to services that nobody waited for.
        wait_for(lambda: int(world.one("billing", "SELECT coalesce(sum(applied_micros), 0) FROM "
                                       "payments")) == self._gross(), "the last payments", 60)
        orders = [int(v) for v in world.sql(
            "order", "SELECT count(*), coalesce(sum(net_total_micros), 0), coalesce(sum(CASE WHEN "
            "state = 3 THEN 1 ELSE 0 END), 0) FROM orders")[0]]
        bench.check("sent = acknowledged = shipped = paid = closed, in the generator and the store",
                    self.whole and orders == [self.closed, self.value, self.closed],
                    "%d of %d" % (self.closed, orders[0]))
        invoices, total = [int(v) for v in world.sql(
            "billing", "SELECT count(*), coalesce(sum(total_micros), 0) FROM invoices")[0]]
        bench.check("invoiced = paid = ordered with tax", (invoices, total) == (
            self.closed, self._gross()), "%d invoices, %s" % (invoices, total / 1e6))
        on_hand, reserved = [int(v) for v in world.sql(
            "inventory", "SELECT sum(on_hand_micros), sum(reserved_micros) FROM stocks")[0]]
        shipped = int(world.one("order", "SELECT coalesce(sum(shipped_micros), 0) FROM "
                                "orders_lines"))
        bench.check("stock fell by what was shipped",
                    reserved == 0 and self.products * STOCK * 1_000_000 - on_hand == shipped,
                    "%s pieces" % (shipped / 1e6))
        balance = world.call("BillingService.GetTrialBalance", timeout=300)
        debit, credit = ([(m.units, m.nanos) for m in side] for side in
                         (balance.debit_totals, balance.credit_totals))
        bench.check("debits = credits", debit == credit, debit)

    def _gross(self):
        return self.value * (100 + TAX_PERCENT) // 100


def _rows(ctx, bench, work, label, target, latency_target):
    sizes = ctx.sizes
    in_flight = sizes["chains"]
    ctx.machine.at_rest()  # what the masters' events cause is over
    work.run(2, in_flight=min(32, in_flight))
    most = work.run(sizes["chain_seconds"], in_flight=in_flight, profile=bench.name)
    hot = work.run(max(2, sizes["chain_seconds"] // 3), in_flight=in_flight, hot=10)
    half = work.run(max(2, sizes["chain_seconds"] // 2), rate=max(1, most["per_second"] / 2))
    work.check()
    for peer, rate in peers_per_second(FIGURES).items():
        bench.row("%s, %d chains in flight" % (label, in_flight), "orders/s",
                  [most["per_second"]], peer, [rate],
                  target if peer.startswith("Vendure") else "")
    bench.row(label + ", all on ten products", "orders/s", [hot["per_second"]], "all products",
              [most["per_second"]])
    for name in ("p50", "p99"):
        bench.row("%s at half of that (%.0f/s): whole chain, %s" % (
            label, most["per_second"] / 2, name), "ms", [half["latency"][name + "_us"] / 1000],
            target=latency_target if name == "p99" else "")
    for stage, latency in half["stages"].items():
        bench.notes.append("at half: %s after p50 %.1f ms, p99 %.1f ms" % (
            stage, latency["p50_us"] / 1000, latency["p99_us"] / 1000))
    bench.use(label, most["within"], most["cpu"], most["rss"])
    bench.plot(bench.name, label + ": complete orders", "second", "closed in that second", {
        "closed": [(i + 1, n) for i, n in enumerate(most["by_second"])]})
    names = list(half["stages"])
    bench.plot(bench.name + "-stages", label + ": when each step is done, at half of the most",
               "step (%s)" % ", ".join("%d %s" % (i + 1, n) for i, n in enumerate(names)),
               "milliseconds since the order was meant to be placed",
               {p: [(i + 1, half["stages"][n][p + "_us"] / 1000) for i, n in enumerate(names)]
                for p in ("p50", "p99")})


def order_to_cash(ctx):
    bench = Bench("order_to_cash", "Order to cash, distributed: PostgreSQL and Kafka")
    with ctx.kafka() as kafka:
        world = ctx.world("order_to_cash", kafka=kafka)
        work = Chains(ctx, bench, world)
        durable_postgres(bench, ctx.postgres)
        _rows(ctx, bench, work, "all on two cores", "≥ 1,000/s, 5 minutes", "≤ 500 ms")
        check_kafka(bench, kafka, "tandem.order.order.v1")
        world.drop()
    return bench


def order_to_cash_embedded(ctx):
    bench = Bench("order_to_cash_embedded", "Order to cash, embedded: one process, SQLite")
    world = ctx.world("order_to_cash_embedded", sqlite=True, embedded=True)
    work = Chains(ctx, bench, world)
    bench.check("SQLite: WAL", world.one("order", "PRAGMA journal_mode") == "wal")
    _rows(ctx, bench, work, "one process", "≥ 2,000/s", "")
    world.drop()
    return bench


def check_kafka(bench, kafka, topic):
    """acks=all is the producer's own word; what the broker says is how many that means."""
    config = kafka.config(topic)
    bench.check("Kafka: the topic as it is", int(config["min.insync.replicas"]) >= 1,
                "min.insync.replicas %s, flush.messages as shipped; the relay asks acks=all" %
                config["min.insync.replicas"])


