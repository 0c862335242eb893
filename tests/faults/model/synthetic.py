"""A small company that is right in every figure, by hand, for the tests of the checks: they change
one thing in it and must find it.

SO-1 was shipped twice, billed, paid too much, and one piece came back; SO-2 is half reserved and
half on backorder. 3 × 3.335 = 10.01 is billed 3.34 + 6.67; 19 % of 8.29 is 1.58, of 6.67 is 1.27.
"""
from google.protobuf import json_format

from .exact import micros
from .source import protos
from .world import (Account, Commitment, CreditNote, Demand, DemandLine, DocumentLine, DocumentTax,
                    Entry, Exposure, Freight, Invoice, Move, Order, OrderCredit, OrderInvoice,
                    OrderLine, OrderReturn, OrderShipment, OrderShipmentLine, Payment, Posting,
                    Return,
                    ReturnLine, Shipment, ShipmentLine, Stock, World)

A, B, CUS, ACC = "prd_a", "prd_b", "cus_1", "acc_1"
O1, O2, S1, S2, S3 = "ord_1", "ord_2", "shp_1", "shp_2", "shp_3"
T19, T7 = 190000, 70000


def m(text):
    """Micros of a text such as "10.01"."""
    return micros(text)


def n(pieces):
    return pieces * 1000000


def message(name, /, **fields):
    return json_format.ParseDict(fields, protos().new(name)(), descriptor_pool=protos().pool)


def amount(text):
    units, _, rest = text.lstrip("-").partition(".")
    sign = -1 if text.startswith("-") else 1
    return {"currency_code": "EUR", "units": str(sign * int(units)),
            "nanos": sign * int((rest + "0" * 9)[:9])}


def pieces(count):
    return {"value": {"value": str(count)}, "unit": "C62"}


def line(number, product, count, price, net, rate, code, **more):
    values = dict(
        number=number, product=product, asked=n(count), unit="C62", ordered=n(count),
        base_unit="C62",
        price=m(price), per=n(1), per_unit="C62", source="GIVEN", discount=0, net=m(net),
        ordered_net=m(net), tax_class="", tax_code=code, tax_rate=rate, cancelled=0, reserved=0,
        backordered=0, shipped=0, invoiced=0, credited=0, returned=0, billed_net=0, invoiced_net=0,
        credited_net=0, requested=0, promised=0)
    values.update(more)
    return OrderLine(**values)


def order(id_, number, **more):
    values = dict(
        id=id_, number=number, revision=1, version=2, state="CONFIRMED", credit="APPROVED",
        fulfilment="OPEN", billing="NONE", cancel_requested=False, cancel_reason="UNSPECIFIED",
        sold_to=CUS, bill_to=CUS, account=ACC, payer=CUS, date=20260101, currency="EUR",
        delivery="PARTIAL", backorder="BACKORDER", priority=0, quote="", quote_version=0, lines=(),
        freight=None, net=0, tax=0, gross=0, holds=(), shipments=(), shipment_lines=(), invoices=(),
        returns=(), credit_notes=(), commitment_version=0, demand_version=2, last_billed=False)
    values.update(more)
    return Order(**values)


def demand_line(number, product, ordered, **more):
    values = dict(number=number, product=product, warehouse="MAIN", ordered=n(ordered), open=0,
                  reserved=0, backordered=0, allocated=0, shipped=0, returned=0, released=0,
                  requested=20260101, week="2026-W01", promised=0, unstocked=False,
                  unplaceable=False, unit="C62")
    values.update(more)
    return DemandLine(**values)


def demand(id_, lines, shipments, **more):
    values = dict(id=id_, version=2, revision=1, reserve_revision=1, state="RELEASED", held=False,
                  order_version=1, priority=0, sequence=int(id_[-1]), delivery="PARTIAL",
                  backorder="BACKORDER", out_of_stock=False, released=False, warehouse="MAIN",
                  lines=lines, shipments=shipments)
    values.update(more)
    return Demand(**values)


def company():
    """The world, right in every figure."""
    w = World()
    w.trial = None

    def put(key, records):
        w.lists[key].update({x.id: x for x in records})
    put(("order", "order"), [
        order(O1, "SO-1", version=9, state="CLOSED", fulfilment="SHIPPED", billing="PAID", lines=(
            line(1, A, 3, "3.335", "10.01", T19, "T19", shipped=n(3), invoiced=n(3),
                 billed_net=m("10.01"), invoiced_net=m("10.01")),
            line(2, B, 2, "0.33", "0.66", T7, "T7", shipped=n(2), invoiced=n(2), returned=n(1),
                 credited=n(1), billed_net=m("0.66"), invoiced_net=m("0.66"),
                 credited_net=m("0.33"))),
            freight=Freight(3, m("4.95"), "T19", T19, m("4.95"), m("4.95"), 0), net=m("15.62"),
            tax=m("2.89"), gross=m("18.51"),
            shipments=(OrderShipment(S1, "SH-1", 20260105, 2, False),
                       OrderShipment(S2, "SH-2", 20260106, 2, True)),
            shipment_lines=(OrderShipmentLine(S1, 1, n(1), m("3.34"), 0, 0),
                            OrderShipmentLine(S1, 2, n(2), m("0.66"), n(1), m("0.33")),
                            OrderShipmentLine(S2, 1, n(2), m("6.67"), 0, 0)),
            invoices=(OrderInvoice("inv_1", "INV-2026-000001", S1, 20260105, m("8.95"), m("10.58"),
                                   0, 2),
                      OrderInvoice("inv_2", "INV-2026-000002", S2, 20260106, m("6.67"), m("7.94"),
                                   0,
                                   2)),
            returns=(OrderReturn("ret_1", S1, 20260109, m("0.33")),),
            credit_notes=(OrderCredit("crn_1", "CRN-2026-000001", m("0.33"), m("0.35")),),
            last_billed=True),
        order(O2, "SO-2", fulfilment="PARTLY_RESERVED", lines=(
            line(1, A, 9, "1", "9", T19, "T19", reserved=n(7), backordered=n(2)),),
            net=m("9"), tax=m("1.71"), gross=m("10.71"))])
    put(("inventory", "demand"), [
        demand(O1, (demand_line(1, A, 3, shipped=n(3)), demand_line(2, B, 2, shipped=n(2),
                                                                    returned=n(1))), (S1, S2),
               state="CLOSED"),
        demand(O2, (demand_line(1, A, 9, open=n(9), reserved=n(7), backordered=n(2)),), (S3,))])
    put(("inventory", "shipment"), [
        Shipment(S1, "SH-1", O1, 3, "SHIPPED", "MAIN", 20260105, (
            ShipmentLine(1, A, n(1), n(1), n(1), 0, False),
            ShipmentLine(2, B, n(2), n(2), n(2), n(1), False))),
        Shipment(S2, "SH-2", O1, 2, "SHIPPED", "MAIN", 20260106, (
            ShipmentLine(1, A, n(2), n(2), n(2), 0, False),)),
        Shipment(S3, "SH-3", O2, 1, "PLANNED", "MAIN", 0, (
            ShipmentLine(1, A, n(7), 0, 0, 0, False),))])
    put(("inventory", "stock_move"), [
        Move("stm_1", A, "MAIN", "RECEIPT", n(10), 0, n(10), 1, "x", "", ""),
        Move("stm_2", B, "MAIN", "RECEIPT", n(5), 0, n(5), 1, "x", "", ""),
        Move("stm_3", A, "MAIN", "SHIPMENT", n(-1), 0, n(9), 2, S1, O1, ""),
        Move("stm_4", B, "MAIN", "SHIPMENT", n(-2), 0, n(3), 2, S1, O1, ""),
        Move("stm_5", A, "MAIN", "SHIPMENT", n(-2), 0, n(7), 3, S2, O1, ""),
        Move("stm_6", B, "MAIN", "RETURN", n(1), 0, n(4), 3, "ret_1", O1, "")])
    w.stocks = {s.id: s for s in (
        Stock(A + "/MAIN", A, "MAIN", n(7), 0, n(7), 0, n(2), 0, 3),
        Stock(B + "/MAIN", B, "MAIN", n(4), 0, 0, n(4), 0, 0, 3))}
    w.returns = {"ret_1": Return("ret_1", S1, O1, 20260109, (ReturnLine(2, n(1), "RESTOCK"),))}
    put(("billing", "debtor_account"), [Account(ACC, CUS, "EUR", m("1000"), "OPEN", "D-1", 2,
                                                False)])
    put(("billing", "invoice"), [
        Invoice("inv_1", "INV-2026-000001", O1, S1, ACC, "EUR", 20260105, 20260105, 20260105,
                20260204,
                30, (DocumentLine(1, A, n(1), m("3.34"), "T19", T19, False, 0, 0),
                     DocumentLine(2, B, n(2), m("0.66"), "T7", T7, False, m("0.33"),
                                  m("0.33")),
                     DocumentLine(3, "", n(1), m("4.95"), "T19", T19, True, 0, 0)),
                (DocumentTax("T19", T19, m("8.29"), m("1.58"), 0, 0),
                 DocumentTax("T7", T7, m("0.66"), m("0.05"), m("0.33"), m("0.02"))), m("8.95"),
                m("1.63"), m("10.58"), 0, m("0.35"), "SETTLED", False, 2, CUS),
        Invoice("inv_2", "INV-2026-000002", O1, S2, ACC, "EUR", 20260106, 20260106, 20260106,
                20260205,
                30, (DocumentLine(1, A, n(2), m("6.67"), "T19", T19, False, 0, 0),),
                (DocumentTax("T19", T19, m("6.67"), m("1.27"), 0, 0),), m("6.67"), m("1.27"),
                m("7.94"),
                0, 0, "SETTLED", True, 2, CUS)])
    put(("billing", "credit_note"), [CreditNote(
        "crn_1", "CRN-2026-000001", "inv_1", O1, S1, "ret_1", ACC, "EUR", "RETURN", 20260109,
        20260109,
        (DocumentLine(2, "", n(1), m("0.33"), "T7", T7, False, 0, 0),),
        (DocumentTax("T7", T7, m("0.33"), m("0.02"), 0, 0),), m("0.33"), m("0.02"), m("0.35"), 0,
        m("0.35"), 1)])
    put(("billing", "payment"), [
        Payment("pay_1", ACC, "EUR", m("20"), 20260108, 20260108, "", O1,
                (("inv_1", m("10.58")), ("inv_2", m("7.94"))), m("18.52"), m("1.48"), "RECEIVED", 0,
                1),
        Payment("pay_2", ACC, "EUR", m("5"), 20260108, 20260108, "", "", (), 0, 0, "REVERSED",
                20260110,
                2)])
    w.lists["billing", "credit_commitment"].update({
        O1: Commitment(O1, 3, ACC, CUS, 1, m("18.51"), m("18.52"), "EUR", "CLOSED", None, 0, "",
                       False),
        O2: Commitment(O2, 1, ACC, CUS, 1, m("10.71"), 0, "EUR", "OPEN", None, 0, "", False)})
    w.exposures = {ACC: Exposure(ACC, CUS, "EUR", 0, m("1.83"), m("10.71"), m("8.88"), m("20"), 0,
                                 0, 9)}
    w.entries = {e.id: e for e in (
        entry("inv_1", "INVOICE", "INV-2026-000001", 20260105, ("1200", "10.58", ACC, ""),
              ("4000", "-4", "", ""), ("4100", "-4.95", "", ""), ("2200", "-1.58", "", "T19"),
              ("2200", "-0.05", "", "T7")),
        entry("inv_2", "INVOICE", "INV-2026-000002", 20260106, ("1200", "7.94", ACC, ""),
              ("4000", "-6.67", "", ""), ("2200", "-1.27", "", "T19")),
        entry("crn_1", "CREDIT_NOTE", "CRN-2026-000001", 20260109, ("4050", "0.33", "", ""),
              ("2200", "0.02", "", "T7"), ("1200", "-0.35", ACC, "")),
        entry("pay_1", "PAYMENT", "", 20260108, ("1000", "20", "", ""), ("1200", "-20", ACC, "")),
        entry("pay_2", "PAYMENT", "", 20260108, ("1000", "5", "", ""), ("1200", "-5", ACC, "")),
        entry("pay_2/reversal", "PAYMENT_REVERSAL", "", 20260110, ("1200", "5", ACC, ""),
              ("1000", "-5", "", "")))}
    _masters(w)
    _read_models(w)
    return w


def entry(id_, document, number, day, *postings):
    return Entry(id_, document, number, day, day, tuple(
        Posting(ledger, max(0, m(x)), max(0, -m(x)), "EUR", account, code)
        for ledger, x, account, code in postings))


def _masters(w):
    address = {"address_id": "main", "purpose": "ADDRESS_PURPOSE_SHIP_TO",
               "address": {"lines": ["Street 1"], "city": "Town", "country_code": "DE"}}
    shared = {"id": CUS, "customer_number": "C-1", "kind": "CUSTOMER_KIND_ORGANISATION",
              "display_name": "Ada", "phone": "+49 30 1", "currency": "EUR", "debtor_number": "D-1",
              "addresses": [address], "credit_policy": {"kind": "CREDIT_POLICY_KIND_LIMITED",
                                                        "limit": amount("1000")}}
    w.lists["customer", "customer"][CUS] = message(
        "tandem.customer.v1.Customer", state="CUSTOMER_STATE_CUSTOMER", etag='"2"', **shared)
    w.lists["billing", "customer"][CUS] = message(
        "tandem.billing.v1.Customer", status="CUSTOMER_STATUS_CUSTOMER", account_id=ACC,
        legal_name="Ada", etag='"3"', **shared)
    for id_, sku in ((A, "A"), (B, "B")):
        shared = {"sku": sku, "names": {"en": "Thing " + sku}, "base_unit": "C62",
                  "tax_class": "STANDARD", "list_price": {"amount": amount("1.50")}}
        w.lists["inventory", "product"][id_] = message(
            "tandem.inventory.v1.Product", id=id_, kind="PRODUCT_KIND_GOODS",
            state="PRODUCT_STATE_ACTIVE", **shared)
        w.lists["opportunity", "catalogue_item"]["cat_" + sku] = message(
            "tandem.opportunity.v1.CatalogueItem", id="cat_" + sku, product_id=id_,
            kind="CATALOGUE_ITEM_KIND_GOODS", state="CATALOGUE_ITEM_STATE_ACTIVE",
            offered={"on": True}, **shared)
        w.product_facts[id_] = message(
            "tandem.order.v1.ProductFact", id=id_, sku=sku, name="Thing " + sku,
            state="PRODUCT_FACT_STATE_ACTIVE", base_unit="C62", tax_class="STANDARD", kind="GOODS",
            list_price=amount("1.50"), source_version="1")

    def link(*ids):
        return tuple((s, i, (), "", (), 0) for s, i in ids)
    status = message("tandem.master_data.v1.SyncStatus", records="1", in_step="1")
    two = message("tandem.master_data.v1.SyncStatus", records="2", in_step="2")
    w.sync = {
        "customer_sync": {"status": status, "refused": {}, "conflicts": [], "records": {
            "rec_1": (True, link(("customer", CUS), ("billing", CUS)), 0, 0, 0)}},
        "product_sync": {"status": two, "refused": {}, "conflicts": [], "records": {
            "rec_2": (True, link(("inventory", A), ("opportunity", "cat_A")), 0, 0, 0),
            "rec_3": (True, link(("inventory", B), ("opportunity", "cat_B")), 0, 0, 0)}}}


def _read_models(w):
    w.customer_facts[CUS] = message(
        "tandem.order.v1.CustomerFact", id=CUS, known=True, customer_number="C-1",
        display_name="Ada",
        ship_to_address={"lines": ["Street 1"], "city": "Town", "country_code": "DE"},
        account_id=ACC,
        source_version="3")
    w.account_facts[ACC] = message("tandem.order.v1.AccountFact", id=ACC, customer_id=CUS,
                                   currency="EUR", source_version="2")
    w.sales_facts[CUS] = message("tandem.opportunity.v1.CustomerFact", id=CUS,
                                 customer_number="C-1",
                                 display_name="Ada", customer=True, source_version="2")
    w.standings[CUS] = message("tandem.customer.v1.CreditStanding", id=CUS, accounts=[dict(
        account_id=ACC, debtor_number="D-1", currency="EUR", policy="CREDIT_POLICY_KIND_LIMITED",
        limit=amount("1000"), exposure=amount("8.88"), headroom=amount("991.12"),
        position=amount("-1.83"), committed=amount("10.71"), account_version="2")])
    for id_, kind, number, state, day, total, open_ in (
            (O1, "ORDER", "SO-1", "CLOSED", 1, "18.51", None),
            (O2, "ORDER", "SO-2", "CONFIRMED", 1, "10.71", None),
            ("inv_1", "INVOICE", "INV-2026-000001", "SETTLED", 5, "10.58", "0"),
            ("inv_2", "INVOICE", "INV-2026-000002", "SETTLED", 6, "7.94", "0"),
            ("crn_1", "CREDIT_NOTE", "CRN-2026-000001", "POSTED", 9, "0.35", "0.35"),
            ("pay_1", "PAYMENT", "", "RECEIVED", 8, "20", "1.48"),
            ("pay_2", "PAYMENT", "", "REVERSED", 8, "0", "0")):
        w.dealings[id_] = message(
            "tandem.customer.v1.DealingsDocument", id=id_, customer_id=CUS,
            kind="DEALINGS_KIND_" + kind, number=number, state=state, amount=amount(total),
            document_date={"year": 2026, "month": 1, "day": day},
            **({"open_amount": amount(open_)} if open_ else {}))
    w.histories[CUS] = message(
        "tandem.customer.v1.DealingsHistory", id=CUS, orders="2", invoices="2", credit_notes="1",
        payments="2", totals=[dict(currency="EUR", ordered=amount("29.22"),
                                   invoiced=amount("18.52"),
                                   credited=amount("0.35"), paid=amount("20"))],
        first_order_date={"year": 2026, "month": 1, "day": 1},
        last_order_date={"year": 2026, "month": 1, "day": 1})
    for id_, number, booked, shipped, invoiced, credited, collected in (
            (O1, "SO-1", "15.62", "10.67", "15.62", "0.33", "18.52"),
            (O2, "SO-2", "9", "0", "0", "0", "0")):
        w.order_results[id_] = message(
            "tandem.opportunity.v1.OrderResult", id=id_, order_number=number, total=dict(
                currency="EUR", booked=amount(booked), shipped=amount(shipped),
                invoiced=amount(invoiced), credited=amount(credited), collected=amount(collected)))


def change(w, key, id_, **fields):
    """One record, otherwise."""
    records = getattr(w, key)
    records[id_] = records[id_]._replace(**fields)


def change_line(w, key, id_, n_, **fields):
    records = getattr(w, key)
    lines = list(records[id_].lines)
    lines[n_] = lines[n_]._replace(**fields)
    records[id_] = records[id_]._replace(lines=tuple(lines))


def refuse(test, check, broken, right=None):
    """`check` is content with the right company and finds each of the broken ones."""
    result = check(right() if right else company())
    test.assertEqual([], result.violations)
    test.assertGreater(result.compared, 0)
    for name, break_ in broken.items():
        with test.subTest(name):
            w = company()
            break_(w)
            test.assertGreater(check(w).count, 0, "not found: " + name)


# --- events -------------------------------------------------------------------------------------


class Feed:
    """Makes events as a journal would, and shows them to followers."""

    def __init__(self, part):
        self.part, self.position, self.versions, self.lanes = part, 0, {}, {}
        self.made = []

    def add(self, event, kind, entity, what=None, request_id="", version=None, previous=None,
            meta=None, **envelope):
        """`event` is the event message's full name, `kind` the type's short name."""
        package, _, short = event.rpartition(".")
        fields = protos().pool.FindMessageTypeByName(event)
        subject = entity.get("id") or entity.get("order_id")
        option = protos().event(fields)
        self.position += 1
        version = version or self.versions.get(subject, 0) + 1
        self.versions[subject] = version
        oneof = next(f.name for f in fields.oneofs_by_name["what"].fields
                     if f.message_type.name == kind)
        id_ = "evt_%s_%d" % (self.part, self.position)
        entity = dict({"etag": '"%d"' % version}, **entity)
        m_ = message(event, **{
            "meta": dict({"id": id_, "entity_version": str(version), "request_id": request_id,
                           "correlation_id": id_}, **(meta or {})),
            fields.fields_by_number[2].name: entity, oneof: what or {}})
        key = entity.get(option.routing_field) if option.routing_field else subject
        values = dict(
            id=id_, type=package + "." + kind, source="/tandem/" + self.part, subject=subject,
            topic=option.topic, routing_key=key, incarnation="abc", position=self.position, lane=7,
            previous_position=self.lanes.get(option.topic, 0), entity_version=version,
            payload=m_.SerializeToString(), event_message=event)
        values.update(envelope)
        self.lanes[option.topic] = values["position"]
        e = protos().new("tandem.events.v1.EventEnvelope")(**values)
        self.made.append((e, m_, getattr(m_, oneof), getattr(m_, fields.fields_by_number[2].name)))
        return self

    def show(self, *followers):
        for event in self.made:
            for follower in followers:
                follower.see(*event)
