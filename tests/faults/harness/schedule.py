"""When which fault: drawn from the seed alone, so that it gives the same faults again.

A bag holds each kind as often as it counts and is emptied before the next one is filled: no kind is
starved. About a third begin while another is still there. Each is logged as a JSON line.
"""
import asyncio
import json
import random
import time

from faults import BAGS

GAP_S, BRIEF_GAP_S = (0.3, 3.0), (0.1, 1.0)
OVERLAP = 0.35
LONG = {"F2", "F11", "F13", "F15"}  # much of them is waiting: the next may always begin


class Schedule:
    def __init__(self, faults, seed, mode, log_path, only=None, short=False,
                 brief=False, counts=None):
        self.faults, self.only, self.brief = faults, only, brief or short
        self.counts = counts or BAGS[mode]
        self.rng = random.Random("schedule/%d" % seed)
        self.seed, self.mode = seed, mode
        self.log = open(log_path, "a", buffering=1)
        self.bag, self.done, self.running, self.number = [], [], set(), 0
        self.short = short

    def next(self):
        if not self.bag:
            counts = {k: n for k, n in self.counts.items()
                      if (not self.only or k in self.only) and self.faults.able(k)}
            if self.short:
                counts = {k: 3 if k == "F2" else 1 for k in counts}
            self.bag = [kind for kind, n in sorted(counts.items()) for _ in range(n)]
            self.rng.shuffle(self.bag)
        plan = self.faults.draw(self.bag.pop(), self.rng, self.brief)
        gap = self.rng.uniform(*(BRIEF_GAP_S if self.brief else GAP_S))
        return plan, gap, self.rng.random() < OVERLAP

    async def run(self, end, say):
        """Faults until then (in short: the bag once), and until the last of them is undone."""
        drawn = 0
        while time.monotonic() < end or self.short:
            if self.short and drawn and not self.bag:
                break
            plan, gap, overlap = self.next()
            await asyncio.sleep(gap)
            if time.monotonic() >= end and not self.short:
                break
            # Two at once at most, and never two of the same target.
            while self.running and (len(self.running) > 1 or any(
                    t.plan["target"] == plan["target"] for t in self.running)):
                await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
            drawn += 1
            self.number += 1
            task = asyncio.ensure_future(self._one(self.number, plan, say))
            task.plan = plan
            self.running.add(task)
            task.add_done_callback(self.running.discard)
            if not (overlap or plan["kind"] in LONG):
                await asyncio.wait({task})
        if self.running:
            await asyncio.wait(set(self.running))

    async def undo(self):
        """Ends what is under way, as far as it can be undone at once."""
        for task in self.running:
            task.cancel()
        if self.running:
            await asyncio.wait(set(self.running), timeout=10)

    async def _one(self, number, plan, say):
        start = time.monotonic()
        try:
            outcome = await self.faults.run(plan)
        except Exception as error:
            outcome = {"bit": False, "saw": "the harness failed: %r" % error, "in_flight": 0,
                       "broken": True}
        record = dict(plan, seed=self.seed, number=number, start=round(start, 3),
                      end=round(time.monotonic(), 3), **outcome)
        self.done.append(record)
        self.log.write(json.dumps(record) + "\n")
        more = " ".join("%s=%s" % (k, v) for k, v in plan.items() if k not in ("kind", "target"))
        say("%-4s %-28s %5.1f s  %s  %s  [%s]" % (
            plan["kind"], plan["target"], record["end"] - record["start"],
            "bit" if record["bit"] else "NO ", record["saw"], more))
