"""Tandem as it is shipped, with a company in it: its processes, its API by descriptors, its stores
as anybody reads them.

Only the binaries and the protos of the product are known here. A company is 1,000 customers and
1,000 products or more; it is set up through the APIs once a run, and every bench gets a copy.
"""
import glob
import hashlib
import os
import shutil
import sqlite3
import sys

import grpc

from machine import ROOT, Process, free_port, wait_for

sys.path.insert(0, os.path.join(ROOT, "tests/contract"))
from protos import Protos  # noqa: E402

SERVICES = ["customer", "opportunity", "order", "inventory", "billing"]
ADAPTERS = ["customer_sync", "product_sync", "order_to_cash"]
PARTS = SERVICES + ADAPTERS
PACKAGES = {"CustomerService": "customer", "OpportunityService": "opportunity",
            "OrderService": "order", "InventoryService": "inventory", "BillingService": "billing",
            "CustomerSyncService": "customer_sync", "ProductSyncService": "product_sync"}
CURRENCY, UNIT = "USD", "C62"
TAX_CLASS, TAX_PERCENT = "STANDARD", 19
MICROS = 1_000_000
STOCK = 1_000_000_000
SETTINGS = {"billing": ["--billing.default_credit_limit=1000000000"]}
BATCH = 500  # items of a batch: less than the megabyte that a request may have

_protos = None


def protos():
    global _protos
    if _protos is None:
        _protos = Protos()
        protos.methods = {"%s.%s" % (m.containing_service.name, m.name): m
                          for m in _protos.methods()}
    return _protos


def method(name):
    protos()
    return protos.methods[name]


def path(name):
    return "/%s/%s" % (method(name).containing_service.full_name, method(name).name)


def request(name, **fields):
    return protos().new(method(name).input_type)(**fields)


def ulid(prefix, number):
    return "%s_%026d" % (prefix, number)


def money(micros):
    return dict(currency_code=CURRENCY, units=micros // MICROS, nanos=micros % MICROS * 1000)


def quantity(pieces):
    return dict(value=dict(value=str(pieces)), unit=UNIT)


def date(day):
    return dict(year=2024, month=1 + day // 28 % 12, day=1 + day % 28)


def price(product):
    """Whole units: so that the tax of every order is exact to the cent."""
    return (1 + product * 7 % 97) * MICROS


def customer(number, kind_number=1, state=2):
    """A customer as the CRM gets it: the ten columns of the COPY beside it, more or less."""
    name = "Customer %d Trading" % number
    address = dict(lines=["%d High Street" % (number % 999), "Building %d" % (number % 7)],
                   city="City %d" % (number % 500), postal_code="%05d" % (number % 99999),
                   country_code="DE")
    return dict(
        customer_number="C-%d" % number, kind=kind_number, display_name=name,
        legal_name=name + " Ltd", state=state, phone="+4930%07d" % (number % 10_000_000),
        email="office%d@example.com" % number, currency=CURRENCY,
        addresses=[dict(address_id=purpose, purpose=n, name=name, address=address)
                   for n, purpose in ((1, "registered"), (2, "ship_to"), (3, "bill_to"))])


def product(number):
    return dict(sku="SKU-%d" % number, kind=1, names={"en": "Product %d" % number},
                descriptions={"en": "The product with number %d, in a box" % number},
                tax_class=TAX_CLASS, category="Category %d" % (number % 20), base_unit=UNIT,
                list_price=dict(amount=money(price(number)), per=quantity(1)))


def schema_stamp():
    """Changes with the tables: what was stored by another version is not measured."""
    digest = hashlib.sha256()
    for name in sorted(glob.glob(os.path.join(ROOT, "services/*/migrations/*.sql")) +
                       glob.glob(os.path.join(ROOT, "bus-adapters/*/migrations/*.sql")) +
                       [os.path.join(ROOT, "platform/store/platform_migrations.cc")]):
        with open(name, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:8]


class World:
    """Some parts over one set of databases. `storage`: the driver's Postgres, or a folder for
    SQLite's files. `kafka`: the broker; None: events come from the journals themselves."""

    def __init__(self, machine, name, storage, bin_dir, kafka=None, embedded=False):
        self.machine, self.name, self.storage, self.bin = machine, name, storage, bin_dir
        self.kafka, self.embedded = kafka, embedded
        self.sqlite = isinstance(storage, str)
        one = "127.0.0.1:%d" % free_port() if embedded else None
        self.addresses = {part: one or "127.0.0.1:%d" % free_port() for part in PARTS}
        self.channels = {}
        self.started = []
        self.origin = None  # the world whose databases ours are copies of

    # --- processes ------------------------------------------------------------------------------

    def start(self, *parts, env=None):
        """Starts parts (embedded: all of them, as one process) and waits until they serve."""
        for part in ["tandem"] if self.embedded else parts:
            argv = [os.path.join(self.bin, "tandem")] if self.embedded else \
                [os.path.join(self.bin, "tandem-" + part)]
            if self.embedded:
                argv += ["start", *(s for more in SETTINGS.values() for s in more)]
            argv += ["--server.listen=" + self.addresses[part if part in PARTS else "order"],
                     *SETTINGS.get(part, [])]
            if self.sqlite:
                argv.append("--storage.dir=" + self.storage)
            else:
                argv += ["--storage.database=" + self.storage.url,
                         "--storage.database_prefix=" + self.name + "_"]
            if self.kafka:
                argv.append("--bus.kafka=" + self.kafka.address)
            if not self.embedded:
                argv += ["--address.%s=%s" % (p, a) for p, a in self.addresses.items() if p != part]
            if not self.sqlite:
                self._need_database(part)
            name = self.process_name(part)
            self.machine.add(Process(name, argv, self.machine.log(self.name + "-" + part), "ready",
                                     env))
            self.started.append(name)
        return self

    def process_name(self, part):
        return "tandem" if self.embedded else "tandem-" + part

    def process(self, part):
        return self.machine.running[self.process_name(part)]

    def _need_database(self, part):
        have = self.storage.databases()
        for one in PARTS if part == "tandem" else [part]:
            database = "%s_%s" % (self.name, one)
            template = "%s_%s" % (self.origin.name, one) if self.origin else ""
            if database not in have:
                self.storage.create(database, template if template in have else "template0")

    def stop(self, *parts):
        names = [self.process_name(p) for p in parts] or list(self.started)
        for name in names:
            self.machine.remove(name)
            if name in self.started:
                self.started.remove(name)
        if not self.started:
            for channel in self.channels.values():
                channel.close()
            self.channels = {}

    def copy(self, name, kafka=None, embedded=False, storage=None):
        """The same stores under another name; nothing may run on ours. A database is copied when
        its part is first started."""
        other = World(self.machine, name, storage or self.storage, self.bin, kafka, embedded)
        if self.sqlite:
            shutil.copytree(self.storage, other.storage, dirs_exist_ok=True)
        else:
            other.drop()
            other.origin = self
        return other

    def drop(self):
        self.stop()
        if self.sqlite:
            shutil.rmtree(self.storage, ignore_errors=True)
        else:
            for part in PARTS:
                self.storage.drop("%s_%s" % (self.name, part))

    # --- from outside ---------------------------------------------------------------------------

    def sql(self, part, text):
        """Rows of a query of a part's store, over a connection of our own."""
        if not self.sqlite:
            return self.storage.sql("%s_%s" % (self.name, part), text)
        connection = sqlite3.connect("file:%s/%s.db?mode=ro" % (self.storage, part), uri=True,
                                     timeout=30)
        try:
            return connection.execute(text).fetchall()
        finally:
            connection.close()

    def one(self, part, text):
        return self.sql(part, text)[0][0]

    def call(self, name, message=None, timeout=60, **fields):
        """The answer; grpc.RpcError when it is refused."""
        part = PACKAGES[name.partition(".")[0]]
        if part not in self.channels:
            self.channels[part] = grpc.insecure_channel(
                self.addresses[part], options=[("grpc.max_receive_message_length", 64 << 20)])
        message = message or request(name, **fields)
        data = self.channels[part].unary_unary(path(name))(
            message.SerializeToString(), timeout=timeout)
        return protos().new(method(name).output_type).FromString(data)

    def batch(self, name, items):
        """Every item must be accepted."""
        for at in range(0, len(items), BATCH):
            answer = self.call(name, requests=items[at:at + BATCH])
            for result in answer.results:
                if result.status.code != 0:
                    raise RuntimeError("%s: %s" % (name, result.status.message))

    # --- the company ----------------------------------------------------------------------------

    def set_up(self, customers, products):
        """The masters, brought in through the CRM and the ERP, all parts in one process; leaves
        nothing running."""
        self.start()
        self.call("BillingService.CreateTaxCode", tax_code_id="VAT19", tax_code=dict(
            tax_class=TAX_CLASS, rate=dict(value="0.%02d" % TAX_PERCENT), text="VAT"))
        self.batch("CustomerService.BatchCreateCustomers", [
            dict(customer_id=ulid("cus", n), customer=customer(n))
            for n in range(1, customers + 1)])
        self.batch("InventoryService.BatchCreateProducts", [
            dict(product_id=ulid("prd", n), product=product(n)) for n in range(1, products + 1)])
        self.batch("InventoryService.BatchReceiveStock", [
            dict(product_id=ulid("prd", n), quantity=quantity(STOCK), reason="opening stock")
            for n in range(1, products + 1)])
        self.await_facts(customers, products)
        self.stop()

    def await_facts(self, customers, products):
        """Orders are checked against the order service's own facts: all are there."""
        wait_for(lambda: self.one("order", "SELECT count(*) FROM customer_facts WHERE known = 1 "
                                  "AND account_id <> ''") >= customers
                 and self.one("order", "SELECT count(*) FROM account_facts") >= customers
                 and self.one("order", "SELECT count(*) FROM product_facts") >= products
                 and self.one("order", "SELECT count(*) FROM tax_rate_facts") >= 1,
                 "the order service's facts", pause_s=0.1)

    def masters(self):
        """(customers, products) that orders may name."""
        return (self.one("order", "SELECT count(*) FROM customer_facts WHERE known = 1 "
                         "AND account_id <> ''"),
                self.one("order", "SELECT count(*) FROM product_facts"))
