"""Reading: an order by its id, and pages of a filtered list, first and far."""

from accept import durable_postgres
from figures import Bench
from load import write_requests
from world import request

LIST = "OrderService.ListOrders"
FILTER = "state = ORDER_STATE_PLACED AND net_total > 100"
PAGE = 50
# Asked for again and again, and in turn: the last are more than a service keeps in memory.
HOT, ALL = 4096, 50_000
WARM, WALK = 20, 200  # pages


def read(ctx):
    bench = Bench("read", "Reading orders")
    world = ctx.stored(ctx.sizes["stored"][-1])
    world.start("order")
    count = world.one("order", "SELECT count(*) FROM orders")
    durable_postgres(bench, ctx.postgres)
    ids = [row[0] for row in world.sql(
        "order", "SELECT id FROM orders ORDER BY order_number LIMIT %d" % ALL)]
    echo = ctx.echo()
    seconds, address = ctx.sizes["seconds"], world.addresses["order"]
    got = world.call("OrderService.GetOrder", id=ids[0])
    bench.check("an order read is the one stored", got.id == ids[0] and len(got.lines) == 2)
    echoes, sent, answered = [], 0, 0
    for some, label, target in ((ids[:HOT], "again and again", "≥ 0.6"), (ids, "in turn", "")):
        name = "get by id, 64 in flight, {:,} of {:,} orders {}".format(len(some), count, label)
        gets = write_requests(ctx.runner.file("get.requests"), [
            (0, request("OrderService.GetOrder", id=i)) for i in some])
        ctx.runner.call(address, "OrderService.GetOrder", gets, in_flight=64, seconds=1)
        ours, limits = [], []
        for _ in range(ctx.sizes["rounds"]):
            limits.append(ctx.runner.call(echo, "EventService.GetHeads", ctx.empty_request(),
                                          in_flight=64, seconds=seconds))
            ours.append(ctx.runner.call(address, "OrderService.GetOrder", gets, in_flight=64,
                                        seconds=seconds, profile="read"))
        bench.row(name, "orders/s", [t["per_second"] for t in ours], "empty echo",
                  [t["per_second"] for t in limits], target)
        bench.use("get by id, " + label, sum(t["within"] for t in ours), _sum(ours),
                  ours[-1]["rss"])
        sent += sum(t["sent"] for t in ours + limits)
        answered += sum(t["accepted"] for t in ours + limits)
        echoes += limits
    bench.use("empty echo", sum(t["within"] for t in echoes), _sum(echoes))
    bench.check("get: sent = answered", sent == answered, answered)

    asks, pages = [], {}
    page, token = 1, ""
    far = min(ctx.sizes["pages"], max(2, count * 8 // 10 // PAGE))
    wanted = sorted({1, max(2, far // 100), max(2, far // 10), far})
    last = None
    while page <= far:
        ask = request(LIST, page_size=PAGE, filter=FILTER, page_token=token)
        answer = world.call(LIST, ask)
        if page in wanted:
            pages[page] = (ask, last, [o.id for o in answer.orders])
        if len(asks) < WARM + WALK:
            asks.append((0, ask))
        if not answer.next_page_token:
            break
        token, last, page = answer.next_page_token, answer.orders[-1].id, page + 1
    expected = [row[0] for row in world.sql("order", _sql(pages[max(pages)][1], "id"))]
    bench.check("page %d by API and by SQL is the same" % max(pages),
                expected == pages[max(pages)][2] and len(expected) == PAGE)
    children = [row[0] for row in world.sql(
        "order", "SELECT table_name FROM information_schema.columns WHERE column_name = 'parent' "
        "AND table_name LIKE 'orders\\_%' ORDER BY 1")]
    lines = {"Tandem": [], "plain SQL": []}
    firsts = []
    for page, (ask, last, ids) in pages.items():
        file = write_requests(ctx.runner.file("list.requests"), [(0, ask)])
        script = _script(ctx.runner.file("list-%d.sql" % page), last, children, ids)
        api, sql = [], []
        for _ in range(ctx.sizes["rounds"]):
            sql.append(_select(ctx, world, script))
            api.append(ctx.runner.call(address, LIST, file, in_flight=1,
                                       seconds=max(1, seconds / 2)))
        _page_row(bench, "page {:,} of a filtered list, {} orders a page".format(page, PAGE), api,
                  sql)
        firsts = firsts or sql
        lines["Tandem"].append((page, _ms(api)[0]))
        lines["plain SQL"].append((page, _ms(sql)[0]))
    # After a start nothing is in memory, and each page is asked for once.
    warm = write_requests(ctx.runner.file("warm.requests"), asks[:WARM])
    walk = write_requests(ctx.runner.file("walk.requests"), asks[WARM:] or asks)
    once = []
    for _ in range(ctx.sizes["rounds"]):
        world.stop("order")
        world.start("order")
        ctx.runner.call(address, LIST, warm, in_flight=1, count=len(asks[:WARM]))
        once.append(ctx.runner.call(address, LIST, walk, in_flight=1,
                                    count=len(asks[WARM:] or asks)))
    _page_row(bench, "pages of a filtered list, each once after a start", once, firsts)
    bench.plot("read", "A page of a list of {:,} orders".format(count), "page", "milliseconds",
               lines, True)
    world.stop()
    return bench


def _script(file, last, children, ids):
    """What a program sends for a page: the page's rows, then, in one go, all that belongs to them.
    pgbench does not decode what comes."""
    with open(file, "w") as out:
        out.write(_sql(last, "*") + ";\n\\startpipeline\n")
        for table in children:
            out.write("SELECT * FROM %s WHERE parent IN (%s) ORDER BY parent, n;\n" % (
                table, ", ".join("'%s'" % i for i in ids)))
        out.write("\\endpipeline\n")
    return file


def _select(ctx, world, script):
    return ctx.runner.pgbench(world.storage.url + world.name + "_order", script, 1,
                              max(1, ctx.sizes["seconds"] // 2))


def _ms(runs):
    return [t["latency"]["mean_us"] / 1000 for t in runs]


def _page_row(bench, name, api, sql):
    bench.row(name, "ms", _ms(api), "plain SQL", _ms(sql), "≤ 1.3")
    bench.use(name, sum(t["within"] for t in api), _sum(api))
    bench.use(name + ": plain SQL", sum(t["accepted"] for t in sql), _sum(sql))


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


