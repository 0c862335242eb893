"""Medusa, a shop in Node.js: carts of two items until they are placed as orders and their payment
is captured, by its store API (and its admin API for the capture)."""
import base64
import itertools
import os
import random
import subprocess

from figures import Bench
from machine import HERE, ROOT, Process, clean_environment, free_port
from peer_load import CLIENTS, Http, Refused, check_shop, measure
from peer_setup import STOCK, company, drop, npm_fetch, wait_served

PEER = os.path.join(os.path.dirname(HERE), "peers/medusa")
HOME = os.path.join(ROOT, "build/third_party/medusa")
SOURCES = [os.path.join(PEER, one) for one in sorted(os.listdir(PEER))]
COMMAND = ["node", "node_modules/@medusajs/cli/cli.js"]
ADDRESS = dict(first_name="Customer", last_name="One", address_1="Street 1", city="Town",
               postal_code="00001", country_code="de")


def set_up(ctx, database, masters):
    told = ctx.runner.file("medusa.json")
    with open(ctx.machine.log("medusa-setup"), "ab") as log:
        for step in (["db:migrate", "--execute-safe-links"],
                     ["exec", "./setup.js", str(masters), str(masters), str(STOCK), told]):
            subprocess.run(["setpriv", "--pdeathsig=KILL", *COMMAND, *step], cwd=HOME, check=True,
                           stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                           env=environment(ctx, database))
    with open(told) as file:
        return file.read()


def environment(ctx, database):
    return {**clean_environment(), "PEER_DATABASE": ctx.postgres.url + database,
            "NODE_ENV": "production", "MEDUSA_DISABLE_TELEMETRY": "1", "LOG_LEVEL": "warn"}


# --- what a client says -------------------------------------------------------------------------

def cart(told, draw):
    """A cart of two items with its buyer, and what it is worth in cents."""
    items, worth = [], told["shipping"] * 119
    for variant, _, price in draw.sample(told["products"], 2):
        pieces = draw.randint(1, 9)
        worth += pieces * price * 119
        items.append(dict(variant_id=variant, quantity=pieces))
    return dict(region_id=told["region"], email=draw.choice(told["customers"]), items=items,
                shipping_address=ADDRESS, billing_address=ADDRESS), worth


def cents(amount):
    return round(float(amount) * 100)


class Client:
    """Buyers, one after another, and the clerk who captures their payments."""

    def __init__(self, port, told, seed):
        self.told, self.draw = told, random.Random(seed)
        self.seed, self.numbers = seed, itertools.count(1)
        self.http = Http(port, {"x-publishable-api-key": told["shopKey"]})
        self.clerk = Http(port, {"Authorization": "Basic " + base64.b64encode(
            (told["adminKey"] + ":").encode()).decode()})

    def whole_order(self):
        """One order until its payment is captured; its total in cents."""
        body, worth = cart(self.told, self.draw)
        number = self.http.post("/store/carts", body)["cart"]["id"]
        options = self.http.get("/store/shipping-options?cart_id=" + number)["shipping_options"]
        self.http.post("/store/carts/%s/shipping-methods" % number,
                       dict(option_id=options[0]["id"]))
        payments = self.http.post("/store/payment-collections", dict(cart_id=number))
        self.http.post("/store/payment-collections/%s/payment-sessions" % (
            payments["payment_collection"]["id"]), dict(provider_id="pp_system_default"))
        placed = self.http.post("/store/carts/%s/complete" % number, {})
        if placed.get("type") != "order":
            raise Refused(str(placed)[:700])
        order = self.clerk.get("/admin/orders/%s?fields=id,total,*payment_collections.payments" %
                               placed["order"]["id"])["order"]
        payment = order["payment_collections"][0]["payments"][0]["id"]
        captured = self.clerk.post("/admin/payments/%s/capture" % payment, {})["payment"]
        if not captured["captured_at"] or cents(order["total"]) != worth:
            raise Refused("%s, and %d" % (order["total"], worth))
        return worth

    def create_customer(self):
        return self.clerk.post("/admin/customers", dict(
            first_name="New", last_name="Customer", email="new%d.%d@example.com" % (
                self.seed, next(self.numbers))))["customer"]["id"]

    def read_product(self):
        return self.http.get("/store/products/%s?region_id=%s" % (
            self.draw.choice(self.told["products"])[1], self.told["region"]))["product"]["title"]


# --- the bench ----------------------------------------------------------------------------------

FOUND = dict(
    orders="""SELECT (SELECT count(*) FROM "order"), count(*), coalesce(round(100 * sum(
           (totals->>'current_order_total')::numeric)), 0), coalesce(round(100 * sum(
           (totals->>'paid_total')::numeric)), 0) FROM order_summary""",
    payments="SELECT count(*), coalesce(round(100 * sum(amount)), 0) FROM capture",
    sold="SELECT coalesce(sum(quantity), 0) FROM order_item",
    held="SELECT coalesce(sum(quantity), 0) FROM reservation_item WHERE deleted_at IS NULL")


def medusa(ctx):
    bench = Bench("medusa", "Medusa 2.21: from the cart until the payment is captured")
    npm_fetch("Medusa", PEER, HOME)
    database, told = company(ctx, "medusa", SOURCES,
                             lambda made, masters: set_up(ctx, made, masters))
    port = free_port()
    server = ctx.machine.add(Process("medusa", [
        "env", "--chdir=" + HOME, *COMMAND, "start", "--host=127.0.0.1", "--port=%d" % port],
        ctx.machine.log("medusa"), env=environment(ctx, database)))
    wait_served(server, port, "/health")
    clients = [Client(port, told, n) for n in range(CLIENTS)]
    measure(ctx, bench, database, told, clients, "an order until its payment is captured",
            lambda made: check_shop(bench, ctx, database, made, "placed = paid", FOUND),
            "customer")
    ctx.machine.remove("medusa")
    drop(ctx, database)
    return bench
