"""Journals and topics: each gap, inversion, double and false copy is found."""
import base64
import json
import os
import tempfile
import unittest

from . import events, topic
from .synthetic import Feed, company, message
from .world import fingerprint

EVENT = "tandem.order.v1.OrderEvent"


def placed(feed, order="ord_1", kind="OrderPlaced", **more):
    return feed.add(EVENT, kind, {"id": order, "order_number": "SO-" + order}, **more)


class Journals(unittest.TestCase):
    def judge(self, feed, w=None, heads=None):
        follower = events.Journals()
        follower.begin("order", heads)
        feed.show(follower)
        follower.end(w)
        return follower, sum(r.count for r in follower.finish(w)), [
            v for r in follower.finish(w) for v in r.violations]

    def right(self, feed, w=None, heads=None):
        self.assertEqual([], self.judge(feed, w, heads)[2])

    def wrong(self, feed, w=None, heads=None):
        self.assertGreater(self.judge(feed, w, heads)[1], 0)

    def test_a_journal_without_a_gap(self):
        self.right(placed(placed(Feed("order")), kind="OrderHeld"))

    def test_each_flaw_of_an_envelope_is_found(self):
        for name, flaw in {
                "a gap": {"position": 3}, "an id twice": {"id": "evt_order_1"},
                "a version twice": {"entity_version": 1}, "another entity": {"subject": "ord_2"},
                "another key": {"routing_key": "x"}, "another lane": {"lane": 8},
                "a lane there is not": {"lane": 64}, "a broken chain": {"previous_position": 0},
                "another topic": {"topic": "x"}, "another history": {"incarnation": "other"},
                "another type": {"type": "tandem.order.v1.OrderPlaced"}}.items():
            with self.subTest(name):
                self.wrong(placed(placed(Feed("order")), kind="OrderHeld", **flaw))

    def test_versions_without_gap_or_inversion(self):
        self.wrong(placed(placed(Feed("order")), kind="OrderHeld", version=3))
        self.wrong(placed(Feed("order"), version=2))

    def test_a_program_s_events_name_their_cause_and_its_chain(self):
        def second(**meta):
            return placed(placed(Feed("order")), kind="OrderHeld",
                          meta=dict(actor="order_to_cash", **meta))
        self.right(second(cause_event_id="evt_order_1", correlation_id="evt_order_1"))
        self.wrong(second())
        self.wrong(second(cause_event_id="evt_order_1"))
        self.wrong(second(cause_event_id="evt_order_9"))
        self.wrong(placed(Feed("order"), meta={"correlation_id": "evt_order_9"}))

    def test_the_head_is_where_it_ends(self):
        heads = message("tandem.events.v1.GetHeadsResponse", head="1", lanes=[
            {"topic": "tandem.order.order.v1", "lane": 7, "position": "1"}])
        self.right(placed(Feed("order")), heads=heads)
        heads.head = 2
        self.wrong(placed(Feed("order")), heads=heads)

    def test_the_list_is_the_last_event(self):
        feed = placed(Feed("order"))
        w = company()
        w.prints["order", "order"] = {"ord_1": fingerprint(feed.made[0][3])}
        self.right(feed, w)
        w.prints["order", "order"]["ord_2"] = 1  # listed without an event
        self.wrong(feed, w)
        w.prints["order", "order"] = {"ord_1": 1}  # another content
        self.wrong(feed, w)
        w.prints["order", "order"] = {}  # not listed
        self.wrong(feed, w)

    # --- topics ---------------------------------------------------------------------------------

    def record(self, e, partition=0, offset=0, **more):
        values = dict(topic=e.topic, key=e.routing_key, payload=e.payload, chain="/".join(map(str, (
            e.incarnation, e.lane, e.position, e.previous_position, e.entity_version,
            e.event_message))))
        values.update(more)
        return topic.record(values["topic"], partition, offset, values["key"], {
            "ce_id": e.id, "ce_type": e.type, "ce_source": e.source,
            "tandem_chain": values["chain"]}, values["payload"])

    def topics(self, *records, poisoned=()):
        feed = placed(placed(Feed("order")), kind="OrderHeld")
        follower, _, _ = self.judge(feed)
        one, two = (e for e, _, _, _ in feed.made)
        return events.topics(follower, [make(one, two) for make in records], poisoned)

    def test_topics_with_copies_are_right(self):
        first, second = (lambda a, b: self.record(a)), (lambda a, b: self.record(b))
        self.assertEqual([], self.topics(first, second, first, second).violations)

    def test_each_flaw_of_a_topic_is_found(self):
        first, second = (lambda a, b: self.record(a)), (lambda a, b: self.record(b))
        for name, records in {
                "one is missing": (first,), "first copies out of order": (second, first),
                "another content": (first, lambda a, b: self.record(b, payload=b"x")),
                "another partition": (first, lambda a, b: self.record(b, partition=1)),
                "another key": (first, second, lambda a, b: self.record(b, key="x")),
                "no chain": (first, second, lambda a, b: self.record(b, chain="")),
                "another history": (first, second, lambda a,
                                    b: self.record(b, chain="x/7/2/1/2/m")),
                "no such event": (first, second, lambda a,
                                  b: self.record(b, chain="abc/7/9/1/2/m")),
        }.items():
            with self.subTest(name):
                self.assertGreater(self.topics(*records).count, 0)

    def test_what_is_no_event_is_passed_over_where_poison_was_put(self):
        first, second = (lambda a, b: self.record(a)), (lambda a, b: self.record(b, offset=1))
        place = ("tandem.order.order.v1", 0, 1)
        for flaw in (dict(payload=b"x"), dict(chain=""), dict(key="x"), dict(chain="a/b")):
            poison = (lambda a, b, flaw=flaw: self.record(b, offset=1, **flaw))
            after = (lambda a, b: self.record(b, offset=2))
            self.assertEqual([], self.topics(first, poison, after, poisoned={place}).violations)
            self.assertGreater(self.topics(first, poison, poisoned={place}).count, 0)
        # The topic was made anew, and an event is there now.
        self.assertEqual([], self.topics(first, second, poisoned={place}).violations)

    def test_a_dump_is_read(self):
        e = placed(Feed("order")).made[0][0]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "dump")
            with open(path, "w", encoding="utf-8") as out:
                out.write(json.dumps({
                    "topic": e.topic, "partition": 0, "offset": 0, "key": e.routing_key,
                    "headers": {"ce_id": e.id, "ce_type": e.type, "ce_source": e.source,
                                "tandem_chain": "abc/7/1/0/1/tandem.order.v1.OrderEvent"},
                    "payload": base64.b64encode(e.payload).decode()}))
            self.assertEqual([self.record(e)], list(topic.from_dump([path])))


if __name__ == "__main__":
    unittest.main()
