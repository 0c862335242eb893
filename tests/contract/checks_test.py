"""The checks of the protos: each a number, a sentence and a walk over the descriptors.

A violation names its file and line. What may deviate stands in EXCEPTIONS with its reason; an
exception that nothing needs any more is a violation too. Number 24 (who may call, and what is
audited) comes with identity.
"""
import fnmatch
import re
import sys
import unittest

from protos import IDENTIFIER, IMMUTABLE, OPTIONAL, OUTPUT_ONLY, REQUIRED, Protos

PROTOS = Protos()

# (check, full name, as fnmatch has it): why.
EXCEPTIONS = {
    (5, "tandem.billing.v1.GetDebtorBalancesRequest.account_id"):
        "a report over all accounts, or one",
    (5, "tandem.order.v1.GetOrderByQuoteRequest.quote_version"):
        "a quote's version is part of its key; without it, the quote's last",
    (6, "tandem.inventory.v1.InventoryService.ListDemandSchedule"):
        "the master schedule is read by product, in the order of its queue",
    (6, "tandem.operations.v1.QuarantineService.ListQuarantinedKeys"):
        "by reader and id; keys are parked one by one, and looked at so",
    (13, "tandem.billing.v1.LedgerEntry.id"): "made from its document's id, never given by a caller",
    (13, "tandem.customer.v1.DealingsHistory.id"): "a read model: its customer's id",
    (13, "tandem.customer.v1.CreditStanding.id"): "a read model: its customer's id",
    (13, "tandem.opportunity.v1.OpportunityResults.id"): "a read model: what it is counted by",
    (13, "tandem.inventory.v1.ShipmentReturn.id"): "the caller's own key of a return",
    (13, "tandem.inventory.v1.Shipment.id"): "never in a request as a whole; requests say its prefix",
    (13, "tandem.inventory.v1.Stock.id"): "product and warehouse",
    (13, "tandem.inventory.v1.StockMove.id"): "never in a request as a whole; requests say its key",
    (14, "tandem.type.v1.Quantity.*"): "one value, as google.type.Money is, which has none either",
    (15, "tandem.customer.v1.Customer.state"):
        "may be given when it is created, for imports; later only commands change it",
    (15, "tandem.opportunity.v1.CatalogueItem.state"):
        "the ERP owns it: product_sync writes it, as it does the other master data",
    (19, "tandem.operations.v1.QuarantineService.*"):
        "a key is a row: what was retried or skipped is no longer first, and a repeat finds it so",
    (20, "tandem.operations.v1.QuarantineService.*"):
        "reading the key says what would be tried",
    (20, "tandem.master_data.v1.*SyncService.*"):
        "the record, its links and its conflicts can be read beforehand",
    (22, "*.return_id"): "the caller's own key: returns come from systems that number them",
    (22, "*.CustomerAddress.address_id"): "a key within the customer, for example `main`",
    (22, "tandem.master_data.v1.RetryPushRequest.record_id"): "the record's key, as GetRecord has it",
    (22, "tandem.order.v1.OrderLine.product_id"):
        "a line of a quote may name a product that is not known here yet: it is held, not refused",
    (23, "tandem.events.v1.WatchEventsRequest.after_position"): "any: checked against the journal",
    (23, "tandem.events.v1.ReadEventsRequest.after_position"): "any: before the first is the first",
    (23, "tandem.events.v1.ReadEventsRequest.lane"): "compared only: -1 is all, another is none",
    (25, "tandem.operations.v1.QuarantineService.*"):
        "applies events of others; what follows from them is that reader's",
    (25, "tandem.master_data.v1.*SyncService.*"):
        "the adapters publish nothing: what they decide shows in the events of the systems",
}

PREPOSITIONS = {"about", "after", "as", "at", "before", "between", "by", "for", "from", "in", "into",
                "of", "on", "over", "per", "to", "under", "until", "via", "with", "without"}
STANDARD = re.compile(r"(Batch)?(Get|List|Create|Update|Delete)[A-Z]")
NUMBERS = {"int32", "int64", "uint32", "uint64"}
CHECKS = {}


def check(number, sentence):
    def register(walk):
        CHECKS[number] = (sentence, walk)
        return walk
    return register


def words(name):
    return [w.lower() for w in re.findall("[A-Z][a-z0-9]*", name)]


def snake(name):
    return "_".join(words(name))


def names(message):
    return [f.name for f in message.fields]


def kind(field):
    """The field's type, as the proto file says it."""
    if field.message_type is not None:
        return field.message_type.full_name
    return {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 8: "bool", 9: "string",
            12: "bytes", 13: "uint32", 14: "enum"}.get(field.type, "other")


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def methods(prefix=""):
    return [m for m in PROTOS.methods() if m.name.startswith(prefix)]


def changes():
    """The methods that change something, one at a time: those of a batch are items of it."""
    return [m for m in PROTOS.methods()
            if not PROTOS.reads(m) and not m.name.startswith("Batch")]


def resources():
    """What Get methods answer and events carry: messages with an id of their own."""
    found = {m.output_type.full_name: m.output_type for m in methods("Get")
             if not m.output_type.name.endswith("Response")}
    found.update((e.fields[1].message_type.full_name, e.fields[1].message_type)
                 for e in PROTOS.event_messages())
    return [m for m in found.values() if "id" in m.fields_by_name]


def requests():
    """Every message that a request is or holds, by its input fields."""
    seen, queue = {}, [m.input_type for m in PROTOS.methods()]
    while queue:
        message = queue.pop()
        if message.full_name in seen or message.GetOptions().map_entry or \
                not message.full_name.startswith("tandem."):
            continue
        seen[message.full_name] = message
        queue += [f.message_type for f in message.fields
                  if f.message_type is not None and OUTPUT_ONLY not in PROTOS.behaviors(f)]
    return seen.values()


@check(1, "a package ends in its version")
def _(bad):
    for file in PROTOS.files:
        # What the protos say about themselves and share is versioned with them.
        if not re.search(r"\.v[0-9]+$", file.package):
            bad(file, file.package)


@check(2, "a file holds one service, or resources and events, not both")
def _(bad):
    for file in PROTOS.files:
        if len(file.services_by_name) > 1:
            bad(file, "several services")
        if file.services_by_name:
            if not file.name.endswith("_service.proto"):
                bad(file, "a service outside a _service.proto")
            for message in file.message_types_by_name.values():
                if PROTOS.event(message).topic:
                    bad(message, "an event beside a service")


@check(3, "a service's name ends in Service")
def _(bad):
    for service in PROTOS.services():
        if not re.fullmatch("[A-Z][A-Za-z]*Service", service.name):
            bad(service, service.name)


@check(4, "requests and answers are named after the method, or are the resource")
def _(bad):
    for m in PROTOS.methods():
        if m.input_type.name != m.name + "Request":
            bad(m, "takes " + m.input_type.name)
        if m.name.startswith("Delete"):
            if m.output_type.full_name not in ("google.protobuf.Empty",):
                bad(m, "a deletion answers google.protobuf.Empty")
        elif m.output_type.name != m.name + "Response":
            if m.name.startswith(("Batch", "List")) or m.output_type.name.endswith("Response"):
                bad(m, "answers " + m.output_type.name)
            elif m.name.startswith(("Create", "Update")) and not m.name.endswith(m.output_type.name):
                bad(m, "answers " + m.output_type.name)


@check(5, "a Get names what it reads and at most how to look at it")
def _(bad):
    for m in methods("Get"):
        for f in m.input_type.fields:
            key = REQUIRED in PROTOS.behaviors(f)
            if not key and f.name not in ("view", "read_mask", "as_of", "source", "include"):
                bad(f, f.name)
        if len([f for f in m.input_type.fields if REQUIRED in PROTOS.behaviors(f)]) > 2:
            bad(m, "more than a key")


@check(6, "a List pages, filters and sorts, and says where the next page starts")
def _(bad):
    for m in methods("List"):
        have, paged = m.input_type.fields_by_name, ("page_size", "page_token", "filter", "order_by")
        for name in paged:
            if name not in have:
                bad(m, "without " + name)
        for f in m.input_type.fields:
            if f.name in paged and f.name != "page_size" and kind(f) != "string":
                bad(f, f.name + " is no string")
        answer = m.output_type.fields_by_name
        if "next_page_token" not in answer:
            bad(m, "without next_page_token")
        if not any(f.is_repeated for f in m.output_type.fields):
            bad(m, "lists nothing")


@check(7, "no List streams")
def _(bad):
    for m in methods("List"):
        if m.server_streaming or m.client_streaming:
            bad(m, "streams")


@check(8, "a Create has the resource, its id, request_id and validate_only")
def _(bad):
    for m in methods("Create"):
        resource = snake(m.name[len("Create"):])
        for name in (resource, resource + "_id", "request_id", "validate_only"):
            if name not in m.input_type.fields_by_name:
                bad(m, "without " + name)
        f = m.input_type.fields_by_name.get(resource)
        if f is not None and REQUIRED not in PROTOS.behaviors(f):
            bad(f, "the resource is required")


@check(9, "an Update has the resource and an optional mask")
def _(bad):
    for m in methods("Update"):
        resource = snake(m.name[len("Update"):])
        have = m.input_type.fields_by_name
        if resource not in have or REQUIRED not in PROTOS.behaviors(have[resource]):
            bad(m, "without a required " + resource)
        mask = have.get("update_mask")
        if mask is None or kind(mask) != "google.protobuf.FieldMask" or \
                OPTIONAL not in PROTOS.behaviors(mask):
            bad(m, "without an optional update_mask")
        for name in set(have) - {resource, "update_mask", "allow_missing", "etag", "request_id",
                                 "validate_only"}:
            bad(m, "has " + name)


@check(10, "a Delete has id and etag")
def _(bad):
    for m in methods("Delete"):
        have = set(names(m.input_type))
        for name in {"id", "etag"} - have:
            bad(m, "without " + name)
        for name in have - {"id", "etag", "force", "request_id", "validate_only"}:
            bad(m, "has " + name)


@check(11, "a command is a verb and its object, without a preposition")
def _(bad):
    for m in PROTOS.methods():
        if STANDARD.match(m.name):
            continue
        found = PREPOSITIONS & set(words(m.name))
        if found:
            bad(m, "has " + ", ".join(sorted(found)))
        if len(words(m.name)) < 2 and m.name != "Reconcile":
            bad(m, "a verb alone")


@check(12, "a method that reads says so, and no other")
def _(bad):
    for m in PROTOS.methods():
        reading = re.match("(Batch)?(Get|List|Watch|Read)[A-Z]", m.name) is not None
        if reading != PROTOS.reads(m):
            bad(m, "idempotency_level")


@check(13, "a resource has its id first, as its identifier, with its prefix")
def _(bad):
    for message in resources():
        f = message.fields[0]
        if f.name != "id" or f.number != 1:
            bad(f, "the first field is " + f.name)
        elif not {IDENTIFIER, OUTPUT_ONLY} & set(PROTOS.behaviors(f)):
            bad(f, "is no IDENTIFIER")
        elif IDENTIFIER in PROTOS.behaviors(f) and not PROTOS.rules(f).prefix and \
                not PROTOS.rules(f).pattern:
            bad(f, "without prefix or pattern")


@check(14, "every field of a request and of a resource says its behaviour")
def _(bad):
    # AIP 203 asks it of what a request holds; what only answers hold is output by its place.
    for message in {m.full_name: m for m in [*requests(), *resources()]}.values():
        for f in message.fields:
            if not PROTOS.behaviors(f):
                bad(f, f.name)


@check(15, "a state is output only: commands change it")
def _(bad):
    for message in resources():
        for f in message.fields:
            if f.enum_type is not None and (f.name == "state" or f.enum_type.name.endswith("State")):
                if OUTPUT_ONLY not in PROTOS.behaviors(f):
                    bad(f, f.name)


@check(16, "an enum's zero is <ENUM>_UNSPECIFIED")
def _(bad):
    for enum in PROTOS.enums():
        zero = enum.values_by_number.get(0)
        if zero is None or zero.name != snake(enum.name).upper() + "_UNSPECIFIED":
            bad(enum, zero.name if zero is not None else "no zero")


@check(17, "a _time is a Timestamp and a _date a Date, and the other way round")
def _(bad):
    # A day that a preposition names better than a noun, as valid_until.
    days = ("_date", "_until", "_from", "_on", "_to", "date", "from", "to", "as_of", "until", "day",
            "_since", "_day", "_by", "_before", "_after")
    for message in PROTOS.messages():
        for f in message.fields:
            t = kind(f)
            if f.name.endswith("_time") and t not in ("google.protobuf.Timestamp",):
                bad(f, f.name + " is " + t)
            if t == "google.protobuf.Timestamp" and not f.name.endswith("_time"):
                bad(f, f.name)
            if f.name.endswith("_date") and t != "google.type.Date":
                bad(f, f.name + " is " + t)
            if t == "google.type.Date" and not f.name.endswith(days):
                bad(f, f.name)


@check(18, "nothing is floating point")
def _(bad):
    for message in PROTOS.messages():
        for f in message.fields:
            if kind(f) in ("float", "double"):
                bad(f, kind(f))


def has_on_change(bad, name, type_name):
    for m in changes():
        f = m.input_type.fields_by_name.get(name)
        if f is None:
            bad(m, "without " + name)
        elif kind(f) != type_name:
            bad(f, kind(f))


@check(19, "a request that changes something has request_id, a UUID")
def _(bad):
    has_on_change(bad, "request_id", "string")
    for m in changes():
        f = m.input_type.fields_by_name.get("request_id")
        if f is not None and not PROTOS.rules(f).uuid:
            bad(f, "without the rule uuid")


@check(20, "a request that changes something has validate_only")
def _(bad):
    has_on_change(bad, "validate_only", "bool")


@check(21, "a batch has `requests` or keys in the plural, at most 1,000, said in comment and rule")
def _(bad):
    for m in methods("Batch"):
        fields = [f for f in m.input_type.fields if f.is_repeated and f.name != "causes"]
        if len(fields) != 1:
            bad(m, "not one list")
            continue
        f = fields[0]
        if not PROTOS.reads(m):
            single = m.input_type.file.message_types_by_name
            item = f.message_type
            if f.name != "requests" or item is None or not item.name.endswith("Request"):
                bad(f, "not `requests` of the single method")
            results = m.output_type.fields_by_name.get("results")
            if results is None or "status" not in results.message_type.fields_by_name:
                bad(m, "without an outcome for each item")
            if item is not None and item.full_name not in {x.full_name for x in single.values()}:
                bad(f, item.full_name)
        if PROTOS.rules(f).max_items != 1000:
            bad(f, "without the rule max_items: 1000")
        text = PROTOS.comment(m) + PROTOS.comment(m.input_type) + PROTOS.comment(f)
        if "1,000" not in text:
            bad(f, "the comment does not say 1,000")


@check(22, "a reference ends in _id and names its prefix")
def _(bad):
    for message in requests():
        for f in message.fields:
            if kind(f) != "string" or f.name in ("request_id", "tax_id") or \
                    OUTPUT_ONLY in PROTOS.behaviors(f):
                continue
            rules = PROTOS.rules(f)
            if f.name.endswith(("_id", "_ids")) and not (rules.prefix or rules.pattern):
                bad(f, f.name + " without prefix")


@check(23, "a number of a request has a rule, and no list or text is without a bound")
def _(bad):
    # Texts, bytes and lists have the bounds of tandem/options/v1/validation.proto by default.
    for message in requests():
        for f in message.fields:
            if OUTPUT_ONLY in PROTOS.behaviors(f) or kind(f) not in NUMBERS:
                continue
            rules = PROTOS.rules(f)
            if not (rules.positive or rules.HasField("min") or rules.HasField("max")):
                bad(f, f.name)


@check(25, "a method that changes something names its events, and each event has a method")
def _(bad):
    types = {f.message_type.full_name: f for _, f in PROTOS.event_types()}
    emitted = set()
    for m in PROTOS.methods():
        if PROTOS.reads(m):
            if PROTOS.emits(m):
                bad(m, "reads, and emits")
            continue
        if not PROTOS.emits(m):
            bad(m, "emits nothing")
        for name in PROTOS.emits(m):
            if name not in types:
                bad(m, "emits %s, which is no event" % name)
            emitted.add(name)
    for name, f in types.items():
        if name not in emitted:
            bad(f, "no method emits " + name)


class Checks(unittest.TestCase):
    """One test for each check, made below."""


def test_of(number, sentence, walk):
    def run(self):
        found, used = [], set()

        def bad(descriptor, why):
            name = getattr(descriptor, "full_name", None) or descriptor.name
            for exception in EXCEPTIONS:
                if exception[0] == number and fnmatch.fnmatchcase(name, exception[1]):
                    used.add(exception)
                    return
            found.append("%s: %s: %s" % (PROTOS.where(descriptor), name, why))

        walk(bad)
        found += ["checks_test.py: exception %d %s: nothing needs it" % e
                  for e in EXCEPTIONS if e[0] == number and e not in used]
        if found:
            self.fail("check %d: %s\n%s" % (number, sentence, "\n".join(sorted(set(found)))))
    run.__doc__ = "%d %s" % (number, sentence)
    return run


for n, (s, w) in sorted(CHECKS.items()):
    setattr(Checks, "test_%02d" % n, test_of(n, s, w))

if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + (["-v"] if len(sys.argv) == 1 else sys.argv[1:]))
