// The reaction table (DOMAIN section 4): each event and the calls it asks for, field by field.
#include "bus-adapters/order_to_cash/reactions.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/base/status.h"
#include "tandem/billing/v1/billing_service.pb.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/customer/v1/customer_service.pb.h"
#include "tandem/inventory/v1/events.pb.h"
#include "tandem/inventory/v1/inventory_service.pb.h"
#include "tandem/opportunity/v1/events.pb.h"
#include "tandem/opportunity/v1/opportunity_service.pb.h"
#include "tandem/order/v1/events.pb.h"
#include "tandem/order/v1/order_service.pb.h"

namespace tandem::order_to_cash {
namespace {

constexpr char kOrders[] = "tandem.order.order.v1";
constexpr char kDemands[] = "tandem.inventory.demand.v1";
constexpr char kShipments[] = "tandem.inventory.shipment.v1";
constexpr char kCommitments[] = "tandem.billing.credit_commitment.v1";
constexpr char kInvoices[] = "tandem.billing.invoice.v1";
constexpr char kCreditNotes[] = "tandem.billing.credit_note.v1";
constexpr char kAccounts[] = "tandem.billing.debtor_account.v1";
constexpr char kQuotes[] = "tandem.opportunity.quote.v1";

template <class T>
T Text(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// "order.ConfirmOrder of ord_1: order_id: ...".
template <class Request>
std::string Asks(const std::string& what, const std::string& request) {
  return absl::StrCat(what, ": ", Text<Request>(request).ShortDebugString());
}

template <class Event>
bus::Envelope Told(const std::string& topic, const std::string& text) {
  bus::Envelope envelope;
  envelope.set_id("evt_1");
  const std::string part = topic.substr(7, topic.find('.', 7) - 7);
  envelope.set_source(absl::StrCat("/tandem/", part));
  envelope.set_topic(topic);
  envelope.set_subject("sub_1");
  envelope.set_payload(Text<Event>(text).SerializeAsString());
  return envelope;
}

// The calls that an event asks for; their request ids are looked at apart.
std::vector<std::string> Calls(const bus::Envelope& envelope) {
  absl::StatusOr<std::vector<Call>> calls = React(envelope);
  EXPECT_TRUE(calls.ok()) << calls.status();
  std::vector<std::string> out;
  if (!calls.ok()) return out;
  for (const Call& call : *calls) {
    auto request = std::unique_ptr<google::protobuf::Message>(call.request->New());
    request->CopyFrom(*call.request);
    const auto* field = request->GetDescriptor()->FindFieldByName("request_id");
    request->GetReflection()->ClearField(request.get(), field);
    out.push_back(absl::StrCat(call.part, ".", call.method, " of ", call.entity, ": ",
                               request->ShortDebugString()));
  }
  return out;
}
template <class Event>
std::vector<std::string> Calls(const std::string& topic, const std::string& text) {
  return Calls(Told<Event>(topic, text));
}

using List = std::vector<std::string>;

std::string Pieces(const std::string& name, int n) {
  return absl::StrCat(name, " { value { value: '", n, "' } unit: 'C62' } ");
}
std::string Usd(const std::string& name, int units) {
  return absl::StrCat(name, " { currency_code: 'USD' units: ", units, " } ");
}
// The order as its events carry it: line 1 wants 5, of which 2 were cancelled.
std::string Order() {
  return "order { id: 'ord_1' order_number: 'SO-1' revision: 3 sold_to_customer_id: 'cus_1' "
         "payer_account_id: 'acc_1' payer_customer_id: 'cus_2' priority: 7 "
         "ship_to { name: 'Shop' address { city: 'Bonn' } } "
         "requested_date { year: 2026 month: 2 day: 1 } "
         "delivery_policy: DELIVERY_POLICY_COMPLETE "
         "backorder_policy: BACKORDER_POLICY_NO_BACKORDER " +
         Usd("gross_total", 119) + "lines { line_number: 1 product_id: 'prd_1' " +
         Pieces("ordered", 5) + Pieces("cancelled", 2) + "} } ";
}
std::string Demand(bool held) {
  return Asks<inventory::v1::RecordDemandRequest>(
      "inventory.RecordDemand of ord_1",
      "order_id: 'ord_1' order_number: 'SO-1' revision: 3 lines { line_number: 1 "
      "product_id: 'prd_1' " +
          Pieces("quantity", 3) +
          "requested_date { year: 2026 month: 2 day: 1 } } "
          "delivery_policy: DELIVERY_POLICY_COMPLETE "
          "backorder_policy: BACKORDER_POLICY_NO_BACKORDER priority: 7 customer_id: 'cus_1' "
          "ship_to_address { city: 'Bonn' } ship_to_name: 'Shop' order_version: 9 " +
          (held ? "held: true" : ""));
}
std::string Credit() {
  return Asks<billing::v1::ReserveCreditRequest>(
      "billing.ReserveCredit of ord_1",
      "order_id: 'ord_1' order_number: 'SO-1' revision: 3 account_id: 'acc_1' "
      "payer_customer_id: 'cus_2' " +
          Usd("amount", 119));
}
List OfOrder(const std::string& what) {
  return Calls<order::v1::OrderEvent>(kOrders, "meta { entity_version: 9 } " + Order() + what);
}

TEST(Reaction1, AnAcceptedQuotePromotesTheCustomerAndPlacesTheOrder) {
  const List calls = Calls<opportunity::v1::QuoteEvent>(
      kQuotes,
      "quote_accepted { quote_id: 'quo_1' quote_version: 2 customer_id: 'cus_1' "
      "customer_name: 'Shop' payer_customer_id: 'cus_2' bill_to_customer_id: 'cus_3' "
      "currency: 'USD' acceptance_date { year: 2026 month: 1 day: 9 } lines { "
      "line_number: 1 product_id: 'prd_1' sku: 'S' " +
          Pieces("quantity", 3) + Usd("unit_price", 10) + "} }");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0], Asks<customer::v1::PromoteCustomerRequest>(
                          "customer.PromoteCustomer of cus_1", "id: 'cus_1'"));
  EXPECT_EQ(calls[1],
            Asks<order::v1::PlaceOrderRequest>(
                "order.PlaceOrder of quo_1",
                "quote_id: 'quo_1' quote_version: 2 order { sold_to_customer_id: 'cus_1' "
                "sold_to_name: 'Shop' payer_customer_id: 'cus_2' bill_to { customer_id: 'cus_3' } "
                "currency: 'USD' order_date { year: 2026 month: 1 day: 9 } lines { "
                "line_number: 1 product_id: 'prd_1' sku: 'S' price_source: PRICE_SOURCE_QUOTE " +
                    Pieces("quantity", 3) + Usd("unit_price", 10) + "} }"));
}

TEST(Reaction2, APlacedOrderRecordsItsDemandAndReservesCredit) {
  EXPECT_EQ(OfOrder("order_placed {}"), (List{Demand(false), Credit()}));
  EXPECT_EQ(OfOrder("order_placed { held: true }"), (List{Demand(true), Credit()}));
}

TEST(Reaction2, APlacedOrderOfAQuoteIsRecordedThere) {
  const List calls = Calls<order::v1::OrderEvent>(
      kOrders,
      "order { id: 'ord_1' order_number: 'SO-1' quote_id: 'quo_1' quote_version: 2 } "
      "order_placed {}");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[2], Asks<opportunity::v1::RecordOrderRequest>(
                          "opportunity.RecordOrder of quo_1",
                          "quote_id: 'quo_1' quote_version: 2 order_id: 'ord_1' "
                          "order_number: 'SO-1'"));
}

TEST(Reaction3, ReservedCreditReservesStock) {
  const std::string stock = Asks<inventory::v1::ReserveStockRequest>(
      "inventory.ReserveStock of ord_1", "order_id: 'ord_1' revision: 1");
  EXPECT_EQ(Calls<billing::v1::CreditCommitmentEvent>(
                kCommitments, "credit_reserved { order_id: 'ord_1' revision: 1 }"),
            List{stock});
  const List lifted = Calls<billing::v1::CreditCommitmentEvent>(
      kCommitments,
      "meta { entity_version: 4 } credit_reserved { order_id: 'ord_1' revision: 1 "
      "lifts_refusal: true " +
          Usd("amount", 119) + "}");
  EXPECT_EQ(lifted, (List{stock, Asks<order::v1::RecordCreditRequest>(
                                     "order.RecordCredit of ord_1",
                                     "order_id: 'ord_1' revision: 1 status: CREDIT_STATUS_APPROVED "
                                     "commitment_version: 4 " +
                                         Usd("requested", 119))}));
}

TEST(Reaction3, ReservedCreditTellsTheOrderAfterAnAmendmentOrAnOverride) {
  const auto status = [](const std::string& what) {
    absl::StatusOr<std::vector<Call>> calls =
        React(Told<billing::v1::CreditCommitmentEvent>(kCommitments, what));
    if (!calls.ok() || calls->size() != 2) return order::v1::CREDIT_STATUS_UNSPECIFIED;
    return static_cast<const order::v1::RecordCreditRequest&>(*calls->at(1).request).status();
  };
  EXPECT_EQ(status("credit_reserved { order_id: 'ord_1' revision: 2 }"),
            order::v1::CREDIT_STATUS_APPROVED);
  EXPECT_EQ(status("credit_reserved { order_id: 'ord_1' revision: 1 overridden: true }"),
            order::v1::CREDIT_STATUS_OVERRIDDEN);
}

TEST(Reaction4, RefusedCreditIsRecordedWithItsFigures) {
  const std::string figures =
      Usd("limit", 100) + Usd("exposure", 90) + Usd("requested", 20) + Usd("shortfall", 10);
  EXPECT_EQ(Calls<billing::v1::CreditCommitmentEvent>(
                kCommitments,
                "meta { entity_version: 4 } credit_refused { order_id: 'ord_1' "
                "revision: 1 reason: CREDIT_REFUSAL_REASON_OVER_LIMIT " +
                    figures + "}"),
            List{Asks<order::v1::RecordCreditRequest>(
                "order.RecordCredit of ord_1",
                "order_id: 'ord_1' revision: 1 status: CREDIT_STATUS_REFUSED "
                "commitment_version: 4 reason: 'OVER_LIMIT' " +
                    figures)});
}

TEST(Reaction5, ReservedAndShortStockConfirmTheOrder) {
  for (const char* what : {"stock_reserved", "stock_short"}) {
    EXPECT_EQ(Calls<inventory::v1::DemandEvent>(
                  kDemands, absl::StrCat("meta { entity_version: 5 } ", what,
                                         " { order_id: 'ord_1' revision: 1 lines { line_number: 1 ",
                                         Pieces("reserved", 2), Pieces("backordered", 1),
                                         "promised_date { year: 2026 month: 3 day: 1 } } }")),
              List{Asks<order::v1::ConfirmOrderRequest>(
                  "order.ConfirmOrder of ord_1",
                  "order_id: 'ord_1' revision: 1 demand_version: 5 lines { line_number: 1 " +
                      Pieces("reserved", 2) + Pieces("backordered", 1) +
                      "promised_date { year: 2026 month: 3 day: 1 } }")});
  }
}

TEST(Reaction6, AHeldOrderHoldsItsDemand) {
  EXPECT_EQ(OfOrder("order_held {}"),
            List{Asks<inventory::v1::HoldDemandRequest>("inventory.HoldDemand of ord_1",
                                                        "order_id: 'ord_1' order_version: 9")});
}

TEST(Reaction6, OnlyTheLastHoldsReleaseResumesTheDemand) {
  EXPECT_EQ(OfOrder("order_released {}"), List{});
  EXPECT_EQ(OfOrder("order_released { last: true }"),
            List{Asks<inventory::v1::ResumeDemandRequest>("inventory.ResumeDemand of ord_1",
                                                          "order_id: 'ord_1' order_version: 9")});
}

TEST(Reaction7, AnAmendedOrderStatesDemandAndCreditAnew) {
  EXPECT_EQ(OfOrder("order_amended {}"), (List{Demand(false), Credit()}));
}

TEST(Reaction8, AnOrderToBeCancelledReleasesItsStock) {
  EXPECT_EQ(OfOrder("order_cancel_requested {}"),
            List{Asks<inventory::v1::ReleaseStockRequest>("inventory.ReleaseStock of ord_1",
                                                          "order_id: 'ord_1' order_version: 9")});
}

TEST(Reaction9, ReleasedStockCompletesTheCancellation) {
  EXPECT_EQ(Calls<inventory::v1::DemandEvent>(
                kDemands,
                "meta { entity_version: 5 } stock_released { order_id: 'ord_1' revision: "
                "1 lines { line_number: 1 " +
                    Pieces("released", 2) + Pieces("shipped", 1) + "} }"),
            List{Asks<order::v1::CompleteCancelRequest>(
                "order.CompleteCancel of ord_1",
                "order_id: 'ord_1' demand_version: 5 lines { line_number: 1 " +
                    Pieces("released", 2) + Pieces("shipped", 1) + "}")});
}

TEST(Reaction10, ACancelledOrClosedOrderReleasesItsCreditUnlessTheLastInvoiceDid) {
  const List release = {Asks<billing::v1::ReleaseCreditRequest>(
      "billing.ReleaseCredit of ord_1", "order_id: 'ord_1' order_version: 9")};
  EXPECT_EQ(OfOrder("order_cancelled {}"), release);
  EXPECT_EQ(OfOrder("order_closed {}"), release);
  EXPECT_EQ(OfOrder("order_closed { last_billed: true }"), List{});
}

TEST(Reaction11, AShippedShipmentIsRecorded) {
  EXPECT_EQ(Calls<inventory::v1::ShipmentEvent>(
                kShipments,
                "meta { entity_version: 2 } shipment_shipped { order_id: 'ord_1' "
                "shipment_id: 'shp_1' shipment_number: 'SH-1' ship_date { year: 2026 "
                "month: 1 day: 15 } lines { line_number: 1 " +
                    Pieces("quantity", 2) + Pieces("shipped_total", 3) + "} }"),
            List{Asks<order::v1::RecordShipmentRequest>(
                "order.RecordShipment of shp_1",
                "order_id: 'ord_1' shipment_id: 'shp_1' shipment_number: 'SH-1' "
                "shipment_version: 2 ship_date { year: 2026 month: 1 day: 15 } lines { "
                "line_number: 1 " +
                    Pieces("quantity", 2) + Pieces("shipped_total", 3) + "}")});
}

TEST(Reaction12, ARecordedShipmentIsBilledAsTheOrderSays) {
  EXPECT_EQ(
      OfOrder("order_shipment_recorded { order_number: 'SO-1' shipment_id: 'shp_1' last: true "
              "currency: 'USD' payer_account_id: 'acc_1' payer_customer_id: 'cus_2' "
              "bill_to { customer_id: 'cus_3' name: 'Head office' tax_id: 'DE1' } "
              "ship_date { year: 2026 month: 1 day: 15 } lines { line_number: 1 "
              "product_id: 'prd_1' tax_code: 'DE19' tax_rate { value: '0.19' } " +
              Pieces("quantity", 2) + Usd("unit_price", 10) + Usd("net", 20) + "} }"),
      List{Asks<billing::v1::PostInvoiceRequest>(
          "billing.PostInvoice of shp_1",
          "order_id: 'ord_1' order_number: 'SO-1' shipment_id: 'shp_1' account_id: 'acc_1' "
          "payer_customer_id: 'cus_2' bill_to { customer_id: 'cus_3' name: 'Head office' "
          "address {} tax_id: 'DE1' } invoice_date { year: 2026 month: 1 day: 15 } "
          "tax_date { year: 2026 month: 1 day: 15 } last: true currency: 'USD' lines { "
          "line_number: 1 product_id: 'prd_1' tax_code: 'DE19' tax_rate { value: '0.19' } " +
              Pieces("quantity", 2) + Usd("unit_price", 10) + Usd("net", 20) + "}")});
}

TEST(Reaction12, AShipmentOfNothingIsNotBilled) {
  EXPECT_EQ(OfOrder("order_shipment_recorded { shipment_id: 'shp_1' }"), List{});
}

constexpr char kInvoice[] =
    "invoice { id: 'inv_1' number: 'INV-1' order_id: 'ord_1' shipment_id: 'shp_1' "
    "net { currency_code: 'USD' units: 100 } total { currency_code: 'USD' units: 119 } "
    "open_amount { currency_code: 'USD' units: 19 } invoice_date { year: 2026 month: 1 day: 15 } "
    "lines { line_number: 1 quantity { value { value: '2' } unit: 'C62' } "
    "net { currency_code: 'USD' units: 100 } } } meta { entity_version: 6 } ";

TEST(Reaction13, APostedInvoiceIsRecorded) {
  EXPECT_EQ(
      Calls<billing::v1::InvoiceEvent>(kInvoices, absl::StrCat(kInvoice, "invoice_posted {}")),
      List{Asks<order::v1::RecordInvoiceRequest>(
          "order.RecordInvoice of inv_1",
          "order_id: 'ord_1' invoice_id: 'inv_1' invoice_number: 'INV-1' "
          "shipment_id: 'shp_1' invoice_date { year: 2026 month: 1 day: 15 } " +
              Usd("net", 100) + Usd("total", 119) + "lines { line_number: 1 " + Usd("net", 100) +
              Pieces("quantity", 2) + "}")});
}

TEST(Reaction14, EachChangeOfAnInvoicesSettlementIsRecorded) {
  for (const char* what :
       {"invoice_partly_settled {}", "invoice_settled {}", "invoice_reopened {}"}) {
    EXPECT_EQ(Calls<billing::v1::InvoiceEvent>(kInvoices, absl::StrCat(kInvoice, what)),
              List{Asks<order::v1::RecordSettlementRequest>(
                  "order.RecordSettlement of inv_1",
                  "order_id: 'ord_1' invoice_id: 'inv_1' invoice_version: 6 " +
                      Usd("open_amount", 19) + Usd("total", 119))});
  }
  EXPECT_EQ(
      Calls<billing::v1::InvoiceEvent>(kInvoices, absl::StrCat(kInvoice, "invoice_credited {}")),
      List{});
}

TEST(Reaction15, AReturnedShipmentIsRecorded) {
  EXPECT_EQ(Calls<inventory::v1::ShipmentEvent>(
                kShipments,
                "shipment_returned { order_id: 'ord_1' shipment_id: 'shp_1' return_id: "
                "'ret_1' return_date { year: 2026 month: 3 day: 1 } lines { "
                "line_number: 1 " +
                    Pieces("quantity", 1) + Pieces("returned_total", 2) + "} }"),
            List{Asks<order::v1::RecordReturnRequest>(
                "order.RecordReturn of ret_1",
                "order_id: 'ord_1' shipment_id: 'shp_1' return_id: 'ret_1' "
                "return_date { year: 2026 month: 3 day: 1 } lines { line_number: 1 " +
                    Pieces("quantity", 1) + Pieces("returned_total", 2) + "}")});
}

TEST(Reaction16, ARecordedReturnIsCredited) {
  EXPECT_EQ(OfOrder("order_return_recorded { return_id: 'ret_1' shipment_id: 'shp_1' "
                    "return_date { year: 2026 month: 3 day: 1 } lines { line_number: 1 "
                    "tax_code: 'DE19' tax_rate { value: '0.19' } " +
                    Pieces("quantity", 1) + Usd("net", 50) + "} }"),
            List{Asks<billing::v1::PostCreditNoteRequest>(
                "billing.PostCreditNote of ret_1",
                "return_id: 'ret_1' order_id: 'ord_1' shipment_id: 'shp_1' "
                "reason: CREDIT_NOTE_REASON_RETURN credit_date { year: 2026 month: 3 day: 1 } "
                "lines { line_number: 1 tax_code: 'DE19' tax_rate { value: '0.19' } " +
                    Pieces("quantity", 1) + Usd("net", 50) + "}")});
  EXPECT_EQ(OfOrder("order_return_recorded { return_id: 'ret_1' }"), List{});
}

TEST(Reaction17, APostedCreditNoteIsRecorded) {
  EXPECT_EQ(
      Calls<billing::v1::CreditNoteEvent>(
          kCreditNotes, "credit_note { id: 'crn_1' number: 'CRN-1' order_id: 'ord_1' " +
                            Usd("net", 50) + Usd("total", 60) + "lines { line_number: 1 " +
                            Usd("net", 50) + Pieces("quantity", 1) + "} } credit_note_posted {}"),
      List{Asks<order::v1::RecordCreditNoteRequest>(
          "order.RecordCreditNote of crn_1",
          "order_id: 'ord_1' credit_note_id: 'crn_1' credit_note_number: 'CRN-1' " +
              Usd("net", 50) + Usd("total", 60) + "lines { line_number: 1 " + Usd("net", 50) +
              Pieces("quantity", 1) + "}")});
  EXPECT_EQ(Calls<billing::v1::CreditNoteEvent>(kCreditNotes, "credit_note_applied {}"), List{});
}

TEST(Reaction18, ABlockedAccountHoldsItsOrders) {
  const auto blocked = [](const std::string& kind) {
    return Calls<billing::v1::DebtorAccountEvent>(
        kAccounts,
        "meta { entity_version: 4 } debtor_account { id: 'acc_1' customer_id: 'cus_1' } "
        "debtor_account_blocked { kind: BLOCK_KIND_" +
            kind + " reason: 'dispute' }");
  };
  const List hold = {Asks<order::v1::HoldAccountOrdersRequest>(
      "order.HoldAccountOrders of acc_1",
      "account_id: 'acc_1' customer_id: 'cus_1' account_version: 4 reason: 'dispute'")};
  EXPECT_EQ(blocked("ORDER"), hold);
  EXPECT_EQ(blocked("DELIVERY"), hold);
  EXPECT_EQ(blocked("DUNNING"), List{});
}

TEST(Reaction18, AnUnblockedAccountReleasesItsOrdersWhenNoOtherBlockHoldsThem) {
  const auto unblocked = [](const std::string& account) {
    return Calls<billing::v1::DebtorAccountEvent>(
        kAccounts, "meta { entity_version: 5 } debtor_account { id: 'acc_1' customer_id: 'cus_1' " +
                       account + " } debtor_account_unblocked { kind: BLOCK_KIND_ORDER }");
  };
  EXPECT_EQ(unblocked(""), List{Asks<order::v1::ReleaseAccountOrdersRequest>(
                               "order.ReleaseAccountOrders of acc_1",
                               "account_id: 'acc_1' customer_id: 'cus_1' account_version: 5")});
  EXPECT_EQ(unblocked("delivery_block { on: true }"), List{});
  EXPECT_EQ(unblocked("dunning_block { on: true }").size(), 1u);
}

TEST(RequestIds, AreMadeFromTheEventTheMethodAndTheEntity) {
  bus::Envelope event = Told<order::v1::OrderEvent>(kOrders, Order() + "order_placed {}");
  const auto ids = [&event] {
    List out;
    const std::vector<Call> calls = React(event).value();
    for (const Call& call : calls) {
      const auto* field = call.request->GetDescriptor()->FindFieldByName("request_id");
      out.push_back(call.request->GetReflection()->GetString(*call.request, field));
    }
    return out;
  };
  const List first = ids();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].size(), 36u);
  EXPECT_NE(first[0], first[1]) << "two calls of one event";
  EXPECT_EQ(ids(), first) << "the same event again";
  event.set_id("evt_2");
  EXPECT_NE(ids()[0], first[0]) << "another event";
}

TEST(Keys, AreTheOrderWhereverAnEventIsOfOne) {
  bus::Envelope event;
  event.set_subject("shp_1");
  EXPECT_EQ(KeyOf(event), "shp_1");
  event.set_routing_key("ord_1");
  EXPECT_EQ(KeyOf(event), "ord_1");
}

TEST(AnEvent, ThatIsNotWhatItsHeadersSayIsMalformed) {
  for (const char* topic :
       {kOrders, kDemands, kShipments, kCommitments, kInvoices, kCreditNotes, kAccounts, kQuotes}) {
    bus::Envelope event = Told<order::v1::OrderEvent>(topic, "");
    event.set_payload("\xff\xff");
    EXPECT_EQ(ReasonOf(React(event).status()), "EVENT_MALFORMED") << topic;
  }
}

TEST(AnEvent, OfAnUnknownSourceIsRefusedAndOneNotReactedToAsksForNothing) {
  bus::Envelope event;
  event.set_source("/tandem/elsewhere");
  EXPECT_EQ(ReasonOf(React(event).status()), "EVENT_SOURCE_UNKNOWN");
  for (const char* what :
       {"order_credit_recorded {}", "order_confirmed {}", "order_allocation_changed {}",
        "order_invoiced {}", "order_settlement_recorded {}", "order_credit_note_recorded {}", ""}) {
    EXPECT_EQ(OfOrder(what), List{}) << what;
  }
  EXPECT_EQ(Calls<billing::v1::CreditCommitmentEvent>(kCommitments, "credit_released {}"), List{});
  EXPECT_EQ(Calls<inventory::v1::DemandEvent>(kDemands, "demand_recorded {}"), List{});
  EXPECT_EQ(Calls<inventory::v1::ShipmentEvent>(kShipments, "shipment_planned {}"), List{});
}

}  // namespace
}  // namespace tandem::order_to_cash
