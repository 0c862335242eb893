"""I1: what clients were told, against what there is.

An acknowledged command has its effect exactly once and with the content that was asked for; a
refused one has none; of one whose outcome is not known there is none or one. The effect is found
twice over: by the request id that its events carry, and by the record that the answer showed, which
must stand in its service's journal at that version with that content.

`Commands` is fed with the attempts of the client journals first, then with every event.
"""
import json

from google.protobuf import json_format

from .exact import micros
from .reads import shown
from .result import Result
from .source import emits, protos
from .world import fingerprint, version

OUTPUT_ONLY = 3
# Entities of which an update changes the fields that its mask names, and nothing that follows from
# them.
MASKED = {"Customer", "Contact", "Product", "CatalogueItem", "TaxCode", "Activity"}
# So many answers are looked up in the journals, and of those beyond one in ten: reading JSON is
# slow.
ANSWERS, BEYOND = 20000, 10
# method → (the event that is its effect, the field of the request with the id that the caller
# chose, the field of the request that holds what is made). A command that makes something must have
# made it; others may have been done before.
MAKES = {
    "PlaceOrder": ("OrderPlaced", "order_id", "order"),
    "CreateCustomer": ("CustomerCreated", "customer_id", "customer"),
    "CreateContact": ("ContactCreated", "contact_id", "contact"),
    "CreateOpportunity": ("OpportunityCreated", "opportunity_id", "opportunity"),
    "CreateQuote": ("QuoteCreated", "quote_id", "quote"),
    "CreateActivity": ("ActivityCreated", "activity_id", "activity"),
    "CreatePipeline": ("PipelineCreated", "pipeline_id", "pipeline"),
    "CreateCatalogueItem": ("CatalogueItemCreated", "catalogue_item_id", "catalogue_item"),
    "CreateProduct": ("ProductCreated", "product_id", "product"),
    "CreateTaxCode": ("TaxCodeCreated", "tax_code_id", "tax_code"),
    "OpenAccount": ("DebtorAccountOpened", "account_id", ""),
    "ReceiveStock": ("StockMoved", "stock_move_id", ""),
    "AdjustStock": ("StockMoved", "stock_move_id", ""),
    "RecordPayment": ("PaymentReceived", "payment_id", ""),
    "PostInvoice": ("InvoicePosted", "invoice_id", ""),
    "PostCreditNote": ("CreditNotePosted", "credit_note_id", ""),
    "ReturnShipment": ("ShipmentReturned", "return_id", ""),
}
CHANGES = {
    "CancelOrder": "OrderCancelRequested", "HoldOrder": "OrderHeld",
    "ReleaseOrder": "OrderReleased",
    "ShipShipment": "ShipmentShipped", "StartPicking": "ShipmentPickingStarted",
    "PickShipment": "ShipmentPicked", "PackShipment": "ShipmentPacked",
    "ApplyPayment": "PaymentApplied", "ReversePayment": "PaymentReversed",
    "SetCredit": "DebtorAccountCreditSet", "SetPaymentTerms": "DebtorAccountTermsSet",
    "BlockAccount": "DebtorAccountBlocked", "UnblockAccount": "DebtorAccountUnblocked",
    "CloseAccount": "DebtorAccountClosed", "OverrideCredit": "CreditOverridden",
    "UpdateCustomer": "CustomerUpdated", "PromoteCustomer": "CustomerPromoted",
    "DeactivateCustomer": "CustomerDeactivated", "ReactivateCustomer": "CustomerReactivated",
    "ArchiveCustomer": "CustomerArchived", "DeleteCustomer": "CustomerDeleted",
    "UpdateContact": "ContactUpdated", "DeleteContact": "ContactDeleted",
    "UpdateOpportunity": "OpportunityUpdated", "MoveStage": "OpportunityStageMoved",
    "WinOpportunity": "OpportunityWon", "LoseOpportunity": "OpportunityLost",
    "ReopenOpportunity": "OpportunityReopened", "UpdateQuote": "QuoteUpdated",
    "IssueQuote": "QuoteIssued", "ReviseQuote": "QuoteSuperseded", "AcceptQuote": "QuoteAccepted",
    "DeclineQuote": "QuoteDeclined", "WithdrawQuote": "QuoteWithdrawn",
    "UpdateActivity": "ActivityUpdated", "DeleteActivity": "ActivityDeleted",
    "UpdateCatalogueItem": "CatalogueItemUpdated", "UpdateProduct": "ProductUpdated",
    "DiscontinueProduct": "ProductDiscontinued", "ReinstateProduct": "ProductReinstated",
    "ArchiveProduct": "ProductArchived", "UpdateTaxCode": "TaxCodeUpdated",
    "UpdatePipeline": "PipelineUpdated", "ClosePeriod": "PeriodClosed",
    "ReopenPeriod": "PeriodReopened",
}
# What a command makes of the words it is given, and which are therefore not compared word by word.
COMPUTED = {"net", "etag", "id", "price_source", "ordered", "revision"}


class Call:
    """All attempts under one request id."""
    __slots__ = ("service", "method", "outcome", "request", "body", "effects", "subject", "dry",
                 "etag")


def _outcome(call, a):
    """ok beats all; refused stands only if every attempt was refused."""
    if a.outcome == "ok":
        return "ok"
    if call == "ok":
        return call
    now = "refused" if a.judged else "unknown"
    return now if call in (None, now) else "unknown"


class Commands:
    def __init__(self):
        self.r = Result("I1 commands and their effects")
        self.answers = Result("I1 answers stand in the journals")
        self.calls = {}
        self.shown = {}  # (service, key, version) → fingerprint of the answer
        self.kinds, self.read = {}, 0
        self.chosen = {}  # (service, id chosen by a caller) → whether any attempt was not refused
        self.made = set()  # those of them that were made
        self.emits, self.methods = {}, {}
        self.unsaid = set()  # events that a method's option `emits` does not name

    # --- the client journals ------------------------------------------------------------------

    def ask(self, a):
        makes = MAKES.get(a.method)
        if makes is None and a.method not in CHANGES:
            return
        if a.request_id:
            self._count(a, makes)
        if a.outcome == "ok" and not a.request.get("validate_only"):
            for key, place, content in shown(a.service, a.response):
                self.read += 1
                if content is a.response and (self.read <= ANSWERS or self.read % BEYOND == 0):
                    print_ = self._print(a)
                    if print_ is not None:
                        self.shown.setdefault((*key, place), print_)

    def _count(self, a, makes):
        body = a.body()
        key = a.service, a.request_id  # each service keeps its own
        call = self.calls.get(key)
        if call is None:
            call = self.calls[key] = Call()
            call.service, call.method, call.outcome, call.request = a.service, a.method, None, None
            call.body, call.effects, call.subject, call.dry, call.etag = body, 0, None, False, ""
        if a.reason == "REQUEST_ID_REUSED":
            return
        if body != call.body:
            if call.outcome == "ok":
                return
            # The last body that was asked; the first was not accepted.
            call.body, call.method = body, a.method
            call.outcome = "unknown" if call.outcome == "unknown" else None
        call.dry = bool(a.request.get("validate_only"))
        call.outcome = _outcome(call.outcome, a)
        call.etag = a.request.get("etag", "")
        if not call.etag and a.method.startswith("Update"):
            call.etag = next((v["etag"] for v in a.request.values()
                              if isinstance(v, dict) and v.get("etag")), "")
        if makes or a.method.startswith("Update"):
            call.request = json.dumps(a.request)
        if makes and a.request.get(makes[1]):
            key = a.service, a.request[makes[1]]
            chosen = self.chosen.get(key, False)
            self.chosen[key] = chosen or (call.outcome != "refused" and not call.dry)

    def _print(self, a):
        """Fingerprint of the record that an answer is; None where the method answers none."""
        d = self._method(a.service, a.method)
        try:
            m = json_format.ParseDict(a.response, protos().new(d.output_type)(),
                                      ignore_unknown_fields=True, descriptor_pool=protos().pool)
        except json_format.ParseError as error:
            self.answers.bad(a.method, a.request_id, "has an answer that is none:", error)
            return None
        if "outcome" in d.output_type.fields_by_name:
            m.ClearField("outcome")
        return fingerprint(m)

    def _method(self, service, method):
        key = service, method
        if key not in self.methods:
            self.methods[key] = protos().pool.FindServiceByName(service).FindMethodByName(method)
        return self.methods[key]

    # --- the journals of the services ----------------------------------------------------------

    def see(self, e, m, what, entity):
        kind = e.type.rsplit(".", 1)[1]
        place = "tandem.%s.v1." % e.source.rpartition("/")[2]
        answer = self.shown.pop((self._service(place), e.subject, e.entity_version), None)
        if answer is not None:
            self._answer(answer, e, entity)
        self._chosen(e, kind, place, what)
        if not m.meta.request_id:
            return
        call = self.calls.get((self._service(place), m.meta.request_id))
        if call is None:
            return
        if call.outcome == "refused" or call.dry:
            self.r.bad(call.method, m.meta.request_id, "was", "asked to change nothing" if call.dry
                       else "refused", "and caused", kind, e.subject)
            return
        allowed = self._emits(call)
        if allowed and kind not in allowed:
            self.unsaid.add("%s → %s" % (call.method, kind))
        makes = MAKES.get(call.method)
        if kind == (makes[0] if makes else CHANGES[call.method]):
            if call.etag and not call.effects:
                self.r.compared += 1
                if version(call.etag) != e.entity_version - 1:
                    self.r.bad(call.method, e.subject, "asked for version", call.etag,
                               "and changed version", e.entity_version - 1)
            call.effects += 1
            call.subject = e.subject
            if call.request:
                request = self._message(call)
                if makes:
                    self._made(call, request, makes, e, what, entity)
                else:
                    self._updated(call, request, entity, m.changed.paths)

    def _service(self, place):
        return _SERVICES[place]

    def _emits(self, call):
        key = call.service, call.method
        if key not in self.emits:
            self.emits[key] = emits(self._method(*key))
        return self.emits[key]

    def _message(self, call):
        d = self._method(call.service, call.method)
        return json_format.Parse(call.request, protos().new(d.input_type)(),
                                 ignore_unknown_fields=True, descriptor_pool=protos().pool)

    def _chosen(self, e, kind, place, what):
        """An id that a caller chose is made once, and only if somebody was not refused."""
        if kind not in _MAKING:
            return
        key = self._service(place), what.return_id if kind == "ShipmentReturned" else e.subject
        if key in self.chosen:
            self.r.compared += 1
            if key in self.made:
                self.r.bad(key[1], "was made twice, again by", kind, "at", e.position)
            elif not self.chosen[key]:
                self.r.bad(key[1], "was refused and is there")
            self.made.add(key)

    def _answer(self, print_, e, entity):
        self.answers.compared += 1
        if print_ != fingerprint(entity):
            self.answers.bad(e.subject, "at version", e.entity_version,
                             "was answered otherwise than its event shows, at", e.position)

    def _made(self, call, request, makes, e, what, entity):
        """The content that was asked for is the content that was made."""
        r = self.r
        if makes[2]:
            difference = _lacks(getattr(request, makes[2]), entity, top=True)
        elif call.method in ("ReceiveStock", "AdjustStock"):
            difference = entity.product_id != request.product_id and "product" or (
                request.quantity.unit == entity.delta.unit and
                micros(request.quantity.value.value) != micros(entity.delta.value.value)
                and "quantity") or (entity.reference != request.reference and "reference") or None
            kind = "STOCK_MOVE_KIND_RECEIPT" if call.method == "ReceiveStock" else (
                "STOCK_MOVE_KIND_ADJUSTMENT")
            d = entity.DESCRIPTOR.fields_by_name["kind"].enum_type
            if not difference and d.values_by_number[entity.kind].name != kind:
                difference = "kind"
        elif call.method == "ReturnShipment":
            difference = None
            asked = {}
            for x in request.lines:
                asked[x.line_number] = asked.get(x.line_number, 0) + micros(x.quantity.value.value)
            told = {x.line_number: micros(x.quantity.value.value) for x in what.lines}
            if asked != told or request.shipment_id != e.subject or (
                    request.return_date != what.return_date):
                difference = "lines, shipment or date"
        else:
            skip = {"request_id", "validate_only", "invoice_ids", "payer_customer_id", "lines",
                    makes[1]}
            difference = next((f.name for f, v in request.ListFields()
                               if f.name not in skip and f.name in entity.DESCRIPTOR.fields_by_name
                               and not _same(f, v, getattr(entity, f.name))), None)
        r.compared += 1
        if difference:
            r.bad(call.method, e.subject, "was made otherwise than asked:", difference)

    def _updated(self, call, request, entity, changed):
        """The fields named in the mask have the values that were asked for, and no other
        changed."""
        field = next((f for f in request.DESCRIPTOR.fields if f.message_type and
                      f.message_type.full_name == entity.DESCRIPTOR.full_name), None)
        if field is None:
            return
        asked = getattr(request, field.name)
        mask = {path.split(".")[0] for path in request.update_mask.paths}
        own = {name for name in mask & set(entity.DESCRIPTOR.fields_by_name) if OUTPUT_ONLY in
               protos().behaviors(entity.DESCRIPTOR.fields_by_name[name])}
        for name in own:  # only the server writes it; who names it is not heard
            f = entity.DESCRIPTOR.fields_by_name[name]
            self.r.compared += 1
            if any(f is x for x, _ in asked.ListFields()) and _same(f, getattr(asked, name), getattr(entity, name)):
                self.r.bad(call.method, entity.id, name, "is the server's own and was written")
        mask -= own
        # A status may open an account, whose fields are mirrored.
        if mask and "*" not in mask and "status" not in mask and entity.DESCRIPTOR.name in MASKED:
            more = {path.split(".")[0] for path in changed} - mask - {"update_time", "etag"}
            self.r.compared += 1
            if more:
                self.r.bad(call.method, entity.id, "changed", sorted(more), "and was asked for",
                           mask)
        for path in request.update_mask.paths:
            if "." in path or path in ("*", "addresses") or path in own or path not in (
                    entity.DESCRIPTOR.fields_by_name):
                continue
            f = entity.DESCRIPTOR.fields_by_name[path]
            self.r.compared += 1
            if not _same(f, getattr(asked, path), getattr(entity, path)):
                self.r.bad(call.method, entity.id, path, "is not what was asked for")

    def finish(self, w):
        r = self.r
        for (_, request_id), call in self.calls.items():
            r.compared += 1
            count = self.kinds.setdefault(call.method, {"ok": 0, "refused": 0, "unknown": 0})
            count[call.outcome or "unknown"] += 1
            if call.effects > 1:
                r.bad(call.method, request_id, "took effect", call.effects, "times")
            if call.outcome == "ok" and not call.dry and call.method in MAKES and not call.effects:
                makes = MAKES[call.method]
                request = json.loads(call.request or "{}")
                key = call.service, request.get(makes[1])
                natural = (call.method == "PlaceOrder" and request.get("quote_id")) or (
                    call.method in ("PostInvoice", "PostCreditNote"))
                # Made before, under another request id, is as good.
                if key not in self.made and not natural:
                    r.bad(call.method, request_id, "was acknowledged and has no effect")
        for service, key, place in self.shown:
            if service in _SERVICES.values() and not _hidden(key):
                self.answers.compared += 1
                self.answers.bad(key, "was answered at version", place, "which no journal has")
        r.say(*("%s %d/%d/%d" % (k, v["ok"], v["refused"], v["unknown"])
                for k, v in sorted(self.kinds.items())))
        if self.unsaid:
            r.say("not in the option emits:", ", ".join(sorted(self.unsaid)))
        return [r, self.answers]


_SERVICES = {"tandem.%s.v1." % s: "tandem.%s.v1.%sService" % (s, s.capitalize())
             for s in ("customer", "opportunity", "order", "inventory", "billing")}
_MAKING = {v[0] for v in MAKES.values()}


def _hidden(key):
    """Records with an etag and without events: stock, by product and warehouse; returns."""
    return "/" in key or key.startswith("ret_")


def _same(field, asked, got):
    """Equal, as amounts and decimals are equal; text as it was written, ends trimmed."""
    if field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED:
        if field.message_type and not field.message_type.GetOptions().map_entry:
            return len(asked) == len(got)
        return asked == got or sorted(map(str, asked)) == sorted(map(str, got))
    if field.message_type:
        name = field.message_type.full_name
        if name == "google.type.Decimal":
            return micros(asked.value) == micros(got.value)
        if name == "tandem.type.v1.Quantity":
            return asked.unit != got.unit or micros(asked.value.value) == micros(got.value.value)
        return _lacks(asked, got) is None
    if isinstance(asked, str):
        return asked.strip() == got.strip()
    return asked == got


def _lacks(asked, got, top=False):
    """The first field that was asked for and is not there; None when all are."""
    for field, value in asked.ListFields():
        if field.name in COMPUTED or OUTPUT_ONLY in protos().behaviors(field):
            continue
        there = getattr(got, field.name)
        repeated = field.is_repeated if hasattr(field, "is_repeated") else (
            field.label == field.LABEL_REPEATED)
        if repeated and field.message_type and not field.message_type.GetOptions().map_entry:
            if len(value) > len(there):
                return field.name
            for n, item in enumerate(value):
                key = next((k for k in ("line_number", "address_id") if getattr(item, k, None)),
                           None)
                other = there[n] if key is None else next(
                    (x for x in there if getattr(x, key) == getattr(item, key)), None)
                if key is None and field.name not in ("lines", "units", "stages"):
                    continue
                missing = "item %d" % n if other is None else _lacks(item, other)
                if missing:
                    return "%s[%d].%s" % (field.name, n, missing)
        elif not _same(field, value, there):
            return field.name
    return None
