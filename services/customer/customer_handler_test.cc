// The service over gRPC, as a process hosts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/customer/customer_decide_dealings.h"
#include "services/customer/customer_service.h"
#include "services/customer/customer_test_desk.h"
#include "tandem/customer/v1/customer_service.grpc.pb.h"
#include "tests/support/service_over_grpc.h"

namespace tandem::customer {
namespace {

using testing::HasSubstr;

constexpr char kCustomer[] = "cus_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kContact[] = "con_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kRequestId[] = "0190b2c3-0000-4000-8000-000000000001";

class CustomerOverGrpc : public test::ServiceOverGrpc<v1::CustomerService> {
 protected:
  CustomerOverGrpc() : ServiceOverGrpc(DeclareCustomer) {}
};

TEST_F(CustomerOverGrpc, CreatesReadsUpdatesListsAndDeletes) {
  v1::Customer made = Call(&Stub::CreateCustomer,
                           absl::StrCat("customer_id: '", kCustomer,
                                        "' customer { display_name: 'Alfreds' owner: 'ada' }"));
  EXPECT_EQ(reason_, "");
  EXPECT_EQ(made.customer_number(), "C-1001");
  const std::string id = absl::StrCat("id: '", kCustomer, "' ");
  EXPECT_EQ(Call(&Stub::GetCustomer, id).display_name(), "Alfreds");
  Call(&Stub::UpdateCustomer, absl::StrCat("customer { ", id, "phone: '1' } etag: '\"1\"'"));
  EXPECT_EQ(reason_, "");
  EXPECT_EQ(Call(&Stub::PromoteCustomer, id).state(), v1::CUSTOMER_STATE_CUSTOMER);
  v1::ListCustomersResponse page =
      Call(&Stub::ListCustomers, "filter: 'owner = \"ada\" AND state = CUSTOMER_STATE_CUSTOMER'");
  EXPECT_EQ(reason_, "");
  ASSERT_EQ(page.customers_size(), 1);
  EXPECT_EQ(page.customers(0).phone(), "1");
  Call(&Stub::CreateContact, absl::StrCat("contact_id: '", kContact, "' contact { customer_id: '",
                                          kCustomer, "' display_name: 'Maria' is_primary: true }"));
  EXPECT_EQ(Call(&Stub::ListContacts,
                 absl::StrCat("filter: 'customer_id = \"", kCustomer, "\" AND is_primary = true'"))
                .contacts_size(),
            1);
  Call(&Stub::DeleteCustomer, id);
  EXPECT_EQ(reason_, "");
  Call(&Stub::GetCustomer, id);
  EXPECT_EQ(reason_, "CUSTOMER_NOT_FOUND");
  Call(&Stub::GetContact, absl::StrCat("id: '", kContact, "'"));
  EXPECT_EQ(reason_, "CONTACT_NOT_FOUND");
}

TEST_F(CustomerOverGrpc, RefusesTheMalformedAndTheRepeatedId) {
  Call(&Stub::CreateCustomer, "customer { }");
  EXPECT_EQ(reason_, "REQUIRED_FIELD_MISSING");
  Call(&Stub::CreateCustomer, "customer_id: 'ord_1' customer { display_name: 'A' }");
  EXPECT_EQ(reason_, "ID_MALFORMED");
  const std::string request =
      absl::StrCat("customer { display_name: 'A' } request_id: '", kRequestId, "'");
  const v1::Customer first = Call(&Stub::CreateCustomer, request);
  EXPECT_EQ(Call(&Stub::CreateCustomer, request).id(), first.id()) << "the stored answer";
  Call(&Stub::CreateCustomer,
       absl::StrCat("customer { display_name: 'B' } request_id: '", kRequestId, "'"));
  EXPECT_EQ(reason_, "REQUEST_ID_REUSED");
}

TEST_F(CustomerOverGrpc, AnswersBatchesPerItem) {
  v1::BatchCreateCustomersResponse made =
      Call(&Stub::BatchCreateCustomers,
           "requests { customer { display_name: 'A' customer_number: 'N' } } "
           "requests { customer { display_name: 'B' customer_number: 'N' } } "
           "requests { customer { display_name: 'C' } }");
  ASSERT_EQ(made.results_size(), 3);
  EXPECT_EQ(made.results(0).status().code(), 0);
  EXPECT_EQ(ReasonOf(FromRpcStatus(made.results(1).status())), "CUSTOMER_NUMBER_TAKEN");
  EXPECT_EQ(made.results(2).customer().customer_number(), "C-1001");
}

TEST_F(CustomerOverGrpc, TellsStandingAndDealings) {
  const std::string id = absl::StrCat("id: '", kCustomer, "' ");
  Call(&Stub::GetCreditStanding, id);
  EXPECT_EQ(reason_, "CREDIT_STANDING_NOT_FOUND");
  Call(&Stub::GetDealingsHistory, id);
  EXPECT_EQ(reason_, "DEALINGS_HISTORY_NOT_FOUND");
  Learn([](Context&, State& state) -> absl::Status {
    v1::AccountStanding account =
        Text<v1::AccountStanding>("account_id: 'acc_1' currency: 'EUR' account_version: 1");
    absl::Status status = LearnAccount(kCustomer, account, state);
    if (!status.ok()) return status;
    return LearnDocument(Text<v1::DealingsDocument>(absl::StrCat(
                             "id: 'inv_1' customer_id: '", kCustomer,
                             "' kind: DEALINGS_KIND_INVOICE account_id: 'acc_1' source_version: 1 "
                             "due_date { year: 2014 month: 5 day: 1 } open_amount { "
                             "currency_code: 'EUR' units: 7 }")),
                         state);
  });
  v1::CreditStanding standing = Call(&Stub::GetCreditStanding, id);
  EXPECT_FALSE(standing.accounts(0).has_overdue()) << "no day, no word on it";
  standing = Call(&Stub::GetCreditStanding, id + "as_of { year: 2014 month: 5 day: 2 }");
  EXPECT_EQ(standing.accounts(0).overdue().units(), 7);
  EXPECT_EQ(Call(&Stub::GetDealingsHistory, id).invoices(), 1);
  EXPECT_EQ(Call(&Stub::ListDealingsDocuments, absl::StrCat("filter: 'customer_id = \"", kCustomer,
                                                            "\" AND kind = DEALINGS_KIND_INVOICE'"))
                .dealings_documents_size(),
            1);
  EXPECT_EQ(Call(&Stub::ListCreditStandings, "").credit_standings_size(), 1);
  EXPECT_EQ(Call(&Stub::ListDealingsHistories, "filter: 'invoices > 0'").dealings_histories_size(),
            1);
}

}  // namespace
}  // namespace tandem::customer
