// Every field of a product, between the ERP and the CRM's catalogue as they are, on both databases.
#include <algorithm>

#include "bus-adapters/connectors/systems.h"
#include "bus-adapters/master_data/field_trials.h"
#include "bus-adapters/product_sync/product_rules.h"
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
using md::kPatience;

// DOMAIN section 10, products, without what is no core. Existence is what it says below its tables.
const std::vector<md::DomainRow>& Domain() {
  static const std::vector<md::DomainRow> rows = {
      {"sku", "owned ERP"},
      {"kind", "owned ERP"},
      {"name", "owned ERP"},
      {"description", "shared(CRM)"},
      {"tax_class", "owned ERP"},
      {"category", "owned ERP"},
      {"weight", "owned ERP"},
      {"volume", "owned ERP"},
      {"origin", "owned ERP"},
      {"customs code", "owned ERP"},
      {"base_unit", "owned ERP"},
      {"units", "owned ERP"},
      {"sales_unit", "shared(CRM)"},
      {"order_multiple", "shared(CRM)"},
      {"minimum", "shared(CRM)"},
      {"gtin", "owned ERP, first"},
      {"list_price", "owned ERP"},
      {"variant_of", "owned ERP"},
      {"attributes", "owned ERP"},
      {"state", "owned ERP"},
      {"replaced_by", "owned ERP"},
      {"offered", "owned CRM"},
      {"existence", "owned ERP, first"},
  };
  return rows;
}

std::vector<FieldTry> Fields() {
  // One value; `group` is its name on both sides.
  auto one = [](const char* field, const char* group, const char* a, const char* b, const char* c) {
    const std::string pre = absl::StrCat(group, ": ");
    return FieldTry{field, "", group, group, pre + a, pre + b, pre + c, {}};
  };
  auto text = [](const char* field, const char* map, const char* key) {
    auto of = [&](const char* value) {
      return absl::StrCat(map, " { key: '", key, "' value: '", value, "' }");
    };
    return FieldTry{field, "", absl::StrCat(map, "/", key), map, of("A"), of("B"), of("C"), {}};
  };
  auto many = [](const char* field, const char* group, const char* a, const char* b,
                 const char* c) {
    auto of = [&](const char* body) { return absl::StrCat(group, " { ", body, " }"); };
    return FieldTry{field, "", group, group, of(a), of(b), of(c), {}};
  };
  FieldTry units =
      many("units", "units", "unit: 'DZN' numerator: 24 denominator: 1",
           "unit: 'DZN' numerator: 36 denominator: 1", "unit: 'DZN' numerator: 48 denominator: 1");
  units.group = "units/DZN";
  FieldTry no_units = units;  // the row goes
  no_units.a = " ";
  FieldTry origin = one("origin", "origin_country_code", "'DE'", "'FR'", "'IT'");
  origin.group = "origin_country";
  std::vector<FieldTry> tries = {
      one("sku", "sku", "'%A'", "'%B'", "'%C'"),
      one("kind", "kind", "2", "3", "4"),
      text("name", "names", "en"),
      text("name", "names", "de-AT"),
      text("description", "descriptions", "en"),
      text("description", "descriptions", "de-AT"),
      one("tax_class", "tax_class", "'A'", "'B'", "'C'"),
      one("category", "category", "'A'", "'B'", "'C'"),
      many("weight", "weight", "value { value: '1.5' } unit: 'KGM'",
           "value { value: '2' } unit: 'KGM'", "value { value: '3' } unit: 'KGM'"),
      many("volume", "volume", "value { value: '1.5' } unit: 'LTR'",
           "value { value: '2' } unit: 'LTR'", "value { value: '3' } unit: 'LTR'"),
      origin,
      one("customs code", "customs_code", "'1'", "'2'", "'3'"),
      one("base_unit", "base_unit", "'KGM'", "'LTR'", "'MTR'"),
      units,
      no_units,
      one("sales_unit", "sales_unit", "'DZN'", "'C62'", "'C62'"),
      many("order_multiple", "order_multiple", "value: '2'", "value: '3'", "value: '4.5'"),
      many("minimum", "order_minimum", "value: '2'", "value: '3'", "value: '4.5'"),
      one("gtin", "gtin", "'4006381333931'", "'5449000000996'", "'96385074'"),
      many("list_price", "list_price", "amount { currency_code: 'USD' units: 18 }",
           "amount { currency_code: 'USD' units: 19 nanos: 500000000 }",
           "amount { currency_code: 'EUR' units: 18 } per { value { value: '1' } unit: 'C62' }"),
      one("variant_of", "variant_of", "'%1'", "'%2'", "'%3'"),
      text("attributes", "attributes", "colour"),
      // In the ERP by its commands: DISCONTINUED, ACTIVE; in the CRM a field, here ARCHIVED.
      one("state", "state", "2", "1", "3"),
      one("replaced_by", "replaced_by", "'%1'", "'%2'", "'%3'"),
      many("offered", "offered", "on: false", "on: true from { year: 2030 month: 1 day: 1 }",
           "on: true to { year: 2031 month: 1 day: 1 }"),
      {"existence",
       "",
       "existence",
       "existence",
       "",
       "",
       "",
       {"ANewProductIsInTheCatalogueUnderTheSameName", "AnItemOfTheCrmFoundsAProduct",
        "TheSameSkuMadeOnBothSidesAtOnceIsOneProduct", "NeitherSideDeletesAProduct"}},
      {"product_id",
       "owned ERP",
       "product_id",
       "product_id",
       "",
       "",
       "",
       {"AnotherProductForAnItemIsUndone"}},
  };
  for (FieldTry& t : tries) {
    for (const md::DomainRow& row : Domain()) {
      if (t.field == row.field) t.rule = row.rule;
    }
  }
  return tries;
}

// The systems with the adapter, and the words for both sides.
struct World {
  explicit World(absl::string_view driver = "sqlite")
      : company("product_sync", DeclareProductSync, driver) {}

  std::shared_ptr<Crm> crm() const {
    return opportunity::v1::OpportunityService::NewStub(company.systems());
  }
  std::shared_ptr<Erp> erp() const {
    return inventory::v1::InventoryService::NewStub(company.systems());
  }
  std::shared_ptr<Sync> sync() const {
    const auto channel = company.adapter();
    return channel == nullptr ? nullptr : md::v1::ProductSyncService::NewStub(channel);
  }

  Trials trials() const {
    Trials out;
    out.crm = md::MakeSide<opportunity::v1::CatalogueItem, Crm>(
        "opportunity", company.systems(), crm(), &Crm::GetCatalogueItem, &Crm::UpdateCatalogueItem,
        &opportunity::v1::UpdateCatalogueItemRequest::mutable_catalogue_item);
    out.erp = md::MakeSide<inventory::v1::Product, Erp>(
        "inventory", company.systems(), erp(), &Erp::GetProduct, &Erp::UpdateProduct,
        &inventory::v1::UpdateProductRequest::mutable_product);
    out.crm.groups = [fields = connectors::OpportunitySystem().fields](const md::Message& m,
                                                                       md::v1::State* state) {
      connectors::ReadGroups(fields, m, state);
    };
    out.erp.groups = [fields = connectors::InventorySystem().fields](const md::Message& m,
                                                                     md::v1::State* state) {
      connectors::ReadGroups(fields, m, state);
    };
    out.erp.special["state"].edit = [erp = erp()](const std::string& id, const std::string& text) {
      if (text == "state: 2") return Discontinue(*erp, id, "");
      inventory::v1::ReinstateProductRequest reinstate;
      reinstate.set_id(id);
      return rpc::Call(*erp, &Erp::ReinstateProduct, reinstate).status();
    };
    out.sync = sync();
    out.others = others;
    return out;
  }

  static absl::Status Discontinue(Erp& erp, const std::string& id, const std::string& next) {
    inventory::v1::DiscontinueProductRequest discontinue;
    discontinue.set_id(id);
    discontinue.set_replaced_by(next);
    return rpc::Call(erp, &Erp::DiscontinueProduct, discontinue).status();
  }

  Trials::Ids IdsOf(const std::string& any) const {
    Trials::Ids ids;
    const md::v1::GetRecordResponse record = md::RecordOf(*sync(), any);
    for (const auto& link : record.record().links()) {
      (link.system() == kErp ? ids.erp : ids.crm) = link.foreign_id();
    }
    return ids;
  }

  std::string CreateInErp(const std::string& text = "") {
    inventory::v1::CreateProductRequest request;
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(
                     "base_unit: 'C62' units { unit: 'DZN' numerator: 12 denominator: 1 } " + text,
                     request.mutable_product()),
                 text);
    if (request.product().sku().empty()) {
      request.mutable_product()->set_sku(absl::StrCat("NW-", ++skus));
    }
    auto made = rpc::Call(*erp(), &Erp::CreateProduct, request);
    TANDEM_CHECK(made.ok(), made.status().ToString());
    return made->id();
  }
  std::string CreateInCrm(const std::string& text) {
    opportunity::v1::CreateCatalogueItemRequest request;
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString("base_unit: 'C62' " + text,
                                                               request.mutable_catalogue_item()),
                 text);
    if (request.catalogue_item().sku().empty()) {
      request.mutable_catalogue_item()->set_sku(absl::StrCat("CRM-", ++skus));
    }
    auto made = rpc::Call(*crm(), &Crm::CreateCatalogueItem, request);
    TANDEM_CHECK(made.ok(), made.status().ToString());
    return made->id();
  }

  // The copies of a product, once they are the same on both sides.
  Trials::Ids InStep(const std::string& any) {
    const Trials sides = trials();
    Trials::Ids ids;
    auto linked = [&] {
      ids = IdsOf(any);
      return md::InStep(*sides.sync, any) && md::HasSeen(*sides.sync, sides.crm, ids.crm) &&
             md::HasSeen(*sides.sync, sides.erp, ids.erp);
    };
    EXPECT_TRUE(test::WaitFor(linked, kPatience)) << md::Explain(*sides.sync, any);
    return ids;
  }
  Trials::Ids InStepProduct(const std::string& text = "") { return InStep(CreateInErp(text)); }
  Trials WithOthers() {
    if (others[0].crm.empty()) {
      for (Trials::Ids& ids : others) ids = InStepProduct();
    }
    return trials();
  }

  md::Company company;
  std::array<Trials::Ids, 3> others;
  int skus = 0;
};

TEST(TheTableOfProducts, IsTriedConfiguredAndMappedWhole) {
  md::CheckNothingIsLeftOut(
      Domain(), Fields(), ProductEntity().rules, kCrm, {"product_id"},
      {connectors::OpportunitySystem().fields, connectors::InventorySystem().fields});
}

class EveryFieldOfAProduct : public testing::TestWithParam<std::string> {
 protected:
  static void TearDownTestSuite() { worlds_.clear(); }
  static World& world() {
    std::unique_ptr<World>& world = worlds_[GetParam()];
    if (world == nullptr) world = std::make_unique<World>(GetParam());
    return *world;
  }
  static std::map<std::string, std::unique_ptr<World>> worlds_;
};
std::map<std::string, std::unique_ptr<World>> EveryFieldOfAProduct::worlds_;

TEST_P(EveryFieldOfAProduct, FollowsWhoeverDecidesItAndIsRestoredFromTheOther) {
  const Trials trials = world().WithOthers();
  for (const FieldTry& t : Fields()) {
    if (!Trials::TriedOn(GetParam(), t)) continue;
    SCOPED_TRACE(t.group);
    const Trials::Ids ids = world().InStepProduct();
    trials.IsFollowed(t, ids);
    trials.IsRestored(t, ids);
  }
}

TEST_P(EveryFieldOfAProduct, WrittenOnBothSidesAtOnceEndsAsItsRuleSays) {
  Trials trials = world().WithOthers();
  std::vector<FieldTry> fields;
  for (const FieldTry& t : Fields()) {
    if (Trials::TriedOn(GetParam(), t)) fields.push_back(t);
  }
  std::vector<Trials::Ids> ids;
  for (size_t i = 0; i < fields.size(); ++i) ids.push_back(world().InStepProduct());
  world().company.StopAdapter();
  std::vector<Trials::Heads> heads;
  for (size_t i = 0; i < fields.size(); ++i) {
    SCOPED_TRACE(fields[i].group);
    heads.push_back(trials.WriteOnBoth(fields[i], ids[i]));
  }
  world().company.StartAdapter();
  trials = world().trials();
  for (size_t i = 0; i < fields.size(); ++i) {
    SCOPED_TRACE(fields[i].group);
    trials.TheRuleDecides(fields[i], ids[i], heads[i]);
  }
}

TEST_P(EveryFieldOfAProduct, ThatNobodyHasDecidedIsTheFirsts) {
  const Trials trials = world().WithOthers();
  for (const FieldTry& t : Fields()) {
    if (!t.First() || !Trials::TriedOn(GetParam(), t)) continue;
    SCOPED_TRACE(t.group);
    trials.TheFirstStands(t, world().InStepProduct());
    trials.TheFirstStands(t, world().InStep(world().CreateInCrm(t.a)));
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, EveryFieldOfAProduct, testing::Values("sqlite", "postgresql"),
                         [](const auto& info) { return info.param; });

class ProductSync : public testing::Test {
 protected:
  static void SetUpTestSuite() { world_ = new World(); }
  static void TearDownTestSuite() { delete world_; }
  static std::shared_ptr<Crm> crm() { return world_->crm(); }
  static std::shared_ptr<Erp> erp() { return world_->erp(); }
  static std::shared_ptr<Sync> sync() { return world_->sync(); }
  static Trials Sides() { return world_->trials(); }
  static World* world_;
};
World* ProductSync::world_ = nullptr;

TEST_F(ProductSync, ANewProductIsInTheCatalogueUnderTheSameName) {
  const Trials::Ids ids = world_->InStepProduct(
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
  EXPECT_EQ(Sides().crm.Version(ids.crm), 1);
  EXPECT_EQ(Sides().erp.Version(ids.erp), 1);
}

TEST_F(ProductSync, StateAndSuccessorFollowTheErp) {
  const Trials::Ids old = world_->InStepProduct();
  const Trials::Ids next = world_->InStepProduct();
  const Trials sides = Sides();
  inventory::v1::DiscontinueProductRequest discontinue;
  discontinue.set_id(old.erp);
  discontinue.set_replaced_by(next.erp);
  ASSERT_TRUE(rpc::Call(*erp(), &Erp::DiscontinueProduct, discontinue).ok());
  EXPECT_TRUE(test::WaitFor([&] {
    return sides.crm.Shows(old.crm, "state") == "2" &&
           sides.crm.Shows(old.crm, "replaced_by") == next.crm;
  })) << md::Explain(*sync(), old.erp);
  ASSERT_TRUE(sides.crm.Edit(old.crm, "state", "state: 1").ok());
  EXPECT_TRUE(test::WaitFor([&] { return md::RefusedOf(*sync(), old.erp, "state").size() == 1; }));
  EXPECT_TRUE(test::WaitFor([&] { return sides.crm.Shows(old.crm, "state") == "2"; }));
  inventory::v1::ReinstateProductRequest reinstate;
  reinstate.set_id(old.erp);
  ASSERT_TRUE(rpc::Call(*erp(), &Erp::ReinstateProduct, reinstate).ok());
  EXPECT_TRUE(test::WaitFor([&] {
    return sides.crm.Shows(old.crm, "state") == "1" &&
           sides.crm.Shows(old.crm, "replaced_by").empty();
  })) << md::Explain(*sync(), old.erp);
  ASSERT_TRUE(rpc::Call(*erp(), &Erp::DiscontinueProduct, discontinue).ok());
  inventory::v1::ArchiveProductRequest archive;
  archive.set_id(old.erp);
  ASSERT_TRUE(rpc::Call(*erp(), &Erp::ArchiveProduct, archive).ok());
  EXPECT_TRUE(test::WaitFor([&] { return sides.crm.Shows(old.crm, "state") == "3"; }));
}

// The ERP's own id, which no person can change there.
TEST_F(ProductSync, AnotherProductForAnItemIsUndone) {
  const Trials::Ids ids = world_->InStepProduct();
  const Trials::Ids other = world_->InStepProduct();
  const Trials sides = Sides();
  const int64_t crm_head = sides.crm.journal.Head();
  const int64_t erp_head = sides.erp.journal.Head();
  ASSERT_TRUE(
      sides.crm.Edit(ids.crm, "product_id", absl::StrCat("product_id: '", other.erp, "'")).ok());
  EXPECT_TRUE(test::WaitFor(
      [&] { return md::RefusedOf(*sync(), ids.erp, "product_id").size() == 1; }, kPatience));
  EXPECT_TRUE(
      test::WaitFor([&] { return sides.crm.Shows(ids.crm, "product_id") == ids.erp; }, kPatience));
  const md::v1::RefusedWrite refused = md::RefusedOf(*sync(), ids.erp, "product_id").at(0);
  EXPECT_EQ(refused.old_value(), ids.erp);
  EXPECT_EQ(refused.refused_value(), other.erp);
  EXPECT_EQ(refused.agreed_value(), ids.erp);
  EXPECT_EQ(sides.crm.journal.Writes(ids.crm, crm_head), 2) << "the edit and its undoing";
  EXPECT_EQ(sides.erp.journal.Writes(ids.erp, erp_head), 0);
}

TEST_F(ProductSync, AnItemOfTheCrmFoundsAProduct) {
  opportunity::v1::CreateCatalogueItemRequest request;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "sku: 'NEW-1' base_unit: 'C62' names { key: 'en' value: 'New' } category: 'Ideas'",
      request.mutable_catalogue_item()));
  auto made = rpc::Call(*crm(), &Crm::CreateCatalogueItem, request);
  ASSERT_TRUE(made.ok()) << made.status();
  auto linked = [&] {
    return md::InStep(*sync(), made->id()) && !Sides().crm.Shows(made->id(), "product_id").empty();
  };
  ASSERT_TRUE(test::WaitFor(linked)) << md::Explain(*sync(), made->id());
  const std::string product = Sides().crm.Shows(made->id(), "product_id");
  EXPECT_EQ(product.substr(4), made->id().substr(4));
  EXPECT_EQ(Sides().erp.Shows(product, "category"), "Ideas");
  EXPECT_TRUE(md::RefusedOf(*sync(), made->id(), "").empty());
}

TEST_F(ProductSync, TheSameSkuMadeOnBothSidesAtOnceIsOneProduct) {
  world_->company.StopAdapter();
  const std::string of_crm =
      world_->CreateInCrm("sku: 'BOTH-1' category: 'Crm' descriptions { key: 'en' value: 'C' }");
  const std::string of_erp = world_->CreateInErp("sku: 'BOTH-1' category: 'Erp'");
  world_->company.StartAdapter();
  const Trials sides = Sides();
  auto one = [&] {
    return md::InStep(*sync(), of_erp) && sides.crm.Shows(of_crm, "product_id") == of_erp &&
           sides.crm.Shows(of_crm, "category") == "Erp" &&
           !sides.erp.Shows(of_erp, "descriptions").empty();
  };
  EXPECT_TRUE(test::WaitFor(one, kPatience)) << md::Explain(*sync(), of_erp);
  const Trials::Ids ids = world_->IdsOf(of_erp);
  EXPECT_EQ(ids.crm, of_crm);
  EXPECT_EQ(ids.erp, of_erp);
}

TEST_F(ProductSync, NeitherSideDeletesAProduct) {
  EXPECT_EQ(inventory::v1::GetProductRequest::descriptor()
                ->file()
                ->FindServiceByName("InventoryService")
                ->FindMethodByName("DeleteProduct"),
            nullptr);
  EXPECT_EQ(opportunity::v1::GetCatalogueItemRequest::descriptor()
                ->file()
                ->FindServiceByName("OpportunityService")
                ->FindMethodByName("DeleteCatalogueItem"),
            nullptr);
}

TEST_F(ProductSync, WhatOneSideAloneKeepsStaysThere) {
  const Trials::Ids ids = world_->InStepProduct();
  const Trials sides = Sides();
  const int64_t crm_head = sides.crm.journal.Head();
  const int64_t erp_head = sides.erp.journal.Head();
  using Edits = std::vector<std::pair<const char*, const char*>>;
  const Edits of_crm = {{"sales_texts", "sales_texts { key: 'en' value: 'x' }"},
                        {"pictures", "pictures { uri: 'https://x.example' }"},
                        {"competition", "competition: 'x'"},
                        {"related_item_ids", "related_item_ids: 'cat_01h00000000000000000000001'"}};
  const Edits of_erp = {{"standard_cost", "standard_cost { currency_code: 'USD' units: 3 }"},
                        {"safety_stock", "safety_stock { value { value: '1' } unit: 'C62' }"},
                        {"reorder_point", "reorder_point { value { value: '1' } unit: 'C62' }"},
                        {"lead_time_days", "lead_time_days: 4"}};
  for (const auto& [path, text] : of_crm) {
    const absl::Status edited = sides.crm.Edit(ids.crm, path, text);
    EXPECT_TRUE(edited.ok()) << edited;
  }
  for (const auto& [path, text] : of_erp) {
    const absl::Status edited = sides.erp.Edit(ids.erp, path, text);
    EXPECT_TRUE(edited.ok()) << edited;
  }
  ASSERT_TRUE(test::WaitFor(
      [&] {
        return md::HasSeen(*sync(), sides.crm, ids.crm) &&
               md::HasSeen(*sync(), sides.erp, ids.erp) && md::InStep(*sync(), ids.erp);
      },
      kPatience));
  EXPECT_EQ(sides.crm.journal.Writes(ids.crm, crm_head), static_cast<int>(of_crm.size()));
  EXPECT_EQ(sides.erp.journal.Writes(ids.erp, erp_head), static_cast<int>(of_erp.size()));
}

// Its database is what it remembers, not what it knows: the copies tell it all again, and nothing
// of them changes, not for a moment.
TEST(ProductSyncsDatabase, IsLostAndNothingChanges) {
  World world;
  std::vector<Trials::Ids> all;
  const Trials::Ids model = world.InStepProduct();
  all.push_back(model);
  for (int i = 0; i < 6; ++i) {
    all.push_back(
        world.InStepProduct(i % 2 == 0 ? "" : absl::StrCat("variant_of: '", model.erp, "'")));
  }
  Trials trials = world.trials();
  // Each has a history in both journals: what its first events tell is so no more.
  for (const FieldTry& t : Fields()) {
    if (!t.Generic() || absl::StrContains(t.a, "%1") || t.field == "base_unit") continue;
    SCOPED_TRACE(t.group);
    const md::Side& side = trials.Decides(t);
    for (const Trials::Ids& ids : all) {
      const absl::Status edited =
          trials.Edit(side, t, ids, trials.Unlike(side, t, ids, {&t.b, &t.a}));
      ASSERT_TRUE(edited.ok()) << edited;
    }
  }
  ASSERT_TRUE(World::Discontinue(*world.erp(), all[1].erp, all[2].erp).ok());
  auto in_step = [&] {
    return std::all_of(all.begin(), all.end(), [&](const Trials::Ids& ids) {
      return md::InStep(*trials.sync, ids.erp) && md::HasSeen(*trials.sync, trials.crm, ids.crm) &&
             md::HasSeen(*trials.sync, trials.erp, ids.erp);
    });
  };
  ASSERT_TRUE(test::WaitFor(in_step, kPatience));
  world.company.StopAdapter();
  world.company.LoseAdapterDatabase();
  const int64_t crm_head = trials.crm.journal.Head();
  const int64_t erp_head = trials.erp.journal.Head();
  world.company.StartAdapter();
  trials = world.trials();
  ASSERT_TRUE(test::WaitFor(in_step, kPatience)) << md::Explain(*trials.sync, all[0].erp);
  auto status = rpc::Call(*trials.sync, &Sync::GetSyncStatus, md::v1::GetSyncStatusRequest());
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->records(), static_cast<int64_t>(all.size()));
  EXPECT_EQ(status->open_conflicts(), 0);
  EXPECT_EQ(status->refused_proposals(), 0);
  EXPECT_EQ(trials.crm.journal.Head(), crm_head);
  EXPECT_EQ(trials.erp.journal.Head(), erp_head);
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
