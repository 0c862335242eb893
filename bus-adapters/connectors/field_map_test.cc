#include "bus-adapters/connectors/field_map.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include "bus-adapters/connectors/systems.h"
#include "platform/base/check.h"
#include "tandem/billing/v1/customer.pb.h"
#include "tandem/customer/v1/customer.pb.h"
#include "tandem/inventory/v1/product.pb.h"
#include "tandem/opportunity/v1/catalogue_item.pb.h"

namespace tandem::connectors {
namespace {

namespace md = master_data::v1;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

template <class T>
T Text(const std::string& text) {
  T message;
  TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(text, &message), text);
  return message;
}

std::string GroupText(const md::State& state, absl::string_view name) {
  for (const md::GroupValue& group : state.groups()) {
    if (group.name() == name) {
      return group.value().common().empty() ? group.value().form() : group.value().common();
    }
  }
  return "(absent)";
}

std::vector<std::string> Names(const md::State& state) {
  std::vector<std::string> names;
  for (const md::GroupValue& group : state.groups()) names.push_back(group.name());
  return names;
}

md::State Read(const TandemSystem& system, const google::protobuf::Message& resource) {
  md::State state;
  ReadGroups(system.fields, resource, &state);
  return state;
}

void Push(md::CallUnderWay* call, const std::string& name, const std::string& text) {
  md::PushedGroup* group = call->mutable_push()->add_groups();
  group->set_name(name);
  group->mutable_value()->set_present(!text.empty());
  group->mutable_value()->set_common(text);
}

constexpr char kRich[] = R"pb(
  id: 'cus_1'
  customer_number: 'C-1'
  kind: CUSTOMER_KIND_PERSON
  display_name: 'Anna'
  parent_customer_id: 'cus_2'
  phone: '+43 (0)1 234 56 78'
  language: 'de-AT'
  order_block { on: true reason: 'why' }
  delivery_block {}
  addresses {
    address_id: 'm'
    purpose: ADDRESS_PURPOSE_REGISTERED
    address { city: 'Wien' }
  }
  addresses {
    address_id: 'b'
    purpose: ADDRESS_PURPOSE_BILL_TO
    address { city: 'Graz' }
  }
  tax_ids { country_code: 'AT' scheme: 'VAT' value: 'ATU1' verified: true }
  payment_terms {
    net_days: 0
    discount_rate { value: '0.020' }
  }
  credit_policy {
    kind: CREDIT_POLICY_KIND_LIMITED
    limit { currency_code: 'EUR' units: 5 }
  }
)pb";

TEST(FieldMap, BothCustomersReadAlike) {
  const md::State crm =
      Read(CustomerSystem(), Text<customer::v1::Customer>(std::string(kRich) + "state: 2"));
  const md::State erp =
      Read(BillingSystem(), Text<billing::v1::Customer>(std::string(kRich) + "status: 2"));
  EXPECT_EQ(crm.SerializeAsString(), erp.SerializeAsString());
  EXPECT_EQ(GroupText(crm, "kind"), "PERSON");
  EXPECT_EQ(GroupText(crm, "status"), "CUSTOMER");
  EXPECT_EQ(GroupText(crm, "parent_customer"), "cus_2");
  EXPECT_EQ(GroupText(crm, "phone"), "+4312345678");
  EXPECT_EQ(GroupText(crm, "delivery_block"), "(absent)");
  EXPECT_EQ(GroupText(crm, "payment_terms"), R"({"discount_rate":{"value":"0.02"}})");
  EXPECT_EQ(GroupText(crm, "addresses/b"), "(absent)");
  EXPECT_THAT(GroupText(crm, "bill_to_addresses/b"), testing::HasSubstr("Graz"));
  EXPECT_THAT(GroupText(crm, "tax_ids/AT/VAT"), testing::HasSubstr("\"verified\":true"));
}

TEST(FieldMap, StatusOfTheCrmIsStateAndFlag) {
  auto status = [](const char* text) {
    return GroupText(Read(CustomerSystem(), Text<customer::v1::Customer>(text)), "status");
  };
  EXPECT_EQ(status("state: 1"), "PROSPECT");
  EXPECT_EQ(status("state: 1 inactive: true"), "PROSPECT");
  EXPECT_EQ(status("state: 2 inactive: true"), "INACTIVE");
}

TEST(FieldMap, WhatIsWrittenReadsTheSame) {
  const md::State state =
      Read(BillingSystem(), Text<billing::v1::Customer>(std::string(kRich) + "status: 2"));
  md::CallUnderWay call;
  for (const md::GroupValue& group : state.groups()) {
    md::PushedGroup* pushed = call.mutable_push()->add_groups();
    pushed->set_name(group.name());
    *pushed->mutable_value() = group.value();
  }
  customer::v1::Customer written;
  google::protobuf::FieldMask mask;
  ASSERT_TRUE(WriteGroups(CustomerSystem().fields, call, &written, &mask).ok());
  md::State again = Read(CustomerSystem(), written);
  for (md::GroupValue& group : *again.mutable_groups()) {
    if (group.name() == "phone") group.mutable_value()->set_form("+43 (0)1 234 56 78");
  }
  EXPECT_EQ(again.SerializeAsString(), state.SerializeAsString());
}

TEST(FieldMap, OneRowIsWrittenAmongThoseShown) {
  md::CallUnderWay call;
  auto shown = [&](const char* name, const char* text) {
    md::GroupValue* group = call.add_shown();
    group->set_name(name);
    group->mutable_value()->set_present(true);
    group->mutable_value()->set_common(text);
  };
  shown("addresses/m", R"({"address_id":"m","address":{"city":"Wien"}})");
  shown("addresses/x", R"({"address_id":"x"})");
  shown("bill_to_addresses/b", R"({"address_id":"b","purpose":"ADDRESS_PURPOSE_BILL_TO"})");
  shown("tax_ids/AT/VAT", R"({"country_code":"AT"})");
  Push(&call, "addresses/m", R"({"address_id":"m","address":{"city":"Linz"}})");
  Push(&call, "addresses/x", "");
  // A row that changes its list: gone here, come there.
  Push(&call, "addresses/b", R"({"address_id":"b","purpose":"ADDRESS_PURPOSE_SHIP_TO"})");
  Push(&call, "bill_to_addresses/b", "");
  billing::v1::Customer written;
  google::protobuf::FieldMask mask;
  ASSERT_TRUE(WriteGroups(BillingSystem().fields, call, &written, &mask).ok());
  EXPECT_THAT(mask.paths(), ElementsAre("addresses"));
  ASSERT_EQ(written.addresses_size(), 2);
  EXPECT_EQ(written.addresses(0).purpose(), billing::v1::ADDRESS_PURPOSE_SHIP_TO);
  EXPECT_EQ(written.addresses(1).address().city(), "Linz");
}

TEST(FieldMap, BothProductsReadAlikeButForTheirIds) {
  const std::string text = R"pb(
    sku: 'S'
    kind: 1
    names { key: 'en' value: 'A' }
    names { key: 'de-AT' value: 'B' }
    units { unit: 'XBX' numerator: 24 denominator: 1 }
    base_unit: 'C62'
    state: 1
    list_price { amount { currency_code: 'USD' units: 1 } }
    offered {}
    weight {
      value { value: '1.50' }
      unit: 'KGM'
    })pb";
  const md::State erp = Read(InventorySystem(), Text<inventory::v1::Product>(text + "id: 'prd_1'"));
  const md::State crm =
      Read(OpportunitySystem(), Text<opportunity::v1::CatalogueItem>(text + "product_id: 'prd_1'"));
  EXPECT_EQ(erp.SerializeAsString(), crm.SerializeAsString());
  EXPECT_THAT(Names(erp),
              UnorderedElementsAre("sku", "names/en", "names/de-AT", "weight", "base_unit",
                                   "units/XBX", "list_price", "offered", "product_id"))
      << "goods and active are absent";
}

TEST(FieldMap, EntriesOfAMapAreWrittenByThemselves) {
  md::CallUnderWay call;
  Push(&call, "names/en", "A");
  Push(&call, "names/de-AT", "");
  Push(&call, "state", "");
  Push(&call, "product_id", "prd_9");
  opportunity::v1::CatalogueItem item;
  google::protobuf::FieldMask mask;
  ASSERT_TRUE(WriteGroups(OpportunitySystem().fields, call, &item, &mask).ok());
  EXPECT_THAT(mask.paths(), ElementsAre("names.en", "names.`de-AT`", "state", "product_id"));
  EXPECT_EQ(item.state(), opportunity::v1::CATALOGUE_ITEM_STATE_ACTIVE);
  inventory::v1::Product product;
  mask.Clear();
  ASSERT_TRUE(WriteGroups(InventorySystem().fields, call, &product, &mask).ok());
  EXPECT_THAT(mask.paths(), ElementsAre("names.en", "names.`de-AT`"));
}

TEST(FieldMap, AValueThatIsNoneOfItsFieldIsRefused) {
  md::CallUnderWay call;
  Push(&call, "kind", "ELEPHANT");
  billing::v1::Customer written;
  google::protobuf::FieldMask mask;
  EXPECT_EQ(WriteGroups(BillingSystem().fields, call, &written, &mask).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tandem::connectors
