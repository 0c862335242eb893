"""A small seeded company day against a real system, through its public APIs, written down as the
driver writes: orders, part shipments, cancellations, holds, blocks, refused and overridden credit,
payments that bounce, returns, allowances, quotes, edits of masters on both sides, repeated calls.

It is how the model is tried on the reverse paths; it contains no product code.
By hand: python -m model.scenario [--harsh] ADDRESS JOURNAL [STEPS [SEED]]
"""
import functools
import json
import os
import random
import sys
import time
import uuid

import grpc
from google.protobuf import json_format

from .source import Source, protos

UNKNOWN = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN")
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
SERVICE = {s: "tandem.%s.v1.%sService" % (s, s.capitalize()) for s in (
    "customer", "opportunity", "order", "inventory", "billing")}


def amount(text, currency="EUR"):
    units, _, rest = text.partition(".")
    return {"currency_code": currency, "units": units, "nanos": int((rest + "0" * 9)[:9])}


def pieces(n, unit="C62"):
    return {"value": {"value": str(n)}, "unit": unit}


def camel(path):
    """A field's name as JSON's masks spell it."""
    first, *rest = path.split("_")
    return first + "".join(w.capitalize() for w in rest)


def day(n):
    """The n-th day of the story, which begins with 2026."""
    month, rest = divmod(n % 336, 28)
    return {"year": 2026 + n // 336, "month": month + 1, "day": rest + 1}


class Client:
    """Calls, each written down before and after."""

    def __init__(self, address, path, name="scenario", seed=1):
        self.source = Source({part: address for part in SERVICE})
        self.out = open(path, "a", encoding="utf-8")
        self.name, self.op = name, 0
        self.random = random.Random("client %d" % seed)

    def close(self):
        self.out.close()
        self.source.close()

    def id(self, prefix):
        return prefix + "01" + "".join(self.random.choice(ALPHABET) for _ in range(24))

    def write(self, record):
        self.out.write(json.dumps({"at": time.time(), "op": self.op, "client": self.name, **record})
                       + "\n")
        self.out.flush()

    def ask(self, part, name, request=None, request_id=None, **fields):
        """(outcome, answer). Mutating calls get a request id."""
        request = dict(request or {}, **fields)
        method = SERVICE[part] + "/" + name
        d = protos().pool.FindServiceByName(SERVICE[part]).FindMethodByName(name)
        if "request_id" in d.input_type.fields_by_name:
            request_id = request_id or str(uuid.UUID(int=self.random.getrandbits(128), version=4))
            request["request_id"] = request_id
        message = json_format.ParseDict(request, protos().new(d.input_type)(),
                                        descriptor_pool=protos().pool)
        stub, _ = self.source._stub(part, method)
        self.op += 1
        self.write({"phase": "ask", "method": method, "request_id": request_id or "",
                    "request": request})
        try:
            answer = json_format.MessageToDict(stub(message, timeout=30),
                                               preserving_proto_field_name=True,
                                               descriptor_pool=protos().pool)
            outcome = {"outcome": "ok", "code": "OK", "reason": "", "response": answer}
        except grpc.RpcError as error:
            code = error.code().name
            outcome = {"outcome": "unknown" if code in UNKNOWN else "refused", "code": code,
                       "reason": _reason(error), "response": None}
        self.write({"phase": "answer", **outcome})
        answer = outcome["response"]
        return outcome["outcome"], outcome if answer is None else answer


def _reason(error):
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = protos().new("google.rpc.Status").FromString(value)
            for any_ in status.details:
                if any_.type_url.endswith("google.rpc.ErrorInfo"):
                    return protos().new("google.rpc.ErrorInfo").FromString(any_.value).reason
    return ""


class Story:
    """Random steps over a small company."""

    def __init__(self, client, seed, harsh=False):
        self.c, self.random = client, random.Random(seed)
        # Harsh: customers that go before the ERP has answered.
        self.harsh = harsh
        self.customers, self.products, self.items, self.accounts = [], [], {}, {}
        self.opportunities = []
        self.day = 0
        self.done = {}

    # --- the company ----------------------------------------------------------------------------

    def found(self):
        c = self.c
        for code, kind, rate in (("T19", "STANDARD", "0.19"), ("T7", "REDUCED", "0.07"),
                                 ("T0", "EXPORT", "0")):
            c.ask("billing", "CreateTaxCode", tax_code_id=code,
                  tax_code={"tax_class": kind, "rate": {"value": rate}, "text": kind.lower()})
        for n in range(6):
            id_ = c.id("cus_")
            self.customers.append(id_)
            c.ask("customer", "CreateCustomer", customer_id=id_, customer={
                "display_name": "Customer %d" % n, "kind": "CUSTOMER_KIND_ORGANISATION",
                "state": "CUSTOMER_STATE_CUSTOMER" if n < 5 else "CUSTOMER_STATE_PROSPECT",
                "currency": "EUR", "phone": "+49 30 %d" % (1000 + n),
                "email": "c%d@example.org" % n,
                "addresses": [{"address_id": p.lower(), "purpose": "ADDRESS_PURPOSE_" + p,
                               "address": {
                    "lines": ["Street %d" % n], "city": "Town", "postal_code": "1000%d" % n,
                    "country_code": "DE"}} for p in ("REGISTERED", "SHIP_TO", "BILL_TO")]})
        for n in range(8):
            id_ = c.id("prd_")
            self.products.append(id_)
            c.ask("inventory", "CreateProduct", product_id=id_, product={
                "sku": "S-%s-%d" % (id_[-6:], n), "names": {"en": "Thing %d" % n},
                "base_unit": "C62",
                "tax_class": ("STANDARD", "REDUCED", "EXPORT")[n % 3],
                "units": [{"unit": "DZN", "numerator": "12", "denominator": "1"}],
                "kind": "PRODUCT_KIND_SERVICE" if n == 7 else "PRODUCT_KIND_GOODS",
                "list_price": {"amount": amount("%d.%02d" % (n + 1, 33 * n % 100)),
                               "per": pieces(1)}})
            if n < 6:
                c.ask("inventory", "ReceiveStock", product_id=id_, quantity=pieces(20 + n),
                      reason="opening", reference="opening-%d" % n, stock_move_id=c.id("stm_"))
        self.wait(lambda: all(self._account(x) for x in self.customers[:5]), "accounts")
        self.wait(lambda: all(self._item(x) for x in self.products), "catalogue")
        for x in self.customers[:5]:
            c.ask("billing", "SetCredit", account_id=self.accounts[x], credit_policy={
                "kind": "CREDIT_POLICY_KIND_LIMITED",
                "limit": amount(self.random.choice(("300", "900", "5000")))})

    def wait(self, fact, what):
        until = time.monotonic() + 60
        while not fact():
            if time.monotonic() > until:
                raise RuntimeError("did not come: " + what)
            time.sleep(0.05)

    def _account(self, customer):
        outcome, answer = self.c.ask("billing", "GetCustomer", id=customer)
        if outcome == "ok" and answer.get("account_id"):
            self.accounts[customer] = answer["account_id"]
        return customer in self.accounts

    def _item(self, product):
        if not self.items.get(product):
            for m in self.c.source.list("opportunity",
                                        SERVICE["opportunity"] + "/ListCatalogueItems",
                                        "catalogue_items"):
                self.items[m.product_id] = m.id
        return self.items.get(product)

    # --- the steps ------------------------------------------------------------------------------

    def run(self, steps):
        names = [n[3:] for n in dir(self) if n.startswith("do_")]
        weight = {"order": 6, "ship": 6, "pay": 5, "receive": 3}
        for _ in range(steps):
            name = self.random.choices(names, [weight.get(n, 1) for n in names])[0]
            outcome = getattr(self, "do_" + name)()
            count = self.done.setdefault(name, {})
            count[outcome] = count.get(outcome, 0) + 1
            self.day += self.random.random() < 0.3

    def some(self, part, name, field, filter_=""):
        method = SERVICE[part] + "/" + name
        page = self.c.source.call(part, method, page_size=200, filter=filter_)
        found = list(getattr(page, field))
        return self.random.choice(found) if found else None

    def do_order(self):
        r, lines = self.random, []
        for n in range(r.randint(1, 4)):
            unit = "DZN" if r.random() < 0.1 else "C62"
            line = {"product_id": r.choice(self.products),
                    "quantity": pieces(1 if unit == "DZN" else r.randint(1, 9), unit)}
            if r.random() < 0.7:
                line["unit_price"] = amount(r.choice(("3.335", "0.33", "17.99", "1.005", "40")))
                line["price_per"] = pieces(r.choice((1, 3, 10)), unit)
            if r.random() < 0.4:
                line["discount"] = {"value": r.choice(("0.1", "0.333333", "0.025", "1"))}
            lines.append(line)
        order = {"sold_to_customer_id": r.choice(self.customers), "order_date": day(self.day),
                 "lines": lines, "priority": r.choice((0, 0, 0, 5)), "customer_reference": "PO",
                 "delivery_policy": r.choice(("DELIVERY_POLICY_PARTIAL",
                                              "DELIVERY_POLICY_COMPLETE"))}
        if r.random() < 0.3:
            order["freight"] = {"net": amount("4.95"), "tax_class": "STANDARD"}
        if r.random() < 0.15:
            order["backorder_policy"] = "BACKORDER_POLICY_NO_BACKORDER"
        request = {"order_id": self.c.id("ord_"), "order": order}
        return self._twice("order", "PlaceOrder", request)

    def _twice(self, part, name, request):
        """Sometimes the same again, sometimes with another body."""
        rid = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        outcome, _ = self.c.ask(part, name, request, rid)
        if self.random.random() < 0.15:
            self.c.ask(part, name, request, rid)
        if self.random.random() < 0.05:
            other = json.loads(json.dumps(request))
            if "order" in other:
                other["order"]["customer_reference"] = "another"
            elif "reference" in other:
                other["reference"] = "another"
            else:
                return outcome
            self.c.ask(part, name, other, rid)
        return outcome

    def do_receive(self):
        return self._twice("inventory", "ReceiveStock", {
            "product_id": self.random.choice(self.products), "stock_move_id": self.c.id("stm_"),
            "quantity": pieces(self.random.randint(1, 15)), "reference": "delivery"})

    def do_adjust(self):
        change = self.random.choice((("-2", "0"), ("1", "0"), ("0", "1"), ("0", "-1"),
                                     ("-30", "0")))
        return self.c.ask("inventory", "AdjustStock", product_id=self.random.choice(self.products),
                          quantity=pieces(change[0]), blocked_quantity=pieces(change[1]),
                          reason="count", reference="count")[0]

    def do_ship(self):
        s = self.some("inventory", "ListShipments", "shipments",
                      "state = SHIPMENT_STATE_PLANNED OR state = SHIPMENT_STATE_PACKED "
                      "OR state = SHIPMENT_STATE_PICKING OR state = SHIPMENT_STATE_PICKED")
        if s is None:
            return "none"
        return self._twice("inventory", "ShipShipment", {
            "shipment_id": s.id, "ship_date": day(self.day), "carrier": "us",
            "freight_cost": amount("3.20")})

    def do_pick(self):
        s = self.some("inventory", "ListShipments", "shipments", "state = SHIPMENT_STATE_PLANNED")
        if s is None:
            return "none"
        outcome, _ = self.c.ask("inventory", "StartPicking", shipment_id=s.id)
        if self.random.random() < 0.6:
            self.c.ask("inventory", "PickShipment", shipment_id=s.id)
            if self.random.random() < 0.6:
                self.c.ask("inventory", "PackShipment", shipment_id=s.id)
        return outcome

    def do_cancel(self):
        o = self.some("order", "ListOrders", "orders",
                      "state = ORDER_STATE_PLACED OR state = ORDER_STATE_CONFIRMED")
        return o and self._twice("order", "CancelOrder", {
            "order_id": o.id, "reason": "CANCEL_REASON_CUSTOMER_REQUEST"}) or "none"

    def do_hold(self):
        o = self.some("order", "ListOrders", "orders",
                      "state = ORDER_STATE_PLACED OR state = ORDER_STATE_CONFIRMED")
        return o and self.c.ask("order", "HoldOrder", order_id=o.id, note="wait")[0] or "none"

    def do_release(self):
        held = [o for o in self.c.source.list("order", SERVICE["order"] + "/ListOrders", "orders")
                if any(h.reason == 8 for h in o.holds)]
        if not held:
            return "none"
        return self.c.ask("order", "ReleaseOrder", order_id=self.random.choice(held).id)[0]

    def do_pay(self):
        r = self.random
        i = self.some("billing", "ListInvoices", "invoices", "" if r.random() < 0.2 else
                      "settlement != INVOICE_SETTLEMENT_SETTLED")
        request = {"payment_id": self.c.id("pay_"), "payment_date": day(self.day),
                   "reference": "thanks"}
        how = r.random()
        if i is None or how < 0.1:  # before its invoice, or for none
            o = self.some("order", "ListOrders", "orders")
            account = r.choice(list(self.accounts.values()))
            request.update(account_id=account, amount=amount("25.00"))
            if o is not None and o.payer_account_id == account:
                request["order_id"] = o.id
        else:
            total = i.total.units + i.total.nanos / 1e9
            text = "%.2f" % (total * r.choice((1, 1, 1, 0.5, 1.5)) + (0 if total else 1))
            request.update(account_id=i.account_id, amount=amount(text))
            if how < 0.6:
                request["invoice_ids"] = [i.id]
            elif how < 0.8:
                request["order_id"] = i.order_id
            else:
                request["reference"] = "for " + i.number
        return self._twice("billing", "RecordPayment", request)

    def do_apply(self):
        p = self.some("billing", "ListPayments", "payments", "state = PAYMENT_STATE_RECEIVED")
        i = self.some("billing", "ListInvoices", "invoices",
                      "settlement != INVOICE_SETTLEMENT_SETTLED")
        if p is None or i is None:
            return "none"
        return self.c.ask("billing", "ApplyPayment", payment_id=p.id,
                          applications=[{"invoice_id": i.id}])[0]

    def do_bounce(self):
        p = self.some("billing", "ListPayments", "payments")
        return p and self._twice("billing", "ReversePayment", {
            "payment_id": p.id, "reason": "bounced", "reversal_date": day(self.day)}) or "none"

    def do_return(self):
        s = self.some("inventory", "ListShipments", "shipments", "state = SHIPMENT_STATE_SHIPPED")
        if s is None:
            return "none"
        r = self.random
        lines = [{"line_number": x.line_number, "quantity": pieces(r.randint(1, 3)),
                  "disposition": "RETURN_DISPOSITION_" + r.choice(("RESTOCK", "SCRAP", "INSPECT"))}
                 for x in r.sample(list(s.lines), r.randint(1, len(s.lines)))]
        return self._twice("inventory", "ReturnShipment", {
            "shipment_id": s.id, "return_id": self.c.id("ret_"), "lines": lines,
            "return_date": day(self.day)})

    def do_allowance(self):
        i = self.some("billing", "ListInvoices", "invoices")
        if i is None:
            return "none"
        x = self.random.choice(list(i.lines))
        return self.c.ask("billing", "PostCreditNote", invoice_id=i.id, credit_date=day(self.day),
                          credit_note_id=self.c.id("crn_"),
                          lines=[{"line_number": x.line_number, "net": amount("0.33")}])[0]

    def do_block(self):
        account = self.random.choice(list(self.accounts.values()))
        name = self.random.choice(("BlockAccount", "UnblockAccount", "UnblockAccount"))
        return self.c.ask("billing", name, account_id=account, kind="BLOCK_KIND_ORDER")[0]

    def do_credit(self):
        return self.c.ask("billing", "SetCredit",
                          account_id=self.random.choice(list(self.accounts.values())),
                          credit_policy={"kind": "CREDIT_POLICY_KIND_LIMITED", "limit": amount(
                              self.random.choice(("0", "50", "300", "900", "5000")))})[0]

    def do_override(self):
        waiting = [x for x in self.c.source.list(
            "billing", SERVICE["billing"] + "/ListCreditCommitments", "credit_commitments")
            if x.HasField("waiting")]
        if not waiting:
            return "none"
        x = self.random.choice(waiting)
        return self.c.ask("billing", "OverrideCredit", order_id=x.order_id, reason="known",
                          authorised_by="ada", amount=json_format.MessageToDict(
                              x.waiting.asked, preserving_proto_field_name=True))[0]

    def do_customer(self):
        r, id_ = self.random, self.random.choice(self.customers)
        part, field = r.choice((("customer", "display_name"), ("billing", "display_name"),
                                ("customer", "phone"), ("billing", "phone"),
                                ("customer", "invoice_email"), ("billing", "invoice_email"),
                                ("customer", "website"), ("customer", "notes")))
        value = {"phone": "+49 30 %d" % r.randint(1000, 9999)}.get(field, "%s %d" % (
            field, r.randint(0, 999)))
        request = {"customer": {"id": id_, field: value}, "update_mask": camel(field)}
        if r.random() < 0.5:  # on condition, and sometimes on an old one
            outcome, now = self.c.ask(part, "GetCustomer", id=id_)
            if outcome == "ok":
                request["etag"] = now["etag"] if r.random() < 0.8 else '"1"'
        return self.c.ask(part, "UpdateCustomer", request)[0]

    def do_leave(self):
        """A customer that comes and goes: deleted, or archived."""
        if not self.harsh:
            return "none"
        id_ = self.c.id("cus_")
        self.c.ask("customer", "CreateCustomer", customer_id=id_, customer={
            "display_name": "Passing", "state": self.random.choice((
                "CUSTOMER_STATE_CUSTOMER", "CUSTOMER_STATE_PROSPECT"))})
        return self.c.ask("customer", self.random.choice(("DeleteCustomer", "ArchiveCustomer")),
                          id=id_)[0]

    def do_batch(self):
        """Several at once, one of them wrong."""
        items = [{"product_id": self.random.choice(self.products),
                  "stock_move_id": self.c.id("stm_"),
                  "quantity": pieces(n), "reference": "batch",
                  "request_id": str(uuid.UUID(int=self.random.getrandbits(128), version=4))}
                 for n in (1, 2, 0)]
        return self.c.ask("inventory", "BatchReceiveStock", requests=items)[0]

    def do_flags(self):
        r, id_ = self.random, self.random.choice(self.customers[:5])
        how = r.random()
        if how < 0.4:
            name = r.choice(("DeactivateCustomer", "ReactivateCustomer", "ReactivateCustomer"))
            return self.c.ask("customer", name, id=id_)[0]
        if how < 0.6:  # the CRM does not own it: undone, and kept
            return self.c.ask("customer", "UpdateCustomer", customer={
                "id": id_, "payment_terms": {"net_days": r.randint(1, 60)}},
                update_mask="paymentTerms")[0]
        if how < 0.8:
            return self.c.ask("billing", "SetPaymentTerms", account_id=self.accounts[id_],
                              payment_terms={"net_days": r.randint(1, 60)})[0]
        part = r.choice(("customer", "billing"))
        return self.c.ask(part, "UpdateCustomer", customer={
            "id": id_, "addresses": [{
                "address_id": x, "purpose": "ADDRESS_PURPOSE_" + x.upper(), "address": {
                    "lines": ["Street %d" % r.randint(1, 99)], "city": "Town",
                    "postal_code": "1", "country_code": "DE"}} for x in (
                        "registered", "ship_to", "bill_to")]}, update_mask="addresses")[0]

    def do_period(self):
        month = "2026-%02d" % self.random.randint(1, 12)
        return self.c.ask("billing", *self.random.choice((
            ("ClosePeriod", {"period": month}),
            ("ReopenPeriod", {"period": month, "reason": "late"}))))[0]

    def do_tax(self):
        return self.c.ask("billing", "UpdateTaxCode", tax_code={
            "id": "T7", "rate": {"value": self.random.choice(("0.07", "0.05"))}},
            update_mask="rate")[0]

    def do_product(self):
        r, id_ = self.random, self.random.choice(self.products)
        if r.random() < 0.5:
            return self.c.ask("inventory", "UpdateProduct", product={
                "id": id_, "category": "group %d" % r.randint(0, 9)}, update_mask="category")[0]
        field = r.choice(("category", "competition"))
        return self.c.ask("opportunity", "UpdateCatalogueItem", catalogue_item={
            "id": self.items[id_], field: "x%d" % r.randint(0, 9)}, update_mask=field)[0]

    def do_discontinue(self):
        name = self.random.choice(("DiscontinueProduct", "ReinstateProduct", "ReinstateProduct"))
        return self.c.ask("inventory", name, id=self.random.choice(self.products))[0]

    def do_quote(self):
        r, c = self.random, self.c
        opportunity = c.id("opp_")
        customer = r.choice(self.customers)
        if c.ask("opportunity", "CreateOpportunity", opportunity_id=opportunity, opportunity={
                "name": "Chance", "customer_id": customer})[0] != "ok":
            return "refused"
        quote = c.id("quo_")
        lines = [{"catalogue_item_id": self.items[r.choice(self.products)],
                  "quantity": pieces(r.randint(1, 6)),
                  **({"unit_price": amount("9.995"), "price_per": pieces(2)} if r.random() < 0.5
                     else {})} for _ in range(r.randint(1, 3))]
        c.ask("opportunity", "CreateQuote", quote_id=quote, quote={
            "opportunity_id": opportunity, "quote_date": day(self.day), "currency": "EUR",
            "lines": lines})
        if c.ask("opportunity", "IssueQuote", id=quote, valid_until=day(self.day + 30))[0] != "ok":
            return "refused"
        how = r.random()
        if how < 0.2:
            new = c.id("quo_")
            c.ask("opportunity", "ReviseQuote", id=quote, new_quote_id=new)
            c.ask("opportunity", "IssueQuote", id=new, valid_until=day(self.day + 30))
            quote = new
        if how < 0.75:
            return self._twice("opportunity", "AcceptQuote", {
                "id": quote, "acceptance_date": day(self.day)})
        if how < 0.85:
            return c.ask("opportunity", "DeclineQuote", id=quote, reason="dear")[0]
        return c.ask("opportunity", "LoseOpportunity", id=opportunity, reason="gone")[0]

    def do_read(self):
        o = self.some("order", "ListOrders", "orders")
        return o and self.c.ask("order", "GetOrder", id=o.id)[0] or "none"


def play(address, path, steps=300, seed=1, harsh=False, say=print):
    client = Client(address, path, seed=seed)
    try:
        story = Story(client, seed, harsh)
        story.found()
        story.run(steps)
        for name, outcomes in sorted(story.done.items()):
            say("%-12s %s" % (name, outcomes))
    finally:
        client.close()


if __name__ == "__main__":
    if "--harsh" in sys.argv:
        sys.argv.remove("--harsh")
        play = functools.partial(play, harsh=True)
    if os.path.exists(sys.argv[2]):
        sys.exit(sys.argv[2] + " is there already")
    play(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
