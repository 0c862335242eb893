"""Subscribes to a topic of Tandem's events through Kafka.

    python watch_kafka.py [--brokers 127.0.0.1:9092] [--topic tandem.order.order.v1] [--limit N]

Each record is a CloudEvent in binary mode: `ce_id`, `ce_type`, `ce_source`, `ce_subject` and
`ce_time` are headers, the value is the bare protobuf message, the key is what its order is kept by.

`tandem_chain` is incarnation/lane/position/previous position/entity version/event message. Kafka
delivers at least once; with the last position per lane, kept with what was made of the events, a
subscriber sees what it must not apply again (position at or below it) and what is missing (previous
position not the last), which ReadEvents of the source's EventService has.
"""

import argparse
import importlib
import os
import sys
import time

from confluent_kafka import Consumer

import stubs  # noqa: F401  before the generated modules


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers", default=os.environ.get("TANDEM_BUS_KAFKA", "127.0.0.1:9092"))
    parser.add_argument("--topic", default="tandem.order.order.v1")
    parser.add_argument("--group", default="example.on.order", help="the consumer group")
    parser.add_argument("--limit", type=int, default=0, help="stop after so many")
    parser.add_argument("--patience", type=float, default=0,
                        help="with it, fail when no event came for so many seconds")
    given = parser.parse_args()

    consumer = Consumer({
        "bootstrap.servers": given.brokers,
        "group.id": given.group,
        "auto.offset.reset": "earliest",
        "topic.metadata.refresh.interval.ms": 1000,
    })
    consumer.subscribe([given.topic])
    last = {}  # by source and lane: a real subscriber keeps it in its database
    seen, heard = 0, time.monotonic()
    try:
        while given.limit == 0 or seen < given.limit:
            record = consumer.poll(1.0)
            if record is None or record.error():
                if given.patience and time.monotonic() - heard > given.patience:
                    sys.exit(f"no event on {given.topic} for {given.patience} s")
                continue
            heard = time.monotonic()
            headers = {name: value.decode() for name, value in record.headers()}
            _, lane, position, previous, version, message = headers["tandem_chain"].split("/")
            place = (headers["ce_source"], lane)
            if int(position) <= last.get(place, 0):
                continue  # a repeat
            if place in last and int(previous) != last[place]:
                print(f"missing on lane {lane}: behind {last[place]}, up to {previous}")
            last[place] = int(position)
            package, name = message.rsplit(".", 1)
            event = getattr(importlib.import_module(f"{package}.events_pb2"), name).FromString(
                record.value())
            print(f"{headers['ce_type']} {headers['ce_subject']} version {version} "
                  f"by {event.meta.actor or 'nobody named'}", flush=True)
            seen += 1
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
