"""Money: each contradiction that is planted is found."""
import unittest

from . import money
from .synthetic import (ACC, O1, O2, Feed, amount, change, change_line, company, entry, m, n,
                        refuse)

EVENT = "tandem.billing.v1.CreditCommitmentEvent"


def figures(sum_, sequence, **more):
    return dict({"account_id": ACC, "exposure": amount(sum_), "committed": amount(sum_),
                 "sequence": str(sequence)}, **more)


def reserved(feed, order, text, exposure, sequence, **more):
    return feed.add(EVENT, "CreditReserved", {
        "order_id": order, "account_id": ACC, "revision": "1", "committed": amount(text),
        "state": "CREDIT_COMMITMENT_STATE_OPEN"}, dict({
            "order_id": order, "revision": "1", "amount": amount(text),
            "account_exposure": figures(exposure, sequence)}, **more))


def limited(feed, text, on=False):
    return feed.add("tandem.billing.v1.DebtorAccountEvent", "DebtorAccountOpened", {
        "id": ACC, "credit_policy": {"kind": "CREDIT_POLICY_KIND_LIMITED", "limit": amount(text)},
        "order_block": {"on": on}})


class Money(unittest.TestCase):
    def test_documents(self):
        refuse(self, money.documents, {
            "net is not the lines'": lambda w: change(w, "invoices", "inv_1", net=m("8.96")),
            "tax rounded per line": lambda w: change(w, "invoices", "inv_1", taxes=tuple(
                t._replace(tax=m("1.57")) if t.code == "T19" else t
                for t in w.invoices["inv_1"].taxes)),
            "total": lambda w: change(w, "invoices", "inv_2", total=m("7.95")),
            "tax of another base": lambda w: change_line(w, "invoices", "inv_2", 0, net=m("6.66")),
            "fraction of a cent": lambda w: change(w, "payments", "pay_1", amount=m("20.001")),
            "open though paid": lambda w: change(w, "invoices", "inv_1", open=m("1")),
            "paid twice": lambda w: change(w, "payments", "pay_1", applications=(
                ("inv_1", m("10.58")), ("inv_1", m("7.94")))),
            "payment applied beyond itself": lambda w: change(w, "payments", "pay_1",
                                                              amount=m("18")),
            "reversed payment settles": lambda w: change(w, "payments", "pay_1", state="REVERSED"),
            "settlement": lambda w: change(w, "invoices", "inv_1", settlement="PARTLY"),
            "due date": lambda w: change(w, "invoices", "inv_1", due=20260205),
            "posted on a day before": lambda w: change(w, "invoices", "inv_1", posting=20260104),
            "credited figure": lambda w: change(w, "invoices", "inv_1", credited=0),
            "credit without its tax code": lambda w: change_line(w, "credit_notes", "crn_1", 0,
                                                                 tax_code="T19"),
            "credit of a line that was not billed": lambda w: change_line(
                w, "credit_notes", "crn_1", 0, number=9),
            "credit note's rest": lambda w: change(w, "credit_notes", "crn_1", unapplied=0),
            "two records of one key": lambda w: w.twice.append("inv_1"),
        })

    def test_books(self):
        refuse(self, money.books, {
            "one leg missing": lambda w: w.entries.update(
                inv_2=entry("inv_2", "INVOICE", "INV-2026-000002", 20260106,
                            ("1200", "7.94", ACC, ""), ("4000", "-6.67", "", ""))),
            "posted twice": lambda w: w.entries.update(
                x=w.entries["inv_2"]._replace(id="x")),
            "not posted": lambda w: w.entries.pop("crn_1"),
            "freight as revenue": lambda w: w.entries.update(
                inv_1=w.entries["inv_1"]._replace(postings=tuple(
                    p._replace(ledger="4000") if p.ledger == "4100" else p
                    for p in w.entries["inv_1"].postings))),
            "another debtor": lambda w: w.entries.update(
                pay_1=w.entries["pay_1"]._replace(postings=tuple(
                    p._replace(account="acc_2") for p in w.entries["pay_1"].postings))),
            "reversal missing": lambda w: w.entries.pop("pay_2/reversal"),
        })

    def test_numbers(self):
        refuse(self, money.numbers, {
            "a gap": lambda w: change(w, "invoices", "inv_2", number="INV-2026-000003"),
            "twice": lambda w: change(w, "invoices", "inv_2", number="INV-2026-000001"),
            "another year": lambda w: change(w, "invoices", "inv_2", number="INV-2025-000001"),
            "order number twice": lambda w: change(w, "orders", O2, number="SO-1"),
        })

    def test_parts(self):
        def part(w, n_, **fields):
            lines = list(w.orders[O1].shipment_lines)
            lines[n_] = lines[n_]._replace(**fields)
            change(w, "orders", O1, shipment_lines=tuple(lines))
        refuse(self, money.parts, {
            "parts that do not meet the line": lambda w: part(w, 2, billed=m("6.68")),
            "first part rounded down": lambda w: part(w, 0, billed=m("3.33")),
            "line net": lambda w: change_line(w, "orders", O2, 0, ordered_net=m("9.01"),
                                              net=m("9.01")),
            "net of what stands": lambda w: change_line(w, "orders", O2, 0, cancelled=n(1)),
            "totals": lambda w: change(w, "orders", O2, net=m("9.01"), gross=m("10.72")),
            "estimated tax": lambda w: change(w, "orders", O1, tax=m("2.90"), gross=m("18.52")),
            "not billed": lambda w: w.invoices.pop("inv_2"),
            "billed twice": lambda w: w.invoices.update(
                inv_3=w.invoices["inv_2"]._replace(id="inv_3")),
            "billed otherwise than handed over": lambda w: change_line(w, "invoices", "inv_2", 0,
                                                                       net=m("6.66")),
            "invoiced beyond its net": lambda w: change_line(w, "orders", O1, 0,
                                                             invoiced_net=m("10.02")),
            "return not credited": lambda w: w.credit_notes.pop("crn_1"),
            "return credited by another sum": lambda w: part(w, 1, credit=m("0.34")),
            "goods that came back not counted": lambda w: change_line(w, "invoices", "inv_1", 1,
                                                                      returned=0),
            "allowance not in the line's credit": lambda w: w.credit_notes.update(
                crn_2=w.credit_notes["crn_1"]._replace(id="crn_2", return_id="",
                                                       reason="ALLOWANCE")),
            "return credited in part without an allowance": lambda w: change(
                w, "credit_notes", "crn_1", net=m("0.32")),
            "billed to another": lambda w: change(w, "invoices", "inv_1", bill_to="cus_9"),
            "taxed otherwise than ordered": lambda w: change_line(w, "invoices", "inv_2", 0,
                                                                  tax_rate=70000),
            "a quantity in dozens": lambda w: change_line(w, "orders", O2, 0, per_unit="DZN",
                                                          unit="DZN", asked=n(1)),
            "freight billed twice": lambda w: change(
                w, "orders", O1, freight=w.orders[O1].freight._replace(billed_net=m("9.90"))),
        })

    def test_exposures(self):
        def figure(**fields):
            return lambda w: change(w, "exposures", ACC, **fields)
        refuse(self, money.exposures, {
            "exposure": figure(exposure=m("8.89")),
            "unapplied": figure(unapplied=m("1.48"), exposure=m("9.23")),
            "closed commitment counted": lambda w: change(w, "commitments", O1, state="OPEN",
                                                          committed=m("20")),
            "waiting count": figure(waiting=1),
            "waits though there is room": lambda w: change(
                w, "commitments", O2, waiting=m("20"), reason="OVER_LIMIT"),
            "invoiced figure of a commitment": lambda w: change(w, "commitments", O1, invoiced=0),
            "committed is not the order's gross": lambda w: change(w, "orders", O2, gross=m("11")),
            "figures of another customer": figure(customer="cus_9"),
            "a closed order was promised less": lambda w: change(w, "commitments", O1,
                                                                 committed=m("18")),
            "another account promised": lambda w: change(w, "commitments", O1, account="acc_9"),
            "account without figures": lambda w: w.exposures.clear(),
        })

    def promises(self, feed):
        follower = money.Promises()
        feed.show(follower)
        return follower.finish(company())

    def test_a_promise_within_the_limit_is_right(self):
        feed = reserved(limited(Feed("billing"), "20"), O2, "10.71", "10.71", 1)
        self.assertEqual([], self.promises(feed).violations)

    def test_a_promise_over_the_limit_is_found(self):
        self.assertGreater(self.promises(
            reserved(limited(Feed("billing"), "10"), O2, "10.71", "10.71", 1)).count, 0)

    def test_a_promise_to_a_blocked_account_is_found(self):
        self.assertGreater(self.promises(
            reserved(limited(Feed("billing"), "20", on=True), O2, "10.71", "10.71", 1)).count, 0)

    def test_an_override_beyond_its_amount_is_found(self):
        def told(authorised):
            feed = limited(Feed("billing"), "1")
            feed.add(EVENT, "CreditOverridden", {"order_id": O2, "account_id": ACC}, {
                "order_id": O2, "amount": amount(authorised)})
            return self.promises(reserved(feed, O2, "10.71", "10.71", 1, overridden=True))
        self.assertEqual([], told("10.71").violations)
        self.assertGreater(told("10.70").count, 0)

    def test_figures_that_go_back_or_do_not_add_up_are_found(self):
        feed = reserved(limited(Feed("billing"), "50"), O2, "10.71", "10.71", 2)
        self.assertGreater(self.promises(reserved(feed, O1, "5", "15.71", 1)).count, 0)
        feed = limited(Feed("billing"), "50")
        feed.add(EVENT, "CreditReserved", {"order_id": O2, "account_id": ACC, "revision": "1",
                                           "committed": amount("5"),
                                           "state": "CREDIT_COMMITMENT_STATE_OPEN"},
                 {"order_id": O2, "revision": "1", "amount": amount("5"),
                  "account_exposure": figures(
                     "5", 1, exposure=amount("6"))})
        self.assertGreater(self.promises(feed).count, 0)

    def test_figures_that_no_document_bears_out_are_found(self):
        feed = reserved(limited(Feed("billing"), "50"), O2, "10.71", "12.71", 1)
        self.assertEqual(1, self.promises(feed).count)

    def test_a_refusal_of_what_fits_is_found(self):
        def told(requested, shortfall):
            feed = reserved(limited(Feed("billing"), "10"), O1, "8", "8", 1)
            feed.add(EVENT, "CreditRefused", {"order_id": O2, "account_id": ACC, "waiting": {
                "asked": amount(requested)}}, {
                    "order_id": O2, "reason": "CREDIT_REFUSAL_REASON_OVER_LIMIT",
                    "limit": amount("10"), "exposure": amount("8"), "requested": amount(requested),
                    "shortfall": amount(shortfall), "account_exposure": figures("8", 1)})
            return self.promises(feed)
        self.assertEqual([], told("5", "3").violations)
        self.assertGreater(told("5", "2").count, 0)
        self.assertGreater(told("2", "0").count, 0)


if __name__ == "__main__":
    unittest.main()
