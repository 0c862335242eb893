"""The driver itself, without servers: what it sends, draws, compares and concludes."""
import asyncio
import json
import logging
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import types
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import grpc  # noqa: E402

import api as api_lib  # noqa: E402
import business  # noqa: E402
import cluster as cluster_lib  # noqa: E402
import failpoints  # noqa: E402
import faults as faults_lib  # noqa: E402
import journal as journal_lib  # noqa: E402
import prove  # noqa: E402
import report  # noqa: E402
import sanitizers  # noqa: E402
import topics as topics_lib  # noqa: E402
import workload  # noqa: E402
from quiet import Lag  # noqa: E402
from schedule import Schedule  # noqa: E402


class Answers:
    """In the driver's place: each command is accepted, and its answer has an id."""

    def __init__(self):
        self.api, self.rng = api_lib.Api({}), random.Random(1)
        self.options = types.SimpleNamespace(leave_out="", rate=1)
        self.run, self.rate = "test", 1
        self.sent, self.seen, self.versions = [], [], {}
        self.conflicts, self.conflict_edits = business.collections.deque(), 0
        self.checked = business.collections.Counter()

    def _answer(self, method):
        answer = api_lib.protos().new(self.api.methods[method].output_type)()
        if "id" in answer.DESCRIPTOR.fields_by_name:
            answer.id = "x%d" % len(self.sent)
        if "Shipment" in method:
            answer.lines.add(line_number=1).shipped.value.value = "2"
        if "Payment" in method:
            answer.unapplied.units = 3
        if method.endswith("GetCustomer"):
            answer.addresses.add(address_id="a")
        return answer

    async def command(self, client, method, request, entity=None):
        self.sent.append((method, request.SerializeToString()))
        return self._answer(method)

    async def read(self, method, entity=None, **fields):
        self.api.request(method, **fields)
        return self._answer(method)

    def violation(self, what, note, op=None):
        self.seen.append((what, note))


class TheClients(unittest.IsolatedAsyncioTestCase):
    async def test_every_action_sends_what_the_protos_have_and_many_kinds(self):
        driver = Answers()
        world = business.World(driver)
        world.customers = ["cus_%d" % i for i in range(9)]
        world.accounts = {c: "acc_" + c for c in world.customers}
        world.products = [("prd_%d" % i, ["C62", "KGM"][i % 2]) for i in range(9)]
        world.items = {p: "cat_" + p for p, _ in world.products}
        world.pools["shipments"].put("shp_1")
        for i in range(200):
            world.pools["orders"].put("ord_%d" % i)
        for i in range(40):
            world.pools["invoices"].put(("inv_%d" % i, "ord_1", "acc_cus_%d" % (i % 9), 500, "I"))
        driver.conflicts.append("cus_1")
        sleep, asyncio.sleep = asyncio.sleep, lambda _: sleep(0)
        try:
            for _ in range(40):
                for action, _ in business.WEIGHTS:
                    await action(world, 1)
                await business.work_off(world, 1)
        finally:
            asyncio.sleep = sleep
        kinds = {method for method, _ in driver.sent}
        for kind in ("PlaceOrder", "CancelOrder", "ApplyPayment", "ReversePayment", "AcceptQuote",
                     "ReturnShipment", "ReopenOpportunity", "PackShipment", "PostCreditNote",
                     "OverrideCredit", "CreateCatalogueItem", "PromoteCustomer"):
            self.assertTrue(any(k.endswith("." + kind) for k in kinds), kind)
        self.assertEqual(driver.seen, [])

    async def test_reserved_beyond_what_is_there_is_a_violation(self):
        driver = Answers()
        stock = api_lib.protos().new("tandem.inventory.v1.Stock")(
            on_hand=business.quantity("5", "C62"), reserved=business.quantity("6", "C62"),
            available=business.quantity("-1", "C62"))
        business.check_stock(business.World(driver), stock)
        self.assertEqual([what for what, _ in driver.seen], ["I3"])

    def test_another_body_is_another_one(self):
        new = api_lib.protos().new
        for request in (
                new("tandem.order.v1.CancelOrderRequest")(order_id="o", note="n", request_id="r"),
                new("tandem.billing.v1.SetCreditRequest")(account_id="a", credit_policy={
                    "kind": 1, "limit": business.money(500)}),
                new("tandem.inventory.v1.ReceiveStockRequest")(
                    product_id="p", quantity=business.quantity("2.500", "KGM"))):
            other = type(request)()
            other.CopyFrom(request)
            self.assertTrue(workload.change(other))
            self.assertNotEqual(request, other)
            self.assertEqual(getattr(request, "request_id"), getattr(other, "request_id"))


class Server:
    """In the API's place: answers as told; by default what it is told is done, once per id."""

    def __init__(self, *script):
        self.real = api_lib.Api({})
        self.methods, self.request, self.answer = \
            self.real.methods, self.real.request, self.real.answer
        self.script, self.calls = list(script), []

    async def call(self, method, data, timeout=5.0, part=None):
        self.calls.append(data)
        await asyncio.sleep(0)
        code, reason, version = self.script.pop(0) if self.script else ("OK", "", 1)
        answer = api_lib.protos().new(self.methods[method].output_type)(
            id="ord_1", etag='"%d"' % version).SerializeToString() if code == "OK" else b""
        return api_lib.Result(getattr(grpc.StatusCode, code), reason, "", answer, None)


class ACommand(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "journal")
        self.journal = journal_lib.Journal(self.path, {"run": "r"})
        self.driver = workload.Driver(types.SimpleNamespace(
            run="r", addresses="{}", seed="1", index=0, rate=1e9), self.journal)
        self.driver.tokens = 1e9
        self.chances = workload.REPEAT_LATER, workload.TWICE_AT_ONCE, workload.OTHER_BODY
        workload.REPEAT_LATER = workload.TWICE_AT_ONCE = workload.OTHER_BODY = 0
        workload.AFRESH, self.afresh = 0, workload.AFRESH

    async def asyncTearDown(self):
        workload.REPEAT_LATER, workload.TWICE_AT_ONCE, workload.OTHER_BODY = self.chances
        workload.AFRESH = self.afresh
        if not self.journal.file.closed:
            await self.journal.close()
        self.folder.cleanup()

    async def hold(self, *script, entity="ord/1"):
        self.driver.api = Server(*script)
        return await self.driver.command(1, "OrderService.HoldOrder", self.driver.api.request(
            "OrderService.HoldOrder", order_id="ord_1", note="n"), entity)

    async def lines(self):
        await self.journal.close()
        with open(self.path) as file:
            return [json.loads(line) for line in file]

    async def test_is_sent_again_under_its_id_until_its_outcome_is_known(self):
        self.assertIsNotNone(await self.hold(("UNAVAILABLE", "", 0), ("INTERNAL", "", 0),
                                             ("RESOURCE_EXHAUSTED", "", 0), ("OK", "", 1)))
        self.assertEqual(len(set(self.driver.api.calls)), 1)
        lines = await self.lines()
        self.assertEqual([line["phase"] for line in lines], ["run"] + ["ask", "answer"] * 4)
        self.assertEqual([line["outcome"] for line in lines if line["phase"] == "answer"],
                         ["unknown", "unknown", "refused", "ok"])
        self.assertEqual(len({line["request_id"] for line in lines if "request_id" in line}), 1)
        self.assertEqual(len({line["op"] for line in lines[1:]}), 4)

    async def test_that_is_refused_is_known(self):
        self.assertIsNone(await self.hold(("FAILED_PRECONDITION", "ORDER_CLOSED", 0)))
        self.assertEqual(dict(self.driver.refused),
                         {("OrderService.HoldOrder", "ORDER_CLOSED"): 1})

    async def test_that_is_shed_at_the_end_was_refused_unless_it_may_have_been_done(self):
        self.driver.stopping = True
        shed = ("RESOURCE_EXHAUSTED", "OVERLOADED", 0)
        self.assertIsNone(await self.hold(shed))
        self.assertIsNotNone(await self.hold(("UNAVAILABLE", "", 0), shed, ("OK", "", 1)))
        self.driver.give_up = True
        self.assertIsNone(await self.hold(("UNAVAILABLE", "", 0)))
        self.assertEqual(dict(self.driver.refused), {
            ("OrderService.HoldOrder", "OVERLOADED"): 1,
            ("OrderService.HoldOrder", "NEVER KNOWN"): 1})

    async def test_answered_otherwise_when_sent_again_is_a_violation(self):
        workload.REPEAT_LATER = 1
        for again, wrong in ((("OK", "", 1), 0), (("OK", "", 2), 1), (("NOT_FOUND", "X", 0), 2)):
            await self.hold(("OK", "", 1), entity=None)
            self.driver.repeats[0] = (0,) + self.driver.repeats[0][1:]
            self.driver.api.script = [again]
            self.assertTrue(await self.driver.repeat())
            self.assertEqual(len(self.driver.seen), wrong)

    async def test_twice_at_once_must_answer_the_same(self):
        workload.TWICE_AT_ONCE = 1
        await self.hold(("OK", "", 1), ("OK", "", 1), entity=None)
        self.assertEqual(self.driver.seen, [])
        await self.hold(("OK", "", 1), ("OK", "", 2), entity=None)
        self.assertEqual(len(self.driver.seen), 1)

    async def test_with_another_body_under_its_id_must_be_refused_for_it(self):
        self.driver.api = Server(("ALREADY_EXISTS", "REQUEST_ID_REUSED", 0), ("OK", "", 1))
        request = self.driver.api.request("OrderService.HoldOrder", order_id="ord_1", note="n",
                                          request_id="r")
        await self.driver.other_body(1, "OrderService.HoldOrder", request, "op")
        self.assertEqual(self.driver.seen, [])
        await self.driver.other_body(1, "OrderService.HoldOrder", request, "op")
        self.assertEqual(len(self.driver.seen), 1)

    async def test_that_was_refused_is_judged_afresh_and_its_id_is_free(self):
        for again, wrong in ((("FAILED_PRECONDITION", "X", 0), 0), (("OK", "", 1), 0),
                             (("ALREADY_EXISTS", "REQUEST_ID_REUSED", 0), 1)):
            self.driver.api = Server(again)
            await self.driver.afresh("OrderService.HoldOrder", b"", "op", {"client": 1})
            self.assertEqual(len(self.driver.seen), wrong)

    async def test_a_pause_ends_when_all_is_known(self):
        self.driver.api = Server()
        self.driver.api.call, self.driver.paused = asyncio.sleep, True
        world = business.World(self.driver)
        resting = asyncio.ensure_future(business.client(self.driver, world, 1))
        await asyncio.sleep(0.02)
        self.assertEqual(self.driver.status()["resting"], 1)
        self.driver.in_flight["op"] = 0
        self.assertEqual(self.driver.status()["resting"], 0)
        self.driver.stopping = True
        await resting

    async def test_answered_with_an_older_version_than_was_acked_is_a_violation(self):
        await self.hold(("OK", "", 7))
        await self.hold(("OK", "", 8))
        self.assertEqual(self.driver.seen, [])
        await self.hold(("OK", "", 6))
        self.assertEqual([text[:2] for text in self.driver.seen], ["I9"])
        self.driver.api.script = [("OK", "", 5)]
        await self.driver.read("OrderService.GetOrder", "ord/1", id="ord_1")
        self.assertEqual(len(self.driver.seen), 2)


def cluster_stub(folder, distributed=True):
    return types.SimpleNamespace(
        distributed=distributed, folder=folder, storage=folder,
        parts=api_lib.PARTS if distributed else ["tandem"], managed={}, postgres="", kafka="",
        test_build=True, slow_disk=types.SimpleNamespace(view=True))


class TheSchedule(unittest.IsolatedAsyncioTestCase):
    async def test_is_the_seeds_alone_and_every_kind_has_its_turn(self):
        with tempfile.TemporaryDirectory() as folder:
            for mode in ("distributed", "embedded"):
                plans = []
                for _ in range(2):
                    faults = faults_lib.Faults(cluster_stub(folder, mode == "distributed"), None,
                                               None, None, None)
                    faults.disk = folder
                    schedule = Schedule(faults, 7, mode, os.path.join(folder, "log"))
                    plans.append([schedule.next() for _ in range(80)])
                    schedule.log.close()
                self.assertEqual(*plans)
                self.assertEqual({plan["kind"] for plan, _, _ in plans[0]},
                                 set(faults_lib.BAGS[mode]))
                for kind in faults_lib.BAGS[mode]:
                    self.assertTrue(hasattr(faults_lib.Faults, "_" + kind.lower()), kind)


def names_in_sources(pattern):
    found = set()
    for folder in ("platform", "services", "bus-adapters"):
        for path, _, names in os.walk(os.path.join(api_lib.ROOT, folder)):
            for name in names:
                if name.endswith(".cc"):
                    with open(os.path.join(path, name)) as file:
                        found.update(re.findall(pattern, file.read()))
    return found


class TheFailpoints(unittest.TestCase):
    def test_are_those_that_the_sources_have(self):
        found = names_in_sources(r'TANDEM_FAILPOINT(?:_RETURN|_STATUS)?\(\s*"([^"]+)"')
        self.assertEqual(found, set(failpoints.POINTS))

    def test_each_is_drawn_and_what_the_rare_ones_need_is_there(self):
        for mode, parts in (("embedded", ["tandem"]), ("distributed", api_lib.PARTS)):
            for name in failpoints.drawable(mode):
                plan = failpoints.draw(name, mode, parts, random.Random(name))
                self.assertIn(name + ":", plan["spec"])
                self.assertIn(plan["part"], parts)
        for name, point in failpoints.POINTS.items():
            if point.how not in ("", "first"):
                self.assertIn(point.how, failpoints.PATIENCE_S, name)
                self.assertTrue(any(hasattr(faults_lib.Faults, "_%s_%s" % (when, point.how))
                                    for when in ("before", "while", "after"))
                                or point.how == "refuse", name)

    def test_first_starts_end_at_each_migration_point(self):
        names = {name for name, point in failpoints.POINTS.items() if point.how == "first"}
        for parts in (["tandem"], api_lib.PARTS):
            arms = failpoints.first_arms(parts, random.Random(1))
            self.assertEqual({one.partition(":")[0] for many in arms.values() for one in many},
                             names)

    def test_what_is_said_is_counted_from_a_place(self):
        with tempfile.NamedTemporaryFile() as log:
            log.write(b"failpoint a.b abort\nready\n")
            log.flush()
            since = log.tell()
            log.write(b"failpoint a.b abort\nfailpoint c sleep\n")
            log.flush()
            self.assertEqual(failpoints.said(log.name)["a.b", "abort"], 2)
            self.assertEqual(failpoints.said(log.name, since),
                             {("a.b", "abort"): 1, ("c", "sleep"): 1})

    def test_tails_are_lost_behind_what_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("tandem.order.v1.X-0", b"x" * 5000 + bytes(9000)),
                               ("tandem.billing.v1.X-0", b"y" * 5000)):
                os.makedirs(os.path.join(folder, name))
                with open(os.path.join(folder, name, "0.log"), "wb") as file:
                    file.write(data)
            self.assertEqual(failpoints.lose_tails(folder, "order", 0.2), 1)
            self.assertEqual(os.path.getsize(folder + "/tandem.order.v1.X-0/0.log"), 4000)
            self.assertEqual(os.path.getsize(folder + "/tandem.billing.v1.X-0/0.log"), 5000)


class TheSlowDisk(unittest.TestCase):
    def test_is_as_late_as_it_is_told_and_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            disk = cluster_lib.SlowDisk(folder)
            if disk.view is None:
                self.skipTest("no C compiler")
            script = "import os, time\nf = open('%s/x', 'w')\nt = time.monotonic()\n" \
                "os.fsync(f.fileno()); os.fdatasync(f.fileno())\nprint(time.monotonic() - t)"

            def took():
                return float(subprocess.run(
                    [sys.executable, "-c", script % folder], env={**os.environ, **disk.env},
                    capture_output=True, text=True, check=True).stdout)
            took()
            self.assertEqual(disk.late(150), 0)
            self.assertGreater(took(), 0.29)
            self.assertEqual(disk.late(0), 2)
            took()
            self.assertEqual(disk.late(0), 2)


class ThePlantedBugs(unittest.TestCase):
    def test_are_those_that_the_sources_have(self):
        found = names_in_sources(r'TANDEM_PLANTED\(\s*"([^"]+)"')
        self.assertEqual(found, set(prove.BUGS))

    def test_each_is_to_be_found_in_nine_of_ten_seeds_and_none_without_one(self):
        def results(**found):
            return {(bug, seed): {"found": seed < n, "seconds": 9.0, "invariant": "I2"}
                    for bug, n in found.items() for seed in range(10)}
        bugs = [prove.NONE, "oversell"]
        for found, good in (({"none": 0, "oversell": 9}, True), ({"none": 0, "oversell": 8}, False),
                            ({"none": 1, "oversell": 9}, False)):
            lines, verdict = prove.table(results(**found), {}, bugs)
            self.assertEqual(verdict, good)
            self.assertEqual(len(lines), 3)
        simulator = {"oversell": {"found": 10, "of": 10}}
        self.assertTrue(prove.table(results(none=0), simulator, bugs)[1])


class Topics:
    async def poison(self):
        return [("t", 1, 10)]

    def partitions(self, _):
        return 8


class Readers:
    """One reader of lane 9, which is on partition 1 of 8, at the given positions, one a look."""

    def __init__(self, positions):
        self.positions = positions

    async def heads(self):
        return {"/tandem/x": ({("t", "9"): 5, ("t", "10"): 9}, 9)}

    async def before(self, ends):
        assert ends == {("t", "9"): 5}
        at = self.positions.pop(0) if len(self.positions) > 1 else self.positions[0]
        return ({} if at >= 5 else {"reader": at}), int(at >= 5)


class Poison(unittest.IsolatedAsyncioTestCase):
    async def run_with(self, positions):
        import faults_store
        clock, real = [0.0], asyncio.sleep

        async def sleep(seconds):
            clock[0] += seconds
            await real(0)
        with tempfile.TemporaryDirectory() as folder:
            faults = faults_lib.Faults(cluster_stub(folder), None, Readers(positions), Topics(),
                                       None)
        faults_store.time = types.SimpleNamespace(monotonic=lambda: clock[0])
        faults_store.asyncio = types.SimpleNamespace(sleep=sleep, to_thread=asyncio.to_thread)
        try:
            saw = await faults._f13({}, 0)
        finally:
            faults_store.time, faults_store.asyncio = time, asyncio
        return saw, faults

    async def test_is_passed(self):
        saw, faults = await self.run_with([1, 3, 5])
        self.assertIn("passed them in 3.0 s", saw)
        self.assertEqual(faults.violations, [])

    async def test_a_reader_that_is_behind_but_moves_is_not_blocked(self):
        _, faults = await self.run_with([n / 100 for n in range(100)])
        self.assertEqual(faults.violations, [])

    async def test_is_not_copied(self):
        topics = topics_lib.Topics("", random.Random(1))
        topics.poisoned = {("t", 0, 1)}

        def message(offset):
            return types.SimpleNamespace(
                topic=lambda: "t", partition=lambda: 0, offset=lambda: offset,
                key=lambda: b"k", value=lambda: b"%d" % offset, headers=lambda: [])
        copies = topics.copies([message(offset) for offset in range(3)])
        self.assertEqual({value for _, _, _, value, _ in copies}, {b"0", b"2"})

    async def test_a_reader_that_stands_is_blocked(self):
        _, faults = await self.run_with([1])
        self.assertEqual([invariant for invariant, _ in faults.violations], ["I14"])


class WhatIsBehind(unittest.IsolatedAsyncioTestCase):
    async def test_is_read_from_the_databases(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(folder + "/sqlite")
            for part in api_lib.PARTS[1:]:  # one is away
                database = sqlite3.connect("%s/sqlite/%s.db" % (folder, part))
                database.executescript(
                    "CREATE TABLE journal_head (position); INSERT INTO journal_head VALUES (9);"
                    "CREATE TABLE relay_cursor (position);"
                    "CREATE TABLE cursors (id, position);"
                    "INSERT INTO cursors VALUES ('r|/tandem/order|t|3', 4);"
                    "INSERT INTO cursors VALUES ('r|/tandem/order|*', 6);")
                database.close()
            positions = await Lag(cluster_stub(folder, distributed=False)).positions()
        self.assertEqual(positions[api_lib.PARTS[1]], (9, 0, 10))
        self.assertIsNone(positions[api_lib.PARTS[0]][0])


class AProcess(unittest.IsolatedAsyncioTestCase):
    async def test_that_was_told_to_end_before_it_was_seen_serving_did_not_end_by_itself(self):
        answers = asyncio.Event()

        async def serving():
            return answers.is_set()
        with tempfile.TemporaryDirectory() as folder:
            managed = cluster_lib.Managed(
                "one", ["sh", "-c", "trap 'sleep 0.3; exit 0' TERM; echo up; "
                        "while :; do sleep 0.05; done"],
                os.path.join(folder, "log"), serving=serving)
            managed.spawn()
            while not os.path.getsize(managed.log):
                await asyncio.sleep(0.01)
            self.assertTrue(managed.signal(signal.SIGTERM, "F16"))
            answers.set()  # it drains, and is looked at meanwhile
            while managed.process is not None:
                await asyncio.sleep(0.01)
                managed.reap()
        self.assertEqual([(code, cause) for _, code, cause in managed.exits], [(0, "F16")])


class Sanitizers(unittest.TestCase):
    def test_what_they_say_in_a_log_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "order.log")
            with open(log, "w") as file:
                file.write("ready\n==7==ERROR: AddressSanitizer: heap-use-after-free\n"
                           "WARNING: ThreadSanitizer: data race (pid=7)\n"
                           "a.cc:1:2: runtime error: signed integer overflow\n")
            said = sanitizers.said([log, os.path.join(folder, "none")])
        self.assertEqual([line.split(": ")[0] for line in said], ["order.log"] * 3)


class TheReport(unittest.TestCase):
    def piece(self, **changes):
        kinds = {"S.M%d" % i: 1000 for i in range(9)} | {"OrderService.PlaceOrder": 1000}
        fault = {"kind": "F1", "bit": True, "saw": "died"}
        piece = {"run": "r", "seed": 1, "mode": "embedded", "load_s": 100, "acked": kinds,
                 "faults": [fault] * 3, "driver_cpu_share": 0.1, "refused": {"S.M1 WHY": 2},
                 "unknown": {"order UNAVAILABLE": 3}, "again": {"later same": 1},
                 "reads": {"ok": 5}, "never_known": 0, "catalogue": {}, "notes": [],
                 "invariants": [{"invariant": "I1", "compared": 7, "violations": [], "note": ""}],
                 "recoveries": [("F1", 0.5)], "drains": [], "goodput": [], "short": False}
        piece.update(changes)
        piece["void"] = report.void_because(piece)
        return piece

    def test_a_good_piece_holds(self):
        piece = self.piece()
        self.assertEqual(piece["void"], "")
        self.assertFalse(report.failed([piece]))
        self.assertIn("holds", "\n".join(report.render([piece, piece])))

    def test_a_sum_says_what_it_lacks(self):
        piece = self.piece(load_s=1800, catalogue={"F1": "", "F9": ""}, acked={
            "S.M%d" % i: 100000 for i in range(12)} | {"OrderService.PlaceOrder": 100000})
        piece["failpoints"] = {"a.b": 2, "c.d": 0}
        text = "\n".join(report.reached([piece] * 4 + [self.piece()]))
        self.assertIn("F1 12, F9 0", text)
        self.assertRegex(text, r"hours embedded +2.00 +of 1")
        self.assertIn("never: c.d", "\n".join(report.render([piece])))

    def test_violations_and_void_pieces_fail(self):
        wrong = self.piece(invariants=[{"invariant": "I3", "compared": 1, "count": 60,
                                        "violations": ["a", "b"], "note": ""}])
        self.assertTrue(report.failed([wrong]))
        text = "\n".join(report.render([wrong]))
        self.assertIn("I3 a", text)
        self.assertIn("and 58 more", text)
        for void in (self.piece(load_s=1000), self.piece(acked={"OrderService.PlaceOrder": 9999}),
                     self.piece(faults=[{"kind": "F1", "bit": False, "saw": "nothing"}])):
            self.assertTrue(void["void"])
            self.assertTrue(report.failed([void]))
            report.render([void])


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # of slow steps, which a busy machine has
    unittest.main()
