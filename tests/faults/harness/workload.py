"""The clients: a seeded mix of everything people do, and what each was told.

A process of its own. It is told by lines on standard input (JSON: {"do": "rate" | "surge" |
"conflicts" | "pause" | "resume" | "stop", …}) and says twice a second on standard output how it goes; last a summary.
What it does is in business.py; here is how a command is sent until its outcome is known, sent again
later, twice at once, or with another body, and what is compared.
"""
import argparse
import asyncio
import collections
import heapq
import json
import math
import random
import sys
import time
import uuid

import grpc

import api as api_lib
import journal as journal_lib
from api import SERVICE_OF

REPEAT_LATER, TWICE_AT_ONCE, OTHER_BODY, AFRESH = 0.05, 0.01, 0.01, 0.05
CALL_DEADLINE_S = 5.0
PAUSE_MIN_S, PAUSE_MAX_S = 0.02, 1.0
BUCKETS_PER_DOUBLING = 4
DRAIN_S = 150


class Latencies:
    """A histogram with buckets of 19 %."""

    def __init__(self):
        self.counts = collections.Counter()
        self.max = 0.0

    def add(self, seconds):
        self.counts[int(math.log2(max(seconds, 1e-6) * 1e6) * BUCKETS_PER_DOUBLING)] += 1
        self.max = max(self.max, seconds)

    def percentile(self, share):
        total = sum(self.counts.values())
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= share * total:
                return 2 ** ((bucket + 1) / BUCKETS_PER_DOUBLING) / 1e6
        return 0.0


class Driver:
    """What all clients of a process share."""

    def __init__(self, options, journal):
        self.options = options
        self.run = options.run
        self.api = api_lib.Api(json.loads(options.addresses))
        self.journal = journal
        self.rng = random.Random("%s/%d" % (options.seed, options.index))
        self.stopping = False
        self.paused = False
        self.resting = 0                 # clients that do nothing because of it
        self.beside = set()              # tasks that are no client's
        self.give_up = False
        self.rate = options.rate
        self.tokens = 0.0
        self.in_flight = {}              # op -> when it was first sent
        self.acked = collections.Counter()     # by method
        self.refused = collections.Counter()   # by (method, reason)
        self.unknown = collections.Counter()   # attempts, by (part, code)
        self.shed = collections.Counter()      # RESOURCE_EXHAUSTED, by part
        self.shed_bare = 0                     # of those without RetryInfo
        self.shed_slowest = 0.0
        self.retried = 0
        self.reads = collections.Counter()
        self.checked = collections.Counter()   # invariant -> reads that were compared
        self.seen = []                         # violations
        self.latency = collections.defaultdict(Latencies)
        self.window = fresh_window()
        self.repeats = []                      # heap of (due, number, method, data, answer, op)
        self.again = collections.Counter()     # (how, same)
        self.versions = {}                     # entity -> the highest version acked
        self.conflicts = collections.deque()   # customers that both sides edit now
        self.conflict_edits = 0
        self.numbers = 0

    # --- the limit of what is begun -----------------------------------------------------------

    async def token(self):
        while self.tokens < 1 and not self.stopping:
            await asyncio.sleep(0.01)
        self.tokens -= 1

    async def refill(self):
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            self.window["late_ms"] = max(self.window["late_ms"], (now - last - 0.01) * 1e3)
            self.tokens = min(self.tokens + (now - last) * self.rate, self.rate)
            last = now

    # --- one command --------------------------------------------------------------------------

    def violation(self, what, note, op=None):
        self.seen.append("%s: %s" % (what, note))
        self.journal.add({"phase": "seen", "what": what, "op": op, "note": note})

    async def until_known(self, method, data, op, ask, deadline=CALL_DEADLINE_S, attempt=0):
        """Attempts until the outcome is known; None when it never was. `ask` is journalled with
        each; attempt 0 is on disk before it is sent. What is shed is sent again, but not when
        everybody goes home: then it was refused, unless an earlier attempt may have done it."""
        part = SERVICE_OF[method.partition(".")[0]]
        pause = PAUSE_MIN_S
        doubt = False
        while True:
            name = "%s#%d" % (op, attempt)
            if attempt == 0:
                await self.journal.put(dict(ask, op=name))
            else:
                self.journal.add(dict(ask, op=name))
            attempt += 1
            began = time.monotonic()
            result = await self.api.call(method, data, timeout=deadline)
            took = time.monotonic() - began
            slowest = self.window["slowest"]
            slowest[part] = max(slowest.get(part, 0.0), took)
            known = result.code not in api_lib.UNKNOWN
            shed = result.code in api_lib.LATER
            ok = result.code == grpc.StatusCode.OK
            if shed:
                self.shed[part] += 1
                self.shed_bare += result.retry_s is None
                self.shed_slowest = max(self.shed_slowest, took)
            if not known:
                self.unknown[part, result.code.name] += 1
            line = {"phase": "answer", "op": name, "client": ask["client"],
                    "code": result.code.name, "reason": result.reason,
                    "outcome": "ok" if ok else "refused" if known else "unknown"}
            if ok:
                line["response"] = journal_lib.words(self.api.answer(method, result.data))
            self.journal.add(line)
            doubt = doubt or not known
            if known and (not shed or (self.stopping and not doubt)):
                return result
            if self.give_up:
                return None
            self.retried += 1
            await asyncio.sleep((result.retry_s or pause) * (0.5 + random.random()))
            pause = min(pause * 2, PAUSE_MAX_S)

    def ask(self, client, method, request):
        descriptor = self.api.methods[method]
        return {"phase": "ask", "client": client, "request_id": request.request_id,
                "method": "/%s/%s" % (descriptor.containing_service.full_name, descriptor.name),
                "request": journal_lib.words(request)}

    async def command(self, client, method, request, entity=None):
        """Sends a command until its outcome is known. Answers the parsed answer, or None."""
        await self.token()
        request.request_id = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        data = request.SerializeToString()
        self.numbers += 1
        op = "%s/c%03d/%d" % (self.run, client, self.numbers)
        began = time.monotonic()
        self.in_flight[op] = began
        floor = self.versions.get(entity, 0)
        ask = self.ask(client, method, request)
        try:
            if random.random() < TWICE_AT_ONCE:
                result, other = await asyncio.gather(
                    self.until_known(method, data, op, ask),
                    self.until_known(method, data, op + "/twice", ask))
                ok = [r for r in (result, other) if r and r.code == grpc.StatusCode.OK]
                if len(ok) == 2:
                    self.compare("twice", method, op, result.data, other.data)
                elif ok:
                    result = ok[0]
            else:
                result = await self.until_known(method, data, op, ask)
        finally:
            del self.in_flight[op]
        if result is None:
            self.refused[method, "NEVER KNOWN"] += 1
            return None
        took = time.monotonic() - began
        self.latency[method].add(took)
        self.window["ms"].append(round(took * 1e3))
        if result.code != grpc.StatusCode.OK:
            self.refused[method, result.reason or result.code.name] += 1
            if random.random() < AFRESH:
                self.besides(self.afresh(method, data, op, ask))
            return None
        self.acked[method] += 1
        answer = self.api.answer(method, result.data)
        self.grew(method, answer, entity, floor, op)
        if random.random() < REPEAT_LATER:
            heapq.heappush(self.repeats, (time.monotonic() + random.uniform(0.2, 40), self.numbers,
                                          method, data, result.data, op, ask))
        elif random.random() < OTHER_BODY:
            self.besides(self.other_body(client, method, request, op))
        return answer

    def besides(self, work):
        task = asyncio.ensure_future(work)
        self.beside.add(task)
        task.add_done_callback(self.beside.discard)

    # --- what is sent again -------------------------------------------------------------------

    def compare(self, how, method, op, first, second):
        same = first == second
        if not same and self.api.answer(method, first) == self.api.answer(method, second):
            self.again[how, "the same in other bytes"] += 1
            same = True  # map fields have no order on the wire
        self.again[how, "same" if same else "DIFFERENT"] += 1
        self.checked["I12"] += 1
        if not same:
            self.violation("I12", "%s answered again differs (%s)" % (method, how), op)

    async def repeat(self):
        """Sends one that was answered before, if one is due."""
        if not self.repeats or self.repeats[0][0] > time.monotonic():
            return False
        _, _, method, data, first, op, ask = heapq.heappop(self.repeats)
        await self.token()
        result = await self.until_known(method, data, op + "/later", ask, attempt=1)
        if result is None or result.code in api_lib.LATER:
            return True
        if result.code != grpc.StatusCode.OK:
            self.checked["I12"] += 1
            self.again["later", "REFUSED"] += 1
            self.violation("I12", "%s was acked, and later refused: %s %s" % (
                method, result.code.name, result.reason), op)
        else:
            self.compare("later", method, op, first, result.data)
        return True

    async def afresh(self, method, data, op, ask):
        """One that was refused is sent again: it is judged afresh, whatever comes of it."""
        await asyncio.sleep(random.random())
        result = await self.until_known(method, data, op + "/afresh", ask, attempt=1)
        if result is None or result.code in api_lib.LATER:
            return
        reused = result.reason == "REQUEST_ID_REUSED"
        ok = result.code == grpc.StatusCode.OK
        self.again["refused", "REUSED" if reused else "then accepted" if ok else "refused"] += 1
        self.checked["I12"] += 1
        if reused:
            self.violation("I12", "%s was refused, and its id counts as used" % method, op)

    async def other_body(self, client, method, request, op):
        other = type(request)()
        other.CopyFrom(request)
        if not change(other):
            return
        result = await self.until_known(method, other.SerializeToString(), op + "/other",
                                        self.ask(client, method, other), attempt=1)
        if result is None or result.code in api_lib.LATER:
            return
        same = (result.code == grpc.StatusCode.ALREADY_EXISTS
                and result.reason == "REQUEST_ID_REUSED")
        # What the checks of the request itself refuse never comes to its id.
        legal = same or result.code == grpc.StatusCode.INVALID_ARGUMENT
        self.again["other", "refused" if legal else "ACCEPTED"] += 1
        self.checked["I12"] += 1
        if not legal:
            self.violation("I12", "%s with another body under the same id: %s %s" % (
                method, result.code.name, result.reason), op)

    # --- reads --------------------------------------------------------------------------------

    def grew(self, method, answer, entity, floor, op=None):
        """The version of what was answered is none that this process knew to be past."""
        version = version_of(answer)
        if entity is None or version is None:
            return
        self.checked["I9"] += 1
        if version < floor:
            self.violation("I9", "%s of %s answered version %d after %d had been acked" % (
                method, entity, version, floor), op)
        self.versions[entity] = max(version, self.versions.get(entity, 0))

    async def read(self, method, entity=None, **fields):
        """The parsed answer, or None; with an entity, none older than what was acked before."""
        await self.token()
        floor = self.versions.get(entity, 0)
        result = await self.api.call(method, self.api.request(method, **fields),
                                     timeout=CALL_DEADLINE_S)
        if result.code in api_lib.UNKNOWN:
            part = SERVICE_OF[method.partition(".")[0]]
            self.unknown[part, result.code.name] += 1
            self.reads["failed"] += 1
            return None
        if result.code != grpc.StatusCode.OK:
            self.reads[result.reason or result.code.name] += 1
            if floor and result.code == grpc.StatusCode.NOT_FOUND:
                self.violation("I9", "%s of %s: not found after version %d had been acked" % (
                    method, entity, floor))
            return None
        self.reads["ok"] += 1
        answer = self.api.answer(method, result.data)
        self.grew(method, answer, entity, floor)
        return answer

    # --- how it goes --------------------------------------------------------------------------

    def status(self):
        window, self.window = self.window, fresh_window()
        now = time.monotonic()
        for op, since in self.in_flight.items():
            if now - since > 0.5:
                window["slowest"]["oldest"] = max(window["slowest"].get("oldest", 0), now - since)
        unknown, by_code = collections.Counter(), collections.Counter()
        for (part, code), n in self.unknown.items():
            unknown[part] += n
            by_code[code] += n
        return {"time": now, "in_flight": len(self.in_flight), "acked": sum(self.acked.values()),
                "orders": self.acked["OrderService.PlaceOrder"],
                "refused": sum(self.refused.values()), "unknown": unknown, "codes": by_code,
                "shed": sum(self.shed.values()), "retried": self.retried,
                "slowest": window["slowest"], "ms": window["ms"],
                "late_ms": round(window["late_ms"], 1),
                "violations": len(self.seen), "seen": self.seen[:3],
                "resting": 0 if self.beside or self.in_flight or self.journal.lines
                or self.journal.waiting else self.resting, "conflict_edits": self.conflict_edits,
                "cpu": time.process_time()}

    def summary(self):
        return {
            "acked": dict(self.acked),
            "refused": {"%s %s" % key: n for key, n in self.refused.items()},
            "unknown": {"%s %s" % key: n for key, n in self.unknown.items()},
            "shed": dict(self.shed), "shed_without_retry_info": self.shed_bare,
            "shed_slowest_s": self.shed_slowest,
            "retried": self.retried, "reads": dict(self.reads), "checked": dict(self.checked),
            "seen": self.seen, "again": {"%s %s" % key: n for key, n in self.again.items()},
            "never_known": sum(n for (_, why), n in self.refused.items() if why == "NEVER KNOWN"),
            "latency": {m: {"p50": l.percentile(0.5), "p99": l.percentile(0.99), "max": l.max}
                        for m, l in self.latency.items()},
            "cpu_s": time.process_time()}


def fresh_window():
    return {"slowest": {}, "ms": [], "late_ms": 0.0}


def version_of(answer):
    """The number in an etag: `"7"`."""
    etag = getattr(answer, "etag", "")
    if len(etag) > 2 and etag[1:-1].isdigit():
        return int(etag[1:-1])
    return None


def change(message):
    """Changes one field that says something; False when there is none."""
    for field, value in message.ListFields():
        name = field.message_type.full_name if field.message_type else ""
        if field.name in ("request_id", "etag", "update_mask", "validate_only"):
            continue
        if name == "google.type.Date":
            value.day = value.day % 28 + 1
            return True
        if name == "google.type.Money":
            value.units += 1
            return True
        if name == "google.type.Decimal":
            value.value = str(round(float(value.value) + 1))
            return True
        if field.message_type is not None and not field.is_repeated:
            if change(value):
                return True
        elif field.type == field.TYPE_STRING and not field.is_repeated and field.name in (
                "reason", "note", "notes", "reference", "display_name", "phone", "carrier", "email",
                "accepted_by", "name", "customer_reference", "stage", "website", "category"):
            setattr(message, field.name, value + "x")
            return True
    return False


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--addresses", required=True)
    parser.add_argument("--journal", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--clients", type=int, default=96)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--leave-out", default="")
    parser.add_argument("--prepare", type=int, default=120, help="seconds until all is there")
    options = parser.parse_args()
    import business
    journal = journal_lib.Journal(options.journal, {
        "run": options.run, "seed": options.seed, "mode": options.mode})
    driver = Driver(options, journal)
    refill = asyncio.ensure_future(driver.refill())

    def say(what):
        print(json.dumps(what), flush=True)

    world = business.World(driver)
    await world.prepare()
    say({"ready": True, "acked": sum(driver.acked.values())})
    watches = [asyncio.ensure_future(w) for w in world.watches()]
    clients = [asyncio.ensure_future(business.client(driver, world, n))
               for n in range(options.clients)]
    surge = []

    async def speak():
        while True:
            await asyncio.sleep(0.5)
            say(dict(driver.status(), world=world.sizes()))
    speaking = asyncio.ensure_future(speak())

    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        told = json.loads(line)
        if told["do"] == "rate":
            driver.rate = told["value"]
        elif told["do"] == "surge":  # so many more clients, without a limit, for so long
            end = time.monotonic() + told["seconds"]
            surge = [asyncio.ensure_future(business.surge(driver, world, 500 + n, end))
                     for n in range(told["clients"])]
        elif told["do"] in ("pause", "resume"):
            driver.paused = told["do"] == "pause"
        elif told["do"] == "conflicts":
            driver.conflicts.extend(world.some_customers(told["count"]))
        elif told["do"] == "stop":
            break
    driver.stopping = True
    driver.rate = 1000
    _, late = await asyncio.wait(clients + surge, timeout=DRAIN_S)
    driver.give_up = True
    if late:
        await asyncio.wait(late, timeout=4 * CALL_DEADLINE_S)
    if driver.beside:
        await asyncio.wait(set(driver.beside), timeout=4 * CALL_DEADLINE_S)
    for task in watches + [speaking, refill]:
        task.cancel()
    for task in clients + surge:
        if task.done() and not task.cancelled() and task.exception():
            raise task.exception()
    await journal.close()
    say({"summary": driver.summary()})
    await driver.api.close()


if __name__ == "__main__":
    asyncio.run(main())
