// A customer's people.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/customer/customer_test_desk.h"

namespace tandem::customer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CreateContact, KeepsAPersonOfACustomer) {
  Desk desk;
  desk.Create("cus_a");
  v1::Contact contact = desk.CreatePerson("con_1", "cus_a");
  EXPECT_THAT(desk.events, ElementsAre("ContactCreated"));
  EXPECT_EQ(contact.customer_id(), "cus_a");
  desk.CreatePerson("con_1", "cus_a");
  EXPECT_EQ(desk.reason, "CONTACT_ALREADY_EXISTS");
}

TEST(CreateContact, RefusesWhatIsWrong) {
  Desk desk;
  desk.Create("cus_a");
  desk.Create("cus_gone");
  desk.Do(ArchiveCustomer, "id: 'cus_gone'");
  desk.CreatePerson("con_1", "cus_none");
  EXPECT_EQ(desk.reason, "CONTACT_CUSTOMER_UNKNOWN");
  desk.CreatePerson("con_1", "cus_gone");
  EXPECT_EQ(desk.reason, "CUSTOMER_ARCHIVED");
  desk.Do(CreateContact, "contact { customer_id: 'cus_a' }");
  EXPECT_EQ(desk.reason, "CONTACT_NAME_MISSING");
  desk.Do(CreateContact, "contact { customer_id: 'cus_a' display_name: 'Ada' language: '!' }");
  EXPECT_EQ(desk.reason, "CONTACT_LANGUAGE_INVALID");
  desk.Do(
      CreateContact,
      "contact { customer_id: 'cus_a' display_name: 'Ada' "
      "consents { channel: CONSENT_CHANNEL_PHONE } consents { channel: CONSENT_CHANNEL_PHONE } }");
  EXPECT_EQ(desk.reason, "CONTACT_CONSENT_DUPLICATE");
}

TEST(UpdateContact, ChangesWhatIsNamed) {
  Desk desk;
  desk.Create("cus_a");
  desk.CreatePerson("con_1", "cus_a");
  v1::Contact now = desk.Do(UpdateContact, R"pb(
    contact {
      id: "con_1"
      phone: "1"
      consents { channel: CONSENT_CHANNEL_PHONE given: true }
    })pb");
  EXPECT_THAT(desk.events, ElementsAre("ContactUpdated"));
  EXPECT_EQ(now.phone(), "1");
  EXPECT_EQ(now.display_name(), "Ada");
  desk.Do(UpdateContact, "contact { id: 'con_1' phone: '1' }");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Do(UpdateContact, "contact { id: 'con_1' customer_id: 'cus_b' }");
  EXPECT_EQ(desk.reason, "CONTACT_FIELD_FIXED");
  desk.Do(UpdateContact, "contact { id: 'con_1' } etag: '\"1\"'");
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
  desk.Do(UpdateContact, "contact { id: 'con_2' }");
  EXPECT_EQ(desk.reason, "CONTACT_NOT_FOUND");
}

TEST(DeleteContact, IsDoneOnce) {
  Desk desk;
  desk.Create("cus_a");
  desk.CreatePerson("con_1", "cus_a");
  desk.Do(DeleteContact, "id: 'con_1' etag: '\"4\"'");
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
  desk.Do(DeleteContact, "id: 'con_1'");
  EXPECT_THAT(desk.events, ElementsAre("ContactDeleted"));
  desk.Do(DeleteContact, "id: 'con_1'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.reason, "");
  desk.Do(DeleteContact, "id: 'con_2'");
  EXPECT_EQ(desk.reason, "CONTACT_NOT_FOUND");
}

}  // namespace
}  // namespace tandem::customer
