// Events of other services become what is learned.
#include "services/opportunity/opportunity_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/opportunity/opportunity_test_desk.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/customer/v1/events.pb.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::opportunity {
namespace {

// Hands an event to the consumer of its source, as the bus would.
class Reading : public Desk {
 public:
  template <class Event>
  void Deliver(const std::string& source, const std::string& topic, const std::string& subject,
               const std::string& text) {
    bus::Envelope envelope;
    envelope.set_source(source);
    envelope.set_topic(topic);
    envelope.set_subject(subject);
    envelope.set_routing_key(subject);
    envelope.set_payload(Text<Event>(text).SerializeAsString());
    const absl::Status status = Deliver(envelope);
    EXPECT_TRUE(status.ok()) << status;
  }
  absl::Status Deliver(const bus::Envelope& envelope) {
    for (const bus::LocalConsumer& consumer : OpportunityConsumers()) {
      if (consumer.source != envelope.source()) continue;
      EXPECT_EQ(consumer.key(envelope), envelope.routing_key());
      state.Begin();
      absl::Status status = consumer.apply(envelope, context, state);
      if (status.ok()) Learned(status);
      return status;
    }
    return absl::NotFoundError("nobody reads " + envelope.source());
  }
  void Customer(const std::string& text) {
    Deliver<customer::v1::CustomerEvent>("/tandem/customer", "tandem.customer.customer.v1", "cus_b",
                                         text);
  }
  const v1::CustomerFact& Fact() { return *state.Find<v1::CustomerFact>("cus_b"); }
};

TEST(OpportunityConsumer, KnowsCustomersAndWhetherTheyAreBlocked) {
  Reading desk;
  desk.Customer(R"pb(
    meta { entity_version: 1 }
    customer { id: "cus_b" customer_number: "C-2" display_name: "Berglunds" language: "sv" }
    customer_created {})pb");
  EXPECT_EQ(desk.Fact().display_name(), "Berglunds");
  EXPECT_EQ(desk.Fact().language(), "sv");
  EXPECT_FALSE(desk.Fact().blocked());
  EXPECT_FALSE(desk.Fact().customer());
  desk.Customer(R"pb(
    meta { entity_version: 2 }
    customer {
      id: "cus_b"
      state: CUSTOMER_STATE_CUSTOMER
      order_block { on: true reason: "talks" }
    }
    customer_promoted {})pb");
  EXPECT_TRUE(desk.Fact().customer());
  EXPECT_EQ(desk.Fact().block_reason(), "talks");
  desk.Customer(
      "meta { entity_version: 3 } customer { id: 'cus_b' archived: true } customer_archived {}");
  EXPECT_TRUE(desk.Fact().archived());
  EXPECT_EQ(desk.Fact().block_reason(), "archived");
  desk.Customer("meta { entity_version: 4 } customer { id: 'cus_b' } customer_deleted {}");
  EXPECT_TRUE(desk.Fact().deleted());
}

TEST(OpportunityConsumer, AddsUpWhatCameOfAnOpportunity) {
  Reading desk;
  desk.Bring(v1::QUOTE_STATE_ACCEPTED);
  desk.Deliver<order::v1::OrderEvent>(
      "/tandem/order", "tandem.order.order.v1", "ord_1",
      "meta { entity_version: 1 } order { id: 'ord_1' quote_id: 'quo_1' currency: 'EUR' state: "
      "ORDER_STATE_CONFIRMED " +
          Eur("net_total", "60") + " lines { " + Eur("billed_net", "40") + "} lines { " +
          Eur("billed_net", "10") + "} freight { " + Eur("billed_net", "6") + "} }");
  const std::string invoice =
      "invoice { id: 'inv_1' order_id: 'ord_1' " + Eur("net", "56") + Eur("total", "66.64");
  desk.Deliver<billing::v1::InvoiceEvent>(
      "/tandem/billing", "tandem.billing.invoice.v1", "inv_1",
      "meta { entity_version: 1 } " + invoice + Eur("open_amount", "66.64") + "}");
  desk.Deliver<billing::v1::CreditNoteEvent>(
      "/tandem/billing", "tandem.billing.credit_note.v1", "crn_1",
      "meta { entity_version: 1 } credit_note { id: 'crn_1' order_id: 'ord_1' " + Eur("net", "6") +
          Eur("total", "7.14") + Eur("applied", "7.14") + Eur("unapplied", "0") + "}");
  desk.Deliver<billing::v1::InvoiceEvent>(
      "/tandem/billing", "tandem.billing.invoice.v1", "inv_1",
      "meta { entity_version: 2 } " + invoice + Eur("open_amount", "59.50") + "}");
  auto total = [&desk] { return desk.state.Find<v1::OpportunityResults>("opp_1")->totals(0); };
  EXPECT_EQ(Show(total().booked()), "60.00 EUR");
  EXPECT_EQ(Show(total().shipped()), "56.00 EUR");
  EXPECT_EQ(Show(total().invoiced()), "56.00 EUR");
  EXPECT_EQ(Show(total().credited()), "6.00 EUR");
  EXPECT_EQ(Show(total().collected()), "0.00 EUR") << "a credit is no money";
  desk.Deliver<billing::v1::InvoiceEvent>(
      "/tandem/billing", "tandem.billing.invoice.v1", "inv_1",
      "meta { entity_version: 3 } " + invoice + Eur("open_amount", "0") + "}");
  EXPECT_EQ(Show(total().collected()), "59.50 EUR");
}

TEST(OpportunityConsumer, RefusesWhatCannotBeRead) {
  Reading desk;
  bus::Envelope envelope;
  envelope.set_source("/tandem/order");
  envelope.set_topic("tandem.order.order.v1");
  envelope.set_payload("\xff\xff");
  EXPECT_EQ(desk.Deliver(envelope).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tandem::opportunity
