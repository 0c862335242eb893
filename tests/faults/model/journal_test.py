"""The client journals: reading them, and what is found in them: reads, repeats, commands."""
import json
import os
import tempfile
import unittest

from . import acknowledged, journal, reads, repeats
from .synthetic import A, CUS, Feed, amount, company, pieces

PLACE = "tandem.order.v1.OrderService/PlaceOrder"
GET = "tandem.order.v1.OrderService/GetOrder"
HOLD = "tandem.order.v1.OrderService/HoldOrder"
RECEIVE = "tandem.inventory.v1.InventoryService/ReceiveStock"
PAY = "tandem.billing.v1.BillingService/RecordPayment"
UPDATE = "tandem.customer.v1.CustomerService/UpdateCustomer"
ASKED = {"order_id": "ord_1", "order": {"sold_to_customer_id": CUS, "lines": [
    {"product_id": A, "quantity": pieces(2)}]}}
MADE = {"id": "ord_1", "sold_to_customer_id": CUS, "state": "ORDER_STATE_PLACED", "lines": [
    {"line_number": 1, "product_id": A, "quantity": pieces("2.000")}]}


class Book:
    """A client journal in the making."""

    def __init__(self):
        self.lines, self.op = [], 0

    def ask(self, method, request, request_id="", client="c1"):
        self.op += 1
        request = dict(request, **({"request_id": request_id} if request_id else {}))
        self.lines.append({"at": 0, "op": self.op, "client": client, "phase": "ask",
                           "method": method, "request_id": request_id, "request": request})
        return self

    def answer(self, outcome="ok", response=None, code="", reason="", op=None, client="c1"):
        self.lines.append({"at": 0, "op": op or self.op, "client": client, "phase": "answer",
                           "outcome": outcome, "code": code, "reason": reason,
                           "response": response or {}})
        return self

    def read(self, torn=""):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "journal")
            with open(path, "w", encoding="utf-8") as out:
                out.write("".join(json.dumps(x) + "\n" for x in self.lines) + torn)
            return list(journal.read([path]))

    def judge(self, follower):
        for a in self.read():
            follower.see(a)
        return follower.finish()


class Reading(unittest.TestCase):
    def test_a_call_without_an_answer_is_unknown(self):
        a, b = Book().ask(PLACE, ASKED, "r1").answer().ask(PLACE, ASKED, "r2").read(torn='{"at":')
        self.assertEqual(("ok", "unknown"), (a.outcome, b.outcome))
        self.assertEqual(("tandem.order.v1.OrderService", "PlaceOrder"), (a.service, a.method))

    def test_items_of_a_batch_are_calls_of_their_own(self):
        items = Book().ask("tandem.order.v1.OrderService/BatchPlaceOrder", {"requests": [
            dict(ASKED, request_id="r1"), dict(ASKED, request_id="r2")]}).answer(response={
                "results": [{"order": MADE},
                            {"status": {"code": 9, "details": [{"reason": "X"}]}}]}).read()
        self.assertEqual([("PlaceOrder", "r1", "ok"), ("PlaceOrder", "r2", "refused")],
                         [(a.method, a.request_id, a.outcome) for a in items])
        self.assertEqual(MADE, items[0].response)
        self.assertEqual("X", items[1].reason)

    def test_batches_are_named_after_what_they_make_several_of(self):
        for service, method, one in (("Inventory", "BatchReceiveStock", "ReceiveStock"),
                                     ("Inventory", "BatchShipShipments", "ShipShipment"),
                                     ("Opportunity", "BatchCreateOpportunities",
                                      "CreateOpportunity")):
            self.assertEqual(one, journal.single("tandem.%s.v1.%sService" % (
                service.lower(), service), method))

    def test_camels_and_snakes_are_one(self):
        a, b = (Book().ask(PLACE, {"orderId": "x", "order": {"priceDate": {"year": 1}}}).answer()
                .ask(PLACE, {"order_id": "x", "order": {"price_date": {"year": 1}}}).answer()
                .read())
        self.assertEqual(a.body(), b.body())


class Reads(unittest.TestCase):
    def judge(self, book):
        return book.judge(reads.Reads()).count

    def shown(self, version, **more):
        return dict({"id": "ord_1", "etag": '"%d"' % version}, **more)

    def test_later_versions_are_right_and_older_ones_found(self):
        book = Book().ask(HOLD, {}, "r1").answer(response=self.shown(2)).ask(GET, {})
        self.assertEqual(0, self.judge(book.answer(response=self.shown(3))))
        self.assertEqual(1, self.judge(book.ask(GET, {}).answer(response=self.shown(2))))

    def test_what_was_asked_before_the_answer_may_be_older(self):
        book = Book().ask(GET, {}).ask(HOLD, {}, "r1").answer(response=self.shown(2))
        self.assertEqual(0, self.judge(book.answer(response=self.shown(1), op=1)))

    def test_another_client_may_be_behind(self):
        book = Book().ask(HOLD, {}, "r1").answer(response=self.shown(2))
        self.assertEqual(0, self.judge(book.ask(GET, {}, client="c2").answer(
            response=self.shown(1), client="c2")))

    def test_a_repeated_call_gets_its_old_answer(self):
        book = Book().ask(HOLD, {}, "r1").answer(response=self.shown(2)).ask(GET, {}).answer(
            response=self.shown(4))
        self.assertEqual(0, self.judge(book.ask(HOLD, {}, "r1").answer(response=self.shown(2))))

    def test_two_contents_of_one_version_are_found(self):
        book = Book().ask(GET, {}).answer(response=self.shown(2)).ask(GET, {})
        self.assertEqual(1, self.judge(book.answer(response=self.shown(2, note="x"))))


class Repeats(unittest.TestCase):
    def judge(self, book):
        return book.judge(repeats.Repeats()).count

    def test_the_same_again_gets_the_same(self):
        book = Book().ask(HOLD, {"note": "x"}, "r1").answer(response={"id": "o"}).ask(
            HOLD, {"note": "x"}, "r1")
        self.assertEqual(0, self.judge(book.answer(response={"id": "o"})))
        self.assertEqual(1, self.judge(book.answer(response={"id": "p"}).ask(
            HOLD, {"note": "x"}, "r1").answer(response={"id": "p"})))

    def test_refused_when_repeated_is_found(self):
        book = Book().ask(HOLD, {}, "r1").answer().ask(HOLD, {}, "r1")
        self.assertEqual(1, self.judge(book.answer("refused", code="FAILED_PRECONDITION")))

    def test_overload_is_no_judgement(self):
        book = Book().ask(HOLD, {}, "r1").answer().ask(HOLD, {}, "r1")
        self.assertEqual(0, self.judge(book.answer("refused", code="RESOURCE_EXHAUSTED")))

    def test_another_body_is_refused_as_reused(self):
        book = Book().ask(HOLD, {}, "r1").answer().ask(HOLD, {"note": "y"}, "r1")
        for outcome, code, reason, count in (
                ("refused", "ALREADY_EXISTS", "REQUEST_ID_REUSED", 0), ("ok", "", "", 1),
                ("refused", "FAILED_PRECONDITION", "ORDER_CLOSED", 1),
                ("refused", "ABORTED", "REQUEST_ID_REUSED", 1)):
            with self.subTest(code + reason):
                again = Book()
                again.lines, again.op = list(book.lines), book.op
                self.assertEqual(count, self.judge(again.answer(outcome, None, code, reason)))

    def test_reused_without_a_first_is_found(self):
        self.assertEqual(1, self.judge(Book().ask(HOLD, {}, "r1").answer(
            "refused", None, "ALREADY_EXISTS", "REQUEST_ID_REUSED")))

    def test_a_refused_one_is_judged_afresh(self):
        book = Book().ask(HOLD, {}, "r1").answer("refused", None, "FAILED_PRECONDITION", "X")
        self.assertEqual(0, self.judge(book.ask(HOLD, {}, "r1").answer()))

    def test_each_service_has_its_own_request_ids(self):
        book = Book().ask(HOLD, {}, "r1").answer().ask(RECEIVE, {}, "r1").answer()
        self.assertEqual(0, self.judge(book))


class Commands(unittest.TestCase):
    def judge(self, book, *feeds):
        follower = acknowledged.Commands()
        for a in book.read():
            follower.ask(a)
        for feed in feeds:
            feed.show(follower)
        return sum(r.count for r in follower.finish(company()))

    def placed(self, made=MADE, **more):
        return Feed("order").add("tandem.order.v1.OrderEvent", "OrderPlaced", made, **dict(
            {"request_id": "r1"}, **more))

    def asked(self, outcome="ok", response=None):
        return Book().ask(PLACE, ASKED, "r1").answer(outcome, response, "FAILED_PRECONDITION"
                                                     if outcome == "refused" else "")

    def test_acknowledged_and_there_once(self):
        self.assertEqual(0, self.judge(self.asked(), self.placed()))

    def test_acknowledged_and_not_there(self):
        self.assertGreater(self.judge(self.asked()), 0)

    def test_acknowledged_and_there_twice(self):
        feed = self.placed()
        feed.add("tandem.order.v1.OrderEvent", "OrderPlaced", dict(MADE, id="ord_2"),
                 request_id="r1")
        self.assertGreater(self.judge(self.asked(), feed), 0)

    def test_one_id_made_twice(self):
        feed = self.placed()
        feed.add("tandem.order.v1.OrderEvent", "OrderPlaced", MADE, request_id="r2")
        self.assertGreater(self.judge(self.asked(), feed), 0)

    def test_refused_and_there(self):
        self.assertGreater(self.judge(self.asked("refused"), self.placed()), 0)
        self.assertGreater(self.judge(self.asked("refused"), self.placed(request_id="")), 0)
        self.assertEqual(0, self.judge(self.asked("refused")))

    def test_unknown_is_none_or_one(self):
        self.assertEqual(0, self.judge(self.asked("unknown")))
        self.assertEqual(0, self.judge(self.asked("unknown"), self.placed()))

    def test_unknown_and_acknowledged_when_repeated_is_one(self):
        book = self.asked("unknown").ask(PLACE, ASKED, "r1").answer()
        self.assertEqual(0, self.judge(book, self.placed()))
        self.assertGreater(self.judge(book), 0)

    def test_another_content(self):
        for made in (dict(MADE, sold_to_customer_id="cus_9"), dict(MADE, lines=[]),
                     dict(MADE, lines=[dict(MADE["lines"][0], quantity=pieces(3))])):
            self.assertGreater(self.judge(self.asked(), self.placed(made)), 0)

    def test_asked_to_change_nothing(self):
        book = Book().ask(PLACE, dict(ASKED, validate_only=True), "r1").answer()
        self.assertEqual(0, self.judge(book))
        self.assertGreater(self.judge(book, self.placed()), 0)

    def test_an_answer_stands_in_the_journal(self):
        answer = dict(MADE, etag='"1"')
        self.assertEqual(0, self.judge(self.asked(response=answer), self.placed()))
        self.assertGreater(self.judge(self.asked(response=dict(answer, note="x")), self.placed()),
                           0)
        self.assertGreater(self.judge(self.asked(response=dict(answer, etag='"5"')), self.placed()),
                           0)

    def test_receipts_and_payments(self):
        move = {"id": "stm_1", "product_id": A, "kind": "STOCK_MOVE_KIND_RECEIPT",
                "delta": pieces(5), "reference": "x"}
        book = Book().ask(RECEIVE, {"product_id": A, "quantity": pieces(5), "reference": "x",
                                    "stock_move_id": "stm_1"}, "r1").answer()
        for made, found in ((move, 0), (dict(move, delta=pieces(6)), 1),
                            (dict(move, product_id="prd_x"), 1)):
            feed = Feed("inventory").add("tandem.inventory.v1.StockEvent", "StockMoved", made,
                                         request_id="r1")
            self.assertEqual(found, self.judge(book, feed))
        payment = {"id": "pay_1", "account_id": "acc_1", "amount": amount("5")}
        book = Book().ask(PAY, {"payment_id": "pay_1", "account_id": "acc_1",
                                "amount": amount("5")},
                          "r1").answer()
        for made, found in ((payment, 0), (dict(payment, amount=amount("6")), 1)):
            feed = Feed("billing").add("tandem.billing.v1.PaymentEvent", "PaymentReceived", made,
                                       request_id="r1")
            self.assertEqual(found, self.judge(book, feed))

    def test_updates_have_the_values_that_were_asked_for(self):
        book = Book().ask(UPDATE, {"customer": {"id": CUS, "display_name": "Ada"},
                                   "update_mask": "displayName"}, "r1").answer()
        for name, found in (("Ada", 0), ("Eve", 1)):
            feed = Feed("customer").add("tandem.customer.v1.CustomerEvent", "CustomerUpdated", {
                "id": CUS, "display_name": name}, request_id="r1")
            self.assertEqual(found, self.judge(book, feed))

    def test_an_update_changes_what_its_mask_names(self):
        book = Book().ask(UPDATE, {"customer": {"id": CUS, "display_name": "Ada"},
                                   "update_mask": "displayName"}, "r1").answer()
        for path, found in (("display_name", 0), ("state", 1)):
            feed = Feed("customer").add("tandem.customer.v1.CustomerEvent", "CustomerUpdated", {
                "id": CUS, "display_name": "Ada"}, request_id="r1")
            feed.made[0][1].changed.paths.append(path)
            self.assertEqual(found, self.judge(book, feed))

    def test_what_is_the_servers_own_is_not_written(self):
        book = Book().ask(UPDATE, {"customer": {
            "id": CUS, "display_name": "Ada", "create_time": "1970-01-02T00:00:00Z"},
            "update_mask": "displayName,createTime"}, "r1").answer()
        for time, found in (("2026-01-05T00:00:00Z", 0), ("1970-01-02T00:00:00Z", 1)):
            feed = Feed("customer").add("tandem.customer.v1.CustomerEvent", "CustomerUpdated", {
                "id": CUS, "display_name": "Ada", "create_time": time}, request_id="r1")
            self.assertEqual(found, self.judge(book, feed))

    def test_an_etag_is_the_version_before(self):
        for etag, found in (('"1"', 0), ('"0"', 1)):
            book = Book().ask(HOLD, {"order_id": "ord_1", "etag": etag}, "r1").answer()
            feed = self.placed(request_id="")
            feed.add("tandem.order.v1.OrderEvent", "OrderHeld", {"id": "ord_1"}, request_id="r1")
            self.assertEqual(found, self.judge(book, feed))

    def test_a_change_twice(self):
        book = Book().ask(HOLD, {"order_id": "ord_1"}, "r1").answer()
        feed = Feed("order")
        for _ in range(2):
            feed.add("tandem.order.v1.OrderEvent", "OrderHeld", {"id": "ord_1"}, request_id="r1")
        self.assertGreater(self.judge(book, feed), 0)

    def test_the_methods_are_all_there_are(self):
        from .source import protos
        methods = {m.name for m in protos().methods()}
        self.assertEqual(set(), (acknowledged.MAKES.keys() | acknowledged.CHANGES.keys()) - methods)


if __name__ == "__main__":
    unittest.main()
