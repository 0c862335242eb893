"""Accepting orders: PlaceOrder over gRPC with all its checks, so many in flight; also on SQLite, and
with more and more orders stored."""
import mmap
import os
import struct
import subprocess
import time

import grpc

from figures import Bench
from load import Orders, write_requests
from machine import HERE, ROOT
from world import request

PEERS = os.path.join(os.path.dirname(HERE), "peers")
METHOD = "OrderService.PlaceOrder"
# A session of PostgreSQL tells what it counted at the end of a transaction, a second after it told
# last at the soonest.
SETTLED_S = 1.2


class Accepting:
    """A world whose order service takes orders, and whether they add up."""

    def __init__(self, ctx, bench, world, label):
        self.ctx, self.bench, self.world, self.label = ctx, bench, world, label
        world.start("order")
        customers, products = world.masters()
        bench.check(label + ": customers and products there are",
                    min(customers, products) >= ctx.sizes["masters"],
                    "%d and %d" % (customers, products))
        self.files = {
            hot: write_requests(ctx.runner.file("%s-%d.requests" % (world.name, hot)),
                                Orders(customers, products, hot=hot).singles())
            for hot in (0, 10)}
        self.sent = self.accepted = self.refused = self.value = 0
        self._durable()
        self.found_before = self._found()
        self._refusal()

    def _found(self):
        return [int(v) for v in self.world.sql(
            "order", "SELECT count(*), coalesce(sum(net_total_micros), 0) FROM orders")[0]]

    def _refusal(self):
        """The checks are on: an unknown product is refused, and nothing is stored."""
        buyer = Orders(1, 2, count=1)
        fields = buyer.place(buyer.orders[0])
        fields["request_id"] = ""
        fields["order"]["lines"][0]["product_id"] = "prd_" + "9" * 25 + "z"
        try:
            self.world.call(METHOD, request(METHOD, **fields))
            told = "accepted"
        except grpc.RpcError as error:
            told = error.code().name
        self.bench.check(self.label + ": an order for an unknown product is refused",
                         told == "FAILED_PRECONDITION" and self._found() == self.found_before, told)

    def _durable(self):
        if self.world.sqlite:
            durable_sqlite(self.ctx, self.bench, self.world)
        else:
            durable_postgres(self.bench, self.ctx.postgres)

    def run(self, in_flight, hot=0, seconds=None, profile=None, rate=None, count_commits=True):
        counts = count_commits and not self.world.sqlite
        before = self._commits() if counts else None
        told = self.ctx.runner.call(
            self.world.addresses["order"], METHOD, self.files[hot], in_flight=in_flight, rate=rate,
            seconds=seconds or self.ctx.sizes["seconds"], profile=profile)
        self._count(told)
        if counts:
            after, orders = self._commits(), told["accepted"] + 1
            told["commits_per_order"] = (after[0] - before[0]) / orders
            told["syncs_per_order"] = (after[1] - before[1]) / orders
        return told

    def _count(self, told):
        for name in ("sent", "accepted", "refused", "value"):
            setattr(self, name, getattr(self, name) + told[name])

    def _commits(self):
        time.sleep(SETTLED_S)
        orders = Orders(1, 2, count=1)
        fields = orders.place(orders.orders[0])
        fields["request_id"] = ""
        self.world.call(METHOD, request(METHOD, **fields))
        self._count(dict(sent=1, accepted=1, refused=0, value=orders.net(orders.orders[0])))
        time.sleep(0.1)
        return (self.world.one("order", "SELECT xact_commit FROM pg_stat_database WHERE datname = "
                               "current_database()"),
                self.world.one("order", "SELECT wal_sync FROM pg_stat_wal"))

    def check(self):
        found = self._found()
        count, value = (found[i] - self.found_before[i] for i in (0, 1))
        self.bench.check(
            self.label + ": sent = acknowledged = found, with the right total",
            self.refused == 0 and self.sent == self.accepted == count and self.value == value,
            "%d, %d, %d; %s of %s" % (self.sent, self.accepted, count, value / 1e6,
                                      self.value / 1e6))


def durable_postgres(bench, postgres):
    found = dict(postgres.sql("postgres", "SELECT name, setting FROM pg_settings WHERE name IN "
                              "('fsync', 'synchronous_commit', 'full_page_writes')"))
    bench.check("PostgreSQL: durability as shipped", set(found.values()) == {"on"} and
                len(found) == 3, ", ".join("%s %s" % item for item in sorted(found.items())))


def durable_sqlite(ctx, bench, world):
    """`synchronous` is a connection's own and cannot be asked from outside: so each sync of the
    order service is counted (tests/faults/harness/slow_disk.c, late by nothing to speak of), and
    there is at least one for each order of one client."""
    mode = world.one("order", "PRAGMA journal_mode")
    folder = ctx.runner.file("syncs")
    os.makedirs(folder, exist_ok=True)
    library, control = os.path.join(folder, "slow_disk.so"), os.path.join(folder, "control")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, os.path.join(
        ROOT, "tests/faults/harness/slow_disk.c")], check=True)
    with open(control, "wb") as file:
        file.write(struct.pack("qq", 1, 0))
    world.stop("order")
    world.start("order", env={"LD_PRELOAD": library, "SLOW_DISK": control})
    orders = Orders(1, 2, count=1)
    with open(control, "r+b") as file, mmap.mmap(file.fileno(), 16) as view:
        before = struct.unpack("q", view[8:16])[0]
        for _ in range(20):
            fields = orders.place(orders.orders[0])
            fields["request_id"] = ""
            world.call(METHOD, request(METHOD, **fields))
        syncs = struct.unpack("q", view[8:16])[0] - before
    world.stop("order")
    world.start("order")
    bench.check("SQLite: WAL, and a sync for each order of one client",
                mode == "wal" and syncs >= 20, "%s, %d syncs for 20 orders" % (mode, syncs))


def accept(ctx):
    bench = Bench("accept", "Accepting orders on PostgreSQL")
    world = ctx.world("accept")
    work = Accepting(ctx, bench, world, "accept")
    echo = ctx.echo()
    peer = ctx.peer_database()
    levels, clients = ctx.sizes["levels"], ctx.sizes["clients"]
    seconds, top = ctx.sizes["seconds"], max(ctx.sizes["levels"])
    work.run(min(64, top), seconds=1)  # warm
    ours = {n: [] for n in levels}
    theirs = {c: [] for c in clients}
    hot, echoes, one = [], [], []
    for _ in range(ctx.sizes["rounds"]):
        for i in range(max(len(levels), len(clients))):
            if i < len(clients):
                theirs[clients[i]].append(ctx.runner.pgbench(
                    peer, os.path.join(PEERS, "five_round_trips.sql"), clients[i], seconds))
            if i < len(levels):
                ours[levels[i]].append(work.run(levels[i], profile="accept-%d" % levels[i]))
        echoes.append(ctx.runner.call(echo, "EventService.GetHeads", ctx.empty_request(),
                                      in_flight=top, seconds=seconds))
        one.append(ctx.runner.pgbench(peer, os.path.join(PEERS, "one_statement.sql"), clients[-1],
                                      seconds))
        hot.append(work.run(top, hot=10))
    work.check()
    placed = ctx.postgres.sql("peer", "SELECT count(*) FROM orders")[0][0]
    bench.check("pgbench: done = found", placed == sum(
        t["accepted"] for runs in [*theirs.values(), one] for t in runs), placed)
    single = [t["syncs_per_order"] for t in ours[levels[0]]] if levels[0] == 1 else []
    if single:
        bench.check("one client: a WAL sync for each order", min(single) >= 0.9,
                    "%.2f" % min(single))

    def rates(runs):
        return [t["per_second"] for t in runs]

    best = [max(theirs[c][r]["per_second"] for c in clients) for r in range(ctx.sizes["rounds"])]
    targets = {1: "≥ 0.6", 8: "≥ 0.8", 64: "≥ 1.25"}
    for n in levels:
        with_same = clients[min(range(len(clients)), key=lambda i: abs(clients[i] - n))]
        if n < 512:
            bench.row("%d in flight" % n, "orders/s", rates(ours[n]),
                      "pgbench, %d clients" % with_same, rates(theirs[with_same]),
                      targets.get(n, ""))
        else:
            bench.row("%d in flight" % n, "orders/s", rates(ours[n]), "pgbench's best", best,
                      "≥ 1.75, aim 2.5")
    bench.row("%d in flight, ten products" % top, "orders/s", rates(hot), "pgbench's best", best)
    bench.row("%d in flight" % top, "orders/s", rates(ours[top]), "empty echo", rates(echoes),
              "≥ 0.4")
    bench.row("pgbench, one statement, %d clients" % clients[-1], "transactions/s", rates(one),
              "pgbench's best", best)
    for n in levels:
        bench.row("%d in flight: commits of the order database" % n, "per order",
                  [t["commits_per_order"] for t in ours[n]])
        bench.use("%d in flight" % n, sum(t["within"] for t in ours[n]), _sum_cpu(ours[n]),
                  ours[n][-1]["rss"])
    for c in clients:
        bench.use("pgbench, %d clients" % c, sum(t["accepted"] for t in theirs[c]),
                  _sum_cpu(theirs[c]))
    bench.plot("accept", "Orders accepted a second", "in flight", "per second", {
        "Tandem": _points(ours, "per_second"), "pgbench": _points(theirs, "per_second")}, True)
    bench.plot("accept-latency", "Accepting an order: latency", "in flight", "milliseconds", {
        "p50": [(n, _median(ours[n], "p50_us") / 1000) for n in levels],
        "p99": [(n, _median(ours[n], "p99_us") / 1000) for n in levels]}, True)
    if ctx.sizes["open_loop"]:
        _open_loop(ctx, bench, work, max(rates(ours[top])))
    world.drop()
    return bench


def _open_loop(ctx, bench, work, most):
    """Latency from the moment an order was meant to be sent, at a share of what was reached."""
    points = {"p50": [], "p99": []}
    for share in (0.1, 0.25, 0.5, 0.75):
        told = work.run(None, rate=max(1, round(most * share)), count_commits=False)
        for name, line in points.items():
            line.append((most * share, told["latency"][name + "_us"] / 1000))
        bench.row("open loop at %d %% of the most: p50" % (100 * share), "ms",
                  [told["latency"]["p50_us"] / 1000])
        bench.row("open loop at %d %% of the most: p99" % (100 * share), "ms",
                  [told["latency"]["p99_us"] / 1000])
    work.check()
    bench.plot("accept-open", "Accepting an order: latency against load", "orders/s",
               "milliseconds", points)


def _sum_cpu(runs):
    out = {}
    for told in runs:
        for name, seconds in told.get("cpu", {}).items():
            out[name] = out.get(name, 0.0) + seconds
    return out


def _median(runs, name):
    values = sorted(t["latency"][name] for t in runs)
    return values[len(values) // 2]


def _points(runs, name):
    return [(n, sorted(t[name] for t in many)[len(many) // 2]) for n, many in runs.items()]


def accept_sqlite(ctx):
    bench = Bench("accept_sqlite", "Accepting orders on SQLite")
    world = ctx.world("accept_sqlite", sqlite=True)
    work = Accepting(ctx, bench, world, "accept_sqlite")
    levels, seconds = ctx.sizes["levels"], ctx.sizes["seconds"]
    work.run(min(64, max(levels)), seconds=1)
    ours = {n: [] for n in levels}
    single, hundred = [], []
    for i in range(ctx.sizes["rounds"]):
        for batch, runs in ((1, single), (100, hundred)):
            file = ctx.runner.file("limit-%d-%d.db" % (i, batch))
            told = ctx.runner.run("bench_limit", "sqlite", name="sqlite", file=file, batch=batch,
                                  seconds=seconds)
            runs.append(told)
            for ending in ("", "-wal", "-shm"):
                if os.path.exists(file + ending):
                    os.remove(file + ending)
        for n in levels:
            ours[n].append(work.run(n, profile="accept_sqlite-%d" % n))
    work.check()
    bench.check("plain SQLite: WAL, synchronous=FULL, done = found",
                all(t["journal_mode"] == "wal" and t["synchronous"] == 2 and
                    t["sent"] == t["accepted"] for t in single + hundred),
                "%s, %d" % (single[0]["journal_mode"], single[0]["synchronous"]))
    for n in levels:
        bench.row("%d in flight" % n, "orders/s", [t["per_second"] for t in ours[n]],
                  "SQLite, an order a transaction", [t["per_second"] for t in single],
                  "≥ 1.5" if n == max(levels) else "")
        bench.use("%d in flight" % n, sum(t["within"] for t in ours[n]), _sum_cpu(ours[n]),
                  ours[n][-1]["rss"])
    bench.row("SQLite, 100 orders a transaction", "orders/s", [t["per_second"] for t in hundred],
              "SQLite, an order a transaction", [t["per_second"] for t in single])
    bench.plot("accept-sqlite", "Orders accepted a second, SQLite", "in flight", "per second", {
        "Tandem": _points(ours, "per_second"),
        "an order a transaction": [(n, _points({0: single}, "per_second")[0][1])
                                   for n in levels]}, True)
    world.drop()
    return bench


def size(ctx):
    """The same work with more orders stored; the sizes take turns, so that they share the hour."""
    bench = Bench("size", "Accepting orders, with more and more stored")
    sizes = ctx.sizes["stored"]
    runs = {}
    works = {}
    in_flight = min(64, max(ctx.sizes["levels"]))
    for count in sizes:
        works[count] = Accepting(ctx, bench, ctx.stored(count), "%d stored" % count)
        works[count].world.stop()
        runs[count] = []
    for _ in range(ctx.sizes["rounds"]):
        for count in sizes:
            works[count].world.start("order")
            works[count].run(in_flight, seconds=1)
            runs[count].append(works[count].run(in_flight))
            works[count].world.stop()
    for work in works.values():
        work.check()

    def cost(told):
        return [1e6 * sum(t["cpu"].values()) / t["within"] for t in told]

    for count in sizes:
        rates = [t["per_second"] for t in runs[count]]
        against = [None, None, None] if count == sizes[0] else [
            "{:,} stored".format(sizes[0]), cost(runs[sizes[0]]),
            [t["per_second"] for t in runs[sizes[0]]]]
        bench.row("{:,} orders stored: cost".format(count), "µs of CPU", cost(runs[count]),
                  against[0], against[1], "≤ 1.3" if against[0] else "")
        bench.row("{:,} orders stored".format(count), "orders/s", rates, against[0], against[2])
        bench.use("%s stored" % "{:,}".format(count), sum(t["within"] for t in runs[count]),
                  _sum_cpu(runs[count]), runs[count][-1]["rss"])
    bench.plot("size", "What accepting an order costs", "orders stored", "µs of CPU", {
        "all processes": [(n, sorted(cost(r))[len(r) // 2]) for n, r in runs.items()]}, True)
    return bench

