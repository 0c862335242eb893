"""Tandem's gRPC APIs by their descriptors: of the product, nothing but its protos.

A call answers a Result: what was told, as bytes. Every call has a deadline.
"""
import collections
import os
import sys

import grpc
import grpc.aio

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "tests/contract"))
from protos import Protos  # noqa: E402

SERVICES = ["customer", "opportunity", "order", "inventory", "billing"]
ADAPTERS = ["customer_sync", "product_sync", "order_to_cash"]
PARTS = SERVICES + ADAPTERS
SERVICE_OF = {
    "CustomerService": "customer", "OpportunityService": "opportunity", "OrderService": "order",
    "InventoryService": "inventory", "BillingService": "billing",
    "CustomerSyncService": "customer_sync", "ProductSyncService": "product_sync",
}
# Codes after which nobody knows whether it happened.
UNKNOWN = {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE,
           grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
# Refusals that are worth another try of the same request: nothing was done.
LATER = {grpc.StatusCode.RESOURCE_EXHAUSTED}

Result = collections.namedtuple("Result", "code reason message data retry_s")

_protos = None


def protos():
    global _protos
    if _protos is None:
        _protos = Protos()
    return _protos


def methods():
    """{"OrderService.PlaceOrder": method descriptor}"""
    return {"%s.%s" % (m.containing_service.name, m.name): m for m in protos().methods()}


def channel_options():
    # The second is how long an attempt may take at least, which a busy machine needs.
    return [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.min_reconnect_backoff_ms", 2000),
            ("grpc.max_reconnect_backoff_ms", 500), ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", 64 << 20), ("grpc.enable_retries", 0),
            ("grpc.keepalive_time_ms", 20000), ("grpc.keepalive_timeout_ms", 5000)]


def details(error):
    """(reason, seconds to wait) of a refusal."""
    reason, retry_s = "", None
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        try:
            status = protos().new("google.rpc.Status").FromString(value)
        except Exception:  # what is no status tells nothing
            continue
        for detail in status.details:
            kind = detail.type_url.rpartition("/")[2]
            if kind == "google.rpc.ErrorInfo":
                reason = protos().new(kind).FromString(detail.value).reason
            elif kind == "google.rpc.RetryInfo":
                delay = protos().new(kind).FromString(detail.value).retry_delay
                retry_s = delay.seconds + delay.nanos / 1e9
    return reason, retry_s


class Api:
    """The parts at their addresses."""

    def __init__(self, addresses, actor="faults"):
        self.methods = methods()
        self.addresses = addresses
        self.channels = {}
        self.calls = {}
        self.metadata = (("tandem-actor", actor),)

    def message(self, name, **fields):
        return protos().new(name)(**fields)

    def request(self, method, **fields):
        return protos().new(self.methods[method].input_type)(**fields)

    def answer(self, method, data):
        return protos().new(self.methods[method].output_type).FromString(data)

    def channel(self, address, index=0):
        if (address, index) not in self.channels:
            self.channels[address, index] = grpc.aio.insecure_channel(
                address, options=channel_options())
        return self.channels[address, index]

    def _call(self, method, part, stream=False, index=0):
        key = (method, part, index)
        if key not in self.calls:
            descriptor = self.methods[method]
            path = "/%s/%s" % (descriptor.containing_service.full_name, descriptor.name)
            channel = self.channel(self.addresses[part], index)
            make = channel.unary_stream if stream else channel.unary_unary
            self.calls[key] = make(path, request_serializer=None, response_deserializer=None)
        return self.calls[key]

    async def call(self, method, request, timeout=5.0, part=None):
        """One attempt. `request` is a message or its bytes."""
        data = request if isinstance(request, bytes) else request.SerializeToString()
        part = part or SERVICE_OF[method.partition(".")[0]]
        try:
            answer = await self._call(method, part)(data, timeout=timeout, metadata=self.metadata)
            return Result(grpc.StatusCode.OK, "", "", answer, None)
        except grpc.aio.AioRpcError as error:
            reason, retry_s = details(error)
            return Result(error.code(), reason, error.details() or "", b"", retry_s)

    async def must(self, method, request=None, timeout=5.0, part=None, **fields):
        """The answer, parsed; an exception when it is refused."""
        if request is None:
            request = self.request(method, **fields)
        result = await self.call(method, request, timeout, part)
        if result.code != grpc.StatusCode.OK:
            raise RuntimeError("%s: %s %s %s" % (method, result.code, result.reason,
                                                 result.message))
        return self.answer(method, result.data)

    async def pages(self, method, field, part=None, **fields):
        """Every resource of a list method."""
        request = self.request(method, page_size=1000, **fields)
        found = []
        while True:
            answer = await self.must(method, request, timeout=60, part=part)
            found.extend(getattr(answer, field))
            if not answer.next_page_token:
                return found
            request.page_token = answer.next_page_token

    def stream(self, method, request, part):
        return self._call(method, part, stream=True, index=1)(
            request.SerializeToString(), metadata=self.metadata)

    async def close(self):
        for channel in self.channels.values():
            await channel.close()
