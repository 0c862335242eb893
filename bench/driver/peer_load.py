"""A closed loop of clients over HTTP for the peers that are shops and ERPs: threads of the driver,
whose own CPU time is told as the client's. Peers do some units a second, so Python is enough."""
import http.client
import json
import os
import threading
import time

from accept import durable_postgres
from machine import _stat, say, wait_for

CLIENTS = 8  # of a peer that has no other best number
ATTEMPTS = 3  # of a client whose work fails; then it ends


class Refused(Exception):
    """An answer that is not what was asked for; `status` is HTTP's."""

    def __init__(self, text, status=200):
        super().__init__(text)
        self.status = status


class Http:
    """One connection to one server, kept while the server keeps it."""

    def __init__(self, port, headers=None):
        self.port, self.headers = port, dict(headers or {})
        self._connection = None

    def send(self, method, path, body=None, headers=None):
        """(the answer, its headers); Refused where the status is no success."""
        data = None if body is None else json.dumps(body)
        said = {"Content-Type": "application/json", **self.headers, **(headers or {})}
        for attempt in (1, 2):
            kept = self._connection is not None
            if not kept:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
            try:
                self._connection.request(method, path, data, said)
                answer = self._connection.getresponse()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.close()  # what a server had closed before it was asked
                if not kept or attempt == 2:
                    raise
        text = answer.read()
        if answer.will_close:
            self.close()
        if answer.status >= 300:
            raise Refused("%s %s: %d %s" % (method, path, answer.status, text[:500].decode()),
                          answer.status)
        return json.loads(text) if text else None, answer.headers

    def post(self, path, body, headers=None):
        return self.send("POST", path, body, headers)[0]

    def get(self, path):
        return self.send("GET", path)[0]

    def close(self):
        if self._connection:
            self._connection.close()
        self._connection = None


def closed_loop(ctx, seconds, works):
    """Runs each of `works` again and again in a thread of its own: `work()` does a unit and answers
    what it is worth. The time that counts begins when each has done one and a quarter of `seconds`
    is over, and ends `seconds` later; what is under way then is finished, and found in `made` but
    in no figure."""
    lock = threading.Lock()
    ends, made, problems, over = [], [], [], threading.Event()
    done = [0] * len(works)

    def client(number):
        failures = 0
        while not over.is_set() and failures < ATTEMPTS:
            begun = time.monotonic()
            try:
                value = works[number]()
            except Exception as error:
                failures += 1
                with lock:
                    problems.append("%s: %s" % (type(error).__name__, error))
                continue
            with lock:
                ends.append((time.monotonic(), time.monotonic() - begun))
                made.append(value)
                done[number] += 1

    def figures():
        return {**ctx.machine.cpu(), "client": _stat(os.getpid())[1]}

    threads = [threading.Thread(target=client, args=(n,), daemon=True) for n in range(len(works))]
    for thread in threads:
        thread.start()
    warm = time.monotonic() + seconds / 4
    wait_for(lambda: not any(t.is_alive() for t in threads) or
             min(done) >= 1 and time.monotonic() >= warm, "the first of each client", pause_s=0.01)
    begin, before = time.monotonic(), figures()
    while time.monotonic() < begin + seconds and any(t.is_alive() for t in threads):
        time.sleep(0.05)
    end, after, rss = time.monotonic(), figures(), ctx.machine.rss()
    over.set()
    for thread in threads:
        thread.join()
    for problem in problems[:3]:
        say("refused: " + problem)
    within = sorted(took for at, took in ends if begin <= at <= end)
    return dict(within=len(within), per_second=len(within) / (end - begin), made=made,
                problems=problems, rss=rss,
                cpu={k: after[k] - before.get(k, 0.0) for k in after},
                latency={name: share_of(within, share) for name, share in
                         (("p50", 0.5), ("p99", 0.99))})


def share_of(ordered, share):
    """A percentile of ordered values, 0 where there is none."""
    return ordered[round(share * (len(ordered) - 1))] if ordered else 0.0


def rows(bench, label, unit, told, chain=True):
    """The rows of a closed loop, and what a unit of it costs each process."""
    bench.row(label, unit + "/s", [told["per_second"]])
    for name in ("p50", "p99") if chain else ():
        bench.row("%s: a whole one, %s" % (label, name), "ms", [1000 * told["latency"][name]])
    bench.use(label, max(1, told["within"]), told["cpu"], told["rss"])
    bench.check(label + ": nothing was refused", not told["problems"] and told["within"] > 0,
                (told["problems"] or [told["within"]])[0])


def measure(ctx, bench, database, told, clients, label, check, customers_table):
    """What every peer is asked: whole orders, which `check(made)` finds again in the database, then
    customers and products alone."""
    found = [len(told["customers"]), len(told["products"])]
    bench.check("customers and products there are", min(found) >= ctx.sizes["masters"],
                "%d and %d" % tuple(found))
    durable_postgres(bench, ctx.postgres)
    orders = closed_loop(ctx, ctx.sizes["peer_seconds"], [c.whole_order for c in clients])
    check(orders["made"])
    rows(bench, "%s, %d clients" % (label, len(clients)), "orders", orders)
    short = ctx.sizes["peer_seconds"] / 4

    def customers():
        return ctx.postgres.sql(database, "SELECT count(*) FROM " + customers_table)[0][0]
    before = customers()
    created = closed_loop(ctx, short, [c.create_customer for c in clients])
    bench.check("customers sent = found", customers() - before == len(created["made"]),
                len(created["made"]))
    rows(bench, "create a customer", "customers", created, chain=False)
    rows(bench, "read a product", "products", closed_loop(
        ctx, short, [c.read_product for c in clients]), chain=False)


def check_shop(bench, ctx, database, made, words, queries):
    """What the clients of a shop did, as its tables have it. The queries: `orders`, all and those
    that came to their end, and what each of these are worth; `payments`, how many and how much;
    `sold` and `held`, in pieces."""
    def one(name):
        return tuple(int(v) for v in ctx.postgres.sql(database, queries[name])[0])
    sent, worth = len(made), sum(made)
    orders, payments = one("orders"), one("payments")
    bench.check("sent = %s = found, with the right total" % words,
                orders == (sent, sent, worth, worth),
                "%d, %d, %d; %d and %d of %d" % (sent, *orders, worth))
    bench.check("payments = orders", payments == (sent, worth), payments[0])
    sold, held = one("sold"), one("held")
    bench.check("stock is held for what was sold", sold == held, held[0])
