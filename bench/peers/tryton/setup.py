"""A company in Tryton that can sell: run by Tryton's own Python, beside an empty database with its
modules activated (trytond-admin). The last line printed is what a client has to know, as JSON.

    python setup.py DATABASE_URI CUSTOMERS PRODUCTS STOCK
"""
import json
import sys
from decimal import Decimal

from proteus import Model, Wizard, config
from trytond.modules.account.tests.tools import (
    create_chart, create_fiscalyear, create_tax, get_accounts)
from trytond.modules.account_invoice.tests.tools import (
    create_payment_term, set_fiscalyear_invoice_sequences)
from trytond.modules.company.tests.tools import create_company

TAX = Decimal("0.19")
BATCH = 500


def price(number):
    """Whole amounts, so that every tax is exact."""
    return Decimal(1 + number % 97)


def in_batches(rows):
    return [rows[at:at + BATCH] for at in range(0, len(rows), BATCH)]


def set_up(uri, customers, products, stock):
    current = config.set_trytond(uri)
    create_company(config=current)
    create_chart(config=current)
    year = set_fiscalyear_invoice_sequences(create_fiscalyear())
    year.click("create_period")
    accounts = get_accounts()
    journal, = Model.get("account.journal").find([("type", "=", "cash")])
    method = Model.get("account.invoice.payment.method")(
        name="Cash", journal=journal, credit_account=accounts["cash"],
        debit_account=accounts["cash"])
    method.save()
    tax = create_tax(TAX)
    tax.save()
    term = create_payment_term()
    term.save()
    category = Model.get("product.category")(
        name="Goods", accounting=True, account_expense=accounts["expense"],
        account_revenue=accounts["revenue"])
    category.customer_taxes.append(tax)
    category.save()
    unit, = Model.get("product.uom").find([("name", "=", "Unit")])
    context = current.context

    def create(model, rows):
        proxy = current.get_proxy(model)
        return [one for batch in in_batches(rows) for one in proxy.create(batch, context)]

    parties = create("party.party", [dict(
        name="Customer %d" % n, addresses=[("create", [dict(
            street="Street %d" % n, postal_code="%05d" % n, city="Town")])])
        for n in range(1, customers + 1)])
    addresses = {one["party"]: one["id"] for one in current.get_proxy("party.address").search_read(
        [("party", "in", parties)], 0, None, None, ["party"], context)}
    templates = create("product.template", [dict(
        name="Product %d" % n, default_uom=unit.id, type="goods", salable=True, sale_uom=unit.id,
        list_price=price(n), account_category=category.id, products=[("create", [dict(
            suffix_code="P%d" % n)])]) for n in range(1, products + 1)])
    numbers = {one["template"]: one["id"] for one in current.get_proxy(
        "product.product").search_read([("template", "in", templates)], 0, None, None,
                                       ["template"], context)}
    storage, = Model.get("stock.location").find([("code", "=", "STO")])
    inventory = create("stock.inventory", [dict(location=storage.id, lines=[("create", [
        dict(product=number, quantity=stock) for number in numbers.values()])])])
    current.get_proxy("stock.inventory").confirm(inventory, context)
    return dict(
        context=context, customers=[(one, addresses[one]) for one in parties],
        products=[(numbers[one], str(price(n))) for n, one in enumerate(templates, 1)],
        unit=unit.id, tax=tax.id, term=term.id, method=method.id, stock=stock,
        storage=storage.id)


if __name__ == "__main__":
    told = set_up(sys.argv[1], *(int(one) for one in sys.argv[2:]))
    print(json.dumps(told, default=str))
