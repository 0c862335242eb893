"""Reading: an order by its id, and pages of a filtered list, first and far."""

from accept import durable_postgres
from figures import Bench
from load import write_requests
from world import request

LIST = "OrderService.ListOrders"
FILTER = "state = ORDER_STATE_PLACED AND net_total > 100"
PAGE = 50


def read(ctx):
    bench = Bench("read", "Reading orders")
    world = ctx.stored(ctx.sizes["stored"][-1])
    world.start("order")
    count = world.one("order", "SELECT count(*) FROM orders")
    durable_postgres(bench, ctx.postgres)
    ids = [row[0] for row in world.sql(
        "order", "SELECT id FROM orders ORDER BY order_number LIMIT 4096")]
    gets = write_requests(ctx.runner.file("get.requests"), [
        (0, request("OrderService.GetOrder", id=i)) for i in ids])
    echo = ctx.echo()
    seconds, address = ctx.sizes["seconds"], world.addresses["order"]
    got = world.call("OrderService.GetOrder", id=ids[0])
    bench.check("an order read is the one stored", got.id == ids[0] and len(got.lines) == 2)
    ctx.runner.call(address, "OrderService.GetOrder", gets, in_flight=64, seconds=1)
    ours, echoes = [], []
    for _ in range(ctx.sizes["rounds"]):
        echoes.append(ctx.runner.call(echo, "EventService.GetHeads", ctx.empty_request(),
                                      in_flight=64, seconds=seconds))
        ours.append(ctx.runner.call(address, "OrderService.GetOrder", gets, in_flight=64,
                                    seconds=seconds, profile="read"))
    bench.check("get: sent = answered", all(t["sent"] == t["accepted"] for t in ours + echoes),
                sum(t["accepted"] for t in ours))
    bench.row("get by id, 64 in flight, of {:,}".format(count), "orders/s",
              [t["per_second"] for t in ours], "empty echo",
              [t["per_second"] for t in echoes], "≥ 0.6")
    bench.use("get by id", sum(t["within"] for t in ours), _sum(ours), ours[-1]["rss"])
    bench.use("empty echo", sum(t["within"] for t in echoes), _sum(echoes))

    pages = {}
    page, token, last = 1, "", None
    far = min(ctx.sizes["pages"], max(2, count * 8 // 10 // PAGE))
    wanted = sorted({1, max(2, far // 100), max(2, far // 10), far})
    while page <= far:
        ask = request(LIST, page_size=PAGE, filter=FILTER, page_token=token)
        answer = world.call(LIST, ask)
        if page in wanted:
            pages[page] = (ask, last, [o.id for o in answer.orders])
        if not answer.next_page_token:
            break
        token, last, page = answer.next_page_token, answer.orders[-1].id, page + 1
    expected = [row[0] for row in world.sql("order", _sql(pages[max(pages)][1], "id"))]
    bench.check("page %d by API and by SQL is the same" % max(pages),
                expected == pages[max(pages)][2] and len(expected) == PAGE)
    lines = {"Tandem": [], "plain SQL": []}
    for page, (ask, last, _) in pages.items():
        file = write_requests(ctx.runner.file("list.requests"), [(0, ask)])
        script = ctx.runner.file("list-%d.sql" % page)
        with open(script, "w") as out:
            # What a page needs: the rows, and their lines.
            out.write(_sql(last, "*") + ";\n")
            out.write("SELECT * FROM orders_lines WHERE parent IN (%s) ORDER BY parent, n;\n" %
                      _sql(last, "id"))
        api, sql = [], []
        for _ in range(ctx.sizes["rounds"]):
            sql.append(ctx.runner.pgbench(world.storage.url + world.name + "_order", script, 1,
                                          max(1, seconds // 2)))
            api.append(ctx.runner.call(address, LIST, file, in_flight=1,
                                       seconds=max(1, seconds / 2)))
        bench.row("page %s of a filtered list, %d orders a page" % ("{:,}".format(page), PAGE),
                  "ms", [t["latency"]["mean_us"] / 1000 for t in api], "plain SQL",
                  [t["latency"]["mean_us"] / 1000 for t in sql], "≤ 1.3")
        lines["Tandem"].append((page, api[0]["latency"]["mean_us"] / 1000))
        lines["plain SQL"].append((page, sql[0]["latency"]["mean_us"] / 1000))
    bench.plot("read", "A page of a list of {:,} orders".format(count), "page", "milliseconds",
               lines, True)
    world.stop()
    return bench


def _sql(last, columns):
    """The page behind the order `last`, as a program would ask for it."""
    after = "AND id > '%s' " % last if last else ""
    return ("SELECT %s FROM orders WHERE state = 1 AND net_total_micros > 100000000 %s"
            "ORDER BY id LIMIT %d" % (columns, after, PAGE))


def _sum(runs):
    out = {}
    for told in runs:
        for name, value in told["cpu"].items():
            out[name] = out.get(name, 0.0) + value
    return out


