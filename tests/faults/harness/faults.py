"""The faults, by the names of the catalogue. Each is done, undone, and tells what it saw.

A fault has `bit` when its effect was seen (a process died, bytes were held back, calls failed or
were late, a cursor stood while its source went on) while at least ten commands were in flight.
"""
import asyncio
import signal
import time

import failpoints
from api import PARTS, SERVICES
from cluster import preloaded
from failpoints import FailpointFaults
from faults_net import NetFaults
from faults_process import BACK_S, ProcessFaults, Skip
from faults_store import StoreFaults

IN_FLIGHT_MIN = 10
CATALOGUE = {
    "F1": "kill -9 of a process", "F2": "the end of a process at a named point",
    "F3": "kill -9 of the broker",
    "F4": "kill -9 of the database's postmaster, or of its backends",
    "F5": "a process stops for 1-20 s (SIGSTOP)", "F6": "a partition of one edge",
    "F7": "a slow, thin, slicing or breaking edge", "F8": "the disk is full",
    "F9": "the disk is slow",
    "F11": "a process's clock is wrong", "F12": "events again, out of order",
    "F13": "poison in the topics", "F14": "a crowd at once", "F15": "a flood of connections",
    "F16": "restarts, one after the other", "F17": "both sides edit during a partition",
}
# How often each is drawn. What only the distributed way has is drawn more often there: the sum of
# all pieces needs as many bites of it as of the others.
BAGS = {
    "distributed": {"F1": 3, "F2": 8, "F3": 4, "F4": 4, "F5": 3, "F6": 3, "F7": 3, "F8": 3, "F9": 2,
                    "F11": 2, "F12": 4, "F13": 4, "F14": 2, "F15": 2, "F16": 2, "F17": 4},
    "embedded": {"F1": 3, "F2": 9, "F5": 3, "F6": 2, "F7": 3, "F8": 3, "F9": 2, "F11": 2, "F14": 2,
                 "F15": 2, "F16": 2},
}


class Faults(ProcessFaults, StoreFaults, NetFaults, FailpointFaults):
    def __init__(self, cluster, crowd, lag, topics, say):
        self.cluster, self.crowd, self.lag, self.topics, self.say = \
            cluster, crowd, lag, topics, say
        self.disk = None          # set when the storage is a small file system of its own
        self.clock = preloaded(cluster.folder, "clock_shift")
        self.violations = []      # (invariant, note)
        self.measured = []        # (what, seconds)
        self.drains = []          # dicts
        self.goodput = []
        self.expected_ends = {}   # process -> until when it may end by itself
        self.points = []          # failpoints that have their turn yet
        self.points_all = None    # of these; all without

    def able(self, kind):
        """This machine and these programs can do it."""
        return (kind != "F8" or self.disk) and (kind != "F2" or self.cluster.test_build) and (
            kind != "F9" or self.cluster.slow_disk.view) and (kind != "F11" or self.clock)

    # --- drawing ------------------------------------------------------------------------------

    def edges(self):
        """The edges that carry something, by kind."""
        if not self.cluster.distributed:
            return ["driver->tandem"]
        calls = {"order_to_cash": SERVICES, "customer_sync": ["customer", "billing"],
                 "product_sync": ["inventory", "opportunity"]}
        found = [p + "->postgres" for p in PARTS] + [p + "->kafka" for p in PARTS]
        for one, others in calls.items():
            found += ["%s->%s" % (one, other) for other in others] * 2
        return found + ["driver->" + p for p in SERVICES] * 2

    def draw(self, kind, rng, brief=False):
        """The parameters of a fault: what is chance is drawn here, so that a seed replays it."""
        plan = self._draw(kind, rng)
        if brief:
            for name in ("seconds", "down_s"):
                if name in plan:
                    plan[name] = min(plan[name], 6.0 if kind == "F8" else 4.0)
        return plan

    def _draw(self, kind, rng):
        part = rng.choice(self.cluster.parts)
        plan = {"kind": kind, "target": part}
        if kind == "F2":
            mode = "distributed" if self.cluster.distributed else "embedded"
            if not self.points:
                self.points = list(self.points_all or failpoints.drawable(mode))
                rng.shuffle(self.points)
            plan.update(failpoints.draw(self.points.pop(), mode, self.cluster.parts, rng))
        elif kind == "F1":
            plan["down_s"] = round(rng.choice([0, 0, 0, rng.uniform(0.5, 5)]), 1)
        elif kind == "F3":
            plan.update(target="kafka", down_s=round(rng.choice([0, rng.uniform(0, 20)]), 1))
        elif kind == "F4":
            plan.update(target="postgres", how=rng.choice(["postmaster", "backends"]),
                        seconds=round(rng.uniform(0.5, 3), 1),
                        down_s=round(rng.choice([0, 0, rng.uniform(0, 5)]), 1))
        elif kind == "F5":
            if self.cluster.distributed:
                plan["target"] = rng.choice(list(PARTS) + ["kafka", "postgres"])
            plan["seconds"] = round(rng.choice([rng.uniform(1, 4), rng.uniform(1, 4),
                                                rng.uniform(4, 20)]), 1)
        elif kind == "F6":
            plan.update(target=rng.choice(self.edges()), seconds=round(rng.uniform(2, 10), 1),
                        how=rng.choice(["cut", "in", "out", "both", "flap"]))
        elif kind == "F7":
            plan.update(target=rng.choice(self.edges()), seconds=round(rng.uniform(3, 8), 1),
                        how=rng.choice(["delay", "rate", "slice", "reset"]),
                        ms=rng.choice([50, 200, 1000, 2000]), bytes=rng.choice([10000, 50000]),
                        size=rng.choice([1, 7, 64]), after=rng.choice([1, 5, 100, 3000, 20000]))
        elif kind == "F8":
            plan.update(target="disk", seconds=round(rng.uniform(4, 9), 1))
        elif kind == "F9":
            plan.update(target="disk", seconds=round(rng.uniform(4, 10), 1),
                        ms=rng.choice([30, 100, 400]))
        elif kind == "F11":
            plan.update(clock=rng.choice(["+1h", "-1h", "+13y", "x2", "x0.5", "-3d"]),
                        seconds=round(rng.uniform(4, 10), 1))
        elif kind == "F12":
            plan.update(target="topics", partitions=rng.randrange(2, 12),
                        from_start=rng.random() < 0.3)
        elif kind == "F13":
            plan.update(target="topics")
        elif kind == "F14":
            plan.update(target="all", clients=rng.choice([400, 1000, 2500]),
                        seconds=round(rng.uniform(4, 8), 1))
        elif kind == "F15":
            plan.update(connections=rng.choice([400, 600, 900]))
        elif kind == "F16":
            plan["target"] = rng.choice(["services", "adapters", "all"]) \
                if self.cluster.distributed else "tandem"
        elif kind == "F17":
            plan.update(target=rng.choice(["customer", "billing", "both"]),
                        seconds=round(rng.uniform(2, 6), 1))
        return plan

    # --- doing --------------------------------------------------------------------------------

    async def run(self, plan):
        """Does one. Answers {"bit", "saw", "in_flight"}."""
        began, more = time.monotonic(), {}
        try:
            saw = await getattr(self, "_" + plan["kind"].lower())(plan, began)
        except Skip as why:
            return {"bit": False, "saw": "skipped: %s" % why, "in_flight": 0}
        if isinstance(saw, tuple):  # with when it began to act
            saw, began, more = saw
        window = self.crowd.since(began)
        return {"bit": bool(saw) and window["in_flight"] >= IN_FLIGHT_MIN, "saw": saw or "nothing",
                "in_flight": window["in_flight"], "failed": window["unknowns"],
                "shed": window["shed"], **more}

    async def _back(self, names, patience_s=BACK_S):
        """Waits until these serve; what does not is a violation of liveness."""
        end = time.monotonic() + patience_s
        for name in names:
            try:
                await asyncio.wait_for(self.cluster.managed[name].serves.wait(),
                                       max(0.1, end - time.monotonic()))
            except asyncio.TimeoutError:
                self.violations.append(("I14", "%s does not serve %d s after a fault" % (
                    name, patience_s)))

    async def _kill(self, name, cause, number=signal.SIGKILL, down_s=0.0):
        managed = self.cluster.managed[name]
        exits = len(managed.exits)
        if not managed.signal(number, cause, down_s):
            return None
        end = time.monotonic() + BACK_S
        while len(managed.exits) == exits and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return managed.exits[-1][1] if len(managed.exits) > exits else None

    async def _serving_since(self, part, since, what):
        end = time.monotonic() + BACK_S
        while time.monotonic() < end:
            if await self.cluster._serves(part):
                self.measured.append((what, time.monotonic() - since))
                return
            await asyncio.sleep(0.05)
        self.violations.append(("I14", "%s does not serve %d s after the database is back" % (
            part, BACK_S)))
