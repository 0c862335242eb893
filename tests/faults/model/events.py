"""I6 and I7: the journals whole, the lists against them, and the topics if there is Kafka.

`Journals` follows all journals. Positions are gapless, lanes are chained, ids are unique, an
entity's versions go 1, 2, 3…, and what its last event shows is what its service's list shows.
"""
from array import array

from .result import Result
from .source import protos
from .world import LISTS, fingerprint

MASK = (1 << 64) - 1
DELETED = ("CustomerDeleted", "ContactDeleted", "ActivityDeleted")
LANES = 64


def copy_print(*what):
    """What must be the same on every copy of an event (id, type, topic, key, lane, previous
    position, version, payload), as 64 bits, within one run."""
    return hash(what) & MASK


class Journals:
    """One pass over each part's journal; `begin(part, heads)` before it, `end(part)` after."""

    def __init__(self):
        self.journal = Result("I6 journals")
        self.versions = Result("I7 versions of entities")
        self.lists = Result("I6 lists are the last events")
        self.causes = Result("I6 causes of events")
        self.chains = {}  # id → correlation, of all parts, as 64 bits
        self.caused = []  # (id, cause, correlation) of events that name a cause
        self.prints = {}  # part → array of copy prints by position
        self.incarnations = {}
        self.last = {}  # (part, entity): subject → version and fingerprint, of one part at a time
        self.ended = {}  # (part, entity): subject → last version, kept for other checks
        self.entities = {m.full_name: protos().event(m) for m in protos().event_messages()}

    def begin(self, part, heads=None):
        self.part, self.position, self.lanes = part, 0, {}
        self.keys = {}
        self.ids = array("Q")
        self.prints[part] = array("Q")
        self.last = {}
        self.heads = heads

    def see(self, e, m, what, entity):
        j, v = self.journal, self.versions
        j.compared += 1
        if e.position != self.position + 1:
            j.bad(self.part, "position", e.position, "after", self.position)
        self.position = e.position
        while len(self.prints[self.part]) < e.position - 1:
            self.prints[self.part].append(0)
        self.ids.append(hash(e.id) & MASK)
        self.prints[self.part].append(copy_print(
            e.id, e.type, e.topic, e.routing_key, e.lane, e.previous_position, e.entity_version,
            e.payload))
        previous = self.incarnations.setdefault(self.part, e.incarnation)
        if e.incarnation != previous:
            j.bad(self.part, "incarnation changes at", e.position)
        option = self.entities.get(e.event_message)
        meta = m.meta
        if option is None or e.source != "/tandem/" + self.part or e.topic != option.topic:
            j.bad(e.id, "of", e.event_message, "has source", e.source, "topic", e.topic)
            return
        if meta.id != e.id or meta.entity_version != e.entity_version or (
                e.type != e.event_message.rsplit(".", 1)[0] + "." + what.DESCRIPTOR.name):
            j.bad(e.id, "envelope and message disagree:", meta.id, meta.entity_version, e.type)
        key = getattr(entity, option.routing_field or _key(option.entity))
        subject = getattr(entity, _key(option.entity))
        if subject != e.subject or key != e.routing_key:
            j.bad(e.id, "subject", e.subject, "key", e.routing_key, "of", subject, key)
        lane = e.topic, e.lane
        if not 0 <= e.lane < LANES or self.keys.setdefault((e.topic, key), e.lane) != e.lane:
            j.bad(e.id, "key", key, "on lane", e.lane, "and", self.keys[e.topic, key])
        if e.previous_position != self.lanes.get(lane, 0):
            j.bad(e.id, "says", e.previous_position, "was before it on", lane, "and it was",
                  self.lanes.get(lane, 0))
        self.lanes[lane] = e.position
        self._cause(e.id, meta)
        # The entity's history.
        v.compared += 1
        last = self.last.setdefault(option.entity, {})
        was = last.get(subject, (0,))[0]
        if e.entity_version != was + 1:
            v.bad(self.part, option.entity, subject, "version", e.entity_version, "after", was,
                  "at",
                  e.position)
        gone = what.DESCRIPTOR.name in DELETED
        last[subject] = e.entity_version, None if gone else fingerprint(entity)
        etag = getattr(entity, "etag", "")
        if etag.strip('"') != str(e.entity_version):
            v.bad(subject, "version", e.entity_version, "has etag", etag)

    def _cause(self, id_, meta):
        """What a program did because of an event names it, and belongs to its chain."""
        r = self.causes
        r.compared += 1
        self.chains[hash(id_)] = hash(meta.correlation_id)
        if meta.cause_event_id:
            self.caused.append((id_, meta.cause_event_id, meta.correlation_id))
        elif meta.actor == "order_to_cash":
            r.bad(id_, "was made by", meta.actor, "without a cause")
        elif meta.correlation_id != id_:
            r.bad(id_, "begins a chain and says", meta.correlation_id)

    def end(self, w=None):
        self.journal.compared += 1
        count = len(self.ids)
        if len(set(self.ids)) != count:
            self.journal.bad(self.part, "ids are not unique:", count - len(set(self.ids)), "twice")
        self.ids = array("Q")
        if self.heads is not None:
            self.journal.same(self.heads.head, self.position, self.part, "journal's end")
            self.journal.same({(x.topic, x.lane): x.position for x in self.heads.lanes},
                              self.lanes, self.part, "ends of the lanes")
        self.keys, self.lanes = {}, {}
        for entity, last in self.last.items():
            self.ended[self.part, entity] = {s: v for s, (v, _) in last.items()}
        if w is not None:
            for part, entity, _, _ in LISTS:
                if part == self.part:
                    self._against(entity, w.prints[part, entity], self.last.get(entity, {}))
        self.last = {}

    def _against(self, entity, prints, last):
        r = self.lists
        for subject, (version, print_) in last.items():
            r.compared += 1
            shown = prints.get(subject)
            if shown != print_:
                r.bad(self.part, entity, subject, "is deleted and listed" if print_ is None else
                      "is not listed" if shown is None else
                      "is listed otherwise than its last event, version %d, shows it" % version)
        for subject in prints.keys() - last.keys():
            if (self.part, entity, subject) not in _BUILT_IN:
                r.bad(self.part, entity, subject, "is listed and has no event")

    def finish(self, w):
        for id_, cause, correlation in self.caused:
            if hash(cause) not in self.chains:
                self.causes.bad(id_, "has a cause that is in no journal:", cause)
            elif self.chains[hash(cause)] != hash(correlation):
                self.causes.bad(id_, "is not of the chain of its cause", cause)
        self.caused = []
        return [self.journal, self.versions, self.lists, self.causes]


# What comes with a service, without an event (opportunity.proto: "standard" comes with the
# service).
_BUILT_IN = {("opportunity", "pipeline", "standard")}


def _key(entity):
    return "order_id" if entity in ("demand", "credit_commitment") else "id"


def topics(journals, records, poisoned=()):
    """I6, I7 of the topics: `records` are topic.Record. Every event of the journals is there, every
    copy is the event, one key is on one partition, first copies of a key come in order. At the
    places in `poisoned`, (topic, partition, offset), somebody else wrote: what is no event there is
    passed over. (A topic that lost its content holds events there now.)"""
    r = Result("I6/I7 topics")
    seen = {part: bytearray(len(prints) + 1) for part, prints in journals.prints.items()}
    partitions, order = {}, {}
    copies = 0
    for x in records:
        if (x.topic, x.partition, x.offset) in poisoned and not _is_event(journals, x):
            continue
        copies += 1
        r.compared += 1
        if x.position is None or x.part not in seen or not 0 < x.position < len(seen[x.part]):
            r.bad(x.topic, x.partition, x.offset, "is no event of a journal:", x.id, x.part,
                  x.position)
            continue
        if x.incarnation != journals.incarnations.get(x.part):
            r.bad(x.id, "is of incarnation", x.incarnation)
        if not _is_event(journals, x):
            r.bad(x.topic, x.partition, x.offset, x.id, "is not the event at", x.part, x.position)
        if partitions.setdefault((x.topic, x.key), x.partition) != x.partition:
            r.bad(x.topic, "key", x.key, "on partitions", partitions[x.topic, x.key], x.partition)
        if not seen[x.part][x.position]:
            seen[x.part][x.position] = 1
            last = order.get((x.topic, x.key), 0)
            if x.position < last:
                r.bad(x.topic, "key", x.key, "first copy of", x.position, "after", last)
            order[x.topic, x.key] = x.position
    for part, marks in seen.items():
        r.compared += len(marks) - 1
        missing = [n for n in range(1, len(marks)) if not marks[n]]
        if missing:
            r.bad(part, len(missing), "events are in no topic, the first at", missing[0])
    r.say(copies, "copies of", sum(len(m) - 1 for m in seen.values()), "events")
    return r


def _is_event(journals, x):
    """Whether the record is what the journal has at its position."""
    prints = journals.prints.get(x.part, ())
    return x.position is not None and 0 < x.position <= len(prints) and copy_print(
        x.id, x.type, x.topic, x.key, x.lane, x.previous, x.version,
        x.payload) == prints[x.position - 1]
