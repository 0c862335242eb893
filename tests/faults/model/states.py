"""I4: every entity's history is replayed through the lifecycles of DOMAIN 3, as pure tables.

`Replay` follows all journals. An event that its table does not list for the state the entity is in,
a first event that makes nothing, a figure that falls where it only grows: each is a contradiction.
Its note counts every transition that was seen.
"""
from collections import Counter

from .exact import money, quantity
from .result import Result
from .world import enum

NEW = ""
# event type → {states it may find: state after it; None: the same}.
ORDER = {
    "OrderPlaced": {NEW: "PLACED"},
    "OrderHeld": {"PLACED": None, "CONFIRMED": None},
    "OrderReleased": {"PLACED": None, "CONFIRMED": None},
    "OrderCreditRecorded": {"PLACED": None, "CONFIRMED": None},
    "OrderConfirmed": {"PLACED": "CONFIRMED"},
    "OrderAllocationChanged": {"PLACED": None, "CONFIRMED": None},
    "OrderAmended": {"PLACED": None, "CONFIRMED": None},
    "OrderCancelRequested": {"PLACED": None, "CONFIRMED": None},
    "OrderCancelled": {"PLACED": "CANCELLED", "CONFIRMED": "CANCELLED"},
    "OrderShipmentRecorded": {"CONFIRMED": None},
    "OrderInvoiced": {"CONFIRMED": None, "CLOSED": None},
    "OrderSettlementRecorded": {"CONFIRMED": None, "CLOSED": None},
    "OrderReturnRecorded": {"CONFIRMED": None, "CLOSED": None},
    "OrderCreditNoteRecorded": {"CONFIRMED": None, "CLOSED": None},
    "OrderClosed": {"CONFIRMED": "CLOSED"},
}
DEMAND = {
    "DemandRecorded": {NEW: "RECORDED", "AWAITED": "RECORDED", "RECORDED": None, "RELEASED": None},
    # A wish before its record, or for a revision that is not recorded yet.
    "DemandAwaited": {NEW: "AWAITED", "AWAITED": None, "RECORDED": None, "RELEASED": None},
    "DemandQueued": {"RECORDED": "RELEASED", "RELEASED": None},
    "StockReserved": {"RECORDED": "RELEASED", "RELEASED": None},
    "StockShort": {"RECORDED": "RELEASED", "RELEASED": None},
    "StockReleased": {NEW: "CLOSED", "AWAITED": "CLOSED", "RECORDED": "CLOSED",
                      "RELEASED": "CLOSED", "CLOSED": None},
    "DemandHeld": {NEW: "AWAITED", "AWAITED": None, "RECORDED": None, "RELEASED": None},
    "DemandResumed": {NEW: "AWAITED", "AWAITED": None, "RECORDED": None, "RELEASED": None},
    "DemandAllocated": {"RELEASED": None},
    "DemandFulfilled": {"RELEASED": ("RELEASED", "CLOSED"), "CLOSED": None},
}
SHIPMENT = {
    "ShipmentPlanned": {NEW: "PLANNED"},
    "ShipmentReplanned": {"PLANNED": None},
    "ShipmentPickingStarted": {"PLANNED": "PICKING"},
    "ShipmentPicked": {"PLANNED": "PICKED", "PICKING": "PICKED"},
    "ShipmentPacked": {"PICKED": "PACKED"},
    "ShipmentShipped": {s: "SHIPPED" for s in ("PLANNED", "PICKING", "PICKED", "PACKED")},
    "ShipmentCancelled": {s: "CANCELLED" for s in ("PLANNED", "PICKING", "PICKED", "PACKED")},
    "ShipmentReturned": {"SHIPPED": None, "DELIVERED": None},
}
COMMITMENT = {
    "CreditReserved": {NEW: "OPEN", "OPEN": None},
    "CreditRefused": {NEW: "OPEN", "OPEN": None},
    "CreditOverridden": {"OPEN": None},
    "CreditReleased": {NEW: "CLOSED", "OPEN": "CLOSED"},
    "CreditInvoiced": {NEW: "OPEN", "OPEN": None, "CLOSED": None},
}
POSTED = {NEW: "POSTED"}
INVOICE = {"InvoicePosted": POSTED, **{k: {"POSTED": None} for k in (
    "InvoicePartlySettled", "InvoiceSettled", "InvoiceReopened", "InvoiceCredited")}}
CREDIT_NOTE = {"CreditNotePosted": POSTED, "CreditNoteApplied": {"POSTED": None}}
PAYMENT = {"PaymentReceived": {NEW: "RECEIVED"}, "PaymentApplied": {"RECEIVED": None},
           "PaymentReversed": {"RECEIVED": "REVERSED"}}
ACCOUNT = {
    "DebtorAccountOpened": {NEW: "OPEN"}, "DebtorAccountClosed": {"OPEN": "CLOSED"},
    **{k: {"OPEN": None, "CLOSED": None} for k in (
        "DebtorAccountCreditSet", "DebtorAccountTermsSet", "DebtorAccountUpdated",
        "DebtorAccountBlocked", "DebtorAccountUnblocked", "CreditLimitExceeded")},
}
PERIOD = {"PeriodClosed": {NEW: "CLOSED", "OPEN": "CLOSED"}, "PeriodReopened": {"CLOSED": "OPEN"}}
PRODUCT = {
    "ProductCreated": {NEW: "ACTIVE"},
    "ProductUpdated": {"ACTIVE": None, "DISCONTINUED": None},
    "ProductDiscontinued": {"ACTIVE": "DISCONTINUED", "DISCONTINUED": None},
    "ProductReinstated": {"DISCONTINUED": "ACTIVE"},
    "ProductArchived": {"DISCONTINUED": "ARCHIVED"},
}
CUSTOMER = {
    "CustomerCreated": {NEW: ("PROSPECT", "CUSTOMER")},
    "CustomerUpdated": {"PROSPECT": None, "CUSTOMER": None},
    "CustomerPromoted": {"PROSPECT": "CUSTOMER"},
    "CustomerDeactivated": {"PROSPECT": None, "CUSTOMER": None},
    "CustomerReactivated": {"PROSPECT": None, "CUSTOMER": None},
    "CustomerArchived": {"PROSPECT": None, "CUSTOMER": None},
    "CustomerDeleted": {"PROSPECT": "DELETED", "CUSTOMER": "DELETED"},
}
OPPORTUNITY = {
    "OpportunityCreated": {NEW: "OPEN"}, "OpportunityUpdated": {"OPEN": None},
    "OpportunityStageMoved": {"OPEN": None}, "OpportunityWon": {"OPEN": "WON"},
    "OpportunityLost": {"OPEN": "LOST"}, "OpportunityReopened": {"LOST": "OPEN", "WON": "OPEN"},
    # The fact may come after the opportunity was opened again, and even lost.
    "OpportunityOrderRecorded": {"WON": None, "OPEN": None, "LOST": None},
}
QUOTE = {
    "QuoteCreated": {NEW: "DRAFT"}, "QuoteUpdated": {"DRAFT": None},
    "QuoteIssued": {"DRAFT": "ISSUED"},
    "QuoteSuperseded": {"ISSUED": "SUPERSEDED"}, "QuoteAccepted": {"ISSUED": "ACCEPTED"},
    "QuoteDeclined": {"ISSUED": "DECLINED"}, "QuoteExpired": {"ISSUED": "EXPIRED"},
    "QuoteWithdrawn": {"DRAFT": "WITHDRAWN", "ISSUED": "WITHDRAWN"},
    "QuoteOrdered": {"ACCEPTED": "ORDERED"},
}
ONCE, KEPT, GONE = {NEW: "THERE"}, {"THERE": None}, {"THERE": "DELETED"}
PLAIN = {"Created": ONCE, "Updated": KEPT, "Deleted": GONE}
# entity message → (its table, the field of its state).
TABLES = {
    "tandem.order.v1.Order": (ORDER, "state"),
    "tandem.inventory.v1.Demand": (DEMAND, "state"),
    "tandem.inventory.v1.Shipment": (SHIPMENT, "state"),
    "tandem.inventory.v1.Product": (PRODUCT, "state"),
    "tandem.inventory.v1.StockMove": ({"StockMoved": ONCE}, None),
    "tandem.billing.v1.CreditCommitment": (COMMITMENT, "state"),
    "tandem.billing.v1.Invoice": (INVOICE, "state"),
    "tandem.billing.v1.CreditNote": (CREDIT_NOTE, "state"),
    "tandem.billing.v1.Payment": (PAYMENT, "state"),
    "tandem.billing.v1.DebtorAccount": (ACCOUNT, "state"),
    "tandem.billing.v1.AccountingPeriod": (PERIOD, "state"),
    "tandem.billing.v1.Customer": ({"CustomerCreated": ONCE, "CustomerUpdated": KEPT}, None),
    "tandem.customer.v1.Customer": (CUSTOMER, "state"),
    "tandem.opportunity.v1.Opportunity": (OPPORTUNITY, "state"),
    "tandem.opportunity.v1.Quote": (QUOTE, "state"),
}
# Events of an archived record: only what puts it away for good.
ARCHIVED_MAY = {"CustomerDeleted", "CustomerArchived"}
GROWING = ("shipped", "invoiced", "credited", "returned", "cancelled")


def table_of(entity):
    """The table of an entity's message; entities without a lifecycle are made, changed, deleted."""
    found = TABLES.get(entity)
    if found is None:
        name = entity.rsplit(".", 1)[1]
        found = TABLES[entity] = ({name + k: v for k, v in PLAIN.items()}, None)
    return found


class Replay:
    """One pass over each journal; `entity` is the event's message of the entity after it."""

    def __init__(self):
        self.r = Result("I4 lifecycles")
        self.states, self.figures = {}, {}
        self.archived, self.confirmed_held = set(), {}
        self.held = {}  # order → whether its demand is held, as the inventory's journal goes on
        self.seen = Counter()

    def see(self, e, m, what, entity):
        full = entity.DESCRIPTOR.full_name
        kind = e.type.rsplit(".", 1)[1]
        table, field = table_of(full)
        key = full, e.subject
        before = self.states.get(key, NEW)
        listed = table.get(kind)
        self.r.compared += 1
        if listed is None or before not in listed:
            self.r.bad(kind, "of", e.subject, "in state", before or "(none)", "at", e.position)
            after = enum(entity, field) if field else "THERE"
        else:
            after = listed[before] or before
            if field and after != "DELETED":
                stated = enum(entity, field)
                if stated != after and not (isinstance(after, tuple) and stated in after):
                    self.r.bad(kind, "of", e.subject, before or "(none)", "→", stated, "instead of",
                               after, "at", e.position)
                after = stated
        self.seen[full.rsplit(".", 1)[1], kind, before, after] += 1
        self.states[key] = after
        rule = _RULES.get(full)
        if rule:
            rule(self, e, kind, what, entity, before)

    # --- what a state alone does not say ------------------------------------------------------

    def _order(self, e, kind, what, o, before):
        r = self.r
        old = self.figures.get(e.subject)
        lines = {}
        for x in o.lines:
            ordered = quantity(x.ordered)
            f = tuple(quantity(getattr(x, name)) for name in GROWING)
            shipped, invoiced, credited, returned, cancelled = f
            # Invoices and credit notes may arrive the other way round; `effects` looks at the end.
            r.holds(0 <= returned <= shipped <= ordered - cancelled and 0 <= invoiced <= shipped
                    and 0 <= credited <= shipped, e.subject, "line", x.line_number,
                    dict(zip(GROWING, f)), "at", e.position)
            if old:
                was = old[0].get(x.line_number)
                if was and any(a < b for a, b in zip(f, was)):
                    r.bad(e.subject, "line", x.line_number, "a figure fell at", e.position)
            lines[x.line_number] = f
        # What comes back from a cancellation that was too late confirms an order that was not yet,
        # and is told by that and by the OrderAmended behind it.
        late = kind == "OrderConfirmed" and bool(old) and old[2]
        revision, requested = o.revision, o.cancel_requested or late
        if old:
            # A cancellation that finds nothing left to cancel amends nothing: no new revision.
            idle = kind == "OrderAmended" and old[2] and not requested and all(
                f[4] == old[0].get(n, f)[4] for n, f in lines.items())
            r.holds(revision - old[1] in ((0, 1) if idle else (kind == "OrderAmended",)), e.subject,
                    kind, "revision", old[1], "then", revision, "at", e.position)
            if requested != old[2]:
                r.holds(kind in (("OrderCancelRequested",) if requested else
                                 ("OrderCancelled", "OrderAmended", "OrderClosed")), e.subject,
                        "cancel_requested turned by", kind)
        else:
            r.same(1, revision, e.subject, "first revision")
        if kind == "OrderCancelRequested" and enum(what, "reason") != "OUT_OF_STOCK":
            r.holds(not any(f[0] for f in lines.values()), e.subject, "is to be cancelled, of "
                    "which something was shipped, at", e.position)
        if kind == "OrderCancelled":
            r.holds(not any(f[0] for f in lines.values()), e.subject, "cancelled after shipping")
        elif kind == "OrderConfirmed":
            # Not while held, unless its goods have left already: the shipment confirms it first.
            if o.holds:
                self.confirmed_held[e.subject] = e.position
        elif kind == "OrderShipmentRecorded":
            self.confirmed_held.pop(e.subject, None)
        elif kind == "OrderClosed":
            settled = not any(money(i.open_amount) for i in o.invoices)
            r.holds(settled and all(
                quantity(x.ordered) - quantity(x.cancelled) == f[0] == f[1]
                for x, f in zip(o.lines, lines.values())), e.subject, "closed while not shipped,",
                "invoiced and settled")
        self.figures[e.subject] = lines, revision, requested

    def _shipment(self, e, kind, what, s, before):
        if kind in ("ShipmentPickingStarted", "ShipmentPicked", "ShipmentShipped"):
            self.r.holds(not self.held.get(s.order_id), e.subject, kind, "while its order is held,"
                         " at", e.position)

    def _demand(self, e, kind, what, d, before):
        self.held[d.order_id] = d.held
        for x in d.lines:
            ordered, open_, reserved, backordered, shipped, released = (
                quantity(getattr(x, n)) for n in (
                    "ordered", "open", "reserved", "backordered", "shipped", "released"))
            self.r.holds(open_ == ordered - shipped - released and min(
                open_, reserved, backordered, shipped, released) >= 0 and
                reserved + backordered <= open_, e.subject, "line", x.line_number, "figures at",
                e.position)
        if kind in ("StockReserved", "StockShort"):
            open_ = sum(quantity(x.open) - quantity(x.reserved) for x in d.lines if not x.unstocked)
            self.r.holds((open_ == 0) == (kind == "StockReserved"), e.subject, kind, "with",
                         open_, "open and not reserved at", e.position)
            told = [(x.line_number, x.reserved.value.value, x.backordered.value.value)
                    for x in what.lines]
            self.r.same([(x.line_number, x.reserved.value.value, x.backordered.value.value)
                         for x in d.lines], told, e.subject, "lines told by", kind)

    def _invoice(self, e, kind, what, i, before):
        open_, total = money(i.open_amount), money(i.total)
        was = self.figures.get(e.subject)
        self.figures[e.subject] = open_
        if was is None:
            return
        right = {"InvoicePosted": False,
                 "InvoicePartlySettled": 0 < open_ < was,
                 "InvoiceSettled": open_ == 0 and (was > 0 or total == 0),
                 "InvoiceReopened": open_ > was,
                 # On account, or of what cost nothing.
                 "InvoiceCredited": open_ == was}
        self.r.holds(right.get(kind), e.subject, kind, "open", open_, "before", was, "at",
                     e.position)

    def _customer(self, e, kind, what, c, before):
        if e.subject in self.archived:
            self.r.holds(kind in ARCHIVED_MAY, e.subject, kind, "after it was archived")
        if c.archived:
            self.archived.add(e.subject)

    def finish(self, w):
        for order, position in self.confirmed_held.items():
            self.r.bad(order, "was confirmed while held at", position)
        self.r.say(len(self.seen), "transitions seen")
        return self.r


_RULES = {
    "tandem.order.v1.Order": Replay._order,
    "tandem.inventory.v1.Demand": Replay._demand,
    "tandem.inventory.v1.Shipment": Replay._shipment,
    "tandem.billing.v1.Invoice": Replay._invoice,
    "tandem.customer.v1.Customer": Replay._customer,
}
