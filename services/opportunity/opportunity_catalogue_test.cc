// The CRM's copy of the products.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/opportunity/opportunity_test_desk.h"

namespace tandem::opportunity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CreateCatalogueItem, KeepsAnItemUnderTheIdThatIsBrought) {
  Desk desk;
  v1::CatalogueItem item = desk.Item("cat_x", "X", "1");
  EXPECT_THAT(desk.events, ElementsAre("CatalogueItemCreated"));
  EXPECT_EQ(item.id(), "cat_x");
  EXPECT_EQ(item.kind(), v1::CATALOGUE_ITEM_KIND_GOODS);
  EXPECT_EQ(item.state(), v1::CATALOGUE_ITEM_STATE_ACTIVE);
  desk.Item("cat_x", "Y", "1");
  EXPECT_EQ(desk.reason, "CATALOGUE_ITEM_ALREADY_EXISTS");
  desk.Item("cat_y", "X", "1");
  EXPECT_EQ(desk.reason, "CATALOGUE_ITEM_SKU_TAKEN");
  EXPECT_EQ(desk.code, absl::StatusCode::kAlreadyExists);
}

TEST(CreateCatalogueItem, RefusesWhatIsWrong) {
  struct Row {
    std::string fields, reason, field;
  };
  const std::vector<Row> rows = {
      {"sku: ' ' base_unit: 'C62'", "CATALOGUE_ITEM_SKU_MISSING", "sku"},
      {"sku: 'X' base_unit: 'QQQ'", "CATALOGUE_ITEM_UNIT_UNKNOWN", "base_unit"},
      {"sku: 'X' base_unit: 'C62' units { unit: 'QQQ' numerator: 1 denominator: 1 }",
       "CATALOGUE_ITEM_UNIT_UNKNOWN", "units[0].unit"},
      {"sku: 'X' base_unit: 'C62' units { unit: 'C62' numerator: 1 denominator: 1 }",
       "CATALOGUE_ITEM_UNIT_DUPLICATE", "units[0].unit"},
      {"sku: 'X' base_unit: 'C62' units { unit: 'BX' numerator: 0 denominator: 1 }",
       "CATALOGUE_ITEM_UNIT_NOT_CONVERTIBLE", "units[0]"},
      {"sku: 'X' base_unit: 'C62' sales_unit: 'BX'", "CATALOGUE_ITEM_UNIT_NOT_CONVERTIBLE",
       "sales_unit"},
      {"sku: 'X' base_unit: 'C62' list_price { " + Eur("amount", "1") +
           "per { value { value: '1' } unit: 'BX' } }",
       "CATALOGUE_ITEM_UNIT_NOT_CONVERTIBLE", "list_price.per"},
      {"sku: 'X' base_unit: 'C62' list_price { " + Eur("amount", "-1") + "}", "MONEY_OUT_OF_RANGE",
       "list_price.amount"},
      {"sku: 'X' base_unit: 'C62' gtin: '12345670'", "", ""},
      {"sku: 'X' base_unit: 'C62' gtin: '12345671'", "CATALOGUE_ITEM_GTIN_INVALID", "gtin"},
      {"sku: 'X' base_unit: 'C62' names { key: '!' value: 'x' }", "CATALOGUE_ITEM_LANGUAGE_INVALID",
       "names[!]"},
      {"sku: 'X' base_unit: 'C62' origin_country_code: 'QQ'", "CATALOGUE_ITEM_COUNTRY_UNKNOWN",
       "origin_country_code"},
      {"sku: 'X' base_unit: 'C62' order_multiple { value: '0' }", "DECIMAL_OUT_OF_RANGE",
       "order_multiple"},
      {"sku: 'X' base_unit: 'C62' weight { value { value: '1' } unit: 'QQQ' }",
       "QUANTITY_UNIT_UNKNOWN", "weight"},
      {"sku: 'X' base_unit: 'C62' offered { on: true " + May("from", 9) + May("to", 8) + "}",
       "CATALOGUE_ITEM_OFFER_INVALID", "offered"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.fields);
    Desk desk;
    desk.Do(CreateCatalogueItem, "catalogue_item { " + row.fields + " }");
    EXPECT_EQ(desk.reason, row.reason);
    EXPECT_EQ(desk.field, row.field.empty() ? "" : "catalogue_item." + row.field);
  }
}

TEST(UpdateCatalogueItem, ChangesWhatIsNamedAndTellsWhatItWas) {
  Desk desk;
  v1::CatalogueItem item = desk.Do(UpdateCatalogueItem, R"pb(
    catalogue_item {
      id: "cat_chai"
      names { key: "fr" value: "Le CHAI" }
      tax_class: "REDUCED"
    }
    update_mask { paths: "names.fr" })pb");
  EXPECT_THAT(desk.events, ElementsAre("CatalogueItemUpdated"));
  EXPECT_EQ(item.names().size(), 3) << "each language is one field";
  EXPECT_EQ(item.tax_class(), "STANDARD");
  const auto& event = static_cast<const v1::CatalogueItemEvent&>(*desk.messages[0]);
  EXPECT_THAT(event.changed().paths(), ElementsAre("names"));
  EXPECT_EQ(event.previous().names().size(), 2);
  desk.ChangeItem("cat_chai", "tax_class: 'STANDARD'");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.ChangeItem("cat_none", "tax_class: 'STANDARD'");
  EXPECT_EQ(desk.reason, "CATALOGUE_ITEM_NOT_FOUND");
  desk.Do(UpdateCatalogueItem, "catalogue_item { id: 'cat_chai' sku: 'Z' } etag: '\"1\"'");
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
}

TEST(UpdateCatalogueItem, FreesTheOldSku) {
  Desk desk;
  desk.ChangeItem("cat_chai", "sku: 'TOFU'");
  EXPECT_EQ(desk.reason, "CATALOGUE_ITEM_SKU_TAKEN");
  desk.ChangeItem("cat_chai", "sku: 'TEA'");
  EXPECT_EQ(desk.reason, "");
  desk.ChangeItem("cat_tofu", "sku: 'CHAI'");
  EXPECT_EQ(desk.reason, "");
  desk.ChangeItem("cat_free", "sku: 'TEA'");
  EXPECT_EQ(desk.reason, "CATALOGUE_ITEM_SKU_TAKEN");
  desk.ChangeItem("cat_chai", "sku: 'CHAI'");
  EXPECT_EQ(desk.reason, "CATALOGUE_ITEM_SKU_TAKEN");
}

}  // namespace
}  // namespace tandem::opportunity
