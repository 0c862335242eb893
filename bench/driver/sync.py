"""Master data: a first load of many, and an edit on one side until it is on the other."""
import os
import time

from accept import durable_postgres
from figures import Bench
from load import UUID, psql, write_requests
from machine import wait_for
from world import BATCH, customer, product, request, ulid

COPY_TABLE = """CREATE TABLE copied (id TEXT PRIMARY KEY, number TEXT UNIQUE, name TEXT,
  legal_name TEXT, phone TEXT, email TEXT, line TEXT, city TEXT, postal_code TEXT, country TEXT)"""


def _copy_limit(ctx, count):
    """COPY of as many customers: ten text columns, a primary key, a unique index."""
    file = ctx.runner.file("customers.tsv")
    with open(file, "w") as out:
        for n in range(count):
            one = customer(n)
            place = one["addresses"][0]["address"]
            out.write("\t".join((ulid("cus", n), one["customer_number"], one["display_name"],
                                 one["legal_name"], one["phone"], one["email"], place["lines"][0],
                                 place["city"], place["postal_code"], "DE")) + "\n")
    ctx.peer_database()
    ctx.postgres.sql("peer", "DROP TABLE IF EXISTS copied")
    ctx.postgres.sql("peer", COPY_TABLE)
    begun = time.monotonic()
    psql(ctx.postgres.url + "peer", "-c", "\\copy copied FROM '%s'" % file)
    rate = count / (time.monotonic() - begun)
    found = ctx.postgres.sql("peer", "SELECT count(*) FROM copied")[0][0]
    os.remove(file)
    return rate, found


def _load(ctx, bench, what, count, fill_part, other_part, sync, method, make, table, other_table,
          number):
    """Fills one side while it is alone; then the other side and the adapter are started."""
    with ctx.kafka() as kafka:
        world = ctx.fresh_world("first_load_" + what, kafka=kafka)
        world.start(fill_part)
        file = write_requests(ctx.runner.file("load.requests"), [
            (0, request(method, requests=[make(n) for n in range(at, min(at + BATCH, count))]))
            for at in range(0, count, BATCH)])
        told = ctx.runner.call(world.addresses[fill_part], method, file, in_flight=4,
                               count=(count + BATCH - 1) // BATCH)
        os.remove(file)
        bench.check("%s: sent = found where they come from" % what, told["refused"] == 0 and
                    world.one(fill_part, "SELECT count(*) FROM " + table) == count,
                    "{:,}".format(count))
        bench.row("%s brought into %s, in batches of %d" % (what, fill_part, BATCH), "records/s",
                  [told["per_second"] * BATCH])
        before = ctx.machine.cpu()
        world.start(other_part, sync)
        begun = time.monotonic()
        points = []
        service = "CustomerSyncService" if sync == "customer_sync" else "ProductSyncService"

        def linked():
            done = world.one(other_part, "SELECT count(*) FROM " + other_table)
            points.append((time.monotonic() - begun, done))
            if done < count:
                return False
            status = world.call(service + ".GetSyncStatus")
            return status.in_step >= count and status.calls == 0
        wait_for(linked, what + " on the other side", 3600, 0.1)
        took = time.monotonic() - begun
        used = {k: v - before.get(k, 0.0) for k, v in ctx.machine.cpu().items()}
        rss = ctx.machine.rss()
        sums = [world.one(part, "SELECT sum(hashtext(%s)::bigint) FROM %s" % (text, name))
                for part, name, text in ((fill_part, table, number[0]),
                                         (other_part, other_table, number[1]))]
        status = world.call(service + ".GetSyncStatus")
        bench.check("%s: all linked, in step, and the same on both sides" % what,
                    sums[0] == sums[1] and status.records == status.in_step == count and
                    status.open_conflicts == status.refused_pushes == 0,
                    "%d of %d in step" % (status.in_step, count))
        world.drop()
    return count / took, used, rss, points


def first_load(ctx):
    bench = Bench("first_load", "First load of one side from the other")
    count = ctx.sizes["first_load"]
    limit, found = _copy_limit(ctx, count)
    bench.check("COPY: found what was sent", found == count, found)
    durable_postgres(bench, ctx.postgres)
    loads = [("customers", "customer", "billing", "customer_sync",
              "CustomerService.BatchCreateCustomers",
              lambda n: dict(customer_id=ulid("cus", n), customer=customer(n), request_id=UUID),
              "customers", "customers",
              ("customer_number || display_name", "customer_number || display_name")),
             ("products", "inventory", "opportunity", "product_sync",
              "InventoryService.BatchCreateProducts",
              lambda n: dict(product_id=ulid("prd", n), product=product(n), request_id=UUID),
              "products", "catalogue_items", ("sku", "sku"))]
    lines = {}
    for what, *rest in loads:
        rate, used, rss, points = _load(ctx, bench, what, count, *rest)
        bench.row("{:,} {} from {} to {}".format(count, what, rest[0], rest[1]), "records/s",
                  [rate], "COPY", [limit], "≥ 0.25")
        bench.use("first load of " + what, count, used, rss)
        lines[what] = points[::max(1, len(points) // 200)] + [points[-1]]
    bench.plot("first-load", "First load", "seconds", "records on the other side", lines)
    return bench


def live(ctx):
    bench = Bench("live", "An edit in the CRM until it is seen in the ERP")
    rate, seconds = ctx.sizes["live_rate"], ctx.sizes["live_seconds"]
    with ctx.kafka() as kafka:
        world = ctx.world("live", kafka=kafka)
        world.start("customer", "billing", "customer_sync")
        durable_postgres(bench, ctx.postgres)
        customers = world.one("customer", "SELECT count(*) FROM customers")
        bench.check("customers there are", customers >= ctx.sizes["masters"], customers)
        file = write_requests(ctx.runner.file("live.requests"), [
            (0, request("CustomerService.UpdateCustomer", customer=dict(
                id=ulid("cus", n), display_name="Customer %d %s" % (n, "EDIT" + "7" * 12)),
                update_mask=dict(paths=["display_name"]), request_id=UUID))
            for n in range(1, customers + 1)])
        wait_for(lambda: world.call("CustomerSyncService.GetSyncStatus").in_step >= customers,
                 "both sides in step")
        ctx.machine.at_rest()

        numbers = iter(range(1, 1_000_000_000, 1_000_000))

        def edits(length, profile=None):
            return ctx.runner.run(
                "bench_load", "live", address=world.addresses["customer"],
                method="/tandem.customer.v1.CustomerService/UpdateCustomer", requests=file,
                watch=world.addresses["billing"], source="/tandem/billing",
                types="tandem.billing.v1.CustomerUpdated", rate=rate, seconds=length,
                first=next(numbers), profile=profile)
        edits(2)
        runs = [edits(seconds, "live") for _ in range(ctx.sizes["rounds"])]
        bench.check("sent = acknowledged = seen", all(
            t["sent"] == t["accepted"] == t["seen"] and t["refused"] == t["unseen"] == 0
            for t in runs), "%d, %d, %d; %d overtaken by a later edit" % tuple(
                sum(t[k] for t in runs) for k in ("sent", "accepted", "seen", "overtaken")))
        wait_for(lambda: world.call("CustomerSyncService.GetSyncStatus").in_step >= customers,
                 "both sides in step")
        names = [world.one(part, "SELECT sum(hashtext(id || display_name)::bigint) FROM customers")
                 for part in ("customer", "billing")]
        same = world.one("customer", "SELECT count(*) FROM customers WHERE display_name LIKE "
                         "'%EDIT%'")
        bench.check("every customer's name is the same on both sides", names[0] == names[1],
                    "%d edited" % same)
        for name, target in (("p50", "≤ 10 ms"), ("p99", "≤ 50 ms")):
            bench.row("%d edits/s: %s" % (rate, name), "ms",
                      [t["latency"][name + "_us"] / 1000 for t in runs],
                      "the edit's own answer", [t["answers"][name + "_us"] / 1000 for t in runs],
                      target)
        used = {}
        for told in runs:
            for name, value in told["cpu"].items():
                used[name] = used.get(name, 0.0) + value
        bench.use("an edit", sum(t["sent"] for t in runs), used, runs[-1]["rss"])
        latency = runs[-1]["latency"]
        bench.plot("live", "An edit until it is seen, %d/s" % rate, "share of edits, %",
                   "milliseconds", {"Tandem": [(s, latency[n] / 1000) for s, n in (
                       (50, "p50_us"), (90, "p90_us"), (99, "p99_us"), (99.9, "p999_us"))]})
        world.drop()
    return bench
