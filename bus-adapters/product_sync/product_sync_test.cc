// Every field of a product, between the ERP and the CRM's catalogue as they are.
#include "bus-adapters/master_data/field_trials.h"
#include "bus-adapters/product_sync/product_sync_part.h"
#include "tandem/inventory/v1/inventory_service.grpc.pb.h"
#include "tandem/master_data/v1/product_sync_service.grpc.pb.h"
#include "tandem/opportunity/v1/opportunity_service.grpc.pb.h"

namespace tandem::product_sync {
namespace {

namespace md = master_data;
using Crm = opportunity::v1::OpportunityService::Stub;
using Erp = inventory::v1::InventoryService::Stub;
using Sync = md::v1::ProductSyncService::Stub;
using Trials = md::Trials<Sync>;
using md::FieldTry;
using md::Who;

// "sku: '%A'" and the like get a number of their own for each product.
std::vector<FieldTry> Fields() {
  auto one = [](const char* field, Who who, const char* a, const char* b, const char* c) {
    const std::string pre = absl::StrCat(field, ": ");
    return FieldTry{field, field, field, who, pre + a, pre + b, pre + c};
  };
  auto text = [](const char* field, const char* key, Who who) {
    auto of = [&](const char* value) {
      return absl::StrCat(field, " { key: '", key, "' value: '", value, "' }");
    };
    return FieldTry{field, absl::StrCat(field, "/", key), field, who, of("A"), of("B"), of("C")};
  };
  auto many = [](const char* field, Who who, const char* a, const char* b, const char* c) {
    auto of = [&](const char* body) { return absl::StrCat(field, " { ", body, " }"); };
    return FieldTry{field, field, field, who, of(a), of(b), of(c)};
  };
  FieldTry units =
      many("units", Who::kErp, "unit: 'DZN' numerator: 24 denominator: 1",
           "unit: 'DZN' numerator: 36 denominator: 1", "unit: 'DZN' numerator: 48 denominator: 1");
  units.group = "units/DZN";
  FieldTry origin = one("origin_country_code", Who::kErp, "'DE'", "'FR'", "'IT'");
  origin.group = "origin_country";
  return {
      one("sku", Who::kErp, "'%A'", "'%B'", "'%C'"),
      one("kind", Who::kErp, "2", "3", "4"),
      text("names", "en", Who::kErp),
      text("names", "de-AT", Who::kErp),
      text("descriptions", "en", Who::kSharedCrm),
      text("descriptions", "de-AT", Who::kSharedCrm),
      one("tax_class", Who::kErp, "'A'", "'B'", "'C'"),
      one("category", Who::kErp, "'A'", "'B'", "'C'"),
      many("weight", Who::kErp, "value { value: '1.5' } unit: 'KGM'",
           "value { value: '2' } unit: 'KGM'", "value { value: '3' } unit: 'KGM'"),
      many("volume", Who::kErp, "value { value: '1.5' } unit: 'LTR'",
           "value { value: '2' } unit: 'LTR'", "value { value: '3' } unit: 'LTR'"),
      origin,
      one("customs_code", Who::kErp, "'1'", "'2'", "'3'"),
      one("base_unit", Who::kErp, "'KGM'", "'LTR'", "'MTR'"),
      units,
      one("sales_unit", Who::kSharedCrm, "'DZN'", "'C62'", "'DZN'"),
      many("order_multiple", Who::kSharedCrm, "value: '2'", "value: '3'", "value: '4.5'"),
      many("order_minimum", Who::kSharedCrm, "value: '2'", "value: '3'", "value: '4.5'"),
      one("gtin", Who::kErp, "'4006381333931'", "'5449000000996'", "'96385074'"),
      many("list_price", Who::kErp, "amount { currency_code: 'USD' units: 18 }",
           "amount { currency_code: 'USD' units: 19 nanos: 500000000 }",
           "amount { currency_code: 'EUR' units: 18 } per { value { value: '1' } unit: 'C62' }"),
      text("attributes", "colour", Who::kErp),
      many("offered", Who::kCrm, "on: false", "on: true from { year: 2030 month: 1 day: 1 }",
           "on: true to { year: 2031 month: 1 day: 1 }"),
  };
}

class ProductSync : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new test::TempDir();
    systems_ = new md::TestProcess("tandem", dir_->path(), md::Services());
    StartAdapter();
  }
  static void TearDownTestSuite() {
    delete adapter_;
    delete systems_;
    delete dir_;
  }
  static void StartAdapter() {
    adapter_ = new md::TestProcess("product_sync", dir_->path(),
                                   {{"product_sync", DeclareProductSync}}, systems_->address());
  }
  static void StopAdapter() {
    delete adapter_;
    adapter_ = nullptr;
  }
  static std::shared_ptr<Crm> crm() {
    return opportunity::v1::OpportunityService::NewStub(systems_->channel());
  }
  static std::shared_ptr<Erp> erp() {
    return inventory::v1::InventoryService::NewStub(systems_->channel());
  }
  static std::shared_ptr<Sync> sync() {
    return md::v1::ProductSyncService::NewStub(adapter_->channel());
  }
  static Trials World() {
    Trials trials;
    trials.crm = md::MakeSide<opportunity::v1::CatalogueItem, Crm>(
        "opportunity", crm(), &Crm::GetCatalogueItem, &Crm::UpdateCatalogueItem,
        &opportunity::v1::UpdateCatalogueItemRequest::mutable_catalogue_item);
    trials.erp = md::MakeSide<inventory::v1::Product, Erp>(
        "inventory", erp(), &Erp::GetProduct, &Erp::UpdateProduct,
        &inventory::v1::UpdateProductRequest::mutable_product);
    trials.sync = sync();
    return trials;
  }
  static Trials::Ids IdsOf(const std::string& any) {
    md::v1::GetRecordRequest get;
    get.set_id(any);
    auto record = rpc::Call(*sync(), &Sync::GetRecord, get);
    Trials::Ids ids;
    if (!record.ok()) return ids;
    for (const auto& link : record->record().links()) {
      (link.system() == "inventory" ? ids.erp : ids.crm) = link.foreign_id();
    }
    return ids;
  }

  static std::string CreateInErp(const std::string& text = "") {
    inventory::v1::CreateProductRequest request;
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(
                     "base_unit: 'C62' units { unit: 'DZN' numerator: 12 denominator: 1 } " + text,
                     request.mutable_product()),
                 text);
    if (request.product().sku().empty()) {
      request.mutable_product()->set_sku(absl::StrCat("NW-", ++skus_));
    }
    auto made = rpc::Call(*erp(), &Erp::CreateProduct, request);
    TANDEM_CHECK(made.ok(), made.status().ToString());
    return made->id();
  }

  static Trials::Ids InStepProduct(const std::string& text = "") {
    const std::string id = CreateInErp(text);
    EXPECT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), id); }, absl::Seconds(10)))
        << md::Explain(*sync(), id);
    return IdsOf(id);
  }

  // The field's try, with numbers that no other product has.
  static FieldTry For(FieldTry t, const Trials::Ids& ids) {
    for (std::string* text : {&t.a, &t.b, &t.c}) {
      const size_t at = text->find('%');
      if (at != std::string::npos) text->replace(at, 1, "S" + ids.erp.substr(ids.erp.size() - 8));
    }
    return t;
  }
  static test::TempDir* dir_;
  static md::TestProcess* systems_;
  static md::TestProcess* adapter_;
  static int skus_;
};
test::TempDir* ProductSync::dir_ = nullptr;
md::TestProcess* ProductSync::systems_ = nullptr;
md::TestProcess* ProductSync::adapter_ = nullptr;
int ProductSync::skus_ = 0;

TEST_F(ProductSync, ANewProductIsInTheCatalogueUnderTheSameName) {
  const Trials::Ids ids = InStepProduct(
      "names { key: 'en' value: 'Chai' } list_price { amount { currency_code: 'USD' units: 18 } }");
  EXPECT_EQ(ids.crm.substr(4), ids.erp.substr(4));
  opportunity::v1::GetCatalogueItemRequest get;
  get.set_id(ids.crm);
  auto item = rpc::Call(*crm(), &Crm::GetCatalogueItem, get);
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->product_id(), ids.erp);
  EXPECT_EQ(item->names().at("en"), "Chai");
  EXPECT_EQ(item->list_price().amount().units(), 18);
  EXPECT_EQ(item->units_size(), 1);
  EXPECT_EQ(item->state(), opportunity::v1::CATALOGUE_ITEM_STATE_ACTIVE);
  EXPECT_EQ(World().crm.Version(ids.crm), 1);
  EXPECT_EQ(World().erp.Version(ids.erp), 1);
}

TEST_F(ProductSync, StateAndSuccessorFollowTheErp) {
  const Trials::Ids old = InStepProduct();
  const Trials::Ids next = InStepProduct();
  const Trials world = World();
  inventory::v1::DiscontinueProductRequest discontinue;
  discontinue.set_id(old.erp);
  discontinue.set_replaced_by(next.erp);
  ASSERT_TRUE(rpc::Call(*erp(), &Erp::DiscontinueProduct, discontinue).ok());
  EXPECT_TRUE(test::WaitFor([&] {
    return world.crm.Shows(old.crm, "state") == "2" &&
           world.crm.Shows(old.crm, "replaced_by") == next.crm;
  })) << md::Explain(*sync(), old.erp);
  ASSERT_TRUE(world.crm.Edit(old.crm, "state", "state: 1").ok());
  EXPECT_TRUE(test::WaitFor([&] { return md::RefusedOf(*sync(), old.erp, "state").size() == 1; }));
  EXPECT_TRUE(test::WaitFor([&] { return world.crm.Shows(old.crm, "state") == "2"; }));
  inventory::v1::ReinstateProductRequest reinstate;
  reinstate.set_id(old.erp);
  ASSERT_TRUE(rpc::Call(*erp(), &Erp::ReinstateProduct, reinstate).ok());
  EXPECT_TRUE(test::WaitFor([&] {
    return world.crm.Shows(old.crm, "state") == "1" &&
           world.crm.Shows(old.crm, "replaced_by").empty();
  })) << md::Explain(*sync(), old.erp);
  ASSERT_TRUE(rpc::Call(*erp(), &Erp::DiscontinueProduct, discontinue).ok());
  inventory::v1::ArchiveProductRequest archive;
  archive.set_id(old.erp);
  ASSERT_TRUE(rpc::Call(*erp(), &Erp::ArchiveProduct, archive).ok());
  EXPECT_TRUE(test::WaitFor([&] { return world.crm.Shows(old.crm, "state") == "3"; }));
}

TEST_F(ProductSync, AVariantNamesItsModelInTheCatalogue) {
  const Trials::Ids model = InStepProduct();
  const Trials::Ids variant = InStepProduct(absl::StrCat("variant_of: '", model.erp, "'"));
  EXPECT_EQ(World().crm.Shows(variant.crm, "variant_of"), model.crm);
  EXPECT_TRUE(World().crm.Edit(variant.crm, "variant_of", "variant_of: ''").ok());
  EXPECT_TRUE(
      test::WaitFor([&] { return md::RefusedOf(*sync(), variant.erp, "variant_of").size() == 1; }));
  EXPECT_TRUE(
      test::WaitFor([&] { return World().crm.Shows(variant.crm, "variant_of") == model.crm; }));
}

TEST_F(ProductSync, AnotherProductForAnItemIsUndone) {
  const Trials::Ids ids = InStepProduct();
  const Trials::Ids other = InStepProduct();
  ASSERT_TRUE(
      World().crm.Edit(ids.crm, "product_id", absl::StrCat("product_id: '", other.erp, "'")).ok());
  EXPECT_TRUE(
      test::WaitFor([&] { return md::RefusedOf(*sync(), ids.erp, "product_id").size() == 1; }));
  EXPECT_TRUE(test::WaitFor([&] { return World().crm.Shows(ids.crm, "product_id") == ids.erp; }));
}

TEST_F(ProductSync, AnItemOfTheCrmFoundsAProduct) {
  opportunity::v1::CreateCatalogueItemRequest request;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "sku: 'NEW-1' base_unit: 'C62' names { key: 'en' value: 'New' } category: 'Ideas'",
      request.mutable_catalogue_item()));
  auto made = rpc::Call(*crm(), &Crm::CreateCatalogueItem, request);
  ASSERT_TRUE(made.ok()) << made.status();
  auto linked = [&] {
    return md::InStep(*sync(), made->id()) && !World().crm.Shows(made->id(), "product_id").empty();
  };
  ASSERT_TRUE(test::WaitFor(linked)) << md::Explain(*sync(), made->id());
  const std::string product = World().crm.Shows(made->id(), "product_id");
  EXPECT_EQ(product.substr(4), made->id().substr(4));
  EXPECT_EQ(World().erp.Shows(product, "category"), "Ideas");
  EXPECT_TRUE(md::RefusedOf(*sync(), made->id(), "").empty());
}

TEST_F(ProductSync, AnEditReachesTheOtherSideWhoeverMayMakeIt) {
  const Trials world = World();
  for (const FieldTry& t : Fields()) {
    const Trials::Ids ids = InStepProduct();
    world.EditsReachTheOtherSide(For(t, ids), ids);
  }
}

TEST_F(ProductSync, AnEditOfWhatAnotherOwnsIsUndoneAndKept) {
  const Trials world = World();
  for (const FieldTry& t : Fields()) {
    const Trials::Ids ids = InStepProduct();
    world.OthersAreUndone(For(t, ids), ids);
  }
}

TEST_F(ProductSync, EditsOfBothAtOnceEndAsTheRuleSays) {
  std::vector<Trials::Ids> ids;
  std::vector<FieldTry> fields;
  for (const FieldTry& t : Fields()) {
    ids.push_back(InStepProduct());
    fields.push_back(For(t, ids.back()));
  }
  Trials world = World();
  StopAdapter();
  for (size_t i = 0; i < fields.size(); ++i) world.EditBoth(fields[i], ids[i]);
  StartAdapter();
  world = World();
  for (size_t i = 0; i < fields.size(); ++i) world.ThePreferredWins(fields[i], ids[i]);
}

// As people run it: all in one process.
TEST(ProductSyncEmbedded, ManyProductsAndAnEditWithinASecond) {
  test::TempDir dir;
  std::vector<md::NamedDeclare> parts = md::Services();
  parts.emplace_back("product_sync", DeclareProductSync);
  md::TestProcess process("tandem", dir.path(), parts);
  auto crm = opportunity::v1::OpportunityService::NewStub(process.channel());
  auto erp = inventory::v1::InventoryService::NewStub(process.channel());
  auto sync = md::v1::ProductSyncService::NewStub(process.channel());
  constexpr int kProducts = 77;
  inventory::v1::BatchCreateProductsRequest batch;
  for (int i = 0; i < kProducts; ++i) {
    auto* product = batch.add_requests()->mutable_product();
    product->set_sku(absl::StrCat("P-", i));
    product->set_base_unit("C62");
  }
  auto made = rpc::Call(*erp, &Erp::BatchCreateProducts, batch);
  ASSERT_TRUE(made.ok()) << made.status();
  const absl::Time begun = absl::Now();
  auto all_there = [&] {
    auto status = rpc::Call(*sync, &Sync::GetSyncStatus, md::v1::GetSyncStatusRequest());
    return status.ok() && status->in_step() == kProducts;
  };
  ASSERT_TRUE(test::WaitFor(all_there));
  RecordProperty("import_ms", static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - begun)));

  inventory::v1::UpdateProductRequest edit;
  edit.mutable_product()->set_id(made->results(0).product().id());
  edit.mutable_product()->set_category("Beverages");
  edit.mutable_update_mask()->add_paths("category");
  const absl::Time edited = absl::Now();
  ASSERT_TRUE(rpc::Call(*erp, &Erp::UpdateProduct, edit).ok());
  opportunity::v1::GetCatalogueItemRequest get;
  get.set_id("cat_" + edit.product().id().substr(4));
  ASSERT_TRUE(test::WaitFor([&] {
    auto copy = rpc::Call(*crm, &Crm::GetCatalogueItem, get);
    return copy.ok() && copy->category() == "Beverages";
  }));
  EXPECT_LT(absl::Now() - edited, absl::Seconds(1));
  RecordProperty("edit_ms", static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - edited)));
}

}  // namespace
}  // namespace tandem::product_sync
