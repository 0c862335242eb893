// Every field of a customer, between the CRM and the ERP as they are, on both databases.
#include <algorithm>

#include "bus-adapters/connectors/systems.h"
#include "bus-adapters/customer_sync/customer_rules.h"
#include "bus-adapters/customer_sync/customer_sync_part.h"
#include "bus-adapters/master_data/field_trials.h"
#include "tandem/billing/v1/billing_service.grpc.pb.h"
#include "tandem/customer/v1/customer_service.grpc.pb.h"
#include "tandem/master_data/v1/customer_sync_service.grpc.pb.h"

namespace tandem::customer_sync {
namespace {

namespace md = master_data;
using Crm = customer::v1::CustomerService::Stub;
using Erp = billing::v1::BillingService::Stub;
using Sync = md::v1::CustomerSyncService::Stub;
using Trials = md::Trials<Sync>;
using md::FieldTry;
using md::kPatience;

// DOMAIN section 10, customers. Existence is what it says below its tables.
const std::vector<md::DomainRow>& Domain() {
  static const std::vector<md::DomainRow> rows = {
      {"customer_number", "owned CRM"},
      {"kind", "owned CRM"},
      {"display_name", "owned CRM"},
      {"legal_name", "owned CRM"},
      {"language", "owned CRM"},
      {"status", "owned CRM"},
      {"parent_customer", "owned CRM"},
      {"order_block", "owned CRM"},
      {"registered address", "shared(CRM)"},
      {"SHIP_TO addresses", "shared(CRM)"},
      {"BILL_TO address", "shared(ERP)"},
      {"invoice_email", "shared(ERP)"},
      {"phone", "shared(CRM)"},
      {"email", "shared(CRM)"},
      {"website", "shared(CRM)"},
      {"tax_ids", "owned ERP, first"},
      {"tax_status", "owned ERP, first"},
      {"exemption", "owned ERP, first"},
      {"debtor_number", "owned ERP"},
      {"currency", "owned ERP, first"},
      {"payment_terms", "owned ERP"},
      {"credit_policy", "owned ERP"},
      {"delivery_block", "owned ERP"},
      {"dunning_block", "owned ERP"},
      {"delivery_policy", "shared(CRM)"},
      {"archived", "owned CRM"},
      {"existence", "owned CRM, first"},
  };
  return rows;
}

// An address; none where the city is empty.
std::string Row(const char* id, const char* purpose, const char* city) {
  if (*city == 0) return "";
  return absl::StrCat("addresses { address_id: '", id, "' purpose: ADDRESS_PURPOSE_", purpose,
                      " address { lines: 'Obere Str. 57' city: '", city,
                      "' country_code: 'DE' } } ");
}
std::string Address(const char* main, const char* ship, const char* bill, const char* yard = "") {
  return absl::StrCat(Row("main", "REGISTERED", main), Row("dock", "SHIP_TO", ship),
                      Row("office", "BILL_TO", bill), Row("yard", "SHIP_TO", yard));
}

std::vector<FieldTry> Fields() {
  auto block = [](const char* field, const char* why) {
    return absl::StrCat(field, " { on: true reason: '", why, "' }");
  };
  std::vector<FieldTry> tries = {
      {"customer_number",
       "",
       "customer_number",
       "customer_number",
       "",
       "",
       "",
       {"ACustomerNumberIsFixedOnBothSides", "ACustomerOfTheErpIsMadeInTheCrmWithAllItHas"}},
      {"kind", "", "kind", "kind", "kind: 2", "kind: 1", "kind: 1", {}},
      {"display_name",
       "",
       "display_name",
       "display_name",
       "display_name: 'A'",
       "display_name: 'B'",
       "display_name: 'C'",
       {}},
      {"legal_name",
       "",
       "legal_name",
       "legal_name",
       "legal_name: 'A'",
       "legal_name: 'B'",
       "legal_name: 'C'",
       {}},
      {"language",
       "",
       "language",
       "language",
       "language: 'fr'",
       "language: 'it'",
       "language: 'es'",
       {}},
      // In the CRM by its commands: INACTIVE, CUSTOMER; in the ERP also PROSPECT.
      {"status", "", "status", "status", "status: 3", "status: 2", "status: 1", {}},
      {"parent_customer",
       "",
       "parent_customer",
       "parent_customer_id",
       "parent_customer_id: '%1'",
       "parent_customer_id: '%2'",
       "parent_customer_id: '%3'",
       {}},
      {"order_block",
       "",
       "order_block",
       "order_block",
       block("order_block", "A"),
       block("order_block", "B"),
       block("order_block", "C"),
       {}},
      {"registered address",
       "",
       "addresses/main",
       "addresses",
       Address("A", "s", "b"),
       Address("B", "s", "b"),
       Address("C", "s", "b"),
       {}},
      {"SHIP_TO addresses",
       "",
       "addresses/dock",
       "addresses",
       Address("m", "A", "b"),
       Address("m", "B", "b"),
       Address("m", "C", "b"),
       {}},
      {"SHIP_TO addresses",
       "",
       "addresses/dock",
       "addresses",
       Address("m", "", "b"),
       Address("m", "B", "b"),
       Address("m", "C", "b"),
       {}},
      {"SHIP_TO addresses",
       "",
       "addresses/yard",
       "addresses",
       Address("m", "s", "b", "A"),
       Address("m", "s", "b", "B"),
       Address("m", "s", "b", "C"),
       {}},
      {"BILL_TO address",
       "",
       "bill_to_addresses/office",
       "addresses",
       Address("m", "s", "A"),
       Address("m", "s", "B"),
       Address("m", "s", "C"),
       {}},
      {"BILL_TO address",
       "",
       "bill_to_addresses/office",
       "addresses",
       Address("m", "s", ""),
       Address("m", "s", "B"),
       Address("m", "s", "C"),
       {}},
      {"invoice_email",
       "",
       "invoice_email",
       "invoice_email",
       "invoice_email: 'a@x.example'",
       "invoice_email: 'b@x.example'",
       "invoice_email: 'c@x.example'",
       {}},
      {"phone",
       "",
       "phone",
       "phone",
       "phone: '+49301234561'",
       "phone: '030-0074321'",
       "phone: '+49301234563'",
       {}},
      {"email",
       "",
       "email",
       "email",
       "email: 'a@x.example'",
       "email: 'b@x.example'",
       "email: 'c@x.example'",
       {}},
      {"website",
       "",
       "website",
       "website",
       "website: 'https://a.example'",
       "website: 'https://b.example'",
       "website: 'https://c.example'",
       {}},
      {"tax_ids",
       "",
       "tax_ids/DE/VAT",
       "tax_ids",
       "tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE136695976' }",
       "tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE136695976' verified: true }",
       "tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE129273398' }",
       {}},
      {"tax_status",
       "",
       "tax_status",
       "tax_status",
       "tax_status: 2",
       "tax_status: 3",
       "tax_status: 1",
       {}},
      {"exemption",
       "",
       "exemption",
       "exemption",
       "exemption { number: 'A' }",
       "exemption { number: 'B' until { year: 2030 month: 1 day: 2 } }",
       "exemption { number: 'C' }",
       {}},
      {"debtor_number",
       "",
       "debtor_number",
       "debtor_number",
       "debtor_number: '%A'",
       "debtor_number: '%B'",
       "debtor_number: '%C'",
       {}},
      {"currency",
       "",
       "currency",
       "currency",
       "currency: 'CHF'",
       "currency: 'GBP'",
       "currency: 'SEK'",
       {}},
      {"payment_terms",
       "",
       "payment_terms",
       "payment_terms",
       "payment_terms { net_days: 14 }",
       "payment_terms { net_days: 60 discount_days: 10 discount_rate { value: '0.02' } }",
       "payment_terms { net_days: 7 }",
       {}},
      {"credit_policy",
       "",
       "credit_policy",
       "credit_policy",
       "credit_policy { kind: 1 limit { currency_code: 'USD' units: 500 } }",
       "credit_policy { kind: 2 }",
       "credit_policy { kind: 1 limit { currency_code: 'USD' units: 700 nanos: 500000000 } }",
       {}},
      {"delivery_block",
       "",
       "delivery_block",
       "delivery_block",
       block("delivery_block", "A"),
       block("delivery_block", "B"),
       block("delivery_block", "C"),
       {}},
      {"dunning_block",
       "",
       "dunning_block",
       "dunning_block",
       block("dunning_block", "A"),
       block("dunning_block", "B"),
       block("dunning_block", "C"),
       {}},
      {"delivery_policy",
       "",
       "delivery_policy",
       "delivery_policy",
       "delivery_policy: 2",
       "delivery_policy: 1",
       "delivery_policy: 1",
       {}},
      {"archived", "", "archived", "archived", "", "", "", {"OnlyTheCrmArchivesAndForGood"}},
      {"existence",
       "",
       "existence",
       "existence",
       "",
       "",
       "",
       {"ANewCustomerGetsItsAccountInTheErp", "ACustomerOfTheErpIsMadeInTheCrmWithAllItHas",
        "TheSameNumberMadeOnBothSidesAtOnceIsOneCustomer",
        "ACustomerDeletedInTheCrmIsArchivedInTheErpAndListed", "TheErpDeletesNoCustomer",
        "DeletedInTheCrmWhileTheErpEditsItIsForAPerson"}},
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
      : company("customer_sync", DeclareCustomerSync, driver) {}

  std::shared_ptr<Crm> crm() const {
    return customer::v1::CustomerService::NewStub(company.systems());
  }
  std::shared_ptr<Erp> erp() const {
    return billing::v1::BillingService::NewStub(company.systems());
  }
  std::shared_ptr<Sync> sync() const {
    const auto channel = company.adapter();
    return channel == nullptr ? nullptr : md::v1::CustomerSyncService::NewStub(channel);
  }

  Trials trials() const {
    Trials out;
    out.crm = md::MakeSide<customer::v1::Customer, Crm>(
        "customer", company.systems(), crm(), &Crm::GetCustomer, &Crm::UpdateCustomer,
        &customer::v1::UpdateCustomerRequest::mutable_customer);
    out.erp = md::MakeSide<billing::v1::Customer, Erp>(
        "billing", company.systems(), erp(), &Erp::GetCustomer, &Erp::UpdateCustomer,
        &billing::v1::UpdateCustomerRequest::mutable_customer);
    out.crm.groups = [fields = connectors::CustomerSystem().fields](const md::Message& m,
                                                                    md::v1::State* state) {
      connectors::ReadGroups(fields, m, state);
    };
    out.erp.groups = [fields = connectors::BillingSystem().fields](const md::Message& m,
                                                                   md::v1::State* state) {
      connectors::ReadGroups(fields, m, state);
    };
    out.crm.special["status"] = {
        [crm = crm()](const std::string& id, const std::string& text) {
          if (text == "status: 3") return Deactivate(*crm, id);
          customer::v1::ReactivateCustomerRequest reactivate;
          reactivate.set_id(id);
          return rpc::Call(*crm, &Crm::ReactivateCustomer, reactivate).status();
        },
        [](const md::Message& m) {
          const auto& customer = static_cast<const customer::v1::Customer&>(m);
          if (customer.inactive()) return std::string("3");
          return std::string(customer.state() == customer::v1::CUSTOMER_STATE_CUSTOMER ? "2" : "1");
        }};
    out.sync = sync();
    out.others = others;
    return out;
  }

  static absl::Status Deactivate(Crm& crm, const std::string& id) {
    customer::v1::DeactivateCustomerRequest deactivate;
    deactivate.set_id(id);
    return rpc::Call(crm, &Crm::DeactivateCustomer, deactivate).status();
  }
  absl::Status Archive(const std::string& id) const {
    customer::v1::ArchiveCustomerRequest archive;
    archive.set_id(id);
    return rpc::Call(*crm(), &Crm::ArchiveCustomer, archive).status();
  }

  std::string CreateInCrm(const std::string& text) const {
    customer::v1::CreateCustomerRequest request;
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(text, request.mutable_customer()),
                 text);
    auto made = rpc::Call(*crm(), &Crm::CreateCustomer, request);
    TANDEM_CHECK(made.ok(), made.status().ToString());
    return made->id();
  }
  std::string CreateInErp(const std::string& text) const {
    billing::v1::CreateCustomerRequest request;
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(text, request.mutable_customer()),
                 text);
    auto made = rpc::Call(*erp(), &Erp::CreateCustomer, request);
    TANDEM_CHECK(made.ok(), made.status().ToString());
    return made->id();
  }

  // A customer that is the same on both sides, with an account.
  Trials::Ids InStepCustomer(const std::string& text = "") const {
    const std::string id = CreateInCrm(absl::StrCat(
        "display_name: 'Alfreds' state: CUSTOMER_STATE_CUSTOMER ", Address("m", "s", "b"), text));
    const Trials sides = trials();
    auto linked = [&] {
      return md::InStep(*sides.sync, id) && !sides.crm.Shows(id, "debtor_number").empty() &&
             md::HasSeen(*sides.sync, sides.crm, id) && md::HasSeen(*sides.sync, sides.erp, id);
    };
    EXPECT_TRUE(test::WaitFor(linked, kPatience)) << md::Explain(*sides.sync, id);
    return {id, id};
  }
  Trials WithOthers() {
    if (others[0].crm.empty()) {
      for (Trials::Ids& ids : others) ids = InStepCustomer();
    }
    return trials();
  }

  md::Company company;
  std::array<Trials::Ids, 3> others;
};

TEST(TheTableOfCustomers, IsTriedConfiguredAndMappedWhole) {
  md::CheckNothingIsLeftOut(
      Domain(), Fields(), CustomerEntity().rules, kCrm, {},
      {connectors::CustomerSystem().fields, connectors::BillingSystem().fields});
}

class EveryFieldOfACustomer : public testing::TestWithParam<std::string> {
 protected:
  static void TearDownTestSuite() { worlds_.clear(); }
  static World& world() {
    std::unique_ptr<World>& world = worlds_[GetParam()];
    if (world == nullptr) world = std::make_unique<World>(GetParam());
    return *world;
  }
  static std::map<std::string, std::unique_ptr<World>> worlds_;
};
std::map<std::string, std::unique_ptr<World>> EveryFieldOfACustomer::worlds_;

TEST_P(EveryFieldOfACustomer, FollowsWhoeverDecidesItAndIsRestoredFromTheOther) {
  const Trials trials = world().WithOthers();
  for (const FieldTry& t : Fields()) {
    if (!Trials::TriedOn(GetParam(), t)) continue;
    SCOPED_TRACE(t.group);
    const Trials::Ids ids = world().InStepCustomer();
    trials.IsFollowed(t, ids);
    trials.IsRestored(t, ids);
  }
}

TEST_P(EveryFieldOfACustomer, WrittenOnBothSidesAtOnceEndsAsItsRuleSays) {
  Trials trials = world().WithOthers();
  std::vector<FieldTry> fields;
  for (const FieldTry& t : Fields()) {
    if (Trials::TriedOn(GetParam(), t)) fields.push_back(t);
  }
  std::vector<Trials::Ids> ids;
  for (size_t i = 0; i < fields.size(); ++i) ids.push_back(world().InStepCustomer());
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

TEST_P(EveryFieldOfACustomer, ThatNobodyHasDecidedIsTheFirsts) {
  const Trials trials = world().WithOthers();
  for (const FieldTry& t : Fields()) {
    if (!t.First() || !Trials::TriedOn(GetParam(), t)) continue;
    SCOPED_TRACE(t.group);
    // Every account has a currency: the first gives it with the customer. The others, so and later.
    trials.TheFirstStands(t, world().InStepCustomer(t.a));
    if (t.field != "currency") trials.TheFirstStands(t, world().InStepCustomer());
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, EveryFieldOfACustomer, testing::Values("sqlite", "postgresql"),
                         [](const auto& info) { return info.param; });

class CustomerSync : public testing::Test {
 protected:
  static void SetUpTestSuite() { world_ = new World(); }
  static void TearDownTestSuite() { delete world_; }
  static std::shared_ptr<Crm> crm() { return world_->crm(); }
  static std::shared_ptr<Erp> erp() { return world_->erp(); }
  static std::shared_ptr<Sync> sync() { return world_->sync(); }
  static Trials Sides() { return world_->trials(); }
  static World* world_;
};
World* CustomerSync::world_ = nullptr;

TEST_F(CustomerSync, ANewCustomerGetsItsAccountInTheErp) {
  const Trials::Ids ids = world_->InStepCustomer();
  billing::v1::GetCustomerRequest get;
  get.set_id(ids.erp);
  auto copy = rpc::Call(*erp(), &Erp::GetCustomer, get);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(copy->display_name(), "Alfreds");
  EXPECT_EQ(copy->status(), billing::v1::CUSTOMER_STATUS_CUSTOMER);
  EXPECT_NE(copy->account_id(), "");
  EXPECT_EQ(copy->addresses_size(), 3);
  customer::v1::GetCustomerRequest of_crm;
  of_crm.set_id(ids.crm);
  auto customer = rpc::Call(*crm(), &Crm::GetCustomer, of_crm);
  ASSERT_TRUE(customer.ok());
  EXPECT_EQ(customer->debtor_number(), copy->debtor_number());
  EXPECT_EQ(customer->credit_policy().limit().units(), copy->credit_policy().limit().units());
  EXPECT_EQ(Sides().crm.Version(ids.crm), 2) << "made, and told of its account at once";
}

TEST_F(CustomerSync, AProspectIsSentWhenItBecomesACustomer) {
  const std::string id = world_->CreateInCrm("display_name: 'Maybe'");
  ASSERT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), id); })) << md::Explain(*sync(), id);
  EXPECT_EQ(Sides().erp.get(id), nullptr);
  customer::v1::PromoteCustomerRequest promote;
  promote.set_id(id);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::PromoteCustomer, promote).ok());
  EXPECT_TRUE(test::WaitFor([&] { return Sides().erp.get(id) != nullptr; }));
}

TEST_F(CustomerSync, AChildWaitsForItsParentInTheErp) {
  const std::string parent = world_->CreateInCrm("display_name: 'Parent'");
  const std::string child =
      world_->CreateInCrm(absl::StrCat("display_name: 'Child' state: CUSTOMER_STATE_CUSTOMER "
                                       "parent_customer_id: '",
                                       parent, "'"));
  auto waits = [&] {
    md::v1::GetRecordRequest get;
    get.set_id(child);
    auto record = rpc::Call(*sync(), &Sync::GetRecord, get);
    if (!record.ok()) return false;
    for (const auto& link : record->record().links()) {
      if (link.waiting_for_size() == 1) return true;
    }
    return false;
  };
  ASSERT_TRUE(test::WaitFor(waits)) << md::Explain(*sync(), child);
  EXPECT_EQ(Sides().erp.get(child), nullptr);
  customer::v1::PromoteCustomerRequest promote;
  promote.set_id(parent);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::PromoteCustomer, promote).ok());
  EXPECT_TRUE(test::WaitFor([&] {
    return Sides().erp.Shows(child, "parent_customer_id") == parent;
  })) << md::Explain(*sync(), child);
}

TEST_F(CustomerSync, ACustomerOfTheErpIsMadeInTheCrmWithAllItHas) {
  billing::v1::CreateCustomerRequest request;
  request.mutable_customer()->set_display_name("From the ERP");
  request.mutable_customer()->set_legal_name("From the ERP Ltd");
  request.mutable_customer()->set_status(billing::v1::CUSTOMER_STATUS_CUSTOMER);
  auto made = rpc::Call(*erp(), &Erp::CreateCustomer, request);
  ASSERT_TRUE(made.ok()) << made.status();
  const Trials sides = Sides();
  EXPECT_TRUE(test::WaitFor([&] {
    return sides.crm.Shows(made->id(), "legal_name") == "From the ERP Ltd";
  })) << md::Explain(*sync(), made->id());
  EXPECT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), made->id()); }))
      << md::Explain(*sync(), made->id());
  EXPECT_EQ(sides.crm.Shows(made->id(), "state"), "2");
  // The number that the CRM gave goes back.
  EXPECT_TRUE(test::WaitFor([&] {
    return sides.erp.Shows(made->id(), "customer_number") ==
           sides.crm.Shows(made->id(), "customer_number");
  }));
  EXPECT_TRUE(md::RefusedOf(*sync(), made->id(), "").empty());
}

TEST_F(CustomerSync, EditsOfDifferentFieldsAtOnceBothStand) {
  const Trials::Ids ids = world_->InStepCustomer();
  Trials sides = Sides();
  world_->company.StopAdapter();
  ASSERT_TRUE(sides.crm.Edit(ids.crm, "email", "email: 'new@x.example'").ok());
  ASSERT_TRUE(sides.erp.Edit(ids.erp, "payment_terms", "payment_terms { net_days: 3 }").ok());
  ASSERT_TRUE(sides.crm.Edit(ids.crm, "addresses", Address("NEW", "s", "b")).ok());
  ASSERT_TRUE(sides.erp.Edit(ids.erp, "addresses", Address("m", "s", "NEWER")).ok());
  world_->company.StartAdapter();
  sides = Sides();
  const std::string wanted = sides.crm.Means(Address("NEW", "s", "NEWER"), "addresses");
  EXPECT_TRUE(test::WaitFor([&] {
    return sides.erp.Shows(ids.erp, "addresses") == wanted &&
           sides.crm.Shows(ids.crm, "addresses") == wanted &&
           sides.erp.Shows(ids.erp, "email") == "new@x.example" &&
           sides.crm.Shows(ids.crm, "payment_terms") == "{net_days: 3}";
  })) << md::Explain(*sync(), ids.erp);
  EXPECT_TRUE(md::RefusedOf(*sync(), ids.erp, "").empty());
}

TEST_F(CustomerSync, ACustomerDeletedInTheCrmIsArchivedInTheErpAndListed) {
  const Trials::Ids ids = world_->InStepCustomer();
  customer::v1::DeleteCustomerRequest remove;
  remove.set_id(ids.crm);
  auto removed = rpc::Call(*crm(), &Crm::DeleteCustomer, remove);
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_TRUE(test::WaitFor([&] { return Sides().erp.Shows(ids.erp, "archived") == "true"; }));
  md::v1::GetRecordRequest get;
  get.set_id(ids.erp);
  auto listed = [&] {
    auto record = rpc::Call(*sync(), &Sync::GetRecord, get);
    return record.ok() && record->record().refused_pushes() == 1;
  };
  EXPECT_TRUE(test::WaitFor(listed)) << md::Explain(*sync(), ids.erp);
}

TEST_F(CustomerSync, AProspectThatIsDeletedLeavesNothingToDo) {
  const std::string id = world_->CreateInCrm("display_name: 'Never'");
  customer::v1::DeleteCustomerRequest remove;
  remove.set_id(id);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::DeleteCustomer, remove).ok());
  EXPECT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), id); })) << md::Explain(*sync(), id);
  EXPECT_EQ(Sides().erp.get(id), nullptr);
}

TEST_F(CustomerSync, ReconciliationFindsNothingToDoWhereAllIsInStep) {
  const Trials::Ids ids = world_->InStepCustomer();
  ASSERT_TRUE(rpc::Call(*sync(), &Sync::Reconcile, md::v1::ReconcileRequest()).ok());
  md::v1::SyncStatus status;
  auto done = [&] {
    auto answer = rpc::Call(*sync(), &Sync::GetSyncStatus, md::v1::GetSyncStatusRequest());
    if (!answer.ok()) return false;
    status = *answer;
    return status.systems_size() == 2 && status.systems(0).has_reconcile_end_time() &&
           status.systems(1).has_reconcile_end_time();
  };
  ASSERT_TRUE(test::WaitFor(done)) << status.DebugString();
  for (const auto& system : status.systems()) {
    EXPECT_GT(system.records_read(), 0);
    EXPECT_EQ(system.records_failed(), 0) << system.DebugString();
    EXPECT_EQ(system.records_changed(), 0) << system.DebugString();
  }
}

TEST_F(CustomerSync, ACustomerNumberIsFixedOnBothSides) {
  const Trials::Ids ids = world_->InStepCustomer();
  const Trials sides = Sides();
  const std::string number = sides.crm.Shows(ids.crm, "customer_number");
  EXPECT_EQ(sides.erp.Shows(ids.erp, "customer_number"), number);
  for (const md::Side* side : {&sides.crm, &sides.erp}) {
    const int64_t head = side->journal.Head();
    const absl::Status refused = side->Edit(ids.crm, "customer_number", "customer_number: 'X-1'");
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << side->name;
    EXPECT_EQ(ReasonOf(refused), "CUSTOMER_FIELD_FIXED");
    EXPECT_EQ(FieldOf(refused), "customer.customer_number");
    EXPECT_EQ(side->journal.Writes(ids.crm, head), 0);
  }
  // The first number from any side is the customer's.
  const std::string of_erp = world_->CreateInErp(
      "display_name: 'Numbered' status: CUSTOMER_STATUS_CUSTOMER customer_number: 'E-77'");
  EXPECT_TRUE(test::WaitFor([&] { return sides.crm.Shows(of_erp, "customer_number") == "E-77"; },
                            kPatience));
  EXPECT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), of_erp); }, kPatience));
  EXPECT_TRUE(md::RefusedOf(*sync(), of_erp, "").empty());
}

TEST_F(CustomerSync, OnlyTheCrmArchivesAndForGood) {
  const Trials sides = Sides();
  auto archived = [](std::string v) {
    return FieldTry{"", "", "archived", "archived", v, v, v, {}};
  };
  const FieldTry yes = archived("archived: true"), no = archived("archived: false");
  Trials::Ids ids;
  absl::Duration took;
  int64_t crm_head = 0, erp_head = 0;
  for (int tries = 0; tries < 3; ++tries) {
    ids = world_->InStepCustomer();
    // The ERP's is undone.
    crm_head = sides.crm.journal.Head();
    erp_head = sides.erp.journal.Head();
    ASSERT_TRUE(sides.erp.Edit(ids.erp, "archived", yes.a).ok());
    ASSERT_TRUE(test::WaitFor(
        [&] { return md::RefusedOf(*sync(), ids.erp, "archived").size() == 1; }, kPatience));
    ASSERT_TRUE(sides.BecomesEverywhere(no, ids, no.a));
    EXPECT_EQ(sides.crm.journal.Writes(ids.crm, crm_head), 0);
    EXPECT_EQ(sides.erp.journal.Writes(ids.erp, erp_head), 2);
    // The CRM's goes over.
    crm_head = sides.crm.journal.Head();
    erp_head = sides.erp.journal.Head();
    ASSERT_TRUE(world_->Archive(ids.crm).ok());
    const absl::Time begun = absl::Now();
    ASSERT_TRUE(test::WaitFor([&] { return sides.Shows(sides.erp, yes, ids, yes.a); }, kPatience));
    took = absl::Now() - begun;
    ASSERT_TRUE(sides.BecomesEverywhere(yes, ids, yes.a));
    EXPECT_EQ(sides.crm.journal.Writes(ids.crm, crm_head), 1);
    EXPECT_EQ(sides.erp.journal.Writes(ids.erp, erp_head), 1);
    if (took < absl::Seconds(1)) break;
  }
  EXPECT_LT(took, absl::Seconds(1));
  md::v1::RefusedWrite refused = md::RefusedOf(*sync(), ids.erp, "archived").at(0);
  EXPECT_FALSE(refused.has_old_value());
  EXPECT_EQ(refused.refused_value(), "true");
  EXPECT_FALSE(refused.has_agreed_value());
  // Nor does the ERP bring it back. In the CRM nobody does, by an edit or otherwise.
  ASSERT_TRUE(sides.erp.Edit(ids.erp, "archived", no.a).ok());
  ASSERT_TRUE(test::WaitFor([&] { return md::RefusedOf(*sync(), ids.erp, "archived").size() == 2; },
                            kPatience));
  ASSERT_TRUE(sides.BecomesEverywhere(yes, ids, yes.a));
  EXPECT_EQ(sides.crm.journal.Writes(ids.crm, crm_head), 1);
  EXPECT_EQ(sides.erp.journal.Writes(ids.erp, erp_head), 3);
  for (const md::v1::RefusedWrite& each : md::RefusedOf(*sync(), ids.erp, "archived")) {
    if (!each.has_refused_value()) refused = each;
  }
  EXPECT_EQ(refused.old_value(), "true");
  EXPECT_FALSE(refused.has_refused_value());
  EXPECT_EQ(refused.agreed_value(), "true");
  EXPECT_EQ(refused.agreed_origin(), kCrm);
  const absl::Status edited = sides.crm.Edit(ids.crm, "archived", no.a);
  EXPECT_EQ(ReasonOf(edited), "CUSTOMER_FIELD_FIXED");
  EXPECT_EQ(FieldOf(edited), "customer.archived");
}

TEST_F(CustomerSync, ArchivedOnBothSidesAtOnceIsAgreed) {
  const Trials::Ids ids = world_->InStepCustomer();
  world_->company.StopAdapter();
  ASSERT_TRUE(Sides().erp.Edit(ids.erp, "archived", "archived: true").ok());
  ASSERT_TRUE(world_->Archive(ids.crm).ok());
  world_->company.StartAdapter();
  const FieldTry yes{"", "", "archived", "archived", "", "", "", {}};
  ASSERT_TRUE(Sides().BecomesEverywhere(yes, ids, "archived: true"));
  EXPECT_TRUE(md::ConflictsOf(*sync(), ids.erp).empty());
}

TEST_F(CustomerSync, TheErpDeletesNoCustomer) {
  const auto* api = billing::v1::GetCustomerRequest::descriptor()->file();
  EXPECT_EQ(api->FindServiceByName("BillingService")->FindMethodByName("DeleteCustomer"), nullptr);
}

TEST_F(CustomerSync, DeletedInTheCrmWhileTheErpEditsItIsForAPerson) {
  const Trials::Ids ids = world_->InStepCustomer();
  world_->company.StopAdapter();
  customer::v1::DeleteCustomerRequest remove;
  remove.set_id(ids.crm);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::DeleteCustomer, remove).status().ok());
  ASSERT_TRUE(Sides().erp.Edit(ids.erp, "payment_terms", "payment_terms { net_days: 4 }").ok());
  world_->company.StartAdapter();
  auto open = [&] { return md::RecordOf(*sync(), ids.erp).record().open_conflicts() == 1; };
  ASSERT_TRUE(test::WaitFor(open, kPatience)) << md::Explain(*sync(), ids.erp);
  md::v1::SyncConflict conflict = md::ConflictsOf(*sync(), ids.erp).at(0);
  EXPECT_EQ(conflict.kind(), md::v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE);
  EXPECT_EQ(Sides().erp.Shows(ids.erp, "archived"), "false") << "the record stays";
  EXPECT_EQ(Sides().crm.get(ids.crm), nullptr);
  // The person keeps it: whichever of the two came first, that is what stands against the delete.
  md::v1::ResolveConflictRequest keep;
  keep.set_id(conflict.id());
  keep.set_choice(conflict.system() == kErp ? md::v1::CONFLICT_CHOICE_TAKE_PROPOSED
                                            : md::v1::CONFLICT_CHOICE_KEEP_AGREED);
  auto kept = rpc::Call(*sync(), &Sync::ResolveConflict, keep);
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), ids.erp); }, kPatience))
      << md::Explain(*sync(), ids.erp);
  std::string again;
  const md::v1::GetRecordResponse record = md::RecordOf(*sync(), ids.erp);
  for (const auto& link : record.record().links()) {
    if (link.system() == kCrm) again = link.foreign_id();
  }
  EXPECT_NE(again, ids.crm);
  EXPECT_EQ(Sides().crm.Shows(again, "payment_terms"), "{net_days: 4}");
  EXPECT_EQ(Sides().erp.Shows(ids.erp, "archived"), "false");
}

TEST_F(CustomerSync, TheSameNumberMadeOnBothSidesAtOnceIsOneCustomer) {
  world_->company.StopAdapter();
  const std::string of_erp = world_->CreateInErp(
      "display_name: 'Erp' status: CUSTOMER_STATUS_CUSTOMER customer_number: 'B-1' "
      "payment_terms { net_days: 9 }");
  const std::string of_crm = world_->CreateInCrm(
      "display_name: 'Crm' state: CUSTOMER_STATE_CUSTOMER customer_number: 'B-1'");
  world_->company.StartAdapter();
  const Trials sides = Sides();
  auto one = [&] {
    return md::InStep(*sync(), of_erp) && sides.erp.Shows(of_erp, "display_name") == "Crm" &&
           sides.crm.Shows(of_crm, "payment_terms") == "{net_days: 9}";
  };
  EXPECT_TRUE(test::WaitFor(one, kPatience)) << md::Explain(*sync(), of_erp);
  EXPECT_EQ(md::RecordOf(*sync(), of_erp).record().id(),
            md::RecordOf(*sync(), of_crm).record().id());
  EXPECT_EQ(sides.crm.get(of_erp), nullptr);
  EXPECT_EQ(sides.erp.get(of_crm), nullptr);
}

TEST_F(CustomerSync, WhatTheCrmAloneKeepsStaysThere) {
  const Trials::Ids ids = world_->InStepCustomer();
  const Trials sides = Sides();
  const int64_t head = sides.erp.journal.Head();
  for (const auto& [path, text] : std::vector<std::pair<const char*, const char*>>{
           {"segments", "segments: 'x'"},
           {"tags", "tags: 'x'"},
           {"tier", "tier: 'A'"},
           {"owner", "owner: 'x'"},
           {"team", "team: 'x'"},
           {"source", "source: 'x'"},
           {"notes", "notes: 'x'"},
           {"price_list", "price_list: 'x'"},
           {"consents", "consents { channel: 2 purpose: 'news' given: true }"}}) {
    const absl::Status edited = sides.crm.Edit(ids.crm, path, text);
    EXPECT_TRUE(edited.ok()) << edited;
  }
  // The same number written otherwise is no other number.
  ASSERT_TRUE(sides.crm.Edit(ids.crm, "phone", "phone: '+49301234561'").ok());
  auto seen = [&] {
    return md::HasSeen(*sync(), sides.crm, ids.crm) && md::InStep(*sync(), ids.crm) &&
           sides.erp.Shows(ids.erp, "phone") == "+49301234561";
  };
  ASSERT_TRUE(test::WaitFor(seen, kPatience));
  ASSERT_TRUE(sides.crm.Edit(ids.crm, "phone", "phone: '+49 (30) 123 45 61'").ok());
  ASSERT_TRUE(test::WaitFor(seen, kPatience));
  EXPECT_EQ(sides.erp.journal.Writes(ids.erp, head), 1) << "the phone, once";
}

// Its database is what it remembers, not what it knows: the copies tell it all again, and nothing
// of them changes, not for a moment.
TEST(CustomerSyncsDatabase, IsLostAndNothingChanges) {
  World world;
  std::vector<Trials::Ids> all;
  const Trials::Ids parent = world.InStepCustomer();
  all.push_back(parent);
  for (int i = 0; i < 6; ++i) {
    all.push_back(world.InStepCustomer(
        i % 2 == 0 ? "" : absl::StrCat("parent_customer_id: '", parent.crm, "'")));
  }
  const std::string prospect = world.CreateInCrm("display_name: 'Maybe' email: 'm@x.example'");
  Trials trials = world.trials();
  // Each has a history in both journals: what its first events tell is so no more.
  for (const FieldTry& t : Fields()) {
    if (!t.Generic() || absl::StrContains(t.a, "%1") || t.field == "currency") continue;
    SCOPED_TRACE(t.group);
    for (const Trials::Ids& ids : all) {
      const absl::Status edited = trials.Edit(
          trials.Decides(t), t, ids, trials.Unlike(trials.Decides(t), t, ids, {&t.a, &t.b}));
      ASSERT_TRUE(edited.ok()) << edited;
    }
  }
  auto in_step = [&] {
    return std::all_of(all.begin(), all.end(), [&](const Trials::Ids& ids) {
      return md::InStep(*trials.sync, ids.crm) && md::HasSeen(*trials.sync, trials.crm, ids.crm) &&
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
  ASSERT_TRUE(test::WaitFor(in_step, kPatience)) << md::Explain(*trials.sync, all[0].crm);
  ASSERT_TRUE(test::WaitFor([&] { return md::InStep(*trials.sync, prospect); }, kPatience));
  auto status = rpc::Call(*trials.sync, &Sync::GetSyncStatus, md::v1::GetSyncStatusRequest());
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->records(), static_cast<int64_t>(all.size()) + 1);
  EXPECT_EQ(status->open_conflicts(), 0);
  EXPECT_EQ(status->refused_proposals(), 0);
  EXPECT_EQ(trials.crm.journal.Head(), crm_head);
  EXPECT_EQ(trials.erp.journal.Head(), erp_head);
}

// As people run it: all in one process. An edit is on the other side within a second.
TEST(CustomerSyncEmbedded, ManyCustomersAndAnEditWithinASecond) {
  test::TempDir dir;
  std::vector<md::NamedDeclare> parts = md::Services();
  parts.emplace_back("customer_sync", DeclareCustomerSync);
  md::TestProcess process("tandem", dir.path(), parts);
  auto crm = customer::v1::CustomerService::NewStub(process.channel());
  auto erp = billing::v1::BillingService::NewStub(process.channel());
  auto sync = md::v1::CustomerSyncService::NewStub(process.channel());
  constexpr int kCustomers = 91;
  customer::v1::BatchCreateCustomersRequest batch;
  for (int i = 0; i < kCustomers; ++i) {
    auto* customer = batch.add_requests()->mutable_customer();
    customer->set_display_name(absl::StrCat("Customer ", i));
    customer->set_state(customer::v1::CUSTOMER_STATE_CUSTOMER);
  }
  auto made = rpc::Call(*crm, &Crm::BatchCreateCustomers, batch);
  ASSERT_TRUE(made.ok()) << made.status();
  const absl::Time begun = absl::Now();
  auto all_there = [&] {
    auto status = rpc::Call(*sync, &Sync::GetSyncStatus, md::v1::GetSyncStatusRequest());
    return status.ok() && status->in_step() == kCustomers;
  };
  ASSERT_TRUE(test::WaitFor(all_there));
  RecordProperty("import_ms", static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - begun)));
  billing::v1::ListCustomersRequest list;
  list.set_page_size(1000);
  auto copies = rpc::Call(*erp, &Erp::ListCustomers, list);
  ASSERT_TRUE(copies.ok());
  ASSERT_EQ(copies->customers_size(), kCustomers);
  for (const auto& copy : copies->customers()) EXPECT_NE(copy.account_id(), "");

  customer::v1::UpdateCustomerRequest edit;
  edit.mutable_customer()->set_id(made->results(0).customer().id());
  edit.mutable_customer()->set_phone("+49301234567");
  edit.mutable_update_mask()->add_paths("phone");
  const absl::Time edited = absl::Now();
  ASSERT_TRUE(rpc::Call(*crm, &Crm::UpdateCustomer, edit).ok());
  billing::v1::GetCustomerRequest get;
  get.set_id(edit.customer().id());
  ASSERT_TRUE(test::WaitFor([&] {
    auto copy = rpc::Call(*erp, &Erp::GetCustomer, get);
    return copy.ok() && copy->phone() == "+49301234567";
  }));
  EXPECT_LT(absl::Now() - edited, absl::Seconds(1));
  RecordProperty("edit_ms", static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - edited)));
}

}  // namespace
}  // namespace tandem::customer_sync
