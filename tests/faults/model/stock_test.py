"""Stock: each contradiction that is planted is found."""
import unittest

from . import stock
from .synthetic import (A, B, O1, O2, S1, S2, S3, Feed, change, change_line, company, n, pieces,
                        refuse)

EVENT = "tandem.inventory.v1.DemandEvent"


def wants(feed, order, kind, sequence, reserved, backordered, request_id, **more):
    """A demand for A that has `reserved` and waits for `backordered`."""
    return feed.add(EVENT, kind, dict({
        "order_id": order, "state": "DEMAND_STATE_RELEASED", "sequence": str(sequence), "lines": [{
            "line_number": 1, "product_id": A, "warehouse": "MAIN", "open": pieces(
                reserved + backordered), "reserved": pieces(reserved),
            "backordered": pieces(backordered)}]}, **more), request_id=request_id)


def moved(feed, number, delta, after, reserved="0", **more):
    return feed.add("tandem.inventory.v1.StockEvent", "StockMoved", dict({
        "id": "stm_%d" % number, "product_id": A, "warehouse": "MAIN", "delta": pieces(delta),
        "on_hand_after": pieces(after), "number": str(number), "reference": "x"}, **more), {
            "stock": {"on_hand": pieces(after), "reserved": pieces(reserved)}})


class Stock(unittest.TestCase):
    def test_stock_and_moves(self):
        def at(w, key, **fields):
            w.stocks[key + "/MAIN"] = w.stocks[key + "/MAIN"]._replace(**fields)
        refuse(self, stock.stocks, {
            "on hand is not its moves": lambda w: at(w, A, on_hand=n(8), available=n(1)),
            "reserved is not its demands": lambda w: at(w, A, reserved=n(6), available=n(1)),
            "reserved beyond on hand": lambda w: (
                at(w, A, reserved=n(8), available=n(-1)),
                change_line(w, "demands", O2, 0, reserved=n(8), backordered=n(1))),
            "available": lambda w: at(w, B, available=n(5)),
            "backordered": lambda w: at(w, A, backordered=0),
            "a move lost": lambda w: w.moves.pop("stm_5"),
            "a move twice": lambda w: w.moves.update(
                x=w.moves["stm_5"]._replace(id="x", number=4, after=n(5))),
            "number of a move": lambda w: change(w, "moves", "stm_5", number=4),
            "below zero on the way": lambda w: (change(w, "moves", "stm_1", delta=n(-1),
                                                       after=n(-1))),
            "left without a shipment": lambda w: change(w, "moves", "stm_3", reference="shp_9"),
            "left with a shipment that did not leave": lambda w: change(
                w, "shipments", S1, state="PACKED"),
            "shipped and not moved": lambda w: change_line(w, "shipments", S2, 0, shipped=n(3),
                                                           quantity=n(3)),
            "came back and not moved": lambda w: change(w, "returns", "ret_1", lines=(
                w.returns["ret_1"].lines[0]._replace(quantity=n(2)),)),
            "shipped and not picked": lambda w: change_line(w, "shipments", S2, 0, picked=n(1)),
            "packed and not picked": lambda w: change(w, "shipments", S3, state="PACKED"),
            "scrap put into stock": lambda w: change(w, "returns", "ret_1", lines=(
                w.returns["ret_1"].lines[0]._replace(disposition="SCRAP"),)),
        })

    def test_demands_and_shipments(self):
        refuse(self, stock.demands, {
            "shipped": lambda w: change_line(w, "demands", O1, 0, shipped=n(2), open=n(1)),
            "open": lambda w: change_line(w, "demands", O2, 0, open=n(8), backordered=n(1)),
            "reserved and backordered": lambda w: change_line(w, "demands", O2, 0,
                                                              backordered=n(1)),
            "planned beyond what is reserved": lambda w: change_line(w, "shipments", S3, 0,
                                                                     quantity=n(8)),
            "reserved and not planned": lambda w: change(w, "shipments", S3, lines=()),
            "short while there is some": lambda w: w.stocks.update({
                A + "/MAIN": w.stocks[A + "/MAIN"]._replace(available=n(1))}),
            "closed and holding": lambda w: change_line(w, "demands", O1, 0, reserved=n(1)),
            "waits under NO_BACKORDER": lambda w: change(w, "demands", O2,
                                                         backorder="NO_BACKORDER"),
            "out of stock and holding": lambda w: change(w, "demands", O2, out_of_stock=True,
                                                         backorder="NO_BACKORDER"),
            "one place twice": lambda w: change(w, "demands", O2, sequence=1),
            "a shipment of no demand": lambda w: change(w, "shipments", S3, order="ord_9"),
            "another warehouse": lambda w: change_line(w, "demands", O2, 0, warehouse="EAST"),
            "needs no stock": lambda w: change_line(w, "demands", O2, 0, unstocked=True),
            "promised and not reserved": lambda w: change_line(w, "demands", O2, 0,
                                                               promised=20260105),
            "week": lambda w: change_line(w, "demands", O2, 0, requested=20260101, week="2026-W02"),
        })

    def test_nothing_outlives_its_order(self):
        refuse(self, stock.leftovers, {
            "demand of a closed order": lambda w: change(w, "demands", O1, state="RELEASED"),
            "commitment of a closed order": lambda w: change(w, "commitments", O1, state="OPEN"),
            "demand of a cancelled order": lambda w: change(w, "orders", O2, state="CANCELLED"),
            "commitment closed too early": lambda w: change(w, "commitments", O2, state="CLOSED"),
            "order without a demand": lambda w: w.demands.pop(O2),
            "demand without an order": lambda w: w.orders.pop(O2),
        })

    def queue(self, feed):
        follower = stock.Queue()
        feed.show(follower)
        w = company()
        w.stocks = {}
        if follower.on_hand:
            on_hand = sum(follower.on_hand.values())
            w.stocks[A + "/MAIN"] = company().stocks[A + "/MAIN"]._replace(on_hand=on_hand)
        return follower.finish(w)

    def test_who_is_first_is_served_first(self):
        feed = Feed("inventory")
        wants(feed, "ord_a", "StockShort", 1, 0, 5, "r1")
        wants(feed, "ord_b", "StockShort", 2, 0, 5, "r2")
        wants(feed, "ord_a", "StockReserved", 1, 5, 0, "r3")
        wants(feed, "ord_b", "StockShort", 2, 1, 4, "r3")
        self.assertEqual([], self.queue(feed).violations)

    def test_who_jumps_the_queue_is_found(self):
        feed = Feed("inventory")
        wants(feed, "ord_a", "StockShort", 1, 0, 5, "r1")
        wants(feed, "ord_b", "StockShort", 2, 0, 5, "r2")
        wants(feed, "ord_b", "StockShort", 2, 3, 2, "r3")
        self.assertEqual(1, self.queue(feed).count)

    def test_priority_goes_before_place(self):
        feed = Feed("inventory")
        wants(feed, "ord_a", "StockShort", 1, 0, 5, "r1")
        wants(feed, "ord_b", "StockShort", 2, 0, 5, "r2", priority=5)
        wants(feed, "ord_b", "StockReserved", 2, 5, 0, "r3", priority=5)
        self.assertEqual([], self.queue(feed).violations)

    def test_who_is_held_is_passed_over(self):
        feed = Feed("inventory")
        wants(feed, "ord_a", "StockShort", 1, 0, 5, "r1")
        wants(feed, "ord_a", "DemandHeld", 1, 0, 5, "r2", held=True)
        wants(feed, "ord_b", "StockReserved", 2, 5, 0, "r3")
        self.assertEqual([], self.queue(feed).violations)

    def test_moves_are_followed(self):
        self.assertEqual([], self.queue(moved(moved(Feed("inventory"), 1, 5, 5), 2, -2,
                                              3)).violations)
        for name, feed in {
                "a gap": moved(moved(Feed("inventory"), 1, 5, 5), 3, -2, 3),
                "after it": moved(Feed("inventory"), 1, 5, 6),
                "reserved beyond": moved(Feed("inventory"), 1, 5, 5, reserved="6"),
                "no cause": moved(Feed("inventory"), 1, 5, 5, reference="")}.items():
            with self.subTest(name):
                self.assertGreater(self.queue(feed).count, 0)


if __name__ == "__main__":
    unittest.main()
