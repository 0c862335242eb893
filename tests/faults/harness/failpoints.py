"""F2: a process is started again with a failpoint armed (platform/base/fault.h), and dies, stalls
or fails there in the middle of its work; then it is started without.

Which process passes which point, and what makes it pass, is in POINTS; harness_test.py holds the
table against the sources. Points that only a first start passes (migrations) are armed before the
company is there: `first_arms`.
"""
import asyncio
import collections
import os
import re
import signal
import time
import uuid

import grpc

from api import PARTS, SERVICES, SERVICE_OF, Api
from faults_process import BACK_S, Skip

# parts: who passes it. often: the load passes it so many times within seconds. how: what else must
# happen (`_while_*` below); error: it can fail there; where: in one shape only.
Point = collections.namedtuple("Point", "parts often how error where", defaults=[
    1, "", False, None])
READERS = ["customer", "opportunity", "order", "customer_sync", "product_sync", "order_to_cash"]
HERE = READERS[:-1]                # those whose events change their own database
SYNCS = ["customer_sync", "product_sync"]
POINTS = {
    "rpc.before_validate": Point(SERVICES, 60),
    "rpc.before_submit": Point(SERVICES, 60),
    "rpc.before_finish": Point(SERVICES, 60),
    "rpc.before_submit_batch": Point(["order", "inventory", "billing"], 30),
    "writer.batch_taken": Point(PARTS, 40),
    "writer.before_answer": Point(PARTS, 60),
    "store.before_load": Point(PARTS, 40),
    "store.after_load": Point(PARTS, 40),
    "store.mid_batch": Point(PARTS, 60),
    "store.after_decide": Point(PARTS, 40),
    "store.between_rows_and_journal": Point(READERS, 40),
    "store.before_commit": Point(PARTS, 40),
    "store.after_commit": Point(PARTS, 40),
    "store.before_split": Point(["customer"], 1, "twins", where="distributed"),
    "store.commit_unknown": Point(SERVICES, 1, "ends", where="distributed"),
    "relay.after_lead": Point(SERVICES, 1, "", True, "distributed"),
    "relay.before_read": Point(SERVICES, 20, "", True, "distributed"),
    "relay.after_send": Point(SERVICES, 20, "", True, "distributed"),
    "relay.after_ack": Point(SERVICES, 10, "", True, "distributed"),
    "relay.after_save": Point(SERVICES, 10, "", True, "distributed"),
    "relay.while_refilling": Point(SERVICES, 3, "tail", True, "distributed"),
    "kafka.before_offsets": Point(READERS, 2, where="distributed"),
    "subscriber.after_heads": Point(READERS, 2, "", True),
    "subscriber.after_poll": Point(READERS, 20, "", True),
    "subscriber.before_call": Point(["order_to_cash"], 20, "", True),
    "subscriber.after_call": Point(["order_to_cash"], 20, "", True),
    "subscriber.before_commit": Point(READERS, 20, "", True),
    "subscriber.after_commit": Point(READERS, 20, "", True),
    "subscriber.before_settled": Point(READERS, 10),
    "subscriber.after_settled": Point(READERS, 10),
    "subscriber.after_fill": Point(READERS, 1, "gap", where="distributed"),
    "subscriber.before_effect": Point(HERE, 20, "park"),
    "subscriber.before_park": Point(HERE, 1, "refuse"),
    "quarantine.before_apply": Point(HERE, 1, "retry"),
    "quarantine.before_take_out": Point(HERE, 1, "retry"),
    "sync.before_push": Point(SYNCS, 5),
    "sync.after_push": Point(SYNCS, 5),
    "sync.before_lookup": Point(SYNCS, 2),
    "sync.after_lookup": Point(SYNCS, 2),
    "sync.before_arrival": Point(SYNCS, 20),
    "sync.reconcile_page": Point(SYNCS, 1, "reconcile"),
    "sync.before_reconcile_cursor": Point(SYNCS, 1, "reconcile"),
    "order_to_cash.before_call": Point(["order_to_cash"], 20),
    "order_to_cash.after_call": Point(["order_to_cash"], 20),
    "process.before_serve": Point(PARTS, 1),
    "process.before_subscriptions": Point(PARTS, 1),
    "process.before_drain": Point(PARTS, 1, "term"),
    "migration.before_step": Point(PARTS, 2, "first"),
    "migration.before_commit": Point(PARTS, 2, "first"),
    "migration.after_step": Point(PARTS, 2, "first"),
}
READS_AGAIN_S = 30                 # a reader whose predecessor was killed: the broker waits for it
PEACE_S = 5
PATIENCE_S = {"": 12, "gap": 25, "tail": 45, "twins": 20, "ends": 15, "park": 20, "refuse": 20,
              "retry": 25, "reconcile": 15, "term": 10}
REFUSED = "FAILPOINT"              # the reason of what a failpoint refuses
SAID = re.compile(rb"^failpoint (\S+) (\w+)$", re.MULTILINE)


def drawable(mode):
    """Those that a fault in the middle of the load can hit."""
    return sorted(name for name, point in POINTS.items()
                  if point.how != "first" and point.where in (None, mode))


def draw(name, mode, parts, rng):
    """A fault at this point: which process, and what it is told."""
    point = POINTS[name]
    part = rng.choice([p for p in point.parts if p in parts] or parts)
    at = rng.choice([1, rng.randrange(1, point.often + 1)])
    action = rng.choice(["abort"] * 4 + ["sleep"] + ["error"] * point.error) \
        if not point.how else "abort"
    spec = "%s:%s" % (name, {"abort": "abort@%d" % at, "error": "error@p0.2",
                             "sleep": "sleep=%d@%d" % (rng.randrange(300, 3000), at)}[action])
    if point.how == "park":
        action, spec = "refuse", "%s:refuse@%d" % (name, at)
    elif point.how in ("refuse", "retry"):
        spec = "subscriber.before_effect:refuse@%d,%s:abort" % (rng.randrange(1, 20), name)
    return {"target": "kafka" if point.how == "tail" else part, "part": part, "point": name,
            "action": action, "spec": spec, "cut": rng.uniform(0.02, 0.5)}


def first_arms(parts, rng):
    """{part: what its first starts are told}: each migration point ends one, as far as there are as
    many steps."""
    names = [name for name, point in POINTS.items() if point.how == "first"]
    if len(parts) == 1:
        rng.shuffle(names)
        return {parts[0]: ["%s:abort@%d" % (name, rng.randrange(1, 9)) for name in names]}
    offset = rng.randrange(len(names))
    return {part: ["%s:abort@%d" % (names[(n + offset) % len(names)], rng.choice([1, 1, 2]))]
            for n, part in enumerate(parts)}


def said(path, since=0):
    """What the processes of a log said: {(failpoint, action): how often}."""
    try:
        with open(path, "rb") as log:
            log.seek(since)
            return collections.Counter(
                (name.decode(), action.decode()) for name, action in SAID.findall(log.read()))
    except OSError:
        return collections.Counter()


class FailpointFaults:
    async def _f2(self, plan, began):
        if not self.cluster.test_build:
            raise Skip("the programs have no failpoints: --bin build/release/bin/test_build")
        point, part = POINTS[plan["point"]], plan["part"]
        managed = self.cluster.managed[part]
        if not managed.running or not managed.wanted:
            return None
        what = plan["point"], plan["action"]
        logs = {managed.log: os.path.getsize(managed.log)}
        before = getattr(self, "_before_" + point.how, self._before_any)
        besides = getattr(self, "_while_" + point.how, None)
        after = getattr(self, "_after_" + point.how, None)
        helper, hit = None, None
        try:
            await before(plan, logs)
            exits = len(managed.exits)
            helper = asyncio.ensure_future(besides(plan)) if besides else None
            end = time.monotonic() + max(PATIENCE_S[point.how],
                                         READS_AGAIN_S * self.cluster.distributed)
            while time.monotonic() < end and hit is None:
                await asyncio.sleep(0.05)
                if sum(said(log, since)[what] for log, since in logs.items()):
                    hit = time.monotonic()
            if hit and plan["action"] == "error":
                await asyncio.sleep(3)
            # It says so before it dies: until then the next fault would meet the one that dies.
            here = said(managed.log, logs[managed.log])[what]
            while hit and here and plan["action"] == "abort" and len(managed.exits) == exits and \
                    time.monotonic() < hit + BACK_S:
                await asyncio.sleep(0.01)
        finally:
            if helper:
                helper.cancel()
                await asyncio.gather(helper, return_exceptions=True)
            managed.arms = []
            if managed.armed and managed.running and (plan["action"] == "error" or not hit):
                await self._kill(part, "F2 disarming")
            if not managed.wanted:
                managed.up()
            if after:
                await after(plan, hit)
        await asyncio.sleep(0.1)
        await self._back([part])
        count = sum(said(log, since)[what] for log, since in logs.items())
        if not count:
            return None
        return "it died there" if plan["action"] == "abort" else "it said so %d times" % count, \
            (hit or time.monotonic()) - 1.2, {"hit": count}

    async def _before_any(self, plan, logs):
        managed = self.cluster.managed[plan["part"]]
        managed.arms = [plan["spec"]]
        # In peace, where a broker would wait for one that is killed; but not for long.
        part, cause = plan["part"], "F2 arming"
        if self.cluster.distributed and managed.signal(signal.SIGTERM, cause):
            before, end = len(managed.exits), time.monotonic() + PEACE_S
            while len(managed.exits) == before and time.monotonic() < end:
                await asyncio.sleep(0.01)
            if len(managed.exits) > before:
                return
        if await self._kill(part, cause) is None:
            raise Skip("it is down by another fault")

    # --- what makes a process pass the rarer ones ---------------------------------------------

    async def _while_term(self, plan):
        managed = self.cluster.managed[plan["part"]]
        await asyncio.wait_for(managed.serves.wait(), BACK_S)
        managed.signal(signal.SIGTERM, "F2")

    async def _while_ends(self, plan):
        """Its connections to the database end, also while it commits."""
        import psycopg
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                        self.cluster.postgres + "postgres?connect_timeout=3",
                        autocommit=True) as connection:
                    while True:
                        await connection.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                            " %s AND state <> 'idle'", ("tandem_" + plan["part"],))
                        await asyncio.sleep(plan["cut"] / 10)
            except psycopg.Error:
                await asyncio.sleep(0.2)

    async def _while_reconcile(self, plan):
        service = {part: name for name, part in SERVICE_OF.items()}[plan["part"]]
        while True:
            await self.cluster.probe.call(
                service + ".Reconcile", self.cluster.probe.request(
                    service + ".Reconcile", request_id=str(uuid.uuid4())), part=plan["part"])
            await asyncio.sleep(0.3)

    async def _before_gap(self, plan, logs):
        """What others write does not come to the topics, and it begins behind their journals."""
        plan["edges"] = [s + "->kafka" for s in SERVICES if s != plan["part"]]
        self.cluster.proxy.do("cut", plan["edges"])
        await asyncio.sleep(1)
        await self._before_any(plan, logs)

    async def _after_gap(self, plan, hit):
        self.cluster.proxy.do("open", plan["edges"])

    async def _before_tail(self, plan, logs):
        """The broker loses the ends of a part's topics, and its relay sends them again."""
        managed = self.cluster.managed[plan["part"]]
        await managed.down("F2 arming")
        for part in PARTS:
            self.expected_ends[part] = time.monotonic() + 60
        kafka = self.cluster.managed["kafka"]
        await kafka.down("F2")
        try:
            lost = lose_tails(os.path.join(self.cluster.storage, "kafka/log"), plan["part"],
                              plan["cut"])
        finally:
            kafka.up()
        await self._back(["kafka"])
        await self.topics.forget_beyond()
        if not lost:
            self.say("nothing of %s in the topics yet" % plan["part"])
        managed.arms = [plan["spec"]]
        managed.up()

    async def _after_tail(self, plan, hit):
        await self._back(["kafka"])

    async def _before_twins(self, plan, logs):
        await self._before_any(plan, logs)
        await self._back([plan["part"]])
        name, _ = await self.cluster.replica(plan["part"], plan["spec"])
        logs[self.cluster.log(name)] = 0

    async def _while_twins(self, plan):
        """The same customer numbers at two processes at once: one of each pair is refused by the
        database, and with it what is in the same transaction."""
        part = plan["part"]
        replica = part + "-2"
        api = Api({part: self.cluster.direct[part], replica: self.cluster.direct[replica]},
                  actor="twins")

        async def create(at, number):
            return await api.call("CustomerService.CreateCustomer", api.request(
                "CustomerService.CreateCustomer", request_id=str(uuid.uuid4()), customer={
                    "customer_number": number, "kind": 1, "display_name": number, "state": 1}),
                part=at)
        try:
            while True:
                numbers = ["T%x-%d" % (int(time.time() * 1000), n) for n in range(12)]
                answers = await asyncio.gather(*(create(at, n) for n in numbers
                                                 for at in (part, replica)))
                for n, number in enumerate(numbers):
                    pair = [a.code for a in answers[2 * n:2 * n + 2]]
                    if pair == [grpc.StatusCode.OK] * 2:
                        self.violations.append(("I1", "two customers have the number " + number))
                await asyncio.sleep(0.02)
        finally:
            await api.close()

    async def _after_twins(self, plan, hit):
        await self.cluster.no_replica(plan["part"])

    # --- what is refused for good, waits in quarantine, and is tried again by a person ----------

    async def _while_retry(self, plan):
        while True:
            try:
                await self.lag.retry_quarantined(REFUSED)
            except RuntimeError:
                pass  # it is starting
            await asyncio.sleep(0.2)

    async def _after_park(self, plan, hit):
        """It is in quarantine, nothing stands because of it, and a retry applies it."""
        managed = self.cluster.managed[plan["part"]]
        pid = managed.pid
        there = not hit or await self._quarantine(lambda n: n > 0, 40)
        # Who is killed by another fault meanwhile has forgotten that it was refused.
        if not there and managed.pid == pid:
            self.violations.append(("I8", "an event that %s refused for good is not in quarantine"
                                    % plan["part"]))
        await self._quarantine(lambda n: n == 0, 30, retry=True)

    async def _after_retry(self, plan, hit):
        await self._back([plan["part"]])
        await self._quarantine(lambda n: n == 0, 30, retry=True)

    async def _quarantine(self, wanted, patience_s, retry=False):
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            try:
                if retry:
                    await self.lag.retry_quarantined(REFUSED)
                if wanted(sum(key.reason == REFUSED for key, _ in await self.lag.quarantined())):
                    return True
            except RuntimeError:
                pass  # one of them is away by another fault
            await asyncio.sleep(0.3)
        return False


def lose_tails(folder, part, share):
    """Cuts off the last part of the youngest segment of each of a part's partitions, as a machine
    does that loses its power. Answers how many lost something."""
    lost = 0
    for name in sorted(os.listdir(folder)):
        if not name.startswith("tandem.%s." % part):
            continue
        segments = sorted(f for f in os.listdir(os.path.join(folder, name)) if f.endswith(".log"))
        if not segments:
            continue
        path = os.path.join(folder, name, segments[-1])
        # What is allotted ahead, and not written, is zeroes.
        size = written(path)
        if size > 200:
            os.truncate(path, size - max(100, int(min(size, 200000) * share)))
            lost += 1
    return lost


def written(path):
    """Where the last byte that is not zero ends."""
    with open(path, "rb") as file:
        return len(file.read().rstrip(b"\0"))
