"""What every service shows in its lists, read once and kept compactly: integers for amounts and
quantities (micros), dates as 20240131, states by their short names.

Orders, demands, shipments and documents are tuples; masters and read models stay messages.
"""
from collections import namedtuple

from .exact import date, micros, money, quantity
from .source import SERVICES

OrderLine = namedtuple("OrderLine", (
    "number product asked unit ordered base_unit price per per_unit source discount net "
    "ordered_net tax_class tax_code tax_rate cancelled reserved backordered shipped invoiced "
    "credited returned billed_net invoiced_net credited_net requested promised"))
Freight = namedtuple("Freight", "number net tax_code tax_rate billed_net invoiced_net credited_net")
OrderShipment = namedtuple("OrderShipment", "id number date version last")
OrderShipmentLine = namedtuple("OrderShipmentLine", "shipment line quantity billed returned credit")
OrderInvoice = namedtuple("OrderInvoice", "id number shipment date net total open version")
OrderReturn = namedtuple("OrderReturn", "id shipment date net")
OrderCredit = namedtuple("OrderCredit", "id number net total")
Hold = namedtuple("Hold", "reason line note")
Order = namedtuple("Order", (
    "id number revision version state credit fulfilment billing cancel_requested cancel_reason "
    "sold_to bill_to account payer date currency delivery backorder priority quote quote_version "
    "lines freight net tax gross holds shipments shipment_lines invoices returns credit_notes "
    "commitment_version demand_version last_billed"))
DemandLine = namedtuple("DemandLine", (
    "number product warehouse ordered open reserved backordered allocated shipped returned "
    "released requested week promised unstocked unplaceable unit"))
Demand = namedtuple("Demand", (
    "id version revision reserve_revision state held order_version priority sequence delivery "
    "backorder out_of_stock released warehouse lines shipments"))
ShipmentLine = namedtuple("ShipmentLine", "number product quantity picked shipped returned "
                                          "unstocked")
Shipment = namedtuple("Shipment", "id number order version state warehouse date lines")
Return = namedtuple("Return", "id shipment order date lines")
ReturnLine = namedtuple("ReturnLine", "number quantity disposition")
Stock = namedtuple("Stock", "id product warehouse on_hand blocked reserved available backordered "
                            "allocated moves")
Move = namedtuple("Move", "id product warehouse kind delta blocked after number reference order "
                          "reason")
Account = namedtuple("Account", "id customer currency limit state number version order_blocked")
Exposure = namedtuple("Exposure", "account customer currency receivable unapplied committed "
                                  "exposure highest waiting open_invoices sequence")
Commitment = namedtuple("Commitment", "order version account payer revision committed invoiced "
                                      "currency state waiting waiting_revision reason overridden")
DocumentLine = namedtuple("DocumentLine", "number product quantity net tax_code tax_rate freight "
                                          "credited returned")
DocumentTax = namedtuple("DocumentTax", "code rate base tax credited_base credited_tax")
Invoice = namedtuple("Invoice", (
    "id number order shipment account currency date tax_date posting due net_days lines taxes "
    "net tax total open credited settlement last version bill_to"))
CreditNote = namedtuple("CreditNote", (
    "id number invoice order shipment return_id account currency reason date posting lines "
    "taxes net tax total applied unapplied version"))
Payment = namedtuple("Payment", "id account currency amount date posting reference order "
                                "applications applied unapplied state reversal_date version")
Entry = namedtuple("Entry", "id document number posting date postings")
Posting = namedtuple("Posting", "ledger debit credit currency account tax_code")

# List methods of what has events: part, entity (as in the event option), method, field.
LISTS = [
    ("customer", "customer", "tandem.customer.v1.CustomerService/ListCustomers", "customers"),
    ("customer", "contact", "tandem.customer.v1.CustomerService/ListContacts", "contacts"),
    ("opportunity", "opportunity",
     "tandem.opportunity.v1.OpportunityService/ListOpportunities", "opportunities"),
    ("opportunity", "pipeline", "tandem.opportunity.v1.OpportunityService/ListPipelines",
     "pipelines"),
    ("opportunity", "activity", "tandem.opportunity.v1.OpportunityService/ListActivities",
     "activities"),
    ("opportunity", "quote", "tandem.opportunity.v1.OpportunityService/ListQuotes", "quotes"),
    ("opportunity", "catalogue_item",
     "tandem.opportunity.v1.OpportunityService/ListCatalogueItems", "catalogue_items"),
    ("order", "order", "tandem.order.v1.OrderService/ListOrders", "orders"),
    ("inventory", "product", "tandem.inventory.v1.InventoryService/ListProducts", "products"),
    ("inventory", "stock_move", "tandem.inventory.v1.InventoryService/ListStockMoves",
     "stock_moves"),
    ("inventory", "demand", "tandem.inventory.v1.InventoryService/ListDemands", "demands"),
    ("inventory", "shipment", "tandem.inventory.v1.InventoryService/ListShipments", "shipments"),
    ("billing", "customer", "tandem.billing.v1.BillingService/ListCustomers", "customers"),
    ("billing", "debtor_account",
     "tandem.billing.v1.BillingService/ListDebtorAccounts", "debtor_accounts"),
    ("billing", "credit_commitment",
     "tandem.billing.v1.BillingService/ListCreditCommitments", "credit_commitments"),
    ("billing", "invoice", "tandem.billing.v1.BillingService/ListInvoices", "invoices"),
    ("billing", "credit_note", "tandem.billing.v1.BillingService/ListCreditNotes", "credit_notes"),
    ("billing", "payment", "tandem.billing.v1.BillingService/ListPayments", "payments"),
    ("billing", "tax_code", "tandem.billing.v1.BillingService/ListTaxCodes", "tax_codes"),
    ("billing", "accounting_period",
     "tandem.billing.v1.BillingService/ListAccountingPeriods", "accounting_periods"),
]
# Lists of what has none: where they are kept, part, method, field.
OTHERS = [
    ("stocks", "inventory", "tandem.inventory.v1.InventoryService/ListStocks", "stocks"),
    ("returns", "inventory",
     "tandem.inventory.v1.InventoryService/ListShipmentReturns", "shipment_returns"),
    ("exposures", "billing", "tandem.billing.v1.BillingService/ListAccountExposures",
     "account_exposures"),
    ("entries", "billing", "tandem.billing.v1.BillingService/ListLedgerEntries", "ledger_entries"),
    ("standings", "customer", "tandem.customer.v1.CustomerService/ListCreditStandings",
     "credit_standings"),
    ("histories", "customer", "tandem.customer.v1.CustomerService/ListDealingsHistories",
     "dealings_histories"),
    ("dealings", "customer", "tandem.customer.v1.CustomerService/ListDealingsDocuments",
     "dealings_documents"),
    ("sales_facts", "opportunity", "tandem.opportunity.v1.OpportunityService/ListCustomerFacts",
     "customer_facts"),
    ("order_results", "opportunity", "tandem.opportunity.v1.OpportunityService/ListOrderResults",
     "order_results"),
    ("results", "opportunity", "tandem.opportunity.v1.OpportunityService/ListOpportunityResults",
     "opportunity_results"),
    ("product_facts", "order", "tandem.order.v1.OrderService/ListProductFacts", "product_facts"),
    ("customer_facts", "order", "tandem.order.v1.OrderService/ListCustomerFacts", "customer_facts"),
    ("account_facts", "order", "tandem.order.v1.OrderService/ListAccountFacts", "account_facts"),
    ("tax_facts", "order", "tandem.order.v1.OrderService/ListTaxRateFacts", "tax_rate_facts"),
]


def enum(message, field):
    """An enum's short name: ORDER_STATE_PLACED is PLACED."""
    d = message.DESCRIPTOR.fields_by_name[field]
    key = d.enum_type.full_name
    names = _enums.get(key)
    if names is None:
        prefix = d.enum_type.values[0].name[:-len("UNSPECIFIED")]
        names = _enums[key] = {v.number: v.name[len(prefix):] for v in d.enum_type.values}
    return names.get(getattr(message, field), "?")


_enums = {}


def version(etag):
    """An etag's place: \"7\" is 7; 0 for one that is no number."""
    text = etag.strip('"')
    return int(text) if text.isdigit() else 0


def order(m):
    cur = m.currency
    lines = tuple(OrderLine(
        x.line_number, x.product_id, quantity(x.quantity), x.quantity.unit, quantity(x.ordered),
        x.ordered.unit, money(x.unit_price), quantity(x.price_per), x.price_per.unit,
        enum(x, "price_source"), micros(x.discount.value), money(x.net), money(x.ordered_net),
        x.tax_class, x.tax_code, micros(x.tax_rate.value), quantity(x.cancelled),
        quantity(x.reserved), quantity(x.backordered), quantity(x.shipped), quantity(x.invoiced),
        quantity(x.credited), quantity(x.returned), money(x.billed_net), money(x.invoiced_net),
        money(x.credited_net), date(x.requested_date), date(x.promised_date)) for x in m.lines)
    f = m.freight
    freight = Freight(f.line_number, money(f.net), f.tax_code, micros(f.tax_rate.value),
                      money(f.billed_net), money(f.invoiced_net),
                      money(f.credited_net)) if m.HasField("freight") else None
    return Order(
        m.id, m.order_number, m.revision, version(m.etag), enum(m, "state"),
        enum(m, "credit_status"),
        enum(m, "fulfilment_status"), enum(m, "billing_status"), m.cancel_requested,
        enum(m, "cancel_reason"), m.sold_to_customer_id, m.bill_to.customer_id, m.payer_account_id,
        m.payer_customer_id, date(m.order_date), cur, enum(m, "delivery_policy"),
        enum(m, "backorder_policy"), m.priority, m.quote_id, m.quote_version, lines, freight,
        money(m.net_total), money(m.tax_total), money(m.gross_total),
        tuple(Hold(enum(h, "reason"), h.line_number, h.note) for h in m.holds),
        tuple(OrderShipment(s.shipment_id, s.shipment_number, date(s.ship_date), s.shipment_version,
                            s.last) for s in m.shipments),
        tuple(OrderShipmentLine(s.shipment_id, s.line_number, quantity(s.quantity),
                                money(s.billed_net), quantity(s.returned), money(s.return_net))
              for s in m.shipment_lines),
        tuple(OrderInvoice(i.invoice_id, i.invoice_number, i.shipment_id, date(i.invoice_date),
                           money(i.net), money(i.total), money(i.open_amount), i.invoice_version)
              for i in m.invoices),
        tuple(OrderReturn(r.return_id, r.shipment_id, date(r.return_date), money(r.net))
              for r in m.returns),
        tuple(OrderCredit(c.credit_note_id, c.credit_note_number, money(c.net), money(c.total))
              for c in m.credit_notes),
        m.commitment_version, m.demand_version, m.last_billed)


def demand(m):
    return Demand(
        m.order_id, version(m.etag), m.revision, m.reserve_revision, enum(m, "state"), m.held,
        m.order_version, m.priority, m.sequence, enum(m, "delivery_policy"),
        enum(m, "backorder_policy"), m.out_of_stock, m.released, m.warehouse,
        tuple(DemandLine(
            x.line_number, x.product_id, x.warehouse, quantity(x.ordered), quantity(x.open),
            quantity(x.reserved), quantity(x.backordered), quantity(x.allocated),
            quantity(x.shipped), quantity(x.returned), quantity(x.released), date(x.requested_date),
            x.week, date(x.promised_date), x.unstocked, x.unplaceable, x.ordered.unit)
            for x in m.lines), tuple(m.shipment_ids))


def shipment(m):
    return Shipment(
        m.id, m.number, m.order_id, version(m.etag), enum(m, "state"), m.warehouse,
        date(m.ship_date), tuple(ShipmentLine(
            x.line_number, x.product_id, quantity(x.quantity), quantity(x.picked),
            quantity(x.shipped), quantity(x.returned), x.unstocked) for x in m.lines))


def shipment_return(m):
    return Return(m.id, m.shipment_id, m.order_id, date(m.return_date), tuple(
        ReturnLine(x.line_number, quantity(x.quantity), enum(x, "disposition")) for x in m.lines))


def stock(m):
    return Stock(m.id, m.product_id, m.warehouse, quantity(m.on_hand), quantity(m.blocked),
                 quantity(m.reserved), quantity(m.available), quantity(m.backordered),
                 quantity(m.allocated), m.move_count)


def move(m):
    return Move(m.id, m.product_id, m.warehouse, enum(m, "kind"), quantity(m.delta),
                quantity(m.blocked_delta), quantity(m.on_hand_after), m.number, m.reference,
                m.order_id, m.reason)


def account(m):
    limited = enum(m.credit_policy, "kind") != "UNLIMITED"
    return Account(m.id, m.customer_id, m.currency,
                   money(m.credit_policy.limit) if limited else None, enum(m, "state"),
                   m.debtor_number, version(m.etag), m.order_block.on)


def exposure(m):
    return Exposure(m.account_id, m.customer_id, m.receivable.currency_code, money(m.receivable),
                    money(m.unapplied), money(m.committed), money(m.exposure),
                    money(m.highest_exposure), m.waiting, m.open_invoices, m.sequence)


def commitment(m):
    waiting = m.HasField("waiting")
    return Commitment(
        m.order_id, version(m.etag), m.account_id, m.payer_customer_id, m.revision,
        money(m.committed), money(m.invoiced), m.committed.currency_code, enum(m, "state"),
        money(m.waiting.asked) if waiting else None, m.waiting.revision,
        enum(m.waiting, "reason") if waiting else "", m.HasField("credit_override"))


def _lines(lines, invoice):
    return tuple(DocumentLine(
        x.line_number, x.product_id if invoice else "", quantity(x.quantity), money(x.net),
        x.tax_code, micros(x.tax_rate.value), x.freight if invoice else False,
        money(x.credited) if invoice else 0, money(x.returned) if invoice else 0) for x in lines)


def _taxes(taxes):
    return tuple(DocumentTax(t.tax_code, micros(t.tax_rate.value), money(t.base), money(t.tax),
                             money(t.credited_base), money(t.credited_tax)) for t in taxes)


def invoice(m):
    return Invoice(
        m.id, m.number, m.order_id, m.shipment_id, m.account_id, m.total.currency_code,
        date(m.invoice_date), date(m.tax_date), date(m.posting_date), date(m.due_date),
        m.payment_terms.net_days, _lines(m.lines, True), _taxes(m.taxes), money(m.net),
        money(m.tax),
        money(m.total), money(m.open_amount), money(m.credited), enum(m, "settlement"), m.last,
        version(m.etag), m.bill_to.customer_id)


def credit_note(m):
    return CreditNote(
        m.id, m.number, m.invoice_id, m.order_id, m.shipment_id, m.return_id, m.account_id,
        m.total.currency_code, enum(m, "reason"), date(m.credit_date), date(m.posting_date),
        _lines(m.lines, False), _taxes(m.taxes), money(m.net), money(m.tax), money(m.total),
        money(m.applied), money(m.unapplied), version(m.etag))


def payment(m):
    return Payment(
        m.id, m.account_id, m.amount.currency_code, money(m.amount), date(m.payment_date),
        date(m.posting_date), m.reference, m.order_id,
        tuple((a.invoice_id, money(a.amount)) for a in m.applications), money(m.applied),
        money(m.unapplied), enum(m, "state"), date(m.reversal_date), version(m.etag))


def entry(m):
    return Entry(m.id, enum(m, "document"), m.document_number, date(m.posting_date),
                 date(m.document_date), tuple(
                     Posting(p.ledger_account, money(p.debit), money(p.credit),
                             p.debit.currency_code or p.credit.currency_code, p.debtor_account_id,
                             p.tax_code) for p in m.postings))


MAKE = {"order": order, "demand": demand, "shipment": shipment, "stock_move": move,
        "debtor_account": account, "credit_commitment": commitment, "invoice": invoice,
        "credit_note": credit_note, "payment": payment}
MAKE_OTHER = {"stocks": stock, "returns": shipment_return, "exposures": exposure, "entries": entry}
# The field that is an entity's key, where it is not `id`.
KEYS = {"demand": "order_id", "credit_commitment": "order_id"}
OTHER_KEYS = {"exposures": "account_id", "tax_facts": "tax_class"}


def fingerprint(message):
    """The same for equal messages, within one run of this program."""
    return hash(message.SerializeToString(deterministic=True))


class World:
    """Everything that the lists show. `lists[part, entity]`: key → record; the others by their
    names; `prints[part, entity]`: key → fingerprint of the message."""

    def __init__(self):
        self.lists = {(part, entity): {} for part, entity, _, _ in LISTS}
        self.prints = {key: {} for key in self.lists}
        self.twice = []
        self.parked = set()  # orders whose events wait in quarantine: a violation of its own
        self.heads = {}
        self.sync = {}
        for name, _, _, _ in OTHERS:
            setattr(self, name, {})

    def __getattr__(self, name):
        """world.orders is lists["order", "order"]."""
        short = _NAMES.get(name)
        if short is None or "lists" not in self.__dict__:
            raise AttributeError(name)
        return self.lists[short]

    def load(self, source, say=lambda text: None):
        for part, entity, method, field in LISTS:
            records, prints = self.lists[part, entity], self.prints[part, entity]
            make, key_field = MAKE.get(entity), KEYS.get(entity, "id")
            for m in source.list(part, method, field):
                key = getattr(m, key_field)
                if key in records:
                    self.twice.append("%s %s %s" % (part, entity, key))
                prints[key] = fingerprint(m)
                records[key] = make(m) if make else m
            say("%s %s: %d" % (part, entity, len(records)))
        for name, part, method, field in OTHERS:
            records, make = getattr(self, name), MAKE_OTHER.get(name)
            key_field = OTHER_KEYS.get(name, "id")
            for m in source.list(part, method, field):
                key = getattr(m, key_field)
                if key in records:
                    self.twice.append("%s %s %s" % (part, name, key))
                records[key] = make(m) if make else m
        self.trial = source.call("billing", "tandem.billing.v1.BillingService/GetTrialBalance")
        self.debtors = source.call("billing", "tandem.billing.v1.BillingService/GetDebtorBalances")
        for part in SERVICES:
            self.heads[part] = source.heads(part)
        return self


_NAMES = {
    "orders": ("order", "order"), "products": ("inventory", "product"),
    "moves": ("inventory", "stock_move"), "demands": ("inventory", "demand"),
    "shipments": ("inventory", "shipment"), "accounts": ("billing", "debtor_account"),
    "commitments": ("billing", "credit_commitment"), "invoices": ("billing", "invoice"),
    "credit_notes": ("billing", "credit_note"), "payments": ("billing", "payment"),
    "tax_codes": ("billing", "tax_code"), "periods": ("billing", "accounting_period"),
    "debtors_customers": ("billing", "customer"), "customers": ("customer", "customer"),
    "contacts": ("customer", "contact"), "opportunities": ("opportunity", "opportunity"),
    "quotes": ("opportunity", "quote"), "items": ("opportunity", "catalogue_item"),
}
