"""Faults of what all stand on: the database, the broker and its topics, the disk."""
import asyncio
import os
import time

from api import PARTS
from faults_process import BACK_S, Skip

POISON_PATIENCE_S = 60  # for readers to pass what is poisoned; who is behind may need longer,
POISON_BLOCKS_S = 30    # but moves
QUEUED_MIN = 500        # events that waited for the broker: from here the drain is measured


class StoreFaults:
    async def _f3(self, plan, began):
        before = await self.lag.positions()
        code = await self._kill("kafka", "F3", down_s=plan["down_s"])
        if code is None:
            return None
        for part in PARTS:  # who starts meanwhile may give up
            self.expected_ends[part] = time.monotonic() + plan["down_s"] + 30
        await self._back(["kafka"], plan["down_s"] + BACK_S)
        after = await self.lag.positions()
        grown = self._relay_lag(after) - self._relay_lag(before)
        await self._drain(plan["down_s"])
        return "died of %d; %d events waited for it" % (-code, grown) if grown > 0 else None

    @staticmethod
    def _relay_lag(positions):
        return sum(head - relay for head, relay, _ in positions.values() if head is not None)

    async def _drain(self, down_s):
        """How fast what has queued for the broker goes out, beside what comes in."""
        first = await self.lag.positions()
        began, lag = time.monotonic(), self._relay_lag(first)
        if lag < QUEUED_MIN:
            return
        while time.monotonic() - began < 60 + down_s:
            await asyncio.sleep(0.3)
            now = await self.lag.positions()
            if self._relay_lag(now) < max(50, lag * 0.05):
                seconds = time.monotonic() - began
                known = [p for p in PARTS if now[p][0] is not None and first[p][0] is not None]
                sent = sum(now[p][1] - first[p][1] for p in known)
                came = sum(now[p][0] - first[p][0] for p in known)
                self.drains.append({"queued": lag, "seconds": round(seconds, 2),
                                    "sent_per_s": round(sent / seconds),
                                    "came_per_s": round(came / seconds)})
                return

    async def _f4(self, plan, began):
        import psycopg
        for part in PARTS:
            self.expected_ends[part] = time.monotonic() + plan["down_s"] + 30
        if plan["how"] == "postmaster":
            code = await self._kill("postgres", "F4", down_s=plan["down_s"])
            if code is None:
                return None
            await self._back(["postgres"])
            there = time.monotonic()
            await asyncio.gather(*(self._serving_since(part, there, "F4 after the database")
                                   for part in PARTS))
            failed = self.crowd.since(began)["unknowns"]
            return "died of %d, %d attempts failed" % (-code, failed) if failed else None
        ended, end = 0, time.monotonic() + plan["seconds"]
        while time.monotonic() < end:
            try:
                async with await psycopg.AsyncConnection.connect(
                        self.cluster.postgres + "postgres?connect_timeout=3",
                        autocommit=True) as connection:
                    rows = await connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname LIKE 'tandem_%' AND pid <> pg_backend_pid()")
                    ended += len(await rows.fetchall())
            except psycopg.Error:
                pass
            await asyncio.sleep(0.15)
        await asyncio.gather(*(self._serving_since(part, end, "F4 after the backends")
                               for part in PARTS))
        return "%d backends ended" % ended if ended >= 5 else None

    async def _f8(self, plan, began):
        if self.disk is None:
            raise Skip("the storage is no small file system of its own")
        for part in self.cluster.parts:
            self.expected_ends[part] = began + plan["seconds"] + 30
        for part in ("postgres", "kafka"):
            self.expected_ends[part] = began + plan["seconds"] + 30
        filler = os.path.join(self.disk, "filler")
        end = began + plan["seconds"]
        try:
            with open(filler, "wb", buffering=0) as file:
                while time.monotonic() < end:
                    space = os.statvfs(self.disk)
                    free = space.f_bavail * space.f_frsize
                    try:
                        if free > 0:
                            os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size,
                                               max(4096, free))
                    except OSError:
                        try:
                            file.seek(0, os.SEEK_END)
                            file.write(b"\0" * 4096)
                        except OSError:
                            pass
                    await asyncio.sleep(0.05)
        finally:
            os.unlink(filler)
        space = time.monotonic()
        await self._back([n for n in ("postgres", "kafka") if n in self.cluster.managed])
        await asyncio.gather(*(self._serving_since(part, space, "F8 after there is space")
                               for part in self.cluster.parts))
        window = self.crowd.since(began)
        if window["shed"] or window["unknowns"]:
            return "%d were refused for it, %d attempts failed" % (window["shed"],
                                                                   window["unknowns"])
        return None

    async def _f9(self, plan, began):
        disk, before = self.cluster.slow_disk, self.crowd.percentile(0.5, 5) or 0
        counted = disk.late(plan["ms"])
        try:
            await asyncio.sleep(plan["seconds"])
        finally:
            counted = disk.late(0) - counted
        slower = self.crowd.percentile(0.5, max(2, plan["seconds"] - 2)) or plan["ms"]
        return "%d syncs were %d ms late, p50 %d ms (before %d)" % (
            counted, plan["ms"], slower, before) if counted >= 5 and slower >= plan["ms"] else None

    async def _f12(self, plan, began):
        try:
            sent = await self.topics.again(plan["partitions"], plan["from_start"])
        except Exception as error:  # the broker is down by another fault
            raise Skip(str(error)[:100])
        return "%d copies" % sent if sent else None

    async def _f13(self, plan, began):
        try:
            poison = await self.topics.poison()
            counts = {topic: await asyncio.to_thread(self.topics.partitions, topic)
                      for topic in {topic for topic, _, _ in poison}}
            heads = await self.lag.heads()
        except Exception as error:
            raise Skip(repr(error)[:100])
        if not poison:
            return None
        # What the journals hold on the lanes of those partitions: every reader comes there soon.
        ends = {}
        for topic, partition in {(topic, partition) for topic, partition, _ in poison}:
            for lanes, _ in heads.values():
                for (name, lane), head in lanes.items():
                    if name == topic and int(lane) % counts[topic] == partition:
                        ends[topic, lane] = head
        since, behind, there = time.monotonic(), {}, 0
        stood = {}  # reader -> (the sum of its cursors that are behind, since when it is that)
        while time.monotonic() - since < POISON_PATIENCE_S:
            await asyncio.sleep(1)
            try:
                behind, there = await self.lag.before(ends)
            except Exception:  # another fault: nobody gets on
                stood = {}
                continue
            if not behind:
                break
            now = time.monotonic()
            stood = {reader: stood[reader] if reader in stood and stood[reader][0] == at
                     else (at, now) for reader, at in behind.items()}
        took = time.monotonic() - since
        blocked = [reader for reader, (_, at) in stood.items()
                   if behind and time.monotonic() - at > POISON_BLOCKS_S]
        if blocked:
            self.violations.append(("I14", "for %d s after poison no cursor moved of %s" % (
                POISON_BLOCKS_S, ", ".join(blocked))))
        if not behind:
            self.measured.append(("F13 until all have passed it", took))
        return "%d records, %d cursors passed them%s" % (
            len(poison), there, ", %d readers are on their way" % len(behind) if behind else
            " in %.1f s" % took) if there else None
