"""Vendure, a shop in Node.js: orders of two items from an empty basket until they are paid, by its
GraphQL shop API."""
import itertools
import os
import random
import subprocess

from figures import Bench
from machine import HERE, ROOT, Process, clean_environment, free_port
from peer_load import CLIENTS, Http, Refused, check_shop, measure
from peer_setup import STOCK, company, drop, npm_fetch, wait_served

PEER = os.path.join(os.path.dirname(HERE), "peers/vendure")
HOME = os.path.join(ROOT, "build/third_party/vendure")
SOURCES = [os.path.join(PEER, one) for one in sorted(os.listdir(PEER))]
SERVERS = 2  # a process runs on one core at a time
SUPERADMIN = ("superadmin", "bench-tandem-1")  # as in config.js
TOKEN = "vendure-auth-token"

ORDER = "... on Order { state totalWithTax } ... on ErrorResult { errorCode message }"
ADD = ("mutation ($id: ID!, $n: Int!) { it: addItemToOrder(productVariantId: $id, quantity: $n) "
       "{%s} }")
CUSTOMER = "mutation ($input: CreateCustomerInput!) { it: setCustomerForOrder(input: $input) {%s} }"
ADDRESS = ("mutation ($input: CreateAddressInput!) { it: setOrderShippingAddress(input: $input) "
           "{%s} }")
METHODS = "{ it: eligibleShippingMethods { id name priceWithTax } }"
SHIPPING = "mutation ($id: [ID!]!) { it: setOrderShippingMethod(shippingMethodId: $id) {%s} }"
ARRANGE = 'mutation { it: transitionOrderToState(state: "ArrangingPayment") {%s} }'
PAY = "mutation ($input: PaymentInput!) { it: addPaymentToOrder(input: $input) {%s} }"
LOGIN = ("mutation ($u: String!, $p: String!) { it: login(username: $u, password: $p) "
         "{ __typename ... on ErrorResult { errorCode message } } }")
CREATE = ("mutation ($input: CreateCustomerInput!) { it: createCustomer(input: $input) "
          "{ ... on Customer { id } ... on ErrorResult { errorCode message } } }")
PRODUCT = ("query ($id: ID!) { it: product(id: $id) { id name slug description variants "
           "{ id sku name priceWithTax stockLevel } } }")


def set_up(ctx, database, masters):
    with open(ctx.machine.log("vendure-setup"), "ab") as log:
        return subprocess.run(
            ["setpriv", "--pdeathsig=KILL", "node", "setup.js", str(masters), str(masters),
             str(STOCK), ctx.machine.folder], cwd=HOME, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=log, check=True,
            env=environment(ctx, database, PEER_SET_UP="1")).stdout.decode().splitlines()[-1]


def environment(ctx, database, **more):
    return {**clean_environment(), "PEER_DATABASE": ctx.postgres.url + database,
            "NODE_ENV": "production", **more}


# --- what a client says -------------------------------------------------------------------------

def basket(told, draw):
    """[(variant, pieces)] of two items, and what the order is worth in cents."""
    items, worth = [], 0
    for variant, _, price in draw.sample(told["products"], 2):
        pieces = draw.randint(1, 9)
        worth += pieces * price * 119
        items.append((variant, pieces))
    return items, worth + told["shipping"]


class Client:
    """Buyers of one server, one after another."""

    def __init__(self, port, told, seed):
        self.http, self.told, self.draw = Http(port), told, random.Random(seed)
        self.seed, self.numbers, self.admin = seed, itertools.count(1), None

    def _ask(self, query, api="/shop-api", token=None, **variables):
        """(the answer, the session's token)"""
        if "%s" in query:
            query = query % ORDER
        answer, headers = self.http.send(
            "POST", api, dict(query=query, variables=variables),
            {"Authorization": "Bearer " + token} if token else None)
        if answer.get("errors"):
            raise Refused(str(answer["errors"])[:700])
        it = answer["data"]["it"]
        if isinstance(it, dict) and it.get("errorCode"):
            raise Refused(str(it))
        return it, headers.get(TOKEN) or token

    def whole_order(self):
        """One order by somebody who is new here; its total in cents."""
        items, worth = basket(self.told, self.draw)
        token = None
        for variant, pieces in items:
            _, token = self._ask(ADD, token=token, id=variant, n=pieces)
        email = self.draw.choice(self.told["customers"])
        self._ask(CUSTOMER, token=token, input=dict(
            firstName="Customer", lastName="One", emailAddress=email))
        self._ask(ADDRESS, token=token, input=dict(
            fullName="Customer One", streetLine1="Street 1", city="Town", postalCode="00001",
            countryCode="DE"))
        methods, _ = self._ask(METHODS, token=token)
        self._ask(SHIPPING, token=token, id=[methods[0]["id"]])
        self._ask(ARRANGE, token=token)
        order, _ = self._ask(PAY, token=token, input=dict(
            method=self.told["paymentMethod"], metadata={}))
        if order != dict(state="PaymentSettled", totalWithTax=worth):
            raise Refused("%s, and %d" % (order, worth))
        return worth

    def sign_in(self):
        _, self.admin = self._ask(LOGIN, "/admin-api", u=SUPERADMIN[0], p=SUPERADMIN[1])

    def create_customer(self):
        it, _ = self._ask(CREATE, "/admin-api", self.admin, input=dict(
            firstName="New", lastName="Customer",
            emailAddress="new%d.%d@example.com" % (self.seed, next(self.numbers))))
        return it["id"]

    def read_product(self):
        it, _ = self._ask(PRODUCT, id=self.draw.choice(self.told["products"])[1])
        return it["variants"][0]["sku"]


# --- the bench ----------------------------------------------------------------------------------

FOUND = dict(
    orders="""SELECT count(*), count(*) FILTER (WHERE settled), coalesce(sum(worth), 0),
           coalesce(sum(worth) FILTER (WHERE settled), 0) FROM (SELECT state = 'PaymentSettled' AS
           settled, "subTotalWithTax" + "shippingWithTax" AS worth FROM "order") AS found""",
    payments="SELECT count(*), coalesce(sum(amount), 0) FROM payment WHERE state = 'Settled'",
    sold="SELECT coalesce(sum(quantity), 0) FROM order_line",
    held='SELECT coalesce(sum("stockAllocated"), 0) FROM stock_level')


def vendure(ctx):
    bench = Bench("vendure", "Vendure 3.7: from the first item until the order is paid")
    npm_fetch("Vendure", PEER, HOME)
    database, told = company(ctx, "vendure", SOURCES,
                             lambda made, masters: set_up(ctx, made, masters))
    names, ports = [], []
    for n in range(SERVERS + 1):
        kind = "server" if n < SERVERS else "worker"
        names.append("vendure-%s%s" % (kind, n + 1 if n < SERVERS else ""))
        ports.append(free_port())
        process = ctx.machine.add(Process(
            names[-1], ["node", os.path.join(HOME, "server.js"), kind],
            ctx.machine.log(names[-1]), env=environment(ctx, database, PEER_PORT=str(ports[-1]))))
        if kind == "server":
            wait_served(process, ports[-1], "/health")
    clients = [Client(ports[n % SERVERS], told, n) for n in range(CLIENTS)]
    for client in clients:
        client.sign_in()
    measure(ctx, bench, database, told, clients, "an order until it is paid",
            lambda made: check_shop(bench, ctx, database, made, "paid", FOUND), "customer")
    for name in names:
        ctx.machine.remove(name)
    drop(ctx, database)
    return bench
