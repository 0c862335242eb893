"""Subscribes to a service's events over gRPC, without Kafka.

    python watch_events.py [--source /tandem/order] [--after POSITION] [--limit N]

A subscriber keeps `position` and `incarnation` with what it makes of the events, in the same
transaction: then nothing is missed or applied twice, whatever breaks in between.
"""

import argparse
import importlib
import os
import re

import grpc

import stubs  # noqa: F401  before the generated modules
from tandem.events.v1 import event_service_pb2, event_service_pb2_grpc


def payload_of(envelope):
    """The event message of an envelope: tandem.order.v1.OrderEvent is in tandem/order/v1/events."""
    package, name = envelope.event_message.rsplit(".", 1)
    return getattr(importlib.import_module(f"{package}.events_pb2"), name).FromString(
        envelope.payload)


def entity_of(event):
    """The entity's state after the event: the event's second field."""
    return getattr(event, event.DESCRIPTOR.fields_by_number[2].name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address",
                        default=os.environ.get("TANDEM_ADDRESS", "127.0.0.1:7400"))
    parser.add_argument("--source", default="/tandem/order", help="whose events")
    parser.add_argument("--after", type=int, default=-1,
                        help="events behind this position; 0 for all, -1 for new ones")
    parser.add_argument("--type", action="append", default=[], help="only events of this type")
    parser.add_argument("--limit", type=int, default=0, help="stop after so many")
    given = parser.parse_args()

    request = event_service_pb2.WatchEventsRequest(
        source=given.source, after_position=given.after, types=given.type)
    seen = 0
    with grpc.insecure_channel(given.address) as channel:
        stream = event_service_pb2_grpc.EventServiceStub(channel).WatchEvents(request)
        for answer in stream:  # one with no events is a heartbeat
            for envelope in answer.events:
                what = re.sub(r".*\.", "", envelope.type)
                state = entity_of(payload_of(envelope))
                print(f"{envelope.source} {envelope.position} {what} {envelope.subject} "
                      f"version {envelope.entity_version}: "
                      f"{getattr(state, 'order_number', '') or state.DESCRIPTOR.name}", flush=True)
                seen += 1
                if seen == given.limit:
                    stream.cancel()
                    return


if __name__ == "__main__":
    main()
