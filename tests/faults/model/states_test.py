"""Lifecycles: each way back, each unlisted step and each falling figure is found."""
import unittest

from . import states
from .synthetic import A, Feed, amount, company, pieces

ORDER, DEMAND = "tandem.order.v1.OrderEvent", "tandem.inventory.v1.DemandEvent"
SHIPMENT, INVOICE = "tandem.inventory.v1.ShipmentEvent", "tandem.billing.v1.InvoiceEvent"


def order(feed, kind, state, **more):
    line = {"line_number": 1, "product_id": A, "ordered": pieces(2)}
    line.update({k: pieces(v) for k, v in more.pop("line", {}).items()})
    return feed.add(ORDER, kind, dict({"id": "ord_1", "revision": "1", "lines": [line],
                                       "state": "ORDER_STATE_" + state}, **more))


def invoice(feed, kind, open_):
    return feed.add(INVOICE, kind, {"id": "inv_1", "order_id": "ord_1",
                                    "state": "INVOICE_STATE_POSTED",
                                    "total": amount("10"), "open_amount": amount(open_)})


def shipment(feed, kind, state):
    return feed.add(SHIPMENT, kind, {"id": "shp_1", "order_id": "ord_1",
                                     "state": "SHIPMENT_STATE_" + state})


class States(unittest.TestCase):
    def judge(self, feed):
        follower = states.Replay()
        feed.show(follower)
        return follower.finish(company())

    def right(self, feed):
        self.assertEqual([], self.judge(feed).violations)
        return feed

    def wrong(self, feed):
        self.assertGreater(self.judge(feed).count, 0)

    def shipped(self):
        feed = order(Feed("order"), "OrderPlaced", "PLACED")
        order(feed, "OrderConfirmed", "CONFIRMED")
        return order(feed, "OrderShipmentRecorded", "CONFIRMED", line={"shipped": 2})

    def test_an_order_from_placing_to_closing(self):
        feed = self.shipped()
        order(feed, "OrderInvoiced", "CONFIRMED", line={"shipped": 2, "invoiced": 2})
        self.right(order(feed, "OrderClosed", "CLOSED", line={"shipped": 2, "invoiced": 2}))

    def test_an_order_that_comes_back_is_found(self):
        feed = order(Feed("order"), "OrderPlaced", "PLACED")
        order(feed, "OrderCancelled", "CANCELLED", line={"cancelled": 2})
        self.right(feed)
        self.wrong(order(feed, "OrderConfirmed", "CONFIRMED", line={"cancelled": 2}))

    def test_a_first_event_that_makes_nothing_is_found(self):
        self.wrong(order(Feed("order"), "OrderConfirmed", "CONFIRMED"))

    def test_placed_twice_is_found(self):
        feed = order(Feed("order"), "OrderPlaced", "PLACED")
        self.wrong(order(feed, "OrderPlaced", "PLACED"))

    def test_a_state_that_its_event_does_not_lead_to_is_found(self):
        feed = order(Feed("order"), "OrderPlaced", "PLACED")
        self.wrong(order(feed, "OrderHeld", "CONFIRMED"))

    def test_cancelled_after_shipping_is_found(self):
        self.wrong(order(self.shipped(), "OrderCancelled", "CANCELLED", line={"shipped": 2}))

    def test_asked_to_cancel_what_was_shipped_is_found(self):
        self.wrong(order(self.shipped(), "OrderCancelRequested", "CONFIRMED", line={"shipped": 2},
                         cancel_requested=True))

    def test_a_cancellation_that_is_too_late_confirms_and_amends_nothing(self):
        feed = order(Feed("order"), "OrderPlaced", "PLACED")
        order(feed, "OrderCancelRequested", "PLACED", cancel_requested=True)
        order(feed, "OrderConfirmed", "CONFIRMED")
        self.right(order(feed, "OrderAmended", "CONFIRMED"))
        self.wrong(order(feed, "OrderAmended", "CONFIRMED"))

    def test_a_figure_that_falls_is_found(self):
        self.wrong(order(self.shipped(), "OrderAllocationChanged", "CONFIRMED",
                         line={"shipped": 1}))

    def test_shipped_beyond_what_is_ordered_is_found(self):
        feed = order(Feed("order"), "OrderPlaced", "PLACED")
        order(feed, "OrderConfirmed", "CONFIRMED")
        self.wrong(order(feed, "OrderShipmentRecorded", "CONFIRMED", line={"shipped": 3}))

    def test_closed_while_not_invoiced_is_found(self):
        self.wrong(order(self.shipped(), "OrderClosed", "CLOSED", line={"shipped": 2}))

    def test_a_revision_without_an_amendment_is_found(self):
        feed = order(Feed("order"), "OrderPlaced", "PLACED")
        self.wrong(order(feed, "OrderConfirmed", "CONFIRMED", revision="2"))

    def test_an_amendment_without_a_revision_is_found(self):
        feed = order(Feed("order"), "OrderPlaced", "PLACED")
        self.wrong(order(feed, "OrderAmended", "PLACED"))

    def test_confirmed_while_held_is_found_unless_the_goods_left(self):
        held = {"holds": [{"reason": "HOLD_REASON_MANUAL"}]}
        feed = order(Feed("order"), "OrderPlaced", "PLACED", **held)
        order(feed, "OrderConfirmed", "CONFIRMED", **held)
        self.wrong(feed)
        self.right(order(feed, "OrderShipmentRecorded", "CONFIRMED", line={"shipped": 2}, **held))

    def test_a_demand_that_is_closed_stays_closed(self):
        def demand(feed, kind, state, **more):
            return feed.add(DEMAND, kind, dict({"order_id": "ord_1",
                                                "state": "DEMAND_STATE_" + state},
                                               **more))
        feed = demand(Feed("inventory"), "DemandRecorded", "RECORDED")
        demand(feed, "StockReserved", "RELEASED")
        demand(feed, "StockReleased", "CLOSED")
        self.right(feed)
        self.wrong(demand(feed, "StockReserved", "RELEASED"))

    def test_a_demand_told_otherwise_than_it_is_is_found(self):
        feed = Feed("inventory")
        line = {"line_number": 1, "ordered": pieces(3), "open": pieces(3), "reserved": pieces(1),
                "backordered": pieces(2)}
        base = {"order_id": "ord_1", "state": "DEMAND_STATE_RECORDED", "lines": [
            {"line_number": 1, "ordered": pieces(3), "open": pieces(3)}]}
        feed.add(DEMAND, "DemandRecorded", base)
        self.wrong(feed.add(DEMAND, "StockReserved", dict(base, state="DEMAND_STATE_RELEASED",
                                                          lines=[line])))

    def test_a_shipment_that_left_stays_away(self):
        feed = shipment(shipment(Feed("inventory"), "ShipmentPlanned", "PLANNED"),
                        "ShipmentShipped",
                        "SHIPPED")
        self.right(feed)
        self.wrong(shipment(feed, "ShipmentCancelled", "CANCELLED"))

    def test_what_is_held_is_not_shipped(self):
        def feed(*steps):
            made = Feed("inventory")
            for kind, state, held in (("DemandRecorded", "RECORDED", False),
                                      ("StockReserved", "RELEASED", False)) + steps:
                made.add(DEMAND, kind, {"order_id": "ord_1", "state": "DEMAND_STATE_" + state,
                                        "held": held})
            return shipment(shipment(made, "ShipmentPlanned", "PLANNED"), "ShipmentShipped",
                            "SHIPPED")
        self.right(feed())
        held = "DemandHeld", "RELEASED", True
        self.wrong(feed(held))
        self.right(feed(held, ("DemandResumed", "RELEASED", False)))

    def test_a_shipment_that_is_packed_is_not_planned_anew(self):
        feed = shipment(shipment(Feed("inventory"), "ShipmentPlanned", "PLANNED"), "ShipmentPicked",
                        "PICKED")
        self.right(feed)
        self.wrong(shipment(feed, "ShipmentReplanned", "PICKED"))

    def test_an_invoice_settles_and_reopens(self):
        feed = invoice(invoice(Feed("billing"), "InvoicePosted", "10"), "InvoicePartlySettled", "4")
        self.right(invoice(invoice(feed, "InvoiceSettled", "0"), "InvoiceReopened", "6"))
        self.wrong(invoice(feed, "InvoiceSettled", "1"))

    def test_an_invoice_that_settles_upwards_is_found(self):
        feed = invoice(Feed("billing"), "InvoicePosted", "10")
        self.wrong(invoice(invoice(feed, "InvoicePartlySettled", "4"), "InvoicePartlySettled", "5"))

    def test_a_reversed_payment_settles_nothing(self):
        def payment(feed, kind, state):
            return feed.add("tandem.billing.v1.PaymentEvent", kind, {
                "id": "pay_1", "state": "PAYMENT_STATE_" + state})
        feed = payment(payment(Feed("billing"), "PaymentReceived", "RECEIVED"), "PaymentReversed",
                       "REVERSED")
        self.right(feed)
        self.wrong(payment(feed, "PaymentApplied", "REVERSED"))

    def test_what_is_archived_or_deleted_is_not_changed(self):
        def customer(feed, kind, **more):
            return feed.add("tandem.customer.v1.CustomerEvent", kind, dict(
                {"id": "cus_1", "state": "CUSTOMER_STATE_CUSTOMER"}, **more))
        feed = customer(customer(Feed("customer"), "CustomerCreated"), "CustomerArchived",
                        archived=True)
        self.right(feed)
        self.wrong(customer(feed, "CustomerUpdated", archived=True))
        feed = customer(customer(Feed("customer"), "CustomerCreated"), "CustomerDeleted")
        self.right(feed)
        self.wrong(customer(feed, "CustomerUpdated"))

    def test_every_event_type_has_its_table(self):
        from .source import protos
        for message, field in protos().event_types():
            entity = message.fields_by_number[2].message_type.full_name
            self.assertIn(field.message_type.name, states.table_of(entity)[0], message.full_name)


if __name__ == "__main__":
    unittest.main()
