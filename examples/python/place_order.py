"""Places one order over gRPC, as an online shop would.

    python place_order.py [--customer ALFKI] [--sku NW-1] [--quantity 10]

In a distributed system each service has its address: --customers, --products and --orders.
"""

import argparse
import datetime
import os
import uuid

import grpc

import stubs  # noqa: F401  before the generated modules
from google.rpc import error_details_pb2, status_pb2
from tandem.customer.v1 import customer_service_pb2, customer_service_pb2_grpc
from tandem.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from tandem.order.v1 import order_pb2, order_service_pb2, order_service_pb2_grpc

HERE = os.environ.get("TANDEM_ADDRESS", "127.0.0.1:7400")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default=HERE, help="of all services")
    parser.add_argument("--customers", help="of the customer service alone")
    parser.add_argument("--products", help="of the inventory service alone")
    parser.add_argument("--orders", help="of the order service alone")
    parser.add_argument("--customer", default="ALFKI", help="the customer's number")
    parser.add_argument("--sku", default="NW-1", help="the product's stock keeping unit")
    parser.add_argument("--quantity", default="10", help="in the product's base unit")
    return parser.parse_args()


def find_customer(address, number):
    with grpc.insecure_channel(address) as channel:
        stub = customer_service_pb2_grpc.CustomerServiceStub(channel)
        found = stub.ListCustomers(
            customer_service_pb2.ListCustomersRequest(filter=f'customer_number = "{number}"'),
            timeout=10)
    return found.customers[0]


def find_product(address, sku):
    with grpc.insecure_channel(address) as channel:
        stub = inventory_service_pb2_grpc.InventoryServiceStub(channel)
        found = stub.ListProducts(
            inventory_service_pb2.ListProductsRequest(filter=f'sku = "{sku}"'), timeout=10)
    return found.products[0]


def refusal(error):
    """What a refusal says beside its code: the stable reason, and the field it is about."""
    reason, field = "", ""
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            if detail.Unpack(info):
                reason = info.reason
            if detail.Unpack(bad):
                field = bad.field_violations[0].field
    return f"{error.code().name} {reason} {field}: {error.details()}"


def main():
    given = arguments()
    customer = find_customer(given.customers or given.address, given.customer)
    product = find_product(given.products or given.address, given.sku)

    today = datetime.date.today()
    order = order_pb2.Order(sold_to_customer_id=customer.id)
    order.order_date.year, order.order_date.month, order.order_date.day = (
        today.year, today.month, today.day)
    line = order.lines.add(product_id=product.id)
    line.quantity.value.value = given.quantity
    line.quantity.unit = product.base_unit

    # The request id makes it safe to send again: one order, the same answer.
    request = order_service_pb2.PlaceOrderRequest(order=order, request_id=str(uuid.uuid4()))
    with grpc.insecure_channel(given.orders or given.address) as channel:
        try:
            placed = order_service_pb2_grpc.OrderServiceStub(channel).PlaceOrder(
                request, timeout=10, metadata=[("tandem-actor", "example-shop")])
        except grpc.RpcError as error:
            raise SystemExit(refusal(error))
    total = placed.gross_total
    print(f"placed {placed.order_number} {placed.id} for {placed.sold_to_name}: "
          f"{total.units}.{total.nanos // 10_000_000:02d} {total.currency_code}")


if __name__ == "__main__":
    main()
