"""The quiet period: everything is up, nothing is asked; waits until nothing is behind.

Nothing is behind when, twice in a row: no journal grows, every reader's cursors are at the heads of
what it reads, the relays are at the journals' ends, and the synchronisations have no call under
way.
"""
import asyncio
import os
import sqlite3
import time

from api import PARTS


class Lag:
    """Reads cursors and heads of a cluster: databases by a login that only reads, heads by gRPC."""

    def __init__(self, cluster):
        self.cluster = cluster

    async def rows(self, part, sql):
        if self.cluster.distributed:
            import psycopg
            async with await psycopg.AsyncConnection.connect(
                    self.cluster.postgres + "tandem_%s?connect_timeout=3"
                    "&options=-cdefault_transaction_read_only%%3Don" % part) as connection:
                return await (await connection.execute(sql)).fetchall()
        path = os.path.join(self.cluster.storage, "sqlite", part + ".db")

        def read():
            connection = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=5)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        return await asyncio.to_thread(read)

    async def positions(self):
        """{part: (journal's end, relay's cursor, sum of its cursors)}; cheap."""
        async def look(part):
            try:
                head, relay, cursors = (await self.rows(
                    part, "SELECT (SELECT position FROM journal_head), "
                    "(SELECT position FROM relay_cursor), (SELECT SUM(position) FROM cursors)"))[0]
                return head or 0, relay or 0, int(cursors or 0)
            except Exception as error:  # the database is away: nothing is known
                return None, None, str(error).strip()[:100]
        return dict(zip(PARTS, await asyncio.gather(*map(look, PARTS))))

    async def heads(self):
        api, found = self.cluster.probe, {}
        for part in PARTS:
            answer = await api.must("EventService.GetHeads", part=part, timeout=30,
                                    source="/tandem/" + part)
            found["/tandem/" + part] = {(h.topic, str(h.lane)): h.position for h in answer.lanes}, \
                answer.head
        return found

    async def before(self, ends):
        """Of the cursors on these lanes ({(topic, lane): position}): by reader the sum of those
        that are not there yet, and how many are."""
        behind, there = {}, 0
        for part in PARTS:
            for key, position in await self.rows(part, "SELECT id, position FROM cursors"):
                reader, _, *lane = key.split("|")
                end = ends.get(tuple(lane)) if len(lane) == 2 else None
                if end is None:
                    continue
                there += position >= end
                if position < end:
                    behind[reader] = behind.get(reader, 0) + position
        return behind, there

    async def behind(self):
        """What is behind, in words, and how many events; ([], 0) when nothing is."""
        words, events = [], 0
        heads = await self.heads()
        for part in PARTS:
            rows = await self.rows(part, "SELECT id, position FROM cursors")
            cursors, topics, looked = {}, set(), {}
            for key, position in rows:
                reader, source, *lane = key.split("|")
                if lane == ["*"]:
                    looked[reader, source] = position
                else:
                    cursors[reader, source, lane[0], lane[1]] = position
                    topics.add((reader, source, lane[0]))
            for reader, source, topic in topics:
                if source not in heads:
                    continue
                for (head_topic, lane), head in heads[source][0].items():
                    at = cursors.get((reader, source, topic, lane), 0)
                    if head_topic == topic and at < head and looked.get((reader, source), 0) < head:
                        words.append("%s is at %d of %d in lane %s of %s" % (
                            reader, at, head, lane, topic))
                        events += 1
        if self.cluster.distributed:
            for part in PARTS:
                relay = await self.rows(part, "SELECT position FROM relay_cursor")
                head = heads["/tandem/" + part][1]
                at = relay[0][0] if relay else 0
                if at < head:
                    words.append("the relay of %s is at %d of %d" % (part, at, head))
                    events += head - at
        for name in ("CustomerSync", "ProductSync"):
            status = await self.cluster.probe.must("%sService.GetSyncStatus" % name, timeout=30)
            if status.calls:
                words.append("%s has %d calls under way" % (name, status.calls))
                events += status.calls
        return words, events, {source: head for source, (_, head) in heads.items()}

    async def quarantined(self):
        """Every quarantined key of every process."""
        found = []
        parts = ["tandem"] if not self.cluster.distributed else PARTS
        for part in parts:
            answer = await self.cluster.probe.must(
                "QuarantineService.ListQuarantinedKeys", part=part, timeout=30, page_size=1000)
            for key in answer.keys:
                if key.id not in [k.id for k, _ in found]:
                    found.append((key, part))
        return found

    async def retry_quarantined(self, reason):
        """As a person does who has mended why they were refused. Answers how many were applied."""
        applied = 0
        for key, part in await self.quarantined():
            if key.reason == reason:
                result = await self.cluster.probe.call(
                    "QuarantineService.RetryQuarantinedKey", self.cluster.probe.request(
                        "QuarantineService.RetryQuarantinedKey", id=key.id), part=part)
                if result.code.value[0] == 0:
                    applied += self.cluster.probe.answer(
                        "QuarantineService.RetryQuarantinedKey", result.data).applied_count
        return applied

    async def quarantine_words(self):
        """What is in quarantine, by reader and reason, with an example each."""
        groups = {}
        for key, _ in await self.quarantined():
            groups.setdefault((key.reader, key.reason, key.message), []).append(key)
        return ["%d keys of %s: %s (%s), for example %s with %d events" % (
            len(keys), reader, reason, message[:200], keys[0].key, keys[0].event_count)
            for (reader, reason, message), keys in sorted(groups.items())]

    async def resolve_conflicts(self):
        """What waits for a person is decided as the owner's side has it. Answers how many."""
        decided = 0
        for name in ("CustomerSync", "ProductSync"):
            for conflict in await self.cluster.probe.pages(
                    "%sService.ListConflicts" % name, "conflicts", filter="open = true"):
                await self.cluster.probe.must("%sService.ResolveConflict" % name, timeout=30,
                                              id=conflict.id, choice=1)
                decided += 1
        return decided

    async def settle(self, patience_s, say, pause_s=0.5):
        """Waits until nothing is behind. Answers (seconds, what is still behind, [(t, events)])."""
        began = time.monotonic()
        before, words, curve, calm = None, ["nothing was read"], [], 0
        while time.monotonic() - began < patience_s:
            try:
                words, events, heads = await self.behind()
            except Exception as error:
                words, events, heads = [str(error)[:300]], -1, None
            curve.append((round(time.monotonic() - began, 1), events))
            calm = calm + 1 if not words and heads == before else 0
            if calm >= 3:
                return time.monotonic() - began, [], curve
            if len(curve) % 10 == 1:
                say("quiet: %d behind; %s" % (events, "; ".join(words[:2]) or "heads moving"))
            before = heads
            await asyncio.sleep(pause_s)
        return time.monotonic() - began, words or ["the journals do not stop growing"], curve
