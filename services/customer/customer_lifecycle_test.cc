// How a customer goes on: each transition, each refusal, each command twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/customer/customer_test_desk.h"

namespace tandem::customer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PromoteCustomer, MakesAProspectACustomerOnce) {
  Desk desk;
  desk.Create("cus_a");
  EXPECT_EQ(desk.Do(PromoteCustomer, "id: 'cus_a'").state(), v1::CUSTOMER_STATE_CUSTOMER);
  EXPECT_THAT(desk.events, ElementsAre("CustomerPromoted"));
  EXPECT_EQ(desk.Event(0).previous().state(), v1::CUSTOMER_STATE_PROSPECT);
  v1::Customer again = desk.Do(PromoteCustomer, "id: 'cus_a'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(again.etag(), "\"2\"");
}

TEST(PromoteCustomer, IsDoneForAnArchivedOneToo) {
  Desk desk;  // an accepted quote always becomes an order
  desk.Create("cus_a");
  desk.Do(ArchiveCustomer, "id: 'cus_a'");
  desk.Do(PromoteCustomer, "id: 'cus_a'");
  EXPECT_THAT(desk.events, ElementsAre("CustomerPromoted"));
}

TEST(DeactivateCustomer, IsAFlagThatGoesBothWays) {
  Desk desk;
  desk.Create("cus_a");
  EXPECT_TRUE(desk.Do(DeactivateCustomer, "id: 'cus_a' reason: 'moved away'").inactive());
  EXPECT_THAT(desk.events, ElementsAre("CustomerDeactivated"));
  EXPECT_EQ(desk.Event(0).customer_deactivated().reason(), "moved away");
  desk.Do(DeactivateCustomer, "id: 'cus_a'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_FALSE(desk.Do(ReactivateCustomer, "id: 'cus_a'").inactive());
  EXPECT_THAT(desk.events, ElementsAre("CustomerReactivated"));
  desk.Do(ReactivateCustomer, "id: 'cus_a'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.reason, "");
}

TEST(ArchiveCustomer, IsForGood) {
  Desk desk;
  desk.Create("cus_a", "inactive: true");
  desk.Create("cus_b");
  EXPECT_TRUE(desk.Do(ArchiveCustomer, "id: 'cus_a'").archived());
  EXPECT_THAT(desk.events, ElementsAre("CustomerArchived"));
  desk.Do(ArchiveCustomer, "id: 'cus_a'");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Do(ReactivateCustomer, "id: 'cus_a'");
  EXPECT_EQ(desk.reason, "CUSTOMER_ARCHIVED");
  desk.Do(ArchiveCustomer, "id: 'cus_b'");
  desk.Do(DeactivateCustomer, "id: 'cus_b'");
  EXPECT_EQ(desk.reason, "CUSTOMER_ARCHIVED");
}

TEST(CustomerVerbs, RefuseTheUnknownAndOtherVersions) {
  Desk desk;
  auto expect = [&desk](const char* reason) { EXPECT_EQ(desk.reason, reason); };
  desk.Do(PromoteCustomer, "id: 'cus_a'"), expect("CUSTOMER_NOT_FOUND");
  desk.Do(DeactivateCustomer, "id: 'cus_a'"), expect("CUSTOMER_NOT_FOUND");
  desk.Do(ReactivateCustomer, "id: 'cus_a'"), expect("CUSTOMER_NOT_FOUND");
  desk.Do(ArchiveCustomer, "id: 'cus_a'"), expect("CUSTOMER_NOT_FOUND");
  desk.Do(DeleteCustomer, "id: 'cus_a'"), expect("CUSTOMER_NOT_FOUND");
  desk.Create("cus_a");
  desk.Do(PromoteCustomer, "id: 'cus_a' etag: '\"9\"'"), expect("ETAG_MISMATCH");
  desk.Do(DeactivateCustomer, "id: 'cus_a' etag: '\"9\"'"), expect("ETAG_MISMATCH");
  desk.Do(ReactivateCustomer, "id: 'cus_a' etag: '\"9\"'"), expect("ETAG_MISMATCH");
  desk.Do(ArchiveCustomer, "id: 'cus_a' etag: '\"9\"'"), expect("ETAG_MISMATCH");
  desk.Do(DeleteCustomer, "id: 'cus_a' etag: '\"9\"'"), expect("ETAG_MISMATCH");
}

TEST(DeleteCustomer, TakesItsPeopleWithItAndFreesItsNumber) {
  Desk desk;
  desk.Create("cus_a", "customer_number: 'ALFKI'");
  desk.Create("cus_b");
  desk.CreatePerson("con_1", "cus_a");
  desk.CreatePerson("con_2", "cus_b");
  desk.Do(DeleteCustomer, "id: 'cus_a'");
  EXPECT_THAT(desk.events, ElementsAre("ContactDeleted", "CustomerDeleted"));
  EXPECT_EQ(desk.Event(1).customer().customer_number(), "ALFKI") << "told with its last state";
  EXPECT_EQ(desk.state.Find<v1::Customer>("cus_a"), nullptr);
  EXPECT_EQ(desk.state.Find<v1::Contact>("con_1"), nullptr);
  EXPECT_NE(desk.state.Find<v1::Contact>("con_2"), nullptr);
  desk.Do(DeleteCustomer, "id: 'cus_a'");
  EXPECT_EQ(desk.reason, "") << "done before: done";
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.Create("cus_c", "customer_number: 'ALFKI'").customer_number(), "ALFKI");
  desk.Create("cus_a");
  EXPECT_EQ(desk.reason, "CUSTOMER_ALREADY_EXISTS") << "an id never comes back";
}

TEST(DeleteCustomer, RefusesOneWithDocumentsOrChildren) {
  Desk desk;
  desk.Create("cus_a");
  desk.Create("cus_child", "parent_customer_id: 'cus_a'");
  desk.Do(DeleteCustomer, "id: 'cus_a'");
  EXPECT_EQ(desk.reason, "CUSTOMER_HAS_CHILDREN");
  desk.state.Given(Text<v1::DealingsHistory>("id: 'cus_child' orders: 1"));
  desk.Do(DeleteCustomer, "id: 'cus_child'");
  EXPECT_EQ(desk.reason, "CUSTOMER_HAS_DOCUMENTS");
  EXPECT_EQ(desk.code, absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace tandem::customer
