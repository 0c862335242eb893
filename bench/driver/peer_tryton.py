"""Tryton, an ERP in Python: sales until they are shipped, invoiced, paid and done, by JSON-RPC."""
import base64
import itertools
import json
import os
import random
import subprocess
import time
from decimal import Decimal

from figures import Bench
from machine import HERE, ROOT, Process, clean_environment, free_port, say
from peer_load import Http, Refused, measure
from peer_setup import STOCK, company, drop, stamp, wait_served

PEER = os.path.join(os.path.dirname(HERE), "peers/tryton")
VENV = os.path.join(ROOT, "build/third_party/tryton")
REQUIREMENTS = os.path.join(PEER, "requirements.txt")
USER, PASSWORD = "admin", "bench-tandem-1"
SERVERS = 2  # a process runs on one core at a time
CLIENTS = 2  # with 8, transactions in each other's way cost an order three times the CPU
TAX = Decimal("1.19")  # as setup.py has it
CASH = Decimal("0.01")
ATTEMPTS = 100


def fetch():
    """Tryton in a venv of its own, every wheel by its hash."""
    done = os.path.join(VENV, stamp(REQUIREMENTS))
    if not os.path.exists(done):
        say("fetching Tryton")
        subprocess.run(["python3", "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([VENV + "/bin/pip", "install", "-q", "--disable-pip-version-check",
                        "--only-binary", ":all:", "--require-hashes", "-r", REQUIREMENTS],
                       check=True)
        open(done, "w").close()


def environment(ctx):
    return {**clean_environment(), "TRYTOND_DATABASE_URI": ctx.postgres.url,
            "TRYTONPASSFILE": ctx.runner.file("tryton.password")}


def set_up(ctx, database, masters):
    with open(ctx.runner.file("tryton.password"), "w") as file:
        file.write(PASSWORD + "\n")
    with open(ctx.machine.log("tryton-setup"), "ab") as log:
        quiet = dict(env=environment(ctx), stdin=subprocess.DEVNULL, stderr=log, check=True)
        subprocess.run(["setpriv", "--pdeathsig=KILL", VENV + "/bin/trytond-admin", "-d", database,
                        "-u", "sale", "--activate-dependencies", "--email", "bench@example.com"],
                       stdout=log, **quiet)
        return subprocess.run(
            ["setpriv", "--pdeathsig=KILL", VENV + "/bin/python", os.path.join(PEER, "setup.py"),
             ctx.postgres.url + database, str(masters), str(masters), str(STOCK)],
            stdout=subprocess.PIPE, **quiet).stdout.decode().splitlines()[-1]


# --- what a client says -------------------------------------------------------------------------

def decimal(value):
    return {"__class__": "Decimal", "decimal": str(value)}


def sale(told, draw):
    """A sale of two lines as the RPC takes it, and what it is worth."""
    party, address = draw.choice(told["customers"])
    lines, worth = [], Decimal(0)
    for product, price in draw.sample(told["products"], 2):
        pieces = draw.randint(1, 9)
        worth += pieces * Decimal(price)
        lines.append(dict(product=product, unit=told["unit"], quantity=pieces,
                          unit_price=decimal(price), taxes=[["add", [told["tax"]]]]))
    return dict(party=party, invoice_address=address, shipment_address=address,
                payment_term=told["term"], lines=[["create", lines]]), (worth * TAX).quantize(CASH)


class Client:
    """A signed-in user of one server."""

    def __init__(self, port, database, told, seed):
        self.http, self.path, self.told = Http(port), "/%s/rpc/" % database, told
        self.draw, self.ids, self.repeated = random.Random(seed), itertools.count(1), 0
        user, session = self._ask("common.db.login", [USER, {"password": PASSWORD}, "en"])[:2]
        self.http.headers["Authorization"] = "Session " + base64.b64encode(
            ("%s:%s:%s" % (USER, user, session)).encode()).decode()
        self.context = told["context"]

    def _ask(self, method, params):
        """Asks again where transactions were in each other's way: that call is rolled back."""
        for attempt in itertools.count(1):
            try:
                answer = self.http.post(self.path, dict(
                    id=next(self.ids), method=method, params=params))
                break
            except Refused as error:
                if error.status != 503 or attempt == ATTEMPTS:
                    raise
            self.repeated += 1
            time.sleep(self.draw.uniform(0, 0.1))
        if isinstance(answer, dict):
            if answer.get("error"):
                raise Refused("%s: %s" % (method, str(answer["error"])[-700:]))
            answer = answer.get("result")
        return answer

    def call(self, model, method, *args, **context):
        return self._ask("model.%s.%s" % (model, method), [*args, {**self.context, **context}])

    def press(self, model, button, number):
        return self.call(model, button, [number])

    def read(self, model, number, *fields):
        return self.call(model, "read", [number], list(fields))[0]

    def processed(self, number, state):
        """The sale in that state. Its processing is a task of its own behind the call, which gives
        up in the same way; then a user presses the button."""
        for _ in range(ATTEMPTS):
            found = self.read("sale.sale", number, "state", "shipments", "invoices", "total_amount")
            if found["state"] == state:
                return found
            self.press("sale.sale", "process", number)
            self.repeated += 1
        raise Refused("sale %s is %s and not %s" % (number, found["state"], state))

    def whole_order(self):
        """One sale from quotation to done; its total."""
        values, worth = sale(self.told, self.draw)
        number = self.call("sale.sale", "create", [values])[0]
        self.press("sale.sale", "quote", number)
        self.press("sale.sale", "confirm", number)
        found = self.processed(number, "processing")
        (shipment,), (invoice,) = found["shipments"], found["invoices"]
        for button in ("assign_try", "pick", "pack", "do"):
            self.press("stock.shipment.out", button, shipment)
        self.press("account.invoice", "post", invoice)
        self.pay(invoice)
        total = self.processed(number, "done")["total_amount"]
        if Decimal(total["decimal"]) != worth:
            raise Refused("sale %s: %s of %s" % (number, total, worth))
        return worth

    def pay(self, invoice):
        """The wizard as the desktop client goes through it."""
        wizard, at = "wizard.account.invoice.pay", dict(
            self.context, active_model="account.invoice", active_id=invoice, active_ids=[invoice])
        session = self._ask(wizard + ".create", [at])[0]
        asked = self._ask(wizard + ".execute", [session, {}, "start", at])["view"]["defaults"]
        form = {name: value for name, value in asked.items() if "." not in name}
        form["payment_method"] = self.told["method"]
        self._ask(wizard + ".execute", [session, {"start": form}, "choice", at])
        self._ask(wizard + ".delete", [session, at])

    def create_customer(self):
        return self.call("party.party", "create", [dict(
            name="New customer", addresses=[["create", [dict(
                street="Street 1", postal_code="00001", city="Town")]]])])[0]

    def read_product(self):
        return self.read("product.product", self.draw.choice(self.told["products"])[0],
                         "rec_name", "code", "list_price_used", "default_uom", "salable")["code"]


# --- the bench ----------------------------------------------------------------------------------

def check(bench, ctx, database, told, made):
    """What the client did, as the tables have it."""
    def one(text):
        return ctx.postgres.sql(database, text)[0]
    sales = one("SELECT count(*), count(*) FILTER (WHERE state = 'done'), "
                "coalesce(sum(total_amount_cache), 0) FROM sale_sale")
    bench.check("sent = done = found, with the right total",
                sales == (len(made), len(made), sum(made)), "%d, %d, %d; %s of %s" % (
                    len(made), *sales, sum(made)))
    paid = one("SELECT count(*), coalesce(sum(total_amount_cache), 0) FROM account_invoice WHERE "
               "state = 'paid'")
    bench.check("invoiced = paid", paid == (len(made), sum(made)), paid[0])
    left, = one("SELECT sum(CASE WHEN to_location = %d THEN quantity ELSE -quantity END) FROM "
                "stock_move WHERE state = 'done' AND (to_location = %d OR from_location = %d)" % (
                    (told["storage"],) * 3))
    shipped, = one("SELECT coalesce(sum(quantity), 0) FROM sale_line")
    bench.check("stock fell by what was sold", len(told["products"]) * STOCK - left == shipped,
                shipped)
    debit, credit = one("SELECT coalesce(sum(debit), 0), coalesce(sum(credit), 0) FROM "
                        "account_move_line")
    bench.check("debits = credits", debit == credit and debit >= sum(made), debit)


def tryton(ctx):
    bench = Bench("tryton", "Tryton 8.2: sale, shipment, invoice, payment, by JSON-RPC")
    fetch()
    database, told = company(ctx, "tryton", [REQUIREMENTS, os.path.join(PEER, "setup.py")],
                             lambda made, masters: set_up(ctx, made, masters))
    ports = []
    for n in range(SERVERS):
        ports.append(free_port())
        server = ctx.machine.add(Process("trytond-%d" % (n + 1), [
            VENV + "/bin/trytond", "-d", database], ctx.machine.log("trytond-%d" % (n + 1)), env={
                **environment(ctx), "TRYTOND_WEB__LISTEN": "127.0.0.1:%d" % ports[-1],
                "TRYTOND_WEB__ROOT": ctx.runner.file("tryton-www")}))
        wait_served(server, ports[-1])
    clients = [Client(ports[n % SERVERS], database, told, n) for n in range(CLIENTS)]
    measure(ctx, bench, database, told, clients, "a sale until it is done",
            lambda made: check(bench, ctx, database, told, made), "party_party")
    bench.notes.append("Calls that were made again because transactions were in each other's way: "
                       "%d" % sum(one.repeated for one in clients))
    for n in range(SERVERS):
        ctx.machine.remove("trytond-%d" % (n + 1))
    drop(ctx, database)
    return bench
