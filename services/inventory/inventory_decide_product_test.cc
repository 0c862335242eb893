#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/inventory/inventory_test_desk.h"

namespace tandem::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ProductTest : public testing::Test {
 protected:
  void Create(const std::string& more) {
    auto request =
        Text<v1::CreateProductRequest>("product_id: 'prd_x' product { sku: 'X' base_unit: 'C62' }");
    EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString("product {" + more + "}", &request));
    desk.Do(CreateProduct, request);
  }
  v1::Product Update(const std::string& fields, const std::string& mask = "",
                     const std::string& more = "") {
    std::string paths;
    if (!mask.empty()) paths = "update_mask { paths: '" + mask + "' }";
    return desk.Do(UpdateProduct,
                   absl::StrCat("product { id: 'prd_a' ", fields, "} ", paths, more));
  }
  Desk desk;
};

using CreateProductTest = ProductTest;
using UpdateProductTest = ProductTest;
using ArchiveProductTest = ProductTest;

TEST_F(CreateProductTest, MakesAnActiveProductOfGoods) {
  Create(
      "names { key: 'en' value: 'Chai' } list_price { amount { currency_code: 'USD' units: 18 } "
      "per { value { value: '1' } unit: 'C62' } } offered { on: true } gtin: '4006381333931'");
  EXPECT_THAT(desk.events, ElementsAre("ProductCreated"));
  const v1::Product product = desk.state.Answer<v1::Product>("prd_x");
  EXPECT_EQ(product.state(), v1::PRODUCT_STATE_ACTIVE);
  EXPECT_EQ(product.kind(), v1::PRODUCT_KIND_GOODS);
  EXPECT_EQ(product.etag(), "\"1\"");
  EXPECT_EQ(product.names().at("en"), "Chai");
}

TEST_F(CreateProductTest, RefusesASkuOrAnIdThatIsTaken) {
  Create("");
  desk.Do(CreateProduct, "product_id: 'prd_y' product { sku: 'X' base_unit: 'C62' }");
  EXPECT_EQ(desk.reason, "PRODUCT_SKU_TAKEN");
  desk.Do(CreateProduct, "product_id: 'prd_x' product { sku: 'Y' base_unit: 'C62' }");
  EXPECT_EQ(desk.reason, "PRODUCT_ALREADY_EXISTS");
}

struct Refusal {
  const char* product;
  const char* reason;
};

TEST_F(CreateProductTest, RefusesWhatAProductCannotBe) {
  const Refusal refusals[] = {
      {"base_unit: 'XYZ'", "PRODUCT_UNIT_UNKNOWN"},
      {"units { unit: 'XYZ' numerator: 1 denominator: 1 }", "PRODUCT_UNIT_UNKNOWN"},
      {"units { unit: 'C62' numerator: 1 denominator: 1 }", "PRODUCT_UNIT_DUPLICATE"},
      {"units { unit: 'BX' numerator: 0 denominator: 1 }", "PRODUCT_UNIT_NOT_CONVERTIBLE"},
      {"sales_unit: 'BX'", "PRODUCT_UNIT_NOT_CONVERTIBLE"},
      {"gtin: '4006381333932'", "PRODUCT_GTIN_INVALID"},
      {"origin_country_code: 'XX'", "PRODUCT_COUNTRY_UNKNOWN"},
      {"names { key: 'not a language' value: 'x' }", "PRODUCT_LANGUAGE_INVALID"},
      {"list_price { amount { currency_code: 'EUR' units: -1 } }", "MONEY_OUT_OF_RANGE"},
      {"list_price { amount { currency_code: 'EUR' units: 1 } per { value { value: '1' } unit: "
       "'KGM' } }",
       "PRODUCT_UNIT_NOT_CONVERTIBLE"},
      {"offered { from { year: 2014 month: 2 day: 1 } to { year: 2014 month: 1 day: 1 } }",
       "PRODUCT_OFFER_INVALID"},
      {"variant_of: 'prd_x'", "PRODUCT_VARIANT_OF_ITSELF"},
      {"replaced_by: 'prd_x'", "PRODUCT_REPLACED_BY_ITSELF"},
      {"safety_stock { value { value: '1' } unit: 'KGM' }", "PRODUCT_UNIT_NOT_CONVERTIBLE"},
      {"sku: ''", "REQUIRED_FIELD_MISSING"},
  };
  for (const Refusal& refusal : refusals) {
    Create(refusal.product);
    EXPECT_EQ(desk.reason, refusal.reason) << refusal.product;
  }
  Create("");
  EXPECT_EQ(desk.reason, "");
}

TEST_F(UpdateProductTest, ChangesWhatTheMaskNames) {
  desk.Product("prd_a", "category: 'Drinks' descriptions { key: 'en' value: 'Tea' }");
  Update("category: 'Food' tax_class: 'STANDARD'", "tax_class");
  EXPECT_THAT(desk.events, ElementsAre("ProductUpdated"));
  const v1::ProductEvent& event = desk.EventAt<v1::ProductEvent>(0);
  EXPECT_THAT(event.changed().paths(), ElementsAre("tax_class"));
  EXPECT_EQ(event.product().category(), "Drinks");
  EXPECT_EQ(event.product().etag(), "\"2\"");
  Update("tax_class: 'STANDARD'", "tax_class");
  EXPECT_THAT(desk.events, IsEmpty());
  Update("tax_class: 'REDUCED'", "tax_class", "etag: '\"1\"'");
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
  Update("", "no_such_field");
  EXPECT_EQ(desk.reason, "FIELD_MASK_UNKNOWN_PATH");
}

TEST_F(UpdateProductTest, MovesTheSkuWhileItIsNotFixed) {
  desk.Product("prd_a");
  Update("sku: 'NEW'", "sku");
  EXPECT_EQ(desk.reason, "");
  desk.Do(CreateProduct, "product_id: 'prd_b' product { sku: 'NEW' base_unit: 'C62' }");
  EXPECT_EQ(desk.reason, "PRODUCT_SKU_TAKEN");
  desk.Do(CreateProduct, "product_id: 'prd_b' product { sku: 'SKU-prd_a' base_unit: 'C62' }");
  EXPECT_EQ(desk.reason, "");
  Update("sku: 'SKU-prd_a'", "sku");
  EXPECT_EQ(desk.reason, "PRODUCT_SKU_TAKEN");
}

TEST_F(UpdateProductTest, FixesSkuKindAndBaseUnitWithTheFirstMove) {
  desk.Product("prd_a");
  desk.Receive("prd_a", "1");
  Update("sku: 'NEW'", "sku");
  EXPECT_EQ(desk.reason, "PRODUCT_FIELD_FIXED");
  EXPECT_EQ(desk.field, "product.sku");
  Update("kind: PRODUCT_KIND_SERVICE", "kind");
  EXPECT_EQ(desk.field, "product.kind");
  Update("base_unit: 'KGM'", "base_unit");
  EXPECT_EQ(desk.field, "product.base_unit");
  Update("tax_class: 'REDUCED'", "tax_class");
  EXPECT_EQ(desk.reason, "");
}

TEST_F(UpdateProductTest, IsRefusedOnceArchived) {
  desk.Product("prd_a");
  desk.Do(DiscontinueProduct, "id: 'prd_a'");
  Update("tax_class: 'REDUCED'", "tax_class");
  EXPECT_EQ(desk.reason, "");
  desk.Do(ArchiveProduct, "id: 'prd_a'");
  Update("tax_class: 'ZERO'", "tax_class");
  EXPECT_EQ(desk.reason, "PRODUCT_ARCHIVED");
  desk.Do(DiscontinueProduct, "id: 'prd_a'");
  EXPECT_EQ(desk.reason, "PRODUCT_ARCHIVED");
  desk.Do(ReinstateProduct, "id: 'prd_a'");
  EXPECT_EQ(desk.reason, "PRODUCT_ARCHIVED");
}

TEST_F(ProductTest, IsDiscontinuedAndReinstated) {
  desk.Product("prd_a");
  desk.Do(DiscontinueProduct, "id: 'prd_a' replaced_by: 'prd_b'");
  EXPECT_THAT(desk.events, ElementsAre("ProductDiscontinued"));
  desk.Do(DiscontinueProduct, "id: 'prd_a' replaced_by: 'prd_b'");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Do(DiscontinueProduct, "id: 'prd_a' replaced_by: 'prd_a'");
  EXPECT_EQ(desk.reason, "PRODUCT_REPLACED_BY_ITSELF");
  desk.Do(ReinstateProduct, "id: 'prd_a'");
  EXPECT_THAT(desk.events, ElementsAre("ProductReinstated"));
  EXPECT_EQ(desk.state.Find<v1::Product>("prd_a")->replaced_by(), "");
  desk.Do(ReinstateProduct, "id: 'prd_a'");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Do(ReinstateProduct, "id: 'prd_none'");
  EXPECT_EQ(desk.reason, "PRODUCT_NOT_FOUND");
}

TEST_F(ArchiveProductTest, NeedsNoStockAndNoOpenLine) {
  desk.Product("prd_a");
  desk.Do(ArchiveProduct, "id: 'prd_a'");
  EXPECT_EQ(desk.reason, "PRODUCT_NOT_DISCONTINUED");
  desk.Do(DiscontinueProduct, "id: 'prd_a'");
  desk.Receive("prd_a", "2");
  desk.Do(ArchiveProduct, "id: 'prd_a'");
  EXPECT_EQ(desk.reason, "PRODUCT_HAS_STOCK");
  desk.Adjust("prd_a", "-2");
  desk.Record("ord_1", {"prd_a 1"});
  desk.Do(ArchiveProduct, "id: 'prd_a'");
  EXPECT_EQ(desk.reason, "PRODUCT_HAS_OPEN_LINES");
  desk.Release("ord_1");
  desk.Do(ArchiveProduct, "id: 'prd_a'");
  EXPECT_THAT(desk.events, ElementsAre("ProductArchived"));
  desk.Do(ArchiveProduct, "id: 'prd_a'");
  EXPECT_EQ(desk.reason, "");
  EXPECT_THAT(desk.events, IsEmpty());
}

}  // namespace
}  // namespace tandem::inventory
