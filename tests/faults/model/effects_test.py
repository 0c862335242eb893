"""Effects: each figure and read model that is not what its owner says is found."""
import unittest

from . import effects
from .synthetic import (A, ACC, B, CUS, O1, O2, change, change_line, m, message, n, refuse)


def field(records, key, path, value):
    """Sets one field of a message in the world."""
    def break_(w):
        target = getattr(w, records)[key]
        *way, last = path.split(".")
        for name in way:
            target = target[int(name)] if name.isdigit() else getattr(target, name)
        setattr(target, last, value)
    return break_


class Effects(unittest.TestCase):
    def test_orders(self):
        refuse(self, effects.orders, {
            "reserved": lambda w: change_line(w, "orders", O2, 0, reserved=n(6)),
            "shipped": lambda w: change_line(w, "orders", O1, 0, shipped=n(2)),
            "returned": lambda w: change_line(w, "orders", O1, 1, returned=0),
            "invoiced": lambda w: change_line(w, "orders", O1, 0, invoiced_net=m("10.00")),
            "credited": lambda w: change_line(w, "orders", O1, 1, credited_net=0),
            "a shipment that it does not know": lambda w: change(
                w, "orders", O1, shipments=w.orders[O1].shipments[:1]),
            "an invoice that it does not know": lambda w: change(
                w, "orders", O1, invoices=w.orders[O1].invoices[:1]),
            "open amount of an invoice": lambda w: change(w, "orders", O1, invoices=tuple(
                i._replace(open=m("1")) for i in w.orders[O1].invoices)),
            "a credit note twice": lambda w: w.credit_notes.update(
                x=w.credit_notes["crn_1"]._replace(id="x")),
            "fulfilment": lambda w: change(w, "orders", O2, fulfilment="RESERVED"),
            "billing": lambda w: change(w, "orders", O1, billing="INVOICED"),
            "not closed": lambda w: change(w, "orders", O1, state="CONFIRMED"),
            "not confirmed": lambda w: change(w, "orders", O2, state="PLACED"),
            "still to be cancelled": lambda w: change(w, "orders", O2, cancel_requested=True),
            "held in inventory alone": lambda w: change(w, "demands", O2, held=True),
            "credit refused and not held": lambda w: change(w, "commitments", O2,
                                                            waiting=m("10.71")),
            "cancelled in inventory alone": lambda w: change_line(
                w, "demands", O1, 0, released=n(1)),
            "another policy in inventory": lambda w: change(w, "demands", O2, delivery="COMPLETE"),
            "another date in inventory": lambda w: change_line(w, "demands", O2, 0,
                                                               requested=20260102),
            "another quantity in inventory": lambda w: change_line(w, "demands", O2, 0,
                                                                   ordered=n(10)),
        })

    def test_what_is_parked_is_told_once(self):
        w = _company()
        change_line(w, "orders", O1, 0, shipped=n(2))
        key = message("tandem.operations.v1.QuarantinedKey", id="order_to_cash|" + O1, key=O1)
        self.assertEqual(1, effects.parked(w, [key]).count)
        self.assertEqual(0, effects.orders(w).count)

    def test_accepted_quotes(self):
        def quote(w, state="QUOTE_STATE_ORDERED", orders=1):
            w.quotes["quo_1"] = message("tandem.opportunity.v1.Quote", id="quo_1", state=state,
                                        currency="EUR")
            for id_ in (O1, O2)[:orders]:
                change(w, "orders", id_, quote="quo_1")
            return w
        self.assertEqual(0, effects.quotes(quote(_company())).count)
        self.assertGreater(effects.quotes(quote(_company(), orders=0)).count, 0)
        self.assertGreater(effects.quotes(quote(_company(), orders=2)).count, 0)
        self.assertGreater(effects.quotes(quote(_company(), "QUOTE_STATE_ACCEPTED")).count, 0)
        self.assertGreater(effects.quotes(quote(_company(), "QUOTE_STATE_EXPIRED")).count, 0)

    def test_facts(self):
        versions = {("inventory", "product"): {A: 1, B: 1}, ("billing", "customer"): {CUS: 3},
                    ("billing", "debtor_account"): {ACC: 2}, ("customer", "customer"): {CUS: 2}}
        refuse(self, lambda w: effects.facts(w, versions), {
            "an old version": field("product_facts", A, "source_version", 0),
            "sku": field("product_facts", A, "sku", "X"),
            "price": field("product_facts", A, "list_price.units", 9),
            "a product that is not known": lambda w: w.product_facts.pop(B),
            "blocked": field("customer_facts", CUS, "blocked", True),
            "account": field("customer_facts", CUS, "account_id", "acc_2"),
            "address": field("customer_facts", CUS, "ship_to_address.city", "Village"),
            "account closed": field("account_facts", ACC, "closed", True),
            "sales' name": field("sales_facts", CUS, "display_name", "Eve"),
            "a rate that is not known": lambda w: w.tax_codes.update(T19=message(
                "tandem.billing.v1.TaxCode", id="T19", tax_class="STANDARD",
                rate={"value": "0.19"})),
        })

    def test_standings(self):
        refuse(self, effects.standings, {
            "exposure": field("standings", CUS, "accounts.0.exposure.units", 9),
            "headroom": field("standings", CUS, "accounts.0.headroom.units", 9),
            "position": field("standings", CUS, "accounts.0.position.units", 9),
            "waiting": field("standings", CUS, "accounts.0.waiting", 1),
            "limit": field("standings", CUS, "accounts.0.limit.units", 9),
            "open invoices": field("standings", CUS, "accounts.0.open_invoices", 1),
            "missing": lambda w: w.standings.clear(),
        })

    def test_dealings(self):
        refuse(self, effects.dealings, {
            "missing": lambda w: w.dealings.pop("inv_1"),
            "one too many": lambda w: w.dealings.update(x=w.dealings["inv_1"]),
            "amount": field("dealings", "inv_1", "amount.units", 11),
            "open amount": field("dealings", "pay_1", "open_amount.units", 0),
            "state": field("dealings", O2, "state", "PLACED"),
            "reversed payment counted": field("histories", CUS, "totals.0.paid.units", 25),
            "count": field("histories", CUS, "invoices", 3),
            "first order": field("histories", CUS, "first_order_date.day", 2),
            "no history": lambda w: w.histories.clear(),
        })

    def test_results(self):
        refuse(self, effects.results, {
            "booked": field("order_results", O2, "total.booked.units", 8),
            "shipped": field("order_results", O1, "total.shipped.units", 8),
            "invoiced": field("order_results", O1, "total.invoiced.units", 16),
            "credited": field("order_results", O1, "total.credited.units", 1),
            "collected": field("order_results", O1, "total.collected.units", 19),
            "missing": lambda w: w.order_results.pop(O2),
            "an opportunity's sum": lambda w: w.order_results[O2].MergeFrom(message(
                "tandem.opportunity.v1.OrderResult", opportunity_id="opp_1")),
        })


def _company():
    from .synthetic import company
    return company()


if __name__ == "__main__":
    unittest.main()
