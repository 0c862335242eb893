"""The system as it is reached: every page of every list, and every event of every journal.

Reads through the public gRPC APIs only, with messages made at run time from the protos.
"""
import os
import sys
import time

import grpc

_CONTRACT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "contract")
if _CONTRACT not in sys.path:
    sys.path.insert(0, _CONTRACT)
import protos as _protos  # noqa: E402

PAGE = 1000
# What a system in its quiet period may still answer once: the call is made again.
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED,
           grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED)
SERVICES = ("customer", "opportunity", "order", "inventory", "billing")
_loaded = None


def protos():
    """The descriptors, compiled once in a process."""
    global _loaded
    if _loaded is None:
        _loaded = _protos.Protos()
    return _loaded


def emits(method):
    """The short names of the events that a method may cause, as its option says."""
    return {t.rsplit(".", 1)[1] for t in protos().emits(method)}


class Source:
    """Reads from the parts at `addresses`: part → host:port."""

    def __init__(self, addresses, patience=120):
        self.protos = protos()
        self.addresses = addresses
        self.patience = patience
        self.channels = {}
        self.methods = {}

    def close(self):
        for channel in self.channels.values():
            channel.close()

    def _stub(self, part, method):
        key = part, method
        if key not in self.methods:
            address = self.addresses[part]
            if address not in self.channels:
                self.channels[address] = grpc.insecure_channel(address, options=[
                    ("grpc.max_receive_message_length", -1),
                    ("grpc.use_local_subchannel_pool", 1)])
            service, name = method.rsplit("/", 1)
            d = self.protos.pool.FindServiceByName(service).FindMethodByName(name)
            self.methods[key] = (self.channels[address].unary_unary(
                "/" + method, request_serializer=lambda m: m.SerializeToString(),
                response_deserializer=self.protos.new(d.output_type).FromString),
                self.protos.new(d.input_type))
        return self.methods[key]

    def begin(self, part, method, **fields):
        """Begins a call; `end` waits for it, and repeats it while its failure may pass."""
        stub, request = self._stub(part, method)
        request = request(**fields)
        return stub, request, stub.future(request, timeout=55)

    def end(self, begun):
        stub, request, future = begun
        until = time.monotonic() + self.patience
        while True:
            try:
                return future.result()
            except grpc.RpcError as error:
                if error.code() not in PASSING or time.monotonic() > until:
                    raise
                time.sleep(0.2)
                future = stub.future(request, timeout=55)

    def call(self, part, method, **fields):
        return self.end(self.begin(part, method, **fields))

    def list(self, part, method, field, **fields):
        """Every item of a list; the next page is on its way while one is worked on."""
        begun = self.begin(part, method, page_size=PAGE, **fields)
        while begun:
            page = self.end(begun)
            begun = page.next_page_token and self.begin(
                part, method, page_size=PAGE, page_token=page.next_page_token, **fields)
            yield from getattr(page, field)

    def events(self, part, upto=None):
        """Every event of a part's journal: (envelope, message)."""
        method, source = "tandem.events.v1.EventService/ReadEvents", "/tandem/" + part
        classes = {}
        begun = self.begin(part, method, source=source, page_size=PAGE)
        while begun:
            page = self.end(begun)
            begun = page.events and (upto is None or page.position < upto) and self.begin(
                part, method, source=source, page_size=PAGE, after_position=page.position)
            for envelope in page.events:
                name = envelope.event_message
                if name not in classes:
                    classes[name] = self.protos.new(name)
                yield envelope, classes[name].FromString(envelope.payload)

    def heads(self, part):
        return self.call(part, "tandem.events.v1.EventService/GetHeads", source="/tandem/" + part)
