"""Bad input, made from the descriptors and sent to a real server.

For every method and every field of its request: missing, malformed, too long, negative, overflowing,
unknown, not UTF-8. Whatever comes back is a refusal that says why, as README.md of this folder has
it, or OK where it is legal; a refused call has changed nothing; and the server goes on. A failure is
a line of the table at the end: method, case, what came.
"""
import collections
import copy
import os
import re
import sys
import time
import unittest
import uuid

import grpc
from google.protobuf import message as message_lib

from protos import OUTPUT_ONLY, REQUIRED, ROOT, Protos
from server import Server

PROTOS = Protos()
BINARY = os.environ.get("CONTRACT_BINARY", os.path.join(ROOT, "build/release/bin/tandem"))
LEGAL = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
         grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.ABORTED,
         grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.OUT_OF_RANGE,
         grpc.StatusCode.RESOURCE_EXHAUSTED}
LEGAL_NUMBERS = {code.value[0] for code in LEGAL}
SOURCES = ["customer", "opportunity", "order", "inventory", "billing"]
DEPTH_MAX = 5
# References whose fields name no prefix.
PREFIXES = {"product_id": "prd_", "sold_to_customer_id": "cus_", "customer_id": "cus_"}
# What a good request has beside what is required, so that the business decides and not its door.
RICH = {
    "PlaceOrder": ["order.lines"], "CreateQuote": ["quote.customer_id", "quote.lines"],
    "ReserveCredit": ["payer_customer_id"], "RecordPayment": ["account_id"],
    "PostInvoice": ["payer_customer_id", "currency"], "SetCredit": ["credit_policy.limit"],
    "AdjustStock": ["quantity"], "PostCreditNote": ["invoice_id"], "RecordShipment": ["lines"],
    "LoseOpportunity": ["reason"], "CreateTaxCode": ["tax_code_id", "tax_code.rate"],
    "RecordInvoice": ["lines"], "ConfirmOrder": ["lines"], "CompleteCancel": ["lines"],
    "RecordReturn": ["lines"], "RecordCreditNote": ["lines"], "RecordDemand": ["lines"],
}
IN_FLIGHT = 16
STALE = "stale etag"
MARK = "QZXJQZXJ"  # stands where bytes that are no UTF-8 go
SPECIAL = {"google.type.Money", "google.type.Decimal", "google.type.Date",
           "google.protobuf.Timestamp", "google.protobuf.FieldMask", "tandem.type.v1.Quantity"}

# A bad input: what to do with a good request, and whether it may be accepted.
Case = collections.namedtuple("Case", "label field change must_refuse raw", defaults=(False, None))


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def type_of(field):
    return field.message_type.full_name if field.message_type is not None else None


class World:
    """What exists on the server: the ids that good requests name."""

    def __init__(self):
        self.ids = {}
        self.count = 0

    def fresh(self, prefix):
        self.count += 1
        digits = "0123456789abcdefghjkmnpqrstvwxyz"
        tail = "".join(digits[self.count // 32 ** i % 32] for i in (3, 2, 1, 0))
        return prefix + "01jd8zk3v0qweyrt56789m"[:22] + tail


WORLD = World()


def good_value(field):
    """A value for one item of a field that keeps its rules."""
    rules = PROTOS.rules(field)
    if field.enum_type is not None:
        return min(n for n in field.enum_type.values_by_number if n) \
            if len(field.enum_type.values) > 1 else 0
    if field.type == field.TYPE_STRING:
        if rules.prefix or field.name in PREFIXES:
            prefix = rules.prefix or PREFIXES[field.name]
            return WORLD.ids.get(prefix) or WORLD.fresh(prefix)
        if field.name == "request_id":
            return str(uuid.uuid5(uuid.NAMESPACE_OID, WORLD.fresh("")))
        if rules.uuid:
            return "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
        if rules.currency or field.name == "currency":
            return "USD"
        if "country" in field.name:
            return "DE"
        if field.name == "unit" or field.name.endswith("_unit"):
            return "C62"
        if field.name == "period":
            return "2025-01"
        return WORLD.ids.get(field.full_name) or WORLD.fresh("x")[-8:]
    if field.type == field.TYPE_BYTES:
        return b"x"
    if field.type == field.TYPE_BOOL:
        return True
    return max(1, rules.min if rules.HasField("min") else 1)


def fill_special(message):
    name = message.DESCRIPTOR.full_name
    if name == "google.type.Money":
        message.currency_code, message.units = "USD", 10
    elif name == "google.type.Decimal":
        message.value = "1"
    elif name == "google.type.Date":
        message.year, message.month, message.day = 2025, 1, 15
    elif name == "google.protobuf.Timestamp":
        message.seconds = 1736899200
    elif name == "tandem.type.v1.Quantity":
        message.value.value, message.unit = "1", "C62"
    elif name == "google.protobuf.FieldMask":
        message.paths.append("*")


def fill(message, depth=0):
    """Sets what is required, in all that is set."""
    for field in message.DESCRIPTOR.fields:
        behaviors = PROTOS.behaviors(field)
        if REQUIRED not in behaviors or OUTPUT_ONLY in behaviors:
            continue
        put(message, field, depth)
    return message


def put(message, field, depth=0):
    """Sets a field to a good value, with one item where it is repeated, unless it is set."""
    if is_map(field):
        return
    if field.is_repeated:
        items = getattr(message, field.name)
        if len(items):
            return
        if field.message_type is None:
            items.append(good_value(field))
        else:
            item = items.add()
            fill_special(item) if type_of(field) in SPECIAL else fill(item, depth + 1)
    elif field.message_type is None:
        if not (message.HasField(field.name) if field.has_presence else getattr(message, field.name)):
            setattr(message, field.name, good_value(field))
    elif not message.HasField(field.name):
        part = getattr(message, field.name)
        part.SetInParent()
        if type_of(field) in SPECIAL:
            fill_special(part)
        elif type_of(field).startswith("tandem.") and depth < DEPTH_MAX:
            fill(part, depth + 1)


def good_request(method):
    """One that is accepted, as far as what exists allows."""
    request = fill(PROTOS.new(method.input_type)())
    for path in RICH.get(method.name, ()):
        at, names = request, path.split(".")
        for i, name in enumerate(names):
            put(at, at.DESCRIPTOR.fields_by_name[name])
            if i + 1 < len(names):
                at = getattr(at, name)
    if method.name.startswith("Update"):
        resource = getattr(request, request.DESCRIPTOR.fields[0].name)
        prefix = PROTOS.rules(resource.DESCRIPTOR.fields[0]).prefix
        resource.id = WORLD.ids.get(prefix, "")
    return request


# --- the cases of a field ----------------------------------------------------------------------


def reach(steps, field):
    """A function from a request to the message that holds the field, made on the way."""
    def get(request):
        at = request
        for step in steps:
            put(at, step)
            at = getattr(at, step.name)
            at = at[0] if step.is_repeated else at
        return at
    return get


def scalar_values(field, rules):
    """(label, value, must be refused) of one item."""
    if field.type == field.TYPE_STRING:
        longest = rules.max_bytes or 255
        yield "too long", "a" * (longest + 1), True
        yield "longest", "a" * longest, False
        yield "control characters", "a\x01b", True
        yield "not found", "zzz", bool(rules.prefix or rules.uuid or rules.currency)
        if rules.prefix:
            yield "unknown id", WORLD.fresh(rules.prefix), False
            yield "another's prefix", WORLD.fresh("zzz_"), True
            yield "upper case", WORLD.fresh(rules.prefix).upper(), True
        if "currency" in field.name:
            yield "unknown currency", "ZZZ", rules.currency
        if "unit" in field.name:
            yield "unknown unit", "NOPE", False
    elif field.type == field.TYPE_BYTES:
        yield "too long", b"a" * ((rules.max_bytes or 1 << 20) + 1), True
    elif field.enum_type is not None:
        yield "unknown number", 9999, not rules.open_enum
        yield "unspecified", 0, False
    elif field.type != field.TYPE_BOOL:
        low, high = {3: (-2 ** 63, 2 ** 63 - 1), 5: (-2 ** 31, 2 ** 31 - 1), 13: (0, 2 ** 32 - 1),
                     4: (0, 2 ** 64 - 1)}.get(field.type, (0, 1))
        least = 1 if rules.positive else rules.min if rules.HasField("min") else None
        yield "least", low, least is not None and least > low
        yield "greatest", high, rules.HasField("max") and rules.max < high
        if low < 0:
            yield "negative", -1, least is not None and least > -1
        yield "zero", 0, False


def special_values(name, rules):
    """(label, change of the message, must be refused)."""
    def money(units, nanos=0, currency="USD"):
        def change(m):
            m.currency_code, m.units, m.nanos = currency, units, nanos
        return change

    def decimal(text, unit=None):
        def change(m):
            if m.DESCRIPTOR.name == "Quantity":
                m.value.value, m.unit = text, "C62" if unit is None else unit
            else:
                m.value = text
        return change

    def date(*of):
        def change(m):
            m.year, m.month, m.day = of
        return change

    never_negative = rules.positive or rules.HasField("min") and rules.min >= 0
    if name == "google.type.Money":
        yield "no currency", money(1, 0, ""), True
        yield "unknown currency", money(1, 0, "ZZZ"), True
        yield "other currency", money(1, 0, "JPY"), False
        yield "nanos too fine", money(1, 1), True
        yield "nanos too many", money(1, 1000000000), True
        yield "signs differ", money(1, -500000000), True
        yield "too large", money(10 ** 12 + 1), True
        yield "overflow", money(2 ** 63 - 1, 999999000), True
        yield "underflow", money(-2 ** 63, -999999000), True
        yield "largest", money(10 ** 12), False
        yield "negative", money(-5), never_negative
    elif name in ("google.type.Decimal", "tandem.type.v1.Quantity"):
        for text in ("abc", "1,5", "0x10", "NaN", "Infinity", "1.1234567", "9" * 40, "--1", "1e99",
                     "1" * 5000):
            yield text[:12], decimal(text), True
        yield "largest", decimal("1000000000000"), False
        yield "negative", decimal("-1"), never_negative
        yield "zero", decimal("0"), bool(rules.positive)
        if name.endswith("Quantity"):
            yield "no unit", decimal("1", ""), False
            yield "unknown unit", decimal("1", "NOPE"), False
            yield "unit too long", decimal("1", "N" * 300), True
    elif name == "google.type.Date":
        yield "no such day", date(2025, 2, 30), True
        yield "month 13", date(2025, 13, 1), True
        yield "year 10000", date(10000, 1, 1), True
        yield "negative", date(-1, -1, -1), True
        yield "last day", date(9999, 12, 31), False
        yield "first day", date(1, 1, 1), False
    elif name == "google.protobuf.Timestamp":
        def time_of(seconds, nanos=0):
            def change(m):
                m.seconds, m.nanos = seconds, nanos
            return change
        yield "greatest", time_of(2 ** 63 - 1), True
        yield "nanos too many", time_of(0, 2 * 10 ** 9), True
    elif name == "google.protobuf.FieldMask":
        def mask(*paths):
            def change(m):
                del m.paths[:]
                m.paths.extend(paths)
            return change
        yield "unknown path", mask("no_such_field"), True
        yield "path too deep", mask(".".join(["a"] * 100)), True
        yield "empty path", mask(""), True
        yield "the id", mask("id"), False
        yield "many paths", mask(*["p%d" % i for i in range(2000)]), True


def cases_of(message, steps=(), path="", partial=False):
    """Every bad input of a message's fields."""
    for field in message.fields:
        behaviors, rules = PROTOS.behaviors(field), PROTOS.rules(field)
        if OUTPUT_ONLY in behaviors:
            continue
        at, where = reach(steps, field), path + field.name

        def setting(change, field=field, at=at):
            def apply(request):
                change(at(request))
            return apply

        if REQUIRED in behaviors and not is_map(field) and \
                (field.has_presence or field.is_repeated or field.type == field.TYPE_STRING or
                 field.enum_type is not None):
            yield Case("missing", where, setting(lambda m, f=field: m.ClearField(f.name)),
                       not partial)
        if is_map(field):
            longest = rules.max_bytes or 255
            for label, key, value in (("key too long", "k" * (longest + 1), "v"),
                                      ("value too long", "k", "v" * (longest + 1)),
                                      ("control characters", "k", "a\x02")):
                if field.message_type.fields_by_name["value"].type == field.TYPE_STRING:
                    yield Case(label, where, setting(
                        lambda m, f=field, k=key, v=value: getattr(m, f.name).update({k: v})), True)
            continue
        if field.is_repeated:
            most = rules.max_items or 10000

            def many(m, f=field, n=most + 1):
                put(m, f)
                items = getattr(m, f.name)
                items.extend([items[0]] * (n - len(items)))
            yield Case("too many items", where, setting(many), True)

            def twice(m, f=field):
                put(m, f)
                items = getattr(m, f.name)
                items.extend([items[0]])
            yield Case("twice the same", where, setting(twice))
        one = where + "[0]" if field.is_repeated else where
        if field.message_type is None:
            def assign(m, value, f=field):
                if f.is_repeated:
                    del getattr(m, f.name)[:]
                    getattr(m, f.name).append(value)
                else:
                    setattr(m, f.name, value)
            for label, value, refuse in scalar_values(field, rules):
                yield Case(label, one, setting(lambda m, v=value, a=assign: a(m, v)), refuse)
            if field.type == field.TYPE_STRING:
                yield Case("not UTF-8", one, setting(lambda m, a=assign: a(m, MARK)), True,
                           lambda data: data.replace(MARK.encode(), b"\xff\xfe\xc0\x80\xed\xa0\x80Z"))
            if field.name == "etag":
                # What is done already is answered as done, whatever the etag: see judge.
                yield Case(STALE, one, setting(lambda m: setattr(m, "etag", '"stale"')))
        elif type_of(field) in SPECIAL:
            def part_of(m, f=field):
                put(m, f)
                part = getattr(m, f.name)
                return part[0] if f.is_repeated else part
            for label, change, refuse in special_values(type_of(field), rules):
                yield Case(label, one, setting(lambda m, c=change, p=part_of: c(p(m))), refuse)
        elif type_of(field).startswith("tandem.") and len(steps) < DEPTH_MAX:
            inner = partial or (not steps and "update_mask" in message.fields_by_name)
            yield from cases_of(field.message_type, steps + (field,), one + ".", inner)


def list_cases(method):
    """The ways to ask for a page wrongly."""
    have = method.input_type.fields_by_name
    texts = {
        "page_token": ["zzz", "AAAA", "x" * 4097, "\u00e9" * 10],
        "filter": ["(", ")(", "no_such_field = 1", "id = ", "id = 'x' AND", '"' * 100,
                   "id = \"" + "x" * 2050 + "\"", "(" * 1000 + "id" + ")" * 1000, "NOT NOT NOT",
                   "id : : x", "1 = 1", "id ~ 3", "create_time > \"yesterday\""],
        "order_by": ["no_such_field", "id sideways", "id,,id", "id desc desc", ", " * 100,
                     "id, id"],
    }
    # Where a filter may have nothing to say, or a sort repeats itself, both answers are right.
    open_answers = {"id, id", '"' * 100}
    for name, values in texts.items():
        for value in values:
            if name in have:
                yield Case(value[:20], name, lambda m, n=name, v=value: setattr(m, n, v),
                           value not in open_answers)
    if "page_size" in have:
        yield Case("negative", "page_size", lambda m: setattr(m, "page_size", -1), True)
        yield Case("greatest", "page_size", lambda m: setattr(m, "page_size", 2 ** 31 - 1))


# --- calls --------------------------------------------------------------------------------------


class Api:
    """Calls by method descriptor, in raw bytes, many at a time."""

    def __init__(self, server):
        self.server = server
        self.stubs = {}

    def stub(self, method):
        name = "/%s/%s" % (method.containing_service.full_name, method.name)
        if name not in self.stubs:
            self.stubs[name] = self.server.channel.unary_unary(name)
        return self.stubs[name]

    def future(self, method, data, actor="contract", metadata=()):
        return self.stub(method).future(data, timeout=30,
                                        metadata=(("tandem-actor", actor),) + tuple(metadata))

    def call(self, method, request, **more):
        """(answer or None, code, rpc status or None)."""
        return self.result(method, self.future(method, request.SerializeToString(), **more))

    def result(self, method, future):
        try:
            return PROTOS.new(method.output_type).FromString(future.result()), grpc.StatusCode.OK, None
        except grpc.RpcError as error:
            details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
            status = PROTOS.new("google.rpc.Status").FromString(details) if details else None
            if status is None:
                status = PROTOS.new("google.rpc.Status")(code=error.code().value[0],
                                                         message=error.details() or "")
            return None, error.code(), status

    def must(self, name, request=None, **fields):
        """A call of the preparation: it succeeds."""
        method = METHODS[name]
        request = PROTOS.new(method.input_type)(**fields) if request is None else request
        answer, code, status = self.call(method, request)
        if answer is None:
            raise AssertionError("%s: %s %s" % (name, code, status))
        return answer

    def head(self, source):
        return self.must("EventService.GetHeads", source="/tandem/" + source).head

    def actors(self, source, after):
        """Who caused the events behind a position, and the journal's end."""
        found = {}
        while True:
            page = self.must("EventService.ReadEvents", source="/tandem/" + source,
                             after_position=after)
            for event in page.events:
                message = PROTOS.new(event.event_message).FromString(event.payload)
                found[message.meta.actor] = event.type
            if page.position <= after:
                return found, after
            after = page.position


METHODS = {"%s.%s" % (m.containing_service.name, m.name): m for m in PROTOS.methods()}


def details_of(status):
    out = {}
    for detail in status.details:
        name = detail.type_url.rpartition("/")[2]
        try:
            out[name] = PROTOS.new(name).FromString(detail.value)
        except KeyError:
            pass
    return out


def complaint(code_number, status, case):
    """What is wrong with a refusal, or nothing."""
    if code_number not in LEGAL_NUMBERS:
        return "code %d: %s" % (code_number, status.message[:90])
    details = details_of(status)
    info = details.get("google.rpc.ErrorInfo")
    if info is None:
        return "no ErrorInfo (code %d: %s)" % (code_number, status.message[:90])
    if not re.fullmatch("[A-Z][A-Z0-9_]{0,62}", info.reason) or info.domain != "tandem":
        return "ErrorInfo %s of %s" % (info.reason, info.domain)
    # What did not parse has no field that anybody knows.
    if code_number == grpc.StatusCode.INVALID_ARGUMENT.value[0] and \
            info.reason != "REQUEST_UNREADABLE":
        bad = details.get("google.rpc.BadRequest")
        if bad is None or not any(v.field for v in bad.field_violations):
            return "%s names no field" % info.reason
        if case is not None and case.must_refuse and case.label != "missing":
            leaf = re.sub(r"\[.*", "", case.field.rpartition(".")[2])
            if not any(leaf in v.field for v in bad.field_violations):
                return "%s names %s, not %s" % (info.reason, bad.field_violations[0].field, case.field)
    return None


# --- the preparation ------------------------------------------------------------------------------


def prepare(api):
    """A small company: good requests then name what exists."""
    def learn(message):
        prefix = PROTOS.rules(message.DESCRIPTOR.fields[0]).prefix
        if prefix:
            WORLD.ids[prefix] = message.id
        return message

    def create(name, **set_fields):
        method = METHODS[name]
        request = fill(PROTOS.new(method.input_type)())
        resource = request.DESCRIPTOR.fields[1].name
        for key, value in set_fields.items():
            part = getattr(getattr(request, resource), key)
            if isinstance(part, message_lib.Message):
                part.CopyFrom(value)
            elif hasattr(part, "extend") or hasattr(part, "update"):
                (part.update if hasattr(part, "update") else part.extend)(value)
            else:
                setattr(getattr(request, resource), key, value)
        return api.must(name, request)

    request = fill(PROTOS.new("tandem.billing.v1.CreateTaxCodeRequest")())
    request.tax_code_id, request.tax_code.tax_class = "NONE", "STANDARD"
    request.tax_code.rate.value = "0"
    api.must("BillingService.CreateTaxCode", request)
    address = PROTOS.new("tandem.customer.v1.CustomerAddress")
    addresses = []
    for i, key in enumerate(("registered", "ship_to", "bill_to")):
        a = address(address_id=key, purpose=i + 1)
        a.address.lines.append("Hauptstr. 1")
        a.address.city, a.address.postal_code, a.address.country_code = "Bonn", "53111", "DE"
        addresses.append(a)
    customer = learn(create("CustomerService.CreateCustomer", display_name="Ada GmbH", state=2,
                            currency="USD", addresses=addresses))
    learn(create("CustomerService.CreateContact", customer_id=customer.id, display_name="Ada"))
    price = PROTOS.new("tandem.inventory.v1.ListPrice")()
    price.amount.currency_code, price.amount.units = "USD", 10
    product = learn(create("InventoryService.CreateProduct", sku="S-1", base_unit="C62", kind=1,
                           tax_class="STANDARD", names={"en": "Pen"}, list_price=price))
    receive = fill(PROTOS.new("tandem.inventory.v1.ReceiveStockRequest")(product_id=product.id))
    receive.quantity.value.value = "1000"
    api.must("InventoryService.ReceiveStock", receive)
    until(lambda: [c for c in api.must("BillingService.ListCustomers").customers if c.account_id],
          "the customer's account")
    WORLD.ids["acc_"] = api.must("BillingService.ListCustomers").customers[0].account_id
    for name in ("OpportunityService.CreatePipeline", "OpportunityService.CreateOpportunity",
                 "OpportunityService.CreateActivity", "OpportunityService.CreateQuote"):
        request = fill(PROTOS.new(METHODS[name].input_type)())
        if name.endswith("CreateQuote"):
            until(lambda: api.must("OpportunityService.ListCatalogueItems").catalogue_items,
                  "the product's catalogue item")
            WORLD.ids["cat_"] = api.must(
                "OpportunityService.ListCatalogueItems").catalogue_items[0].id
            request = good_request(METHODS[name])
        answer, code, status = api.call(METHODS[name], request)
        if answer is not None:
            learn(answer)
        elif os.environ.get("CONTRACT_VERBOSE"):
            print(name, code, status.message, file=sys.stderr)
    order = PROTOS.new("tandem.order.v1.PlaceOrderRequest")()

    def place():
        order.CopyFrom(good_request(METHODS["OrderService.PlaceOrder"]))
        return api.call(METHODS["OrderService.PlaceOrder"], order)[0]
    # What it rests on are facts of others, which come in their time.
    until(place, "an order to be accepted")
    learn(api.must("OrderService.ListOrders").orders[0])
    until(lambda: api.must("InventoryService.ListShipments").shipments, "the order's shipment")
    learn(api.must("InventoryService.ListShipments").shipments[0])
    shipment = WORLD.ids["shp_"] = api.must("InventoryService.ListShipments").shipments[0].id
    for name in ("StartPicking", "PickShipment", "PackShipment", "ShipShipment"):
        method = METHODS["InventoryService." + name]
        answer, code, status = api.call(method, fill(PROTOS.new(method.input_type)(
            shipment_id=shipment)))
        if answer is None and os.environ.get("CONTRACT_VERBOSE"):
            print(name, code, status.message, file=sys.stderr)
    if answer is not None:
        until(lambda: api.must("BillingService.ListInvoices").invoices, "the shipment's invoice")
        learn(api.must("BillingService.ListInvoices").invoices[0])
    learn(api.must("BillingService.RecordPayment",
                   good_request(METHODS["BillingService.RecordPayment"])))


def until(fact, what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fact():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain for " + what)


# --- the tests ----------------------------------------------------------------------------------


class BadInput(unittest.TestCase):
    """One server for all of them."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY)
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.api = Api(cls.server)
        prepare(cls.api)

    def setUp(self):
        self.table = []
        self.heads = {s: self.api.head(s) for s in SOURCES}
        self.refused = {}

    def tearDown(self):
        if not self.server.alive():
            self.fail("the server ended: " + self.server.log_tail())
        for source in SOURCES:
            actors, _ = self.api.actors(source, self.heads[source])
            for actor in set(actors) & set(self.refused):
                self.wrong(*self.refused[actor], "refused, and yet emitted " + actors[actor])
        if self.table:
            count = collections.Counter((m, what) for m, _, what in self.table)
            lines, seen = [], set()
            for m, case, what in self.table:
                if (m, what) not in seen:
                    seen.add((m, what))
                    lines.append("%-50s %-40s %s (x%d)" % (m, case[:40], what, count[m, what]))
            self.fail("%d defects\n%s" % (len(self.table), "\n".join(lines)))

    def wrong(self, method, case, what):
        self.table.append((method, case, what))

    def judge(self, method, case, actor, answer, code, status):
        label = "%s: %s" % (case.field, case.label)
        if answer is not None:
            if case.must_refuse:
                self.wrong(method, label, "accepted")
            if case.label == STALE:
                self.refused[actor] = (method, label)
            return
        self.refused[actor] = (method, label)
        what = complaint(code.value[0], status, case)
        if what:
            self.wrong(method, label, what)

    def send(self, method, base, cases):
        """All cases of a method, in flight together; judged one by one. Says how many."""
        sent = 0
        flying = collections.deque()
        name = "%s.%s" % (method.containing_service.name, method.name)

        def land():
            case, actor, future = flying.popleft()
            self.judge(name, case, actor, *self.api.result(method, future))
            if getattr(base, "validate_only", False):
                self.refused[actor] = (name, "%s: %s, validate_only" % (case.field, case.label))

        for i, case in enumerate(cases):
            sent += 1
            request = copy.deepcopy(base)
            if "request_id" in request.DESCRIPTOR.fields_by_name:
                request.request_id = str(uuid.uuid5(uuid.NAMESPACE_OID, "%s %d" % (name, i)))
            case.change(request)
            data = request.SerializeToString()
            actor = "%s-%d" % (name, i)
            flying.append((case, actor, self.api.future(method, case.raw(data) if case.raw else data,
                                                        actor)))
            if len(flying) >= IN_FLIGHT:
                land()
        while flying:
            land()
        return sent

    def base(self, method):
        return good_request(method)

    def singles(self):
        return [m for m in PROTOS.methods() if not PROTOS.reads(m) and not m.name.startswith("Batch")]

    def test_0_every_field_of_every_change_that_is_only_validated(self):
        # Nothing is there less for it: every good request is decided by the business.
        sent = accepted = 0
        for method in self.singles():
            if "validate_only" in method.input_type.fields_by_name:
                base = self.base(method)
                base.validate_only = True
                accepted += self.api.call(method, base)[0] is not None
                sent += self.send(method, base, [c for c in cases_of(method.input_type)
                                                if c.field != "validate_only"])
        self.assertGreater(sent, 3000)
        self.assertGreater(accepted, 40)

    def test_1_every_field_of_every_change(self):
        for method in self.singles():
            self.send(method, self.base(method), cases_of(method.input_type))

    def test_2_every_field_of_every_read(self):
        for method in PROTOS.methods():
            if PROTOS.reads(method) and not method.server_streaming:
                base = self.base(method)
                self.send(method, base, cases_of(method.input_type))
                if method.name.startswith("List"):
                    self.send(method, base, list_cases(method))

    def test_3_batches_refuse_each_item_by_itself(self):
        for method in PROTOS.methods():
            if PROTOS.reads(method) or not method.name.startswith("Batch"):
                continue
            name = "%s.%s" % (method.containing_service.name, method.name)
            field = method.input_type.fields_by_name["requests"]
            base = fill(PROTOS.new(field.message_type)())
            cases = [c for c in cases_of(field.message_type)
                     if c.raw is None and c.label != "too many items"][:900]
            request = PROTOS.new(method.input_type)()
            for i, case in enumerate(cases):
                item = request.requests.add()
                item.CopyFrom(base)
                item.request_id = str(uuid.uuid5(uuid.NAMESPACE_OID, "%s %d" % (name, i)))
                case.change(item)
            answer, code, status = self.api.call(method, request, actor=name)
            if answer is None:
                self.wrong(name, "%d bad items" % len(cases), "the call failed: %s %s" % (
                    code, status.message[:90]))
                continue
            if len(answer.results) != len(cases):
                self.wrong(name, "results", "%d of %d" % (len(answer.results), len(cases)))
            for case, result in zip(cases, answer.results):
                label = "%s: %s" % (case.field, case.label)
                if result.status.code == 0:
                    if case.must_refuse:
                        self.wrong(name, label, "accepted")
                else:
                    what = complaint(result.status.code, result.status, None)
                    if what:
                        self.wrong(name, label, what)
            # What is wrong with the call itself.
            empty = Case("no items", "requests", lambda m: m.ClearField("requests"), True)

            def too_many(m, item=base):
                del m.requests[:]
                m.requests.extend([item] * 1001)

            def caused(more, event_id):
                def change(m):
                    del m.causes[:]
                    for _ in range(len(m.requests) + more):
                        m.causes.add(event_id=event_id)
                return change
            self.send(method, self.base(method), [
                empty, Case("1,001 items", "requests", too_many, True),
                Case("more causes than items", "causes", caused(1, "evt_" + "0" * 26), True),
                Case("a cause that is no event", "causes[0].event_id", caused(0, "evt_1"), True)])

    def test_4_request_ids_are_kept(self):
        repeated = 0
        for method in self.singles():
            fields = method.input_type.fields_by_name
            if "request_id" not in fields:
                continue
            name = "%s.%s" % (method.containing_service.name, method.name)
            request = self.base(method)
            request.request_id = str(uuid.uuid5(uuid.NAMESPACE_OID, "reuse " + name))
            answer, _, _ = self.api.call(method, request)
            if answer is None:
                continue
            repeated += 1
            again, code, _ = self.api.call(method, request)
            if again != answer:
                self.wrong(name, "the same again", "another answer: %s" % code)
            other = copy.deepcopy(request)
            key = next((f for f in method.input_type.fields if PROTOS.rules(f).prefix), None)
            if key is None or key.is_repeated:
                continue
            setattr(other, key.name, WORLD.fresh(PROTOS.rules(key).prefix))
            answer, code, status = self.api.call(method, other, actor="reuse " + name)
            self.refused["reuse " + name] = (name, "reused request_id")
            reason = "" if status is None else details_of(status).get(
                "google.rpc.ErrorInfo", PROTOS.new("google.rpc.ErrorInfo")()).reason
            if code != grpc.StatusCode.ALREADY_EXISTS or reason != "REQUEST_ID_REUSED":
                self.wrong(name, "reused request_id", "%s %s" % (code, reason))
        self.assertGreater(repeated, 15)

    def test_5_limits_of_a_call(self):
        method = METHODS["CustomerService.ListCustomers"]
        request = PROTOS.new(method.input_type)()

        def expect(what, data, metadata, *codes):
            # A connection each: what the transport refuses may end it.
            api = Api(copy.copy(self.server))
            api.server.channel = self.server.connect()
            with api.server.channel:
                _, code, status = api.result(method, api.future(method, data, metadata=metadata))
            if code not in codes:
                self.wrong("ListCustomers", what, "%s %s" % (code, status and status.message[:80]))

        fine = (grpc.StatusCode.OK,)
        refused = (grpc.StatusCode.RESOURCE_EXHAUSTED,)
        expect("12 KiB of metadata", b"", [("x-%d" % i, "v" * 1000) for i in range(12)], *fine)
        expect("20 KiB of metadata", b"", [("x-%d" % i, "v" * 1000) for i in range(20)], *refused)
        # More than the transport takes: it ends the stream before anybody looks.
        expect("200 KiB of metadata", b"", [("x-%d" % i, "v" * 1000) for i in range(200)],
               grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE,
               grpc.StatusCode.INTERNAL)
        unknown = b"\xfa\x3f" + b"\x80\x80\x30" + b"x" * (3 << 18)  # a field nobody knows
        expect("3/4 MiB", unknown, [], *fine)
        expect("5 MiB", b"\xfa\x3f" + b"\x80\x80\xc0\x02" + b"x" * (5 << 20), [],
               grpc.StatusCode.OUT_OF_RANGE)
        # More than the transport takes.
        expect("9 MiB", b"\xfa\x3f" + b"\x80\x80\xc0\x04" + b"x" * (9 << 20), [], *refused)
        request.filter = "id = \"%s\"" % ("x" * 2048)
        expect("2 KiB of filter", request.SerializeToString(), [],
               grpc.StatusCode.INVALID_ARGUMENT)
        # And after all of that it serves.
        expect("after it", b"", [], *fine)

    def test_6_illegal_transitions(self):
        api = self.api

        def refused(name, reason, **fields):
            method = METHODS[name]
            request = fill(PROTOS.new(method.input_type)(**fields))
            answer, code, status = api.call(method, request, actor="illegal " + name)
            found = details_of(status)["google.rpc.ErrorInfo"].reason if status else "accepted"
            if answer is None:
                self.refused["illegal " + name] = (name, reason)
            if not re.fullmatch(reason, found):
                self.wrong(name, reason, "%s %s" % (code, found))

        product = WORLD.ids["prd_"]
        request = fill(PROTOS.new("tandem.inventory.v1.CreateProductRequest")(
            product_id=WORLD.fresh("prd_")))
        request.product.sku, request.product.base_unit, request.product.kind = "S-2", "C62", 1
        other = api.must("InventoryService.CreateProduct", request)
        api.must("InventoryService.DiscontinueProduct", id=other.id)
        api.must("InventoryService.ArchiveProduct", id=other.id)
        refused("InventoryService.ReinstateProduct", "PRODUCT_ARCHIVED", id=other.id)
        refused("InventoryService.ReinstateProduct", "ETAG_MISMATCH", id=product, etag='"0"')
        request = fill(PROTOS.new("tandem.customer.v1.CreateCustomerRequest")(
            customer_id=WORLD.fresh("cus_")))
        made = api.must("CustomerService.CreateCustomer", request)
        refused("CustomerService.CreateCustomer", "CUSTOMER_ALREADY_EXISTS", customer_id=made.id)
        refused("CustomerService.PromoteCustomer", "CUSTOMER_NOT_FOUND", id=WORLD.fresh("cus_"))
        refused("OrderService.CancelOrder", "ORDER_NOT_FOUND", order_id=WORLD.fresh("ord_"))
        refused("InventoryService.PickShipment", "SHIPMENT_NOT_FOUND",
                shipment_id=WORLD.fresh("shp_"))
        refused("BillingService.ReversePayment", "PAYMENT_NOT_FOUND",
                payment_id=WORLD.fresh("pay_"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + (["-v"] if len(sys.argv) == 1 else sys.argv[1:]))
