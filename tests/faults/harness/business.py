"""What the clients do, all day: the mix of commands and reads, and the things they are done to.

Each client takes one action after the other, by weight, and takes what an action is about out of a
pool, so that few of them meet by chance and some do on purpose. What services make by themselves
(shipments, invoices, accounts, catalogue items) is learned as an integrator learns it: from the
event streams. Values that people would type are unique and say who wrote them: run/client/number.
"""
import asyncio
import collections
import datetime
import time

import grpc

from api import protos

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
CUSTOMERS, PRODUCTS = 60, 40
POOL_MAX = 4000
FIRST_DAY = datetime.date(2026, 1, 5)
SECONDS_A_DAY = 5
# Orders placed and not planned, held or gone: beyond, fewer new ones (the reactions are behind).
AHEAD_MAX = 800
APPLY_LOOKS = 60  # for an invoice of the account that a payment is on


def money(cents):
    return {"currency_code": "USD", "units": cents // 100, "nanos": cents % 100 * 10 ** 7}


def mills(amount):
    """Thousandths, for prices finer than a cent."""
    return {"currency_code": "USD", "units": amount // 1000, "nanos": amount % 1000 * 10 ** 6}


def cents_of(amount):
    return amount.units * 100 + amount.nanos // 10 ** 7


def quantity(value, unit):
    return {"value": {"value": value}, "unit": unit}


class Pool:
    """Things to do something to; a random one can be taken. Of very many, some are forgotten."""

    def __init__(self, rng):
        self.rng, self.items = rng, []

    def __len__(self):
        return len(self.items)

    def put(self, item):
        if len(self.items) >= POOL_MAX:
            self.items[self.rng.randrange(len(self.items))] = item
        else:
            self.items.append(item)

    def take(self):
        if not self.items:
            return None
        at = self.rng.randrange(len(self.items))
        self.items[at], self.items[-1] = self.items[-1], self.items[at]
        return self.items.pop()

    def look(self):
        return self.rng.choice(self.items) if self.items else None


class World:
    def __init__(self, driver):
        self.driver, self.api, self.rng = driver, driver.api, driver.rng
        self.count = 0
        self.began = time.monotonic()
        self.customers = []                # CRM ids that may order
        self.accounts = {}                 # customer -> account
        self.products = []                 # (id, unit)
        self.items = {}                    # product -> catalogue item that is offered
        self.unoffered = collections.deque()
        self.pools = collections.defaultdict(lambda: Pool(self.rng))
        self.placed = 0
        self.planned = set()
        self.shipment_of = {}              # order -> the last shipment that was planned
        self.settled = set()               # orders that got somewhere: planned, held, cancelled

    def sizes(self):
        return {name: len(pool) for name, pool in self.pools.items()} | {
            "ahead": self.placed - len(self.settled), "customers": len(self.customers)}

    def leaves_out(self, what):
        return what in self.driver.options.leave_out.split(",")

    def id(self, prefix):
        return prefix + "01" + "".join(self.rng.choices(DIGITS, k=24))

    def buyer(self):
        """Mostly one who has an account; what is too new is refused, or held when quoted."""
        customer = self.rng.choice(self.customers)
        if customer not in self.accounts and self.rng.random() < 0.8:
            customer = self.rng.choice(self.customers[:CUSTOMERS])
        return customer

    def maybe_id(self, prefix):
        return self.id(prefix) if self.rng.random() < 0.7 else ""

    def name(self, client):
        self.count += 1
        return "%s/c%03d/%d" % (self.driver.run, client, self.count)

    def today(self, plus=0):
        day = FIRST_DAY + datetime.timedelta(
            days=int((time.monotonic() - self.began) / SECONDS_A_DAY) + plus)
        return {"year": day.year, "month": day.month, "day": day.day}

    def some_customers(self, count):
        known = [c for c in self.customers if c in self.accounts]
        return self.rng.sample(known, min(count, len(known)))

    async def send(self, client, method, entity=None, **fields):
        return await self.driver.command(client, method, self.api.request(method, **fields), entity)

    # --- before it starts ---------------------------------------------------------------------

    async def prepare(self):
        """A company: tax codes, products with stock, customers with accounts; in every service."""
        self.driver.rate = 400
        for code, tax_class, rate in (("VAT19", "STANDARD", "0.19"), ("VAT7", "REDUCED", "0.07"),
                                      ("ZERO", "ZERO", "0")):
            await self.send(0, "BillingService.CreateTaxCode", tax_code_id=code, tax_code={
                "tax_class": tax_class, "rate": {"value": rate}, "text": tax_class})
        await asyncio.gather(*(self.create_product(n) for n in range(PRODUCTS)),
                             *(self.create_customer(n) for n in range(CUSTOMERS)))
        deadline = time.monotonic() + self.driver.options.prepare
        while True:
            try:
                known = await self.api.pages("OrderService.ListCustomerFacts", "customer_facts")
                ready = [c for c in known if c.known and c.account_id]
                products = await self.api.pages("OrderService.ListProductFacts", "product_facts")
                items = await self.api.pages("OpportunityService.ListCatalogueItems",
                                             "catalogue_items")
                rates = await self.api.pages("OrderService.ListTaxRateFacts", "tax_rate_facts")
            except RuntimeError:  # one is not to be reached yet
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)
                continue
            if (len(ready) >= CUSTOMERS and len(products) >= PRODUCTS
                    and len([i for i in items if i.product_id]) >= PRODUCTS and len(rates) >= 3):
                break
            if time.monotonic() > deadline:
                raise RuntimeError("not ready: %d customers, %d products, %d items" % (
                    len(ready), len(products), len(items)))
            await asyncio.sleep(0.2)
        self.accounts = {c.id: c.account_id for c in ready}
        await asyncio.gather(*(self.offer(0, i.id, i.product_id) for i in items if i.product_id))
        self.driver.rate = self.driver.options.rate

    async def create_product(self, client):
        number = self.name(client)
        unit = "KGM" if self.rng.random() < 0.15 else "C62"
        made = await self.send(
            client, "InventoryService.CreateProduct", product_id=self.maybe_id("prd_"), product={
                "sku": number, "kind": 1, "names": {"en": number, "de": number},
                "descriptions": {"en": "as made"}, "category": "c%d" % self.rng.randrange(5),
                "tax_class": self.rng.choice(["STANDARD", "STANDARD", "REDUCED", "ZERO"]),
                "base_unit": unit, "list_price": {
                    "amount": mills(self.rng.choice([990, 3335, 9990, 12345, 25000, 199])),
                    "per": quantity("1", unit)}})
        if made is None:
            return
        # Some are always short.
        amount = self.rng.choice([5, 15, 5000, 20000, 20000, 20000])
        await self.send(client, "InventoryService.ReceiveStock", product_id=made.id,
                        quantity=quantity(str(amount), unit), reason="opening stock",
                        reference=number)
        self.products.append((made.id, unit))

    async def create_customer(self, client, state=2):
        number = self.name(client)
        address = {"lines": [number], "city": "Kiel", "postal_code": "24103", "country_code": "DE"}
        made = await self.send(
            client, "CustomerService.CreateCustomer", customer_id=self.maybe_id("cus_"), customer={
                "customer_number": number[-32:], "kind": 1, "display_name": number,
                "legal_name": number + " Ltd", "state": state, "currency": "USD",
                "phone": self.phone(), "email": "a%d@example.com" % self.count,
                "addresses": [
                    {"address_id": "registered", "purpose": 1, "address": address},
                    {"address_id": "ship_to", "purpose": 2, "address": address},
                    {"address_id": "bill_to", "purpose": 3, "address": address}]})
        if made is None:
            return
        if state == 2:
            self.customers.append(made.id)
        else:
            self.pools["prospects"].put(made.id)

    def phone(self):
        return "+49431%07d" % self.rng.randrange(10 ** 7)

    async def offer(self, client, item, product):
        if await self.send(client, "OpportunityService.UpdateCatalogueItem", "cat/" + item,
                           catalogue_item={"id": item, "offered": {"on": True}},
                           update_mask={"paths": ["offered"]}):
            self.items[product] = item

    # --- what services tell -------------------------------------------------------------------

    def watches(self):
        return [self.watch("inventory", "tandem.inventory.v1.ShipmentEvent", self.on_shipment,
                           ["tandem.inventory.v1.ShipmentPlanned",
                            "tandem.inventory.v1.ShipmentReplanned"]),
                self.watch("billing", "tandem.billing.v1.InvoiceEvent", self.on_invoice,
                           ["tandem.billing.v1.InvoicePosted",
                            "tandem.billing.v1.InvoiceReopened"]),
                self.watch("billing", "tandem.billing.v1.DebtorAccountEvent", self.on_account,
                           ["tandem.billing.v1.DebtorAccountOpened"]),
                self.watch("opportunity", "tandem.opportunity.v1.CatalogueItemEvent", self.on_item,
                           ["tandem.opportunity.v1.CatalogueItemCreated"]),
                self.watch("order", "tandem.order.v1.OrderEvent", self.on_order,
                           ["tandem.order.v1.OrderCancelled", "tandem.order.v1.OrderHeld"])]

    async def watch(self, part, message, tell, types):
        position = 0
        event = protos().new(message)
        response = protos().new("tandem.events.v1.WatchEventsResponse")
        while True:
            request = self.api.request("EventService.WatchEvents", source="/tandem/" + part,
                                       after_position=position, types=types)
            try:
                async for data in self.api.stream("EventService.WatchEvents", request, part):
                    step = response.FromString(data)
                    for envelope in step.events:
                        if envelope.position <= position:
                            self.driver.violation("I7", "the stream of %s goes from %d to %d" % (
                                part, position, envelope.position))
                        position = envelope.position
                        tell(event.FromString(envelope.payload), envelope.type)
                    position = max(position, step.position)
            except grpc.aio.AioRpcError:
                pass
            await asyncio.sleep(0.2)

    def on_shipment(self, event, _):
        if event.shipment.id not in self.planned:
            self.planned.add(event.shipment.id)
            self.settled.add(event.shipment.order_id)
            self.pools["shipments"].put(event.shipment.id)
            self.shipment_of[event.shipment.order_id] = event.shipment.id

    def on_invoice(self, event, kind):
        self.pools["invoices"].put((event.invoice.id, event.invoice.order_id,
                                    event.invoice.account_id, cents_of(event.invoice.open_amount),
                                    event.invoice.number))

    def on_account(self, event, _):
        account = event.debtor_account
        self.accounts.setdefault(account.customer_id, account.id)

    def on_item(self, event, _):
        item = event.catalogue_item
        if item.product_id and item.product_id not in self.items:
            self.unoffered.append((item.id, item.product_id))

    def on_order(self, event, kind):
        self.settled.add(event.order.id)


# --- the actions --------------------------------------------------------------------------------
# Each answers False when there is nothing to do it to.


def lines_of(world, offered):
    rng, lines = world.rng, []
    for product, unit in rng.sample(world.products, rng.choice([1, 1, 2, 3])):
        if offered and product not in world.items:
            continue
        amount = "%d.%03d" % (rng.randrange(1, 5), rng.choice([0, 250, 500])) if unit == "KGM" \
            else str(rng.randrange(1, 6))
        line = {"quantity": quantity(amount, unit)}
        if offered:
            line["catalogue_item_id"] = world.items[product]
        else:
            line["product_id"] = product
        if rng.random() < 0.5:
            line["unit_price"] = mills(rng.choice([1000, 3335, 9999, 24500, 70]))
        if rng.random() < 0.3:
            line["discount"] = {"value": rng.choice(
                ["0.05", "0.1", "0.333333", "0.5" if world.leaves_out("free-goods") else "1"])}
        lines.append(line)
    return lines


async def place_order(world, client):
    rng = world.rng
    if world.placed - len(world.settled) > AHEAD_MAX and rng.random() < 0.8:
        return False
    customer = world.buyer()
    order = {"sold_to_customer_id": customer, "order_date": world.today(),
             "requested_date": world.today(rng.randrange(0, 30)), "lines": lines_of(world, False),
             "customer_reference": world.name(client)}
    if rng.random() < 0.05:
        order["backorder_policy"] = 2
    if rng.random() < 0.15:
        order["delivery_policy"] = 2
    if rng.random() < 0.1:
        order["freight"] = {"net": money(rng.randrange(100, 2000)), "tax_class": "STANDARD"}
    if rng.random() < 0.1:
        order["priority"] = rng.randrange(-5, 6)
    made = await world.send(client, "OrderService.PlaceOrder", order_id=world.maybe_id("ord_"),
                            order=order)
    if made is not None:
        world.placed += 1
        if rng.random() < 0.04:  # the clerk has second thoughts
            await world.send(client, rng.choice(["OrderService.HoldOrder",
                                                 "OrderService.CancelOrder"]),
                             "ord/" + made.id, order_id=made.id, note=world.name(client))
        world.pools["orders"].put(made.id)
    return True


async def hold_order(world, client):
    order = world.pools["orders"].take()
    if order is None:
        return False
    if await world.send(client, "OrderService.HoldOrder", "ord/" + order, order_id=order,
                        note=world.name(client)):
        world.pools["held"].put(order)
    return True


async def release_order(world, client):
    order = world.pools["held"].take()
    if order is None:
        return False
    shipment = world.shipment_of.get(order)
    if shipment and world.rng.random() < 0.3:  # somebody in the warehouse has not heard of the hold
        await ship_it(world, client, shipment)
    await world.send(client, "OrderService.ReleaseOrder", "ord/" + order, order_id=order)
    if world.rng.random() < 0.3:
        world.pools["orders"].put(order)
    return True


async def cancel_order(world, client):
    order = world.pools["orders"].take()
    if order is None:
        return False
    await world.send(client, "OrderService.CancelOrder", "ord/" + order, order_id=order, reason=1,
                     note=world.name(client))
    return True


async def receive(world, client):
    product, unit = world.rng.choice(world.products)
    stock = await world.send(
        client, "InventoryService.ReceiveStock", "stock/" + product, product_id=product,
        quantity=quantity(str(world.rng.choice([5, 20, 60])), unit), reason="receipt",
        reference=world.name(client))
    check_stock(world, stock)
    return True


async def adjust(world, client):
    product, unit = world.rng.choice(world.products)
    stock = await world.send(
        client, "InventoryService.AdjustStock", "stock/" + product, product_id=product,
        quantity=quantity(str(world.rng.choice([-3, -1, 1, 2])), unit), reason="count",
        reference=world.name(client))
    check_stock(world, stock)
    return True


async def ship_it(world, client, shipment):
    return await world.send(
        client, "InventoryService.ShipShipment", "shp/" + shipment, shipment_id=shipment,
        ship_date=world.today(), carrier=world.name(client)[:60],
        freight_cost=money(world.rng.randrange(0, 3000)))


async def ship(world, client):
    shipment = world.pools["shipments"].take()
    if shipment is None:
        return False
    steps = world.rng.random() < 0.35
    if steps:
        for step in ("StartPicking", "PickShipment", "PackShipment"):
            if not await world.send(client, "InventoryService." + step, "shp/" + shipment,
                                    shipment_id=shipment):
                break
    gone = await ship_it(world, client, shipment)
    if gone is not None:
        world.pools["shipped"].put((shipment, [
            (line.line_number, line.shipped.value.value, line.shipped.unit)
            for line in gone.lines]))
    elif world.rng.random() < 0.5:
        world.pools["shipments"].put(shipment)  # it was held: another time
    return True


async def give_back(world, client):
    shipped = world.pools["shipped"].take()
    if shipped is None:
        return False
    shipment, lines = shipped
    line, amount, unit = world.rng.choice(lines)
    part = amount if world.rng.random() < 0.6 else "1"
    await world.send(
        client, "InventoryService.ReturnShipment", "shp/" + shipment, shipment_id=shipment,
        return_id=world.maybe_id("ret_"), return_date=world.today(), lines=[
            {"line_number": line, "quantity": quantity(part, unit),
             "disposition": world.rng.choice([1, 1, 2, 3])}])
    if world.rng.random() < 0.3:
        world.pools["shipped"].put(shipped)
    return True


async def pay(world, client):
    invoice = world.pools["invoices"].take()
    if invoice is None:
        return False
    rng = world.rng
    invoice_id, order, account, cents, number = invoice
    amount = max(1, rng.choice([cents, cents, cents, cents // 2, cents // 3, cents + 500]))
    fields = rng.choice([{"invoice_ids": [invoice_id]}, {"invoice_ids": [invoice_id]},
                         {"order_id": order} if order else {"invoice_ids": [invoice_id]}, {}])
    made = await world.send(
        client, "BillingService.RecordPayment", payment_id=world.maybe_id("pay_"),
        account_id=account, amount=money(amount), payment_date=world.today(),
        reference="%s for %s" % (world.name(client), number if rng.random() < 0.5 else "orders"),
        **fields)
    if made is not None:
        world.pools["payments"].put((made.id, account, invoice_id))
        if cents_of(made.unapplied) > 0:
            world.pools["on account"].put((made.id, account, cents_of(made.unapplied)))
        if amount < cents and rng.random() < 0.5:
            world.pools["invoices"].put((invoice_id, order, account, cents - amount, number))
    return True


async def reverse(world, client):
    payment = world.pools["payments"].take()
    if payment is None:
        return False
    await world.send(client, "BillingService.ReversePayment", "pay/" + payment[0],
                     payment_id=payment[0], reason=world.name(client), reversal_date=world.today())
    return True


async def apply_payment(world, client):
    payment = world.pools["on account"].take()
    if payment is None:
        return False
    payment_id, account, cents = payment
    some = [world.pools["invoices"].look() for _ in range(APPLY_LOOKS)]
    invoice = next((i for i in some if i and i[2] == account), None) or some[0]
    if invoice is None:
        return False
    await world.send(client, "BillingService.ApplyPayment", "pay/" + payment_id,
                     payment_id=payment_id, applications=[
                         {"invoice_id": invoice[0],
                          "amount": money(max(1, min(cents, invoice[3])))}])
    return True


async def allow(world, client):
    """A credit note without goods."""
    invoice = world.pools["invoices"].look()
    if invoice is None or world.leaves_out("allowances"):
        return False
    await world.send(client, "BillingService.PostCreditNote", invoice_id=invoice[0], reason=2,
                     credit_date=world.today(), credit_note_id=world.maybe_id("crn_"), lines=[
                         {"line_number": 1, "net": money(1)}])
    return True


def some_account(world):
    return world.accounts.get(world.rng.choice(world.customers))


async def set_credit(world, client):
    account = some_account(world)
    if account is None:
        return False
    policy = {"kind": 2} if world.rng.random() < 0.1 else {
        "kind": 1, "limit": money(world.rng.choice([0, 100000, 2000000, 5000000, 20000000]))}
    await world.send(client, "BillingService.SetCredit", "acc/" + account, account_id=account,
                     credit_policy=policy)
    return True


async def block(world, client):
    account = some_account(world)
    if account is None:
        return False
    if await world.send(client, "BillingService.BlockAccount", "acc/" + account, account_id=account,
                        kind=1, reason=world.name(client)):
        await asyncio.sleep(world.rng.random() * 3)
        await world.send(client, "BillingService.UnblockAccount", "acc/" + account,
                         account_id=account, kind=1)
    return True


async def override_credit(world, client):
    order = world.pools["orders"].look()
    if order is None:
        return False
    await world.send(client, "BillingService.OverrideCredit", "com/" + order, order_id=order,
                     amount=money(100000), reason=world.name(client), authorised_by="chief")
    return True


def servers_own(world, fields, mask):
    """Now and then somebody names what only the server writes: it is passed over."""
    if world.rng.random() < 0.05:
        fields["create_time"] = {"seconds": 86400 * world.rng.randrange(1, 9999)}
        mask.append("create_time")
    return fields, {"paths": mask}


async def edit_customer(world, client, side=None, customer=None, what=None):
    """A field of a customer, on either side; also fields that the other side owns."""
    rng = world.rng
    customer = customer or rng.choice(world.customers)
    side = side or rng.choice(["CustomerService", "CustomerService", "BillingService"])
    if side == "BillingService" and customer not in world.accounts:
        return False
    what = what or rng.choice(["phone", "email", "website", "invoice_email", "display_name",
                               "language", "delivery_policy", "addresses"])
    fields, etag = {"id": customer}, ""
    entity = "%s/%s" % (side, customer)
    if what == "addresses":
        now = await world.driver.read(side + ".GetCustomer", entity, id=customer)
        if now is None:
            return True
        at = rng.randrange(max(1, len(now.addresses)))
        addresses = [a for a in now.addresses]
        if addresses:
            addresses[at].address.city = world.name(client)
        fields["addresses"], etag = addresses, now.etag
    else:
        fields[what] = {"phone": world.phone(), "email": "e%d@example.com" % rng.randrange(10 ** 9),
                        "website": "https://example.com/" + world.name(client),
                        "invoice_email": "i%d@example.com" % rng.randrange(10 ** 9),
                        "display_name": world.name(client),
                        "language": rng.choice(["de", "en", "fr"]),
                        "delivery_policy": rng.choice([1, 2])}[what]
    if rng.random() < 0.1 and not etag:
        etag = '"%d"' % max(1, world.driver.versions.get(entity, 1))
    fields, mask = servers_own(world, fields, [what])
    await world.send(client, side + ".UpdateCustomer", entity, customer=fields, update_mask=mask,
                     etag=etag)
    return True


async def conflict(world, client):
    """Both sides edit the same record at the same time, mostly the same field."""
    rng, driver = world.rng, world.driver
    if not driver.conflicts and rng.random() < 0.3:
        product, unit = rng.choice(world.products)
        if product not in world.items:
            return False
        what = rng.choice(["names", "descriptions", "category"])
        await asyncio.gather(edit_product(world, client, (product, unit), what),
                             edit_item(world, client, product, what))
        return True
    customer = driver.conflicts.popleft() if driver.conflicts else rng.choice(world.customers)
    what = rng.choice(["phone", "email", "website", "invoice_email", "display_name", "language",
                       None])
    await asyncio.gather(edit_customer(world, client, "CustomerService", customer, what),
                         edit_customer(world, client, "BillingService", customer, what))
    driver.conflict_edits += 1
    return True


async def make_customer(world, client):
    if world.rng.random() < 0.15:  # the ERP makes some, too
        number = world.name(client)
        await world.send(client, "BillingService.CreateCustomer",
                         customer_id=world.maybe_id("cus_"), customer={
                             "customer_number": number[-32:], "kind": 1, "display_name": number,
                             "legal_name": number, "status": 2, "phone": world.phone()})
    else:
        await world.create_customer(client, world.rng.choice([1, 2, 2]))
    return True


async def promote(world, client):
    customer = world.pools["prospects"].take()
    if customer is None:
        return False
    await world.send(client, "CustomerService.PromoteCustomer", "CustomerService/" + customer,
                     id=customer)
    return True


async def deactivate(world, client):
    customer = world.rng.choice(world.customers)
    if await world.send(client, "CustomerService.DeactivateCustomer", "CustomerService/" + customer,
                        id=customer, reason=world.name(client)):
        await asyncio.sleep(world.rng.random())
        await world.send(client, "CustomerService.ReactivateCustomer",
                         "CustomerService/" + customer, id=customer)
    return True


async def edit_product(world, client, which=None, what=None):
    rng = world.rng
    product, unit = which or rng.choice(world.products)
    what = what or rng.choice(["names", "descriptions", "category", "list_price", "weight"])
    value = {"names": {"en": world.name(client), "de": "d"}, "category": world.name(client),
             "descriptions": {"en": world.name(client)}, "weight": quantity("1.5", "KGM"),
             "list_price": {"amount": mills(rng.randrange(100, 30000)),
                            "per": quantity("1", unit)}}[what]
    fields, mask = servers_own(world, {"id": product, what: value}, [what])
    await world.send(client, "InventoryService.UpdateProduct", "prd/" + product, product=fields,
                     update_mask=mask)
    return True


async def edit_item(world, client, product=None, what=None):
    rng = world.rng
    if world.unoffered and product is None:
        await world.offer(client, *world.unoffered.popleft())
        return True
    product = product or rng.choice(world.products)[0]
    item = world.items.get(product)
    if item is None:
        return False
    what = what or rng.choice(["descriptions", "descriptions", "sales_texts", "names", "category",
                               "offered"])
    value = {"descriptions": {"en": world.name(client), "fr": "f"}, "category": world.name(client),
             "sales_texts": {"en": world.name(client)}, "names": {"en": world.name(client)},
             "offered": {"on": True, "to": world.today(400)}}[what]
    fields, mask = servers_own(world, {"id": item, what: value}, [what])
    await world.send(client, "OpportunityService.UpdateCatalogueItem", "cat/" + item,
                     catalogue_item=fields, update_mask=mask)
    return True


async def make_product(world, client):
    if world.rng.random() < 0.3:  # sales makes some, too
        number = world.name(client)
        await world.send(client, "OpportunityService.CreateCatalogueItem",
                         catalogue_item_id=world.maybe_id("cat_"), catalogue_item={
                             "sku": number, "kind": 1, "names": {"en": number}, "base_unit": "C62"})
    else:
        await world.create_product(client)
    return True


async def discontinue(world, client):
    product, _ = world.rng.choice(world.products)
    if await world.send(client, "InventoryService.DiscontinueProduct", "prd/" + product,
                        id=product):
        await asyncio.sleep(world.rng.random() * 2)
        await world.send(client, "InventoryService.ReinstateProduct", "prd/" + product, id=product)
    return True


async def opportunity(world, client):
    customer = world.rng.choice(world.customers)
    made = await world.send(
        client, "OpportunityService.CreateOpportunity", opportunity_id=world.maybe_id("opp_"),
        opportunity={"name": world.name(client), "customer_id": customer,
                     "amount": money(world.rng.randrange(1000, 10 ** 6)),
                     "close_date": world.today(60)})
    if made is not None:
        world.pools["opportunities"].put(made.id)
    return True


async def lose(world, client):
    lost = world.pools["opportunities"].take()
    if lost is None:
        return False
    if await world.send(client, "OpportunityService.LoseOpportunity", "opp/" + lost, id=lost,
                        reason=world.name(client), closed_date=world.today()) \
            and world.rng.random() < 0.5:
        if await world.send(client, "OpportunityService.ReopenOpportunity", "opp/" + lost, id=lost,
                            reason=world.name(client)):
            world.pools["opportunities"].put(lost)
    return True


async def quote(world, client):
    about = world.pools["opportunities"].take()
    fields = {"quote_date": world.today(), "customer_reference": world.name(client),
              "lines": lines_of(world, True)}
    if about is not None:
        fields["opportunity_id"] = about
    else:
        fields["customer_id"] = world.rng.choice(world.customers)
    if world.rng.random() < 0.1:
        fields["freight"] = {"net": money(500), "tax_class": "STANDARD"}
    made = await world.send(client, "OpportunityService.CreateQuote",
                            quote_id=world.maybe_id("quo_"), quote=fields)
    if made is not None:
        world.pools["drafts"].put(made.id)
    return True


async def issue(world, client):
    draft = world.pools["drafts"].take()
    if draft is None:
        return False
    if await world.send(client, "OpportunityService.IssueQuote", "quo/" + draft, id=draft,
                        valid_until=world.today(30)):
        world.pools["issued"].put(draft)
    return True


async def accept(world, client):
    issued = world.pools["issued"].take()
    if issued is None:
        return False
    choice = world.rng.random()
    if choice < 0.8:
        await world.send(client, "OpportunityService.AcceptQuote", "quo/" + issued, id=issued,
                         acceptance_date=world.today(), accepted_by=world.name(client))
    elif choice < 0.9:
        made = await world.send(client, "OpportunityService.ReviseQuote", id=issued,
                                new_quote_id=world.maybe_id("quo_"), quote_date=world.today())
        if made is not None:
            world.pools["drafts"].put(made.id)
    else:
        await world.send(client, "OpportunityService.DeclineQuote", "quo/" + issued, id=issued,
                         reason=world.name(client))
    return True


# --- reads --------------------------------------------------------------------------------------


def number(amount):
    return round(float(amount.value.value or 0) * 10 ** 6)


def check_stock(world, stock):
    if stock is None:
        return
    driver = world.driver
    driver.checked["I3"] += 1
    on_hand, reserved, blocked = map(number, (stock.on_hand, stock.reserved, stock.blocked))
    if min(on_hand, reserved, blocked) < 0 or reserved > on_hand - blocked \
            or number(stock.available) != on_hand - blocked - reserved:
        driver.violation("I3", "stock %s: on hand %d, blocked %d, reserved %d, available %d" % (
            stock.id, on_hand, blocked, reserved, number(stock.available)))


async def read_stock(world, client):
    product, _ = world.rng.choice(world.products)
    check_stock(world, await world.driver.read("InventoryService.GetStock", "stock/" + product,
                                               id=product + "/MAIN"))
    return True


async def read_exposure(world, client):
    account = some_account(world)
    if account is None:
        return False
    seen = await world.driver.read("BillingService.GetAccountExposure", id=account)
    if seen is not None:
        world.driver.checked["I2"] += 1
        if cents_of(seen.exposure) != cents_of(seen.receivable) - cents_of(seen.unapplied) \
                + cents_of(seen.committed):
            world.driver.violation("I2", "exposure of %s is not its parts: %s" % (account, seen))
    return True


async def read_order(world, client):
    order = world.pools["orders"].look()
    if order is None:
        return False
    seen = await world.driver.read("OrderService.GetOrder", "ord/" + order, id=order)
    if seen is None:
        return True
    world.driver.checked["I2"] += 1
    for line in seen.lines:
        parts = [number(getattr(line, name)) for name in (
            "ordered", "cancelled", "shipped", "returned", "invoiced", "credited")]
        ordered, cancelled, shipped, returned, invoiced, credited = parts
        if min(parts) < 0 or shipped > ordered - cancelled or returned > shipped \
                or invoiced > shipped or credited > shipped:
            world.driver.violation("I2", "order %s line %d: %s" % (order, line.line_number, parts))
    return True


async def read_customer(world, client):
    side = world.rng.choice(["CustomerService", "BillingService"])
    customer = world.rng.choice(world.customers)
    if side == "BillingService" and customer not in world.accounts:
        return False
    await world.driver.read(side + ".GetCustomer", "%s/%s" % (side, customer), id=customer)
    return True


async def work_off(world, client):
    """Whatever has queued most."""
    names = {"shipments": ship, "invoices": pay, "drafts": issue, "issued": accept,
             "held": release_order}
    longest = max(names, key=lambda name: len(world.pools[name]))
    return await names[longest](world, client)


WEIGHTS = [
    (place_order, 19), (hold_order, 4), (release_order, 4), (cancel_order, 3.6), (receive, 4.2),
    (adjust, 1), (ship, 9), (give_back, 4), (pay, 9), (reverse, 4), (apply_payment, 0.5),
    (allow, 0.5), (set_credit, 4), (block, 0.4), (override_credit, 0.4), (edit_customer, 9),
    (make_customer, 1.5), (promote, 0.5), (deactivate, 0.4), (edit_product, 4), (edit_item, 4),
    (make_product, 0.4), (discontinue, 0.3), (opportunity, 4), (lose, 0.5), (quote, 4.4),
    (issue, 4.2), (accept, 4.2), (read_stock, 3), (read_exposure, 2), (read_order, 2),
    (read_customer, 3), (conflict, 2),
]
# What a crowd does at once: cheap commands and reads of every service.
SURGE = [place_order, receive, set_credit, edit_customer, edit_product, edit_item, opportunity,
         read_stock, read_order, read_customer]


async def client(driver, world, number):
    actions, weights = zip(*WEIGHTS)
    while not driver.stopping:
        if driver.paused:
            driver.resting += 1
            while driver.paused and not driver.stopping:
                await asyncio.sleep(0.05)
            driver.resting -= 1
            continue
        if await driver.repeat():
            continue
        if driver.conflicts and await conflict(world, number):
            continue
        if not await random_action(world, number, actions, weights):
            await work_off(world, number) or await asyncio.sleep(0.01)


async def random_action(world, number, actions, weights):
    return await world.rng.choices(actions, weights)[0](world, number)


async def surge(driver, world, number, end):
    while time.monotonic() < end and not driver.stopping:
        driver.tokens += 1
        await world.rng.choice(SURGE)(world, number)
