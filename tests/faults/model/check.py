"""The whole check: `run(view, journal_files)` reads everything once and gives the list of results.

`view.address[part]` is where a part serves (customer, opportunity, order, inventory, billing,
customer_sync, product_sync, order_to_cash); embedded, all the same. `view.kafka` is a bootstrap or
None; where confluent_kafka is not installed, `view.kafka_dump`, if there, names files as topic.py
says. To be called in a quiet period: when no traffic comes and the adapters have done their work.

By hand: python -m model.check ADDRESS [JOURNAL...], from tests/faults.
"""
import sys
import time
from types import SimpleNamespace

import grpc

from . import (acknowledged, effects, events, journal, masters, money, reads, repeats, states,
               stock,
               topic)
from .result import Result
from .source import SERVICES, Source
from .world import World

PARTS = SERVICES + ("customer_sync", "product_sync", "order_to_cash")


def heads(source):
    return {part: source.heads(part).head for part in SERVICES}


def settle(source, patience=60, still=1.5):
    """Waits until no journal grows for `still` seconds. Whether that came in time."""
    until = time.monotonic() + patience
    before, since = heads(source), time.monotonic()
    while time.monotonic() < until:
        time.sleep(0.25)
        now = heads(source)
        if now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since >= still:
            return True
    return False


def _parked(source, address):
    """What any reader has put into quarantine; one process is asked once."""
    found, asked = [], set()
    method = "tandem.operations.v1.QuarantineService/ListQuarantinedKeys"
    for part in PARTS:
        if address[part] in asked:
            continue
        asked.add(address[part])
        try:
            found += source.list(part, method, "keys")
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNIMPLEMENTED:
                raise
    return found


def run(view, journal_files, say=lambda text: None, patience=60):
    """Every check, as a list of results."""
    source = Source(view.address)
    begun = time.monotonic()

    def told(text):
        say("%6.1f s  %s" % (time.monotonic() - begun, text))
    try:
        commands, read, repeat = acknowledged.Commands(), reads.Reads(), repeats.Repeats()
        attempts = 0
        for a in journal.read(journal_files):
            attempts += 1
            read.see(a)
            repeat.see(a)
            commands.ask(a)
        told("client journals: %d calls" % attempts)

        quiet = Result("quiet while it was read")
        quiet.holds(settle(source, patience), "events went on for", patience, "s")
        before = heads(source)
        w = World().load(source)
        masters.read_sync(source, w)
        parked = effects.parked(w, _parked(source, view.address))
        told("lists: %d orders, %d invoices, %d moves" % (
            len(w.orders), len(w.invoices), len(w.moves)))

        promises, queue, replay = money.Promises(), stock.Queue(), states.Replay()
        journals, writes = events.Journals(), masters.Writes()
        followers = {
            "customer": (commands, journals, replay, writes),
            "opportunity": (commands, journals, replay, writes),
            "order": (commands, journals, replay),
            "inventory": (commands, journals, replay, queue, writes),
            "billing": (commands, journals, replay, promises, writes),
        }
        entity_field = {}
        for part in SERVICES:
            journals.begin(part, w.heads[part])
            each = [f.see for f in followers[part]]
            for e, m in source.events(part, w.heads[part].head):
                name = entity_field.get(e.event_message)
                if name is None:
                    name = entity_field[e.event_message] = m.DESCRIPTOR.fields_by_number[2].name
                kind = m.WhichOneof("what")
                if kind is None:
                    journals.journal.bad(part, e.position, e.type, "says nothing of what happened")
                    continue
                what, entity = getattr(m, kind), getattr(m, name)
                for see in each:
                    see(e, m, what, entity)
            journals.end(w)
            told("journal of %s: %d events" % (part, journals.position))

        results = [*commands.finish(w), money.documents(w), money.books(w), money.numbers(w),
                   money.parts(w), money.exposures(w), promises.finish(w), stock.stocks(w),
                   stock.demands(w), stock.leftovers(w), queue.finish(w), replay.finish(w),
                   masters.customers(w), masters.products(w), masters.stuck(w), writes.finish(w),
                   *journals.finish(w)]
        if getattr(view, "kafka", None):
            if topic.available():
                results.append(events.topics(journals, topic.from_kafka(view.kafka),
                                             getattr(view, "poisoned", ())))
            elif getattr(view, "kafka_dump", None):
                results.append(events.topics(journals, topic.from_dump(view.kafka_dump)))
            else:
                results.append(Result("I6/I7 topics", "not read: no confluent_kafka and no dump"))
        results += [effects.orders(w), effects.quotes(w), effects.facts(w, journals.ended),
                    effects.standings(w), effects.dealings(w), effects.results(w),
                    parked, read.finish(), repeat.finish()]
        quiet.same(before, heads(source), "journals grew")
        told("done")
        return [quiet, *results]
    finally:
        source.close()


def main(arguments):
    view = SimpleNamespace(address=dict.fromkeys(PARTS, arguments[0]), kafka=None, postgres=None,
                           database_prefix="")
    results = run(view, arguments[1:], print)
    for r in results:
        print(r)
    return 1 if any(r.count for r in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
