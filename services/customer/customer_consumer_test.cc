// Events of other services become what is learned.
#include "services/customer/customer_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/customer/customer_test_desk.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/opportunity/v1/events.pb.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::customer {
namespace {

// Hands an event to the consumer of its source, as the bus would.
class Reading : public Desk {
 public:
  template <class Event>
  absl::Status Deliver(const std::string& source, const std::string& topic,
                       const std::string& subject, const std::string& text) {
    bus::Envelope envelope;
    envelope.set_source(source);
    envelope.set_topic(topic);
    envelope.set_subject(subject);
    envelope.set_routing_key(subject);
    envelope.set_payload(Text<Event>(text).SerializeAsString());
    return Deliver(envelope);
  }
  absl::Status Deliver(const bus::Envelope& envelope) {
    for (const bus::LocalConsumer& consumer : CustomerConsumers()) {
      if (consumer.source != envelope.source()) continue;
      EXPECT_EQ(consumer.key(envelope), envelope.routing_key());
      state.Begin();
      absl::Status status = consumer.apply(envelope, context, state);
      if (status.ok()) Learned(status);
      return status;
    }
    return absl::NotFoundError("nobody reads " + envelope.source());
  }
  const v1::DealingsHistory* History() { return state.Find<v1::DealingsHistory>("cus_a"); }
  const v1::DealingsDocument* Document(const std::string& id) {
    return state.Find<v1::DealingsDocument>(id);
  }
};

constexpr char kFigures[] =
    "account_exposure { account_id: 'acc_1' customer_id: 'cus_a' sequence: 1 "
    "receivable { currency_code: 'EUR' units: 100 } unapplied { currency_code: 'EUR' } "
    "committed { currency_code: 'EUR' } exposure { currency_code: 'EUR' units: 100 } } ";

TEST(CustomerConsumer, KeepsOrdersOfTheirCustomer) {
  Reading desk;
  EXPECT_TRUE(
      desk.Deliver<order::v1::OrderEvent>("/tandem/order", "tandem.order.order.v1", "ord_1",
                                          R"pb(
                                            meta { entity_version: 1 }
                                            order {
                                              id: "ord_1"
                                              order_number: "SO-1001"
                                              state: ORDER_STATE_PLACED
                                              sold_to_customer_id: "cus_a"
                                              order_date { year: 2014 month: 5 day: 6 }
                                              gross_total { currency_code: "EUR" units: 119 }
                                            })pb")
          .ok());
  EXPECT_EQ(desk.History()->orders(), 1);
  EXPECT_EQ(desk.History()->totals(0).ordered().units(), 119);
  EXPECT_EQ(desk.Document("ord_1")->state(), "PLACED");
  EXPECT_EQ(desk.Document("ord_1")->number(), "SO-1001");
}

TEST(CustomerConsumer, KeepsInvoicesAndPaymentsOfTheAccountsCustomer) {
  Reading desk;
  const std::string invoice =
      "invoice { id: 'inv_1' number: 'INV-1' account_id: 'acc_1' order_id: 'ord_1' "
      "total { currency_code: 'EUR' units: 100 } settlement: ";
  EXPECT_TRUE(desk.Deliver<billing::v1::InvoiceEvent>(
                      "/tandem/billing", "tandem.billing.invoice.v1", "inv_1",
                      absl::StrCat("meta { entity_version: 1 } ", invoice,
                                   "INVOICE_SETTLEMENT_OPEN open_amount { currency_code: 'EUR' "
                                   "units: 100 } } invoice_posted { ",
                                   kFigures, "}"))
                  .ok());
  EXPECT_TRUE(desk.Deliver<billing::v1::InvoiceEvent>(
                      "/tandem/billing", "tandem.billing.invoice.v1", "inv_1",
                      absl::StrCat("meta { entity_version: 2 } ", invoice,
                                   "INVOICE_SETTLEMENT_SETTLED open_amount { currency_code: 'EUR' "
                                   "} } invoice_settled {}"))
                  .ok());
  EXPECT_EQ(desk.History()->invoices(), 1);
  EXPECT_EQ(desk.Document("inv_1")->state(), "SETTLED");
  EXPECT_EQ(desk.Document("inv_1")->open_amount().units(), 0);
  EXPECT_EQ(desk.state.Find<v1::CreditStanding>("cus_a")->accounts(0).position().units(), 100);

  const std::string payment =
      "payment { id: 'pay_1' account_id: 'acc_1' amount { currency_code: "
      "'EUR' units: 100 } state: ";
  EXPECT_TRUE(desk.Deliver<billing::v1::PaymentEvent>(
                      "/tandem/billing", "tandem.billing.payment.v1", "pay_1",
                      absl::StrCat("meta { entity_version: 1 } ", payment,
                                   "PAYMENT_STATE_RECEIVED } payment_received { ", kFigures, "}"))
                  .ok());
  EXPECT_EQ(desk.History()->totals(0).paid().units(), 100);
  EXPECT_TRUE(desk.Deliver<billing::v1::PaymentEvent>(
                      "/tandem/billing", "tandem.billing.payment.v1", "pay_1",
                      absl::StrCat("meta { entity_version: 2 } ", payment,
                                   "PAYMENT_STATE_REVERSED } payment_reversed { ", kFigures, "}"))
                  .ok());
  EXPECT_EQ(desk.History()->totals(0).paid().units(), 0) << "the bank took it back";
  EXPECT_EQ(desk.History()->payments(), 1);
}

TEST(CustomerConsumer, KeepsCreditNotes) {
  Reading desk;
  EXPECT_TRUE(desk.Deliver<billing::v1::CreditNoteEvent>(
                      "/tandem/billing", "tandem.billing.credit_note.v1", "crn_1",
                      absl::StrCat("meta { entity_version: 1 } credit_note { id: 'crn_1' "
                                   "account_id: 'acc_1' total { currency_code: 'EUR' units: 5 } } "
                                   "credit_note_posted { ",
                                   kFigures, "}"))
                  .ok());
  EXPECT_EQ(desk.History()->credit_notes(), 1);
  EXPECT_EQ(desk.History()->totals(0).credited().units(), 5);
}

TEST(CustomerConsumer, KeepsAccountsWithTheirFigures) {
  Reading desk;
  EXPECT_TRUE(desk.Deliver<billing::v1::DebtorAccountEvent>(
                      "/tandem/billing", "tandem.billing.debtor_account.v1", "acc_1",
                      R"pb(
                        meta { entity_version: 1 }
                        debtor_account {
                          id: "acc_1"
                          debtor_number: "D-1"
                          customer_id: "cus_a"
                          currency: "EUR"
                          credit_policy {
                            kind: CREDIT_POLICY_KIND_LIMITED
                            limit { currency_code: "EUR" units: 1000 }
                          }
                          order_block { on: true reason: "unpaid" }
                          state: DEBTOR_ACCOUNT_STATE_OPEN
                        }
                        debtor_account_opened {})pb")
                  .ok());
  EXPECT_TRUE(desk.Deliver<billing::v1::CreditCommitmentEvent>(
                      "/tandem/billing", "tandem.billing.credit_commitment.v1", "ord_1",
                      absl::StrCat("meta { entity_version: 1 } credit_reserved { ", kFigures, "}"))
                  .ok());
  const v1::AccountStanding& account = desk.state.Find<v1::CreditStanding>("cus_a")->accounts(0);
  EXPECT_EQ(account.debtor_number(), "D-1");
  EXPECT_EQ(account.headroom().units(), 900);
  EXPECT_TRUE(account.order_block().on());
}

TEST(CustomerConsumer, KeepsQuotesOnceTheyAreIssued) {
  Reading desk;
  auto quote = [&desk](int version, const std::string& state) {
    return desk.Deliver<opportunity::v1::QuoteEvent>(
        "/tandem/opportunity", "tandem.opportunity.quote.v1", "quo_1",
        absl::StrCat("meta { entity_version: ", version,
                     " } quote { id: 'quo_1' display_number: 'Q-1001/1' customer_id: 'cus_a' "
                     "state: QUOTE_STATE_",
                     state, " }"));
  };
  EXPECT_TRUE(quote(1, "DRAFT").ok());
  EXPECT_EQ(desk.History(), nullptr);
  EXPECT_TRUE(quote(2, "ISSUED").ok());
  EXPECT_TRUE(quote(3, "DECLINED").ok());
  EXPECT_EQ(desk.History()->quotes(), 1);
  EXPECT_EQ(desk.Document("quo_1")->state(), "DECLINED");
}

TEST(CustomerConsumer, RefusesWhatCannotBeRead) {
  Reading desk;
  bus::Envelope envelope;
  envelope.set_source("/tandem/order");
  envelope.set_topic("tandem.order.order.v1");
  envelope.set_payload("\xff\xff");
  EXPECT_EQ(desk.Deliver(envelope).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tandem::customer
