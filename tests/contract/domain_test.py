"""Every row of the business has its test: commands, refusals, events and reactions of the core.

ROWS are the lifecycles' commands with what they refuse and what they tell; REACTIONS those of
order_to_cash. Read from the tests' sources: a command is called, and a reason or event asserted,
where its name stands there. Beside it: whatever else a service refuses has a test too.
"""
import pathlib
import re
import sys
import unittest

from protos import Protos

PROTOS = Protos()
ROOT = pathlib.Path(__file__).resolve().parents[2]

# service: (commands, the reasons they are refused for, the events they may tell).
ROWS = {
    "customer": [
        ("CreateCustomer", "CUSTOMER_NUMBER_TAKEN CUSTOMER_TAX_ID_INVALID CUSTOMER_COUNTRY_UNKNOWN",
         "CustomerCreated"),
        ("UpdateCustomer", "CUSTOMER_ARCHIVED CUSTOMER_PARENT_CYCLE CUSTOMER_FIELD_FIXED",
         "CustomerUpdated"),
        ("PromoteCustomer", "", "CustomerPromoted"),
        ("DeactivateCustomer ReactivateCustomer", "CUSTOMER_ARCHIVED",
         "CustomerDeactivated CustomerReactivated"),
        ("ArchiveCustomer DeleteCustomer", "CUSTOMER_HAS_DOCUMENTS",
         "CustomerArchived CustomerDeleted"),
    ],
    "inventory": [
        ("CreateProduct", "PRODUCT_SKU_TAKEN PRODUCT_UNIT_UNKNOWN PRODUCT_GTIN_INVALID",
         "ProductCreated"),
        ("UpdateProduct", "PRODUCT_ARCHIVED PRODUCT_FIELD_FIXED PRODUCT_UNIT_NOT_CONVERTIBLE",
         "ProductUpdated"),
        ("DiscontinueProduct ReinstateProduct", "PRODUCT_ARCHIVED",
         "ProductDiscontinued ProductReinstated"),
        ("ArchiveProduct", "PRODUCT_HAS_STOCK PRODUCT_HAS_OPEN_LINES", "ProductArchived"),
        ("RecordDemand", "", "DemandRecorded"),
        ("ReserveStock", "", "StockReserved StockShort"),
        ("ReceiveStock AdjustStock", "", "StockMoved StockReserved StockShort"),
        ("HoldDemand ResumeDemand", "", "DemandHeld DemandResumed"),
        ("ReleaseStock", "", "StockReleased ShipmentCancelled"),
        ("StartPicking", "SHIPMENT_HELD", "ShipmentPlanned ShipmentPickingStarted"),
        ("PickShipment", "SHIPMENT_OVER_PICKED SHIPMENT_HELD", "ShipmentPicked"),
        ("PackShipment", "SHIPMENT_NOT_PICKED", "ShipmentPacked"),
        ("ShipShipment", "SHIPMENT_HELD SHIPMENT_CANCELLED SHIPMENT_EMPTY", "ShipmentShipped"),
        ("ReturnShipment", "SHIPMENT_NOT_SHIPPED RETURN_OVER_SHIPPED", "ShipmentReturned"),
    ],
    "opportunity": [
        ("CreateOpportunity", "OPPORTUNITY_CUSTOMER_UNKNOWN", "OpportunityCreated"),
        ("MoveStage UpdateOpportunity", "OPPORTUNITY_CLOSED",
         "OpportunityStageMoved OpportunityUpdated"),
        ("WinOpportunity", "OPPORTUNITY_NO_EVIDENCE OPPORTUNITY_CLOSED", "OpportunityWon"),
        ("LoseOpportunity", "OPPORTUNITY_REASON_MISSING OPPORTUNITY_CLOSED", "OpportunityLost"),
        ("ReopenOpportunity", "OPPORTUNITY_HAS_ORDER", "OpportunityReopened"),
        ("CreateQuote UpdateQuote", "QUOTE_NOT_DRAFT QUOTE_PRODUCT_NOT_OFFERED",
         "QuoteCreated QuoteUpdated"),
        ("IssueQuote", "QUOTE_NO_LINES QUOTE_PRICE_MISSING", "QuoteIssued"),
        ("ReviseQuote", "QUOTE_CLOSED", "QuoteSuperseded QuoteCreated"),
        ("AcceptQuote", "QUOTE_EXPIRED QUOTE_SUPERSEDED QUOTE_NOT_ISSUED", "QuoteAccepted"),
        ("DeclineQuote WithdrawQuote ExpireQuotes", "QUOTE_CLOSED",
         "QuoteDeclined QuoteWithdrawn QuoteExpired"),
        ("RecordOrder", "", "QuoteOrdered"),
    ],
    "order": [
        ("PlaceOrder",
         "ORDER_CUSTOMER_UNKNOWN ORDER_CUSTOMER_BLOCKED ORDER_PRODUCT_UNKNOWN "
         "ORDER_PRODUCT_DISCONTINUED ORDER_NO_LINES ORDER_QUANTITY_INVALID "
         "ORDER_UNIT_NOT_CONVERTIBLE ORDER_PRICE_MISSING ORDER_TAX_NOT_DETERMINED "
         "ORDER_CURRENCY_MISMATCH", "OrderPlaced OrderHeld"),
        ("RecordCredit", "", "OrderHeld OrderReleased"),
        ("ConfirmOrder", "", "OrderConfirmed OrderAllocationChanged OrderCancelRequested"),
        ("HoldOrder ReleaseOrder", "ORDER_CLOSED ORDER_CREDIT_HOLD", "OrderHeld OrderReleased"),
        ("CancelOrder", "ORDER_ALREADY_SHIPPED ORDER_CLOSED", "OrderCancelRequested"),
        ("CompleteCancel", "", "OrderCancelled OrderAmended OrderClosed"),
        ("RecordShipment", "", "OrderShipmentRecorded"),
        ("RecordInvoice RecordSettlement RecordCreditNote", "", "OrderInvoiced OrderClosed"),
        ("RecordReturn", "", "OrderReturnRecorded"),
        ("HoldAccountOrders ReleaseAccountOrders", "", "OrderHeld OrderReleased"),
    ],
    "billing": [
        ("ReserveCredit", "", "CreditReserved CreditRefused"),
        ("OverrideCredit", "", "CreditOverridden CreditReserved"),
        ("ReleaseCredit", "", "CreditReleased"),
        ("PostInvoice", "BILLING_PERIOD_CLOSED",
         "InvoicePosted InvoicePartlySettled InvoiceSettled InvoiceReopened"),
        ("PostCreditNote", "CREDIT_OVER_INVOICED", "CreditNotePosted"),
        ("RecordPayment ApplyPayment ReversePayment",
         "PAYMENT_OVER_APPLIED PAYMENT_REVERSED PAYMENT_CURRENCY_MISMATCH",
         "PaymentReceived PaymentApplied PaymentReversed"),
        ("OpenAccount SetCredit BlockAccount UnblockAccount CloseAccount", "ACCOUNT_HAS_OPEN_ITEMS",
         "DebtorAccountOpened DebtorAccountBlocked DebtorAccountUnblocked DebtorAccountClosed"),
    ],
}
REACTIONS = range(1, 19)

# What a service refuses and no test provokes: why.
UNTESTED = {
    "BILLING_FIGURES_NEGATIVE": "a defect: the figures are recomputed from documents after each test",
    "LEDGER_POSTED_TWICE": "a defect: documents are posted once, by their own ids",
    "LEDGER_UNBALANCED": "a defect: each posting is built of its two sides",
    "SHIPMENT_DEMAND_MISSING": "a defect: a shipment is planned by its demand",
}
WORD = r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b"


def is_test(path):
    return path.name.endswith(("_test.cc", "_test.py", "_test_desk.h")) or path.name == "world.cc"


def sources(folder, test):
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix in (".cc", ".h", ".py") and is_test(path) == test and \
                path != pathlib.Path(__file__).resolve():
            yield path.read_text(encoding="utf-8")


def texts_in(sources_read):
    """What stands in quotation marks, word by word."""
    return {word for text in sources_read for quoted in re.findall(r'"(?:[^"\\\n]|\\.)*"', text)
            for word in re.findall(r"\w+", quoted)}


class Rows(unittest.TestCase):
    """What DOMAIN's tables say of the core."""

    @staticmethod
    def rows():
        for service, rows in ROWS.items():
            tests = list(sources("services/" + service, True))
            for commands, reasons, events in rows:
                yield service, tests, commands.split(), reasons.split(), events.split()

    def test_each_command_is_a_method_and_is_tested(self):
        for service, tests, commands, _, _ in self.rows():
            methods = {m.name for m in PROTOS.methods()
                       if m.containing_service.file.package == "tandem.%s.v1" % service}
            for command in commands:
                self.assertTrue(command in methods, "%s: %s is no method" % (service, command))
                self.assertTrue(any(re.search(r"\b%s\b" % command, t) for t in tests),
                                "%s: no test calls %s" % (service, command))

    def test_each_refusal_is_asserted(self):
        for service, tests, _, reasons, _ in self.rows():
            told = texts_in(tests)
            for reason in reasons:
                self.assertTrue(reason in told, "%s: no test asserts %s" % (service, reason))

    def test_each_event_exists_and_is_asserted(self):
        types = {f.message_type.name for _, f in PROTOS.event_types()}
        for service, tests, _, _, events in self.rows():
            told = texts_in(tests)
            for event in events:
                self.assertTrue(event in types, "%s: %s is no event" % (service, event))
                self.assertTrue(event in told, "%s: no test asserts %s" % (service, event))

    def test_whatever_a_service_refuses_is_asserted(self):
        everywhere = texts_in(sources("services", True)) | texts_in(sources("tests", True)) | \
            texts_in(sources("platform", True))
        for text in sources("services", False):
            for reason in re.findall(r'(?:Refuse|InvalidField)\(\s*[^;]*?"(%s)"' % WORD, text):
                with self.subTest(reason=reason):
                    self.assertEqual(reason in everywhere, reason not in UNTESTED,
                                     UNTESTED.get(reason, "no test asserts it"))


class Reactions(unittest.TestCase):
    """What order_to_cash does with each event, and in which orders."""

    def test_each_has_its_test_by_number(self):
        text = (ROOT / "bus-adapters/order_to_cash/reactions_test.cc").read_text(encoding="utf-8")
        for number in REACTIONS:
            with self.subTest(number=number):
                self.assertRegex(text, r"TEST\(Reaction%d, " % number)

    def test_each_two_are_delivered_in_both_orders(self):
        folder = ROOT / "bus-adapters/order_to_cash"
        text = (folder / "world_test.cc").read_text(encoding="utf-8")
        self.assertRegex(text, r"kFirstReaction = 2, kLastReaction = %d" % REACTIONS[-1])
        table = (folder / "reaction_numbers.h").read_text(encoding="utf-8")
        numbers = re.findall(r'\{"\w+", (\d+)\}', table)
        self.assertEqual({int(n) for n in numbers}, set(REACTIONS))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
