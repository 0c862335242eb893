"""Ten times what it can: how much is still served, what the rest is told, how soon it is as before.

    overload [--distributed] [--seconds 60] [--times 10] [--lines 30] [--apart]

What it can: PlaceOrder with so many under way that more makes no more, for as long as the crowd
will last, and what these orders cause done; as orders of that whole time a second, since an order
is taken faster than it is credit-checked, stocked and confirmed. Then ten times that, whether it is
answered or not (offer.cc), measured in the same way. Then half of it as a baseline, the crowd again,
and half of it at once behind the crowd. The machine is shared by those who offer and those who
serve, unless they are set --apart: one core for the crowd, the others for those who serve. What was
really offered is told.
"""
import argparse
import asyncio
import json
import os
import resource
import shutil
import struct
import sys
import tempfile
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import business  # noqa: E402
import journal as journal_lib  # noqa: E402
import workload  # noqa: E402
from api import ROOT  # noqa: E402
from cluster import Cluster  # noqa: E402
from quiet import Lag  # noqa: E402

METHOD = "/tandem.order.v1.OrderService/PlaceOrder"
ZERO = "00000000-0000-4000-8000-000000000000"
DEADLINE_MS = 2000
RECOVER_S, RECOVERED_SHARE = 20, 0.9


def lines_of(world, count):
    """So many lines, or one to three as the other clients order them."""
    lines = business.lines_of(world, False)
    while count and len(lines) < count:
        lines += business.lines_of(world, False)
    return lines[:count] if count else lines


def templates(world, path, lines, count=400):
    with open(path, "wb") as file:
        for n in range(count):
            order = {"sold_to_customer_id": world.rng.choice(world.customers[:business.CUSTOMERS]),
                     "order_date": world.today(), "requested_date": world.today(9),
                     "lines": lines_of(world, lines),
                     "customer_reference": "crowd/%d" % n}
            data = world.api.request("OrderService.PlaceOrder", request_id=ZERO,
                                     order=order).SerializeToString()
            file.write(struct.pack("<I", len(data)) + data)


async def offer(options, address, path, *phases):
    """The lines it says: [per second], {phase: sum}."""
    process = await asyncio.create_subprocess_exec(
        *(["taskset", "-c", "0"] if options.apart else []),
        "setpriv", "--pdeathsig=KILL", os.path.join(options.bin, "tandem_offer"), address, METHOD,
        path, str(options.threads), str(DEADLINE_MS), *phases, stdout=asyncio.subprocess.PIPE)
    lines = [json.loads(line) async for line in process.stdout]
    if await process.wait() != 0:
        raise RuntimeError("tandem_offer failed")
    return [x for x in lines if "second" in x], {x["phase"]: x for x in lines if "phase" in x}


def memory_mb(pid):
    with open("/proc/%d/status" % pid) as status:
        return max(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def crowd_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def quiet(lag):
    """Seconds until nothing is behind any more."""
    _, words, curve = await lag.settle(600, lambda text: None)
    if words:
        raise RuntimeError("still behind: " + words[0])
    return max([t for t, events in curve if events], default=0)


async def measure(options, folder):
    if options.apart:
        os.sched_setaffinity(0, os.sched_getaffinity(0) - {0})  # and what is started from here
    cluster = Cluster(folder, options.mode, options.bin)
    lag = Lag(cluster)
    try:
        await cluster.start({})
        journal = journal_lib.Journal(os.path.join(folder, "journal"), {"run": "overload"})
        driver = workload.Driver(types.SimpleNamespace(
            run="overload", addresses=json.dumps(cluster.direct), seed=str(options.seed), index=0,
            rate=1000, leave_out="free-goods", prepare=120), journal)
        refill = asyncio.ensure_future(driver.refill())
        world = business.World(driver)
        await world.prepare()
        await asyncio.gather(*(world.send(
            0, "BillingService.SetCredit", account_id=account, credit_policy={"kind": 2})
            for account in world.accounts.values()))
        refill.cancel()
        path = os.path.join(folder, "templates")
        templates(world, path, options.lines)
        pid = cluster.managed["tandem" if options.mode == "embedded" else "order"].pid
        address = cluster.direct["order"]

        async def orders():
            return (await lag.rows("order", "SELECT COUNT(*) FROM orders"))[0][0]
        before = await orders()
        done = []  # phases

        async def phases(*which):
            seconds, sums = await offer(options, address, path, *which)
            done.extend(sums.values())
            return seconds, sums

        async def with_what_follows(name, what):
            """A phase, and its orders a second, counted until what they caused is done."""
            _, sums = await phases("%s:%s:%d" % (name, what, options.seconds))
            behind = await quiet(lag)
            return sums[name], behind, sums[name]["ok"] / (options.seconds + behind)

        await phases("warm:c64:5")
        _, peaks = await phases(*("c%d:c%d:%d" % (n, n, options.peak_seconds)
                                  for n in (64, 256, 1024)))
        best = max(peaks.values(), key=lambda p: p["ok"] / p["seconds"])["phase"]
        await quiet(lag)
        peak, behind, capacity = await with_what_follows("peak", best)
        print("peak: %.0f orders/s taken with %s under way (p50 %.0f ms, p99 %.0f ms), what they "
              "caused done %.0f s later: %.0f orders/s" % (
                  peak["ok"] / options.seconds, best[1:], peak["p50_ms"], peak["p99_ms"], behind,
                  capacity), flush=True)
        memory = memory_mb(pid)
        used = crowd_cpu()
        flood = "%f" % (capacity * options.times)
        crowd, behind, good = await with_what_follows("crowd", flood)
        used = crowd_cpu() - used
        print("crowd: %.0f/s offered for %d s (%.1f times that; %d were due and not sent), %.0f/s "
              "taken, what they caused done %.0f s later: %.0f orders/s, %.0f %% of the peak" % (
                  crowd["sent"] / options.seconds, options.seconds,
                  crowd["sent"] / options.seconds / capacity, crowd["unsent"],
                  crowd["ok"] / options.seconds, behind, good, 100 * good / capacity), flush=True)
        print("       taken: p50 %.0f ms, p99 %.0f ms; shed %d, %d of them without RetryInfo, "
              "p50 %.1f ms, p99 %.1f ms; otherwise ended: %d, by code %s" % (
                  crowd["p50_ms"], crowd["p99_ms"], crowd["shed"], crowd["shed_bare"],
                  crowd["shed_p50_ms"], crowd["shed_p99_ms"], crowd["other"], crowd["codes"]))
        print("       memory %.0f MB before, %.0f MB after; the crowd itself used %.0f s of "
              "processor time" % (memory, memory_mb(pid), used))
        half = "%f" % (capacity / 2)
        seconds, sums = await phases("usual:%s:10" % half,
                                     "again:%s:%d" % (flood, options.seconds),
                                     "after:%s:%d" % (half, RECOVER_S))
        usual, after = sums["usual"], sums["after"]
        waited = sums["again"]["seconds"] - options.seconds  # the last answers, or the deadline
        recovered = None
        rows = [x for x in seconds if x["second"] == "after"]
        for n, row in enumerate(rows):
            if row["ok"] >= RECOVERED_SHARE * row["sent"] and row["p99_ms"] <= max(
                    2 * usual["p99_ms"], 50):
                recovered = waited + n
                break
        print("usual: %.0f orders/s offered, p50 %.1f ms, p99 %.1f ms" % (
            usual["sent"] / 10, usual["p50_ms"], usual["p99_ms"]))
        print("after: %s; p99 %.1f ms over %d s" % (
            "not as before within %d s" % RECOVER_S if recovered is None else
            "as before %.1f s after the crowd (p99 within twice the usual)" % recovered,
            after["p99_ms"], RECOVER_S))
        await quiet(lag)
        there = await orders() - before
        told, unknown = sum(p["ok"] for p in done), sum(p["other"] for p in done)
        print("orders that are there: %d; acknowledged %d, unknown %d" % (there, told, unknown))
        verdicts = {
            "what was acknowledged is there, no more": told <= there <= told + unknown,
            "goodput of at least 80 %": good >= 0.8 * capacity,
            "shed with RESOURCE_EXHAUSTED and RetryInfo": crowd["shed"] > 0
            and not crowd["shed_bare"],
            "as before within 10 s": recovered is not None and recovered <= 10}
        for words, holds in verdicts.items():
            print("%-45s %s" % (words, "yes" if holds else "NO"))
        await driver.api.close()
        await journal.close()
        return all(verdicts.values())
    finally:
        await cluster.stop(patience_s=30)


def main():
    parser = argparse.ArgumentParser(prog="overload", description=__doc__)
    parser.add_argument("--distributed", dest="mode", action="store_const", const="distributed",
                        default="embedded")
    parser.add_argument("--seconds", type=int, default=60, help="of the crowd")
    parser.add_argument("--times", type=float, default=10, help="the peak")
    parser.add_argument("--lines", type=int, default=0, help="of an order; as a rule one to three")
    parser.add_argument("--apart", action="store_true", help="a core for the crowd alone")
    parser.add_argument("--peak-seconds", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2, help="that offer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="tandem-overload-")
    os.chmod(folder, 0o755)
    try:
        return 0 if asyncio.run(measure(options, folder)) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
