"""Faults of the network and of those who use it: edges cut or slow, crowds, edits on both sides."""
import asyncio
import time

from faults_process import BACK_S

CONFLICTS = 12


class NetFaults:
    def _harm(self, edges):
        stats = self.cluster.proxy.do("stats")
        return sum(stats[e][k] for e in edges
                   for k in ("refused", "cut", "swallowed", "delayed", "sliced", "resets"))

    async def _f6(self, plan, began):
        edge, proxy = plan["target"], self.cluster.proxy
        if edge.endswith("->postgres"):
            self.expected_ends[edge.partition("->")[0]] = began + plan["seconds"] + 30
        before = self._harm([edge])
        end = began + plan["seconds"]
        try:
            if plan["how"] == "flap":
                while time.monotonic() < end:
                    proxy.do("cut", [edge])
                    await asyncio.sleep(0.3)
                    proxy.do("open", [edge])
                    await asyncio.sleep(0.4)
            else:
                if plan["how"] == "cut":
                    proxy.do("cut", [edge])
                else:
                    proxy.do("half", [edge], way=plan["how"])
                await asyncio.sleep(plan["seconds"])
        finally:
            proxy.do("open", [edge])
        harmed = self._harm([edge]) - before
        return "%d connections or bytes were held back" % harmed if harmed else None

    async def _f7(self, plan, began):
        edge, proxy = plan["target"], self.cluster.proxy
        before, end = self._harm([edge]), began + plan["seconds"]
        try:
            if plan["how"] == "reset":
                while time.monotonic() < end:
                    proxy.do("reset", [edge], after=plan["after"])
                    await asyncio.sleep(0.5)
            else:
                proxy.do(plan["how"], [edge], ms=plan["ms"], jitter=plan["ms"] // 4,
                         bytes=plan["bytes"], size=plan["size"])
                await asyncio.sleep(plan["seconds"])
        finally:
            proxy.do("open", [edge])
        harmed = self._harm([edge]) - before
        return "%d pieces were late, cut or ended" % harmed if harmed else None

    async def _f14(self, plan, began):
        usual, before = self.crowd.peak, self.crowd.percentile(0.99, 10) or 1
        middle = self.crowd.percentile(0.5, 10) or 1
        self.crowd.tell("surge", clients=plan["clients"], seconds=plan["seconds"])
        await asyncio.sleep(plan["seconds"] + 0.5)
        window = self.crowd.since(began)
        during = window["acked"] / window["seconds"]
        slower = self.crowd.percentile(0.5, plan["seconds"]) or 0
        over = time.monotonic()
        while time.monotonic() - over < BACK_S:
            await asyncio.sleep(0.5)
            now = self.crowd.percentile(0.99, 1.5)
            if now is not None and now < max(2 * before, 1000):
                break
        took = time.monotonic() - over
        self.measured.append(("F14 until it is as before", took))
        self.goodput.append({"clients": plan["clients"], "peak_per_s": round(usual),
                             "during_per_s": round(during),
                             "share": round(during / usual, 2) if usual else None,
                             "shed": window["shed"], "recovered_s": round(took, 1)})
        if window["shed"] or slower > 1.5 * middle:
            return "%d more clients: %d shed, p50 %d ms (before %d), %.0f/s of %.0f/s" % (
                plan["clients"], window["shed"], slower, middle, during, usual)
        return None

    async def _f17(self, plan, began):
        sides = ["customer", "billing"] if plan["target"] == "both" else [plan["target"]]
        edges = ["customer_sync->" + side for side in sides]
        before = self.crowd.merged()["conflict_edits"]
        try:
            self.cluster.proxy.do("cut", edges)
            self.crowd.tell("conflicts", count=CONFLICTS)
            await asyncio.sleep(plan["seconds"])
        finally:
            self.cluster.proxy.do("open", edges)
        await asyncio.sleep(0.6)
        edits = self.crowd.merged()["conflict_edits"] - before
        return "%d customers edited on both sides" % edits if edits else None
