"""Master data: each difference, each stuck record and each loser that is lost is found."""
import unittest

from . import masters
from .synthetic import ACC, CUS, Feed, change, company, m, refuse


def crm(path, value):
    return lambda w: setattr(w.customers[CUS], path, value)


class Masters(unittest.TestCase):
    def test_customers(self):
        refuse(self, masters.customers, {
            "name": crm("display_name", "Eve"), "legal name": crm("legal_name", "Eve"),
            "phone": crm("phone", "+49 30 2"), "currency": crm("currency", "USD"),
            "status": crm("inactive", True), "archived": crm("archived", True),
            "address": lambda w: setattr(w.customers[CUS].addresses[0].address, "city", "Village"),
            "an address more": lambda w: w.customers[CUS].addresses.add(address_id="x"),
            "credit policy": lambda w: setattr(w.customers[CUS].credit_policy.limit, "units", 7),
            "terms": lambda w: setattr(w.customers[CUS].payment_terms, "net_days", 7),
            "a block": lambda w: setattr(w.customers[CUS].order_block, "on", True),
            "a tax id": lambda w: w.customers[CUS].tax_ids.add(country_code="DE", value="1"),
            "not in the ERP": lambda w: w.debtors_customers.clear(),
            "not in the CRM": lambda w: w.customers.clear(),
            "not as its account": lambda w: change(w, "accounts", ACC, limit=m("5")),
        })

    def test_a_phone_is_the_same_in_another_form(self):
        w = company()
        w.customers[CUS].phone = "+49-30 1"
        self.assertEqual(0, masters.customers(w).count)

    def test_a_field_that_a_person_is_asked_about_may_differ(self):
        w = company()
        w.customers[CUS].website = "x"
        self.assertGreater(masters.customers(w).count, 0)
        w.sync["customer_sync"]["conflicts"].append(
            (True, "billing", CUS, "website", "x", "evt", "rec_1|000001"))
        self.assertEqual(0, masters.customers(w).count)

    def test_who_is_deleted_in_the_crm_is_archived_in_the_erp(self):
        w = company()
        w.customers.clear()
        w.sales_facts[CUS].deleted = True
        self.assertGreater(masters.customers(w).count, 0)
        w.debtors_customers[CUS].archived = True
        self.assertEqual(0, masters.customers(w).count)

    def test_products(self):
        def item(path, value):
            return lambda w: setattr(w.items["cat_A"], path, value)
        refuse(self, masters.products, {
            "sku": item("sku", "X"), "category": item("category", "X"),
            "unit": item("base_unit", "KGM"),
            "price": lambda w: setattr(w.items["cat_A"].list_price.amount, "units", 9),
            "a name": lambda w: w.items["cat_A"].names.update({"de": "Ding"}),
            "offered": lambda w: setattr(w.items["cat_A"].offered, "on", False),
            "state": item("state", 2), "units": lambda w: w.items["cat_A"].units.add(unit="DZN"),
            "missing": lambda w: w.items.pop("cat_A"),
            "a second item": item("product_id", "prd_b"),
        })

    def test_stuck(self):
        def record(w, **more):
            in_step, links, calls, conflicts, held = w.sync["customer_sync"]["records"]["rec_1"]
            if "link" in more:
                links = (links[0], more["link"])
            w.sync["customer_sync"]["records"]["rec_1"] = (
                more.get("in_step", in_step), links, more.get("calls", calls), conflicts, held)
        refuse(self, masters.stuck, {
            "not in step": lambda w: record(w, in_step=False),
            "a call under way": lambda w: record(w, calls=1),
            "refused for good": lambda w: record(w, link=("billing", CUS, (), "NO", ("phone",), 0)),
            "waits for another": lambda w: record(w, link=("billing", CUS, ("rec_9",), "", (), 0)),
            "figures": lambda w: setattr(w.sync["customer_sync"]["status"], "records", 5),
        })

    def writes(self, *values, refused=()):
        """billing and the CRM write the website of one customer, one after the other."""
        follower, feeds = masters.Writes(), {}
        for part, value, by in values:
            event = "tandem.%s.v1.CustomerEvent" % part
            feed = feeds.setdefault(part, Feed(part))
            feed.add(event, "CustomerUpdated", {"id": CUS, "website": value})
            feed.made[-1][1].meta.actor = by
            feed.made[-1][1].changed.paths.append("website")
        for feed in feeds.values():
            feed.show(follower)
        w = company()
        w.sync["customer_sync"]["refused"] = {
            ("billing", CUS, "website"): [(v, "evt") for v in refused]}
        return follower.finish(w).count

    def test_what_lost_is_kept(self):
        agreed = ("customer", "a", "ada"), ("billing", "a", "customer_sync")
        lost = ("billing", "b", "eve"), ("billing", "a", "customer_sync")
        self.assertEqual(0, self.writes(*agreed))
        self.assertEqual(0, self.writes(*agreed, *lost, refused=("b",)))
        self.assertGreater(self.writes(*agreed, *lost), 0)
        self.assertGreater(self.writes(*agreed, *lost, refused=("c",)), 0)

    def test_an_edit_that_never_arrived_is_found(self):
        self.assertGreater(self.writes(("customer", "a", "ada")), 0)


if __name__ == "__main__":
    unittest.main()
