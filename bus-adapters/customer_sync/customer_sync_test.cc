// Every field of a customer, between the CRM and the ERP as they are.
#include <filesystem>

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
using md::Who;

constexpr char kMain[] =
    "addresses { address_id: 'main' purpose: ADDRESS_PURPOSE_REGISTERED "
    "address { lines: 'Obere Str. 57' city: '%s' country_code: 'DE' } } ";
constexpr char kShip[] =
    "addresses { address_id: 'dock' purpose: ADDRESS_PURPOSE_SHIP_TO "
    "address { lines: 'Hafen 1' city: '%s' country_code: 'DE' } } ";
constexpr char kBill[] =
    "addresses { address_id: 'office' purpose: ADDRESS_PURPOSE_BILL_TO "
    "address { lines: 'Postfach' city: '%s' country_code: 'DE' } } ";

std::string Address(const char* main, const char* ship, const char* bill) {
  auto of = [](const char* text, const char* city) {
    std::string out = text;
    return out.replace(out.find("%s"), 2, city);
  };
  return of(kMain, main) + of(kShip, ship) + of(kBill, bill);
}

std::vector<FieldTry> Fields() {
  auto block = [](const char* field, const char* why) {
    return absl::StrCat(field, " { on: true reason: '", why, "' }");
  };
  return {
      {"kind", "kind", "kind", Who::kCrm, "kind: 2", "kind: 1", "kind: 2"},
      {"display_name", "display_name", "display_name", Who::kCrm, "display_name: 'A'",
       "display_name: 'B'", "display_name: 'C'"},
      {"legal_name", "legal_name", "legal_name", Who::kCrm, "legal_name: 'A'", "legal_name: 'B'",
       "legal_name: 'C'"},
      {"language", "language", "language", Who::kCrm, "language: 'fr'", "language: 'it'",
       "language: 'es'"},
      {"order_block", "order_block", "order_block", Who::kCrm, block("order_block", "A"),
       block("order_block", "B"), block("order_block", "C")},
      {"registered address", "addresses/main", "addresses", Who::kSharedCrm, Address("A", "s", "b"),
       Address("B", "s", "b"), Address("C", "s", "b")},
      {"SHIP_TO address", "addresses/dock", "addresses", Who::kSharedCrm, Address("m", "A", "b"),
       Address("m", "B", "b"), Address("m", "C", "b")},
      {"BILL_TO address", "bill_to_addresses/office", "addresses", Who::kSharedErp,
       Address("m", "s", "A"), Address("m", "s", "B"), Address("m", "s", "C")},
      {"invoice_email", "invoice_email", "invoice_email", Who::kSharedErp,
       "invoice_email: 'a@x.example'", "invoice_email: 'b@x.example'",
       "invoice_email: 'c@x.example'"},
      {"phone", "phone", "phone", Who::kSharedCrm, "phone: '+49301234561'", "phone: '030-0074321'",
       "phone: '+49301234563'"},
      {"email", "email", "email", Who::kSharedCrm, "email: 'a@x.example'", "email: 'b@x.example'",
       "email: 'c@x.example'"},
      {"website", "website", "website", Who::kSharedCrm, "website: 'https://a.example'",
       "website: 'https://b.example'", "website: 'https://c.example'"},
      {"tax_ids", "tax_ids/DE/VAT", "tax_ids", Who::kErp,
       "tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE136695976' }",
       "tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE136695976' verified: true }",
       "tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE129273398' }"},
      {"tax_status", "tax_status", "tax_status", Who::kErp, "tax_status: 2", "tax_status: 3",
       "tax_status: 1"},
      {"exemption", "exemption", "exemption", Who::kErp, "exemption { number: 'A' }",
       "exemption { number: 'B' until { year: 2030 month: 1 day: 2 } }",
       "exemption { number: 'C' }"},
      {"debtor_number", "debtor_number", "debtor_number", Who::kErp, "debtor_number: '%A'",
       "debtor_number: '%B'", "debtor_number: '%C'"},
      {"payment_terms", "payment_terms", "payment_terms", Who::kErp,
       "payment_terms { net_days: 14 }",
       "payment_terms { net_days: 60 discount_days: 10 discount_rate { value: '0.02' } }",
       "payment_terms { net_days: 7 }"},
      {"credit_policy", "credit_policy", "credit_policy", Who::kErp,
       "credit_policy { kind: 1 limit { currency_code: 'USD' units: 500 } }",
       "credit_policy { kind: 2 }",
       "credit_policy { kind: 1 limit { currency_code: 'USD' units: 700 nanos: 500000000 } }"},
      {"currency", "currency", "currency", Who::kErp, "currency: 'CHF'", "currency: 'GBP'",
       "currency: 'SEK'"},
      {"delivery_block", "delivery_block", "delivery_block", Who::kErp,
       block("delivery_block", "A"), block("delivery_block", "B"), block("delivery_block", "C")},
      {"dunning_block", "dunning_block", "dunning_block", Who::kErp, block("dunning_block", "A"),
       block("dunning_block", "B"), block("dunning_block", "C")},
      {"delivery_policy", "delivery_policy", "delivery_policy", Who::kSharedCrm,
       "delivery_policy: 2", "delivery_policy: 1", "delivery_policy: 2"},
  };
}

class CustomerSync : public testing::Test {
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
    adapter_ = new md::TestProcess("customer_sync", dir_->path(),
                                   {{"customer_sync", DeclareCustomerSync}}, systems_->address());
  }
  static void StopAdapter() {
    delete adapter_;
    adapter_ = nullptr;
  }

  static std::shared_ptr<Crm> crm() {
    return customer::v1::CustomerService::NewStub(systems_->channel());
  }
  static std::shared_ptr<Erp> erp() {
    return billing::v1::BillingService::NewStub(systems_->channel());
  }
  static std::shared_ptr<Sync> sync() {
    return md::v1::CustomerSyncService::NewStub(adapter_->channel());
  }

  static Trials World() {
    Trials trials;
    trials.crm = md::MakeSide<customer::v1::Customer, Crm>(
        "customer", crm(), &Crm::GetCustomer, &Crm::UpdateCustomer,
        &customer::v1::UpdateCustomerRequest::mutable_customer);
    trials.erp = md::MakeSide<billing::v1::Customer, Erp>(
        "billing", erp(), &Erp::GetCustomer, &Erp::UpdateCustomer,
        &billing::v1::UpdateCustomerRequest::mutable_customer);
    trials.sync = sync();
    return trials;
  }

  static std::string CreateInCrm(const std::string& text) {
    customer::v1::CreateCustomerRequest request;
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(text, request.mutable_customer()),
                 text);
    auto made = rpc::Call(*crm(), &Crm::CreateCustomer, request);
    TANDEM_CHECK(made.ok(), made.status().ToString());
    return made->id();
  }

  // A customer that is the same on both sides, with an account.
  static Trials::Ids InStepCustomer() {
    const std::string id = CreateInCrm("display_name: 'Alfreds' state: CUSTOMER_STATE_CUSTOMER " +
                                       Address("m", "s", "b"));
    auto linked = [&] {
      if (!md::InStep(*sync(), id)) return false;
      customer::v1::GetCustomerRequest get;
      get.set_id(id);
      auto seen = rpc::Call(*crm(), &Crm::GetCustomer, get);
      return seen.ok() && !seen->debtor_number().empty();
    };
    EXPECT_TRUE(test::WaitFor(linked, absl::Seconds(10))) << md::Explain(*sync(), id);
    return {id, id};
  }

  // The field's try, with numbers that no other customer has.
  static FieldTry For(FieldTry t, const Trials::Ids& ids) {
    for (std::string* text : {&t.a, &t.b, &t.c}) {
      const size_t at = text->find('%');
      if (at != std::string::npos) text->replace(at, 1, "D" + ids.erp.substr(ids.erp.size() - 8));
    }
    return t;
  }

  static test::TempDir* dir_;
  static md::TestProcess* systems_;
  static md::TestProcess* adapter_;
};
test::TempDir* CustomerSync::dir_ = nullptr;
md::TestProcess* CustomerSync::systems_ = nullptr;
md::TestProcess* CustomerSync::adapter_ = nullptr;

TEST_F(CustomerSync, ANewCustomerGetsItsAccountInTheErp) {
  const Trials::Ids ids = InStepCustomer();
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
  EXPECT_EQ(World().crm.Version(ids.crm), 2) << "made, and told of its account at once";
}

TEST_F(CustomerSync, AProspectIsSentWhenItBecomesACustomer) {
  const std::string id = CreateInCrm("display_name: 'Maybe'");
  ASSERT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), id); })) << md::Explain(*sync(), id);
  EXPECT_EQ(World().erp.get(id), nullptr);
  customer::v1::PromoteCustomerRequest promote;
  promote.set_id(id);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::PromoteCustomer, promote).ok());
  EXPECT_TRUE(test::WaitFor([&] { return World().erp.get(id) != nullptr; }));
}

TEST_F(CustomerSync, StatusAndArchiveFollowTheCrm) {
  const Trials::Ids ids = InStepCustomer();
  const Trials world = World();
  customer::v1::DeactivateCustomerRequest deactivate;
  deactivate.set_id(ids.crm);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::DeactivateCustomer, deactivate).ok());
  EXPECT_TRUE(test::WaitFor([&] { return world.erp.Shows(ids.erp, "status") == "3"; }));
  customer::v1::ReactivateCustomerRequest reactivate;
  reactivate.set_id(ids.crm);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::ReactivateCustomer, reactivate).ok());
  EXPECT_TRUE(test::WaitFor([&] { return world.erp.Shows(ids.erp, "status") == "2"; }));
  // The ERP's own change of it is undone, and kept.
  ASSERT_TRUE(world.erp.Edit(ids.erp, "status", "status: 3").ok());
  EXPECT_TRUE(test::WaitFor([&] { return md::RefusedOf(*sync(), ids.erp, "status").size() == 1; }));
  EXPECT_TRUE(test::WaitFor([&] { return world.erp.Shows(ids.erp, "status") == "2"; }));
  ASSERT_TRUE(world.erp.Edit(ids.erp, "archived", "archived: true").ok());
  EXPECT_TRUE(
      test::WaitFor([&] { return md::RefusedOf(*sync(), ids.erp, "archived").size() == 1; }));
  EXPECT_TRUE(test::WaitFor([&] { return world.erp.Shows(ids.erp, "archived") == "false"; }));
  customer::v1::ArchiveCustomerRequest archive;
  archive.set_id(ids.crm);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::ArchiveCustomer, archive).ok());
  EXPECT_TRUE(test::WaitFor([&] { return world.erp.Shows(ids.erp, "archived") == "true"; }));
}

TEST_F(CustomerSync, AChildWaitsForItsParentInTheErp) {
  const std::string parent = CreateInCrm("display_name: 'Parent'");
  const std::string child =
      CreateInCrm(absl::StrCat("display_name: 'Child' state: CUSTOMER_STATE_CUSTOMER "
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
  EXPECT_EQ(World().erp.get(child), nullptr);
  customer::v1::PromoteCustomerRequest promote;
  promote.set_id(parent);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::PromoteCustomer, promote).ok());
  EXPECT_TRUE(test::WaitFor([&] {
    return World().erp.Shows(child, "parent_customer_id") == parent;
  })) << md::Explain(*sync(), child);
}

TEST_F(CustomerSync, TheFirstTaxIdFromAnySideStands) {
  const Trials::Ids ids = InStepCustomer();
  const FieldTry tax = [] {
    for (FieldTry& t : Fields()) {
      if (t.field == "tax_ids") return t;
    }
    TANDEM_CHECK(false, "tax_ids");
    return FieldTry();
  }();
  const Trials world = World();
  ASSERT_TRUE(world.crm.Edit(ids.crm, "tax_ids", tax.a).ok());
  EXPECT_TRUE(world.BecomesEverywhere(tax, ids, tax.a));
  EXPECT_TRUE(md::RefusedOf(*sync(), ids.erp, "").empty());
}

TEST_F(CustomerSync, ACustomerOfTheErpIsMadeInTheCrmWithAllItHas) {
  billing::v1::CreateCustomerRequest request;
  request.mutable_customer()->set_display_name("From the ERP");
  request.mutable_customer()->set_legal_name("From the ERP Ltd");
  request.mutable_customer()->set_status(billing::v1::CUSTOMER_STATUS_CUSTOMER);
  auto made = rpc::Call(*erp(), &Erp::CreateCustomer, request);
  ASSERT_TRUE(made.ok()) << made.status();
  const Trials world = World();
  EXPECT_TRUE(test::WaitFor([&] {
    return world.crm.Shows(made->id(), "legal_name") == "From the ERP Ltd";
  })) << md::Explain(*sync(), made->id());
  EXPECT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), made->id()); }))
      << md::Explain(*sync(), made->id());
  EXPECT_EQ(world.crm.Shows(made->id(), "state"), "2");
  // The number that the CRM gave goes back.
  EXPECT_TRUE(test::WaitFor([&] {
    return world.erp.Shows(made->id(), "customer_number") ==
           world.crm.Shows(made->id(), "customer_number");
  }));
  EXPECT_TRUE(md::RefusedOf(*sync(), made->id(), "").empty());
}

TEST_F(CustomerSync, AnEditReachesTheOtherSideWhoeverMayMakeIt) {
  const Trials world = World();
  for (const FieldTry& t : Fields()) {
    const Trials::Ids ids = InStepCustomer();
    world.EditsReachTheOtherSide(For(t, ids), ids);
  }
}

TEST_F(CustomerSync, AnEditOfWhatAnotherOwnsIsUndoneAndKept) {
  const Trials world = World();
  for (const FieldTry& t : Fields()) {
    const Trials::Ids ids = InStepCustomer();
    world.OthersAreUndone(For(t, ids), ids);
  }
}

TEST_F(CustomerSync, EditsOfBothAtOnceEndAsTheRuleSays) {
  std::vector<Trials::Ids> ids;
  std::vector<FieldTry> fields;
  for (const FieldTry& t : Fields()) {
    ids.push_back(InStepCustomer());
    fields.push_back(For(t, ids.back()));
  }
  Trials world = World();
  StopAdapter();
  for (size_t i = 0; i < fields.size(); ++i) world.EditBoth(fields[i], ids[i]);
  StartAdapter();
  world = World();
  for (size_t i = 0; i < fields.size(); ++i) world.ThePreferredWins(fields[i], ids[i]);
}

TEST_F(CustomerSync, EditsOfDifferentFieldsAtOnceBothStand) {
  const Trials::Ids ids = InStepCustomer();
  Trials world = World();
  StopAdapter();
  ASSERT_TRUE(world.crm.Edit(ids.crm, "email", "email: 'new@x.example'").ok());
  ASSERT_TRUE(world.erp.Edit(ids.erp, "payment_terms", "payment_terms { net_days: 3 }").ok());
  ASSERT_TRUE(world.crm.Edit(ids.crm, "addresses", Address("NEW", "s", "b")).ok());
  ASSERT_TRUE(world.erp.Edit(ids.erp, "addresses", Address("m", "s", "NEWER")).ok());
  StartAdapter();
  world = World();
  const std::string wanted = world.crm.Means(Address("NEW", "s", "NEWER"), "addresses");
  EXPECT_TRUE(test::WaitFor([&] {
    return world.erp.Shows(ids.erp, "addresses") == wanted &&
           world.crm.Shows(ids.crm, "addresses") == wanted &&
           world.erp.Shows(ids.erp, "email") == "new@x.example" &&
           world.crm.Shows(ids.crm, "payment_terms") == "{net_days: 3}";
  })) << md::Explain(*sync(), ids.erp);
  EXPECT_TRUE(md::RefusedOf(*sync(), ids.erp, "").empty());
}

TEST_F(CustomerSync, ACustomerDeletedInTheCrmIsArchivedInTheErpAndListed) {
  const Trials::Ids ids = InStepCustomer();
  customer::v1::DeleteCustomerRequest remove;
  remove.set_id(ids.crm);
  auto removed = rpc::Call(*crm(), &Crm::DeleteCustomer, remove);
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_TRUE(test::WaitFor([&] { return World().erp.Shows(ids.erp, "archived") == "true"; }));
  md::v1::GetRecordRequest get;
  get.set_id(ids.erp);
  auto listed = [&] {
    auto record = rpc::Call(*sync(), &Sync::GetRecord, get);
    return record.ok() && record->record().refused_pushes() == 1;
  };
  EXPECT_TRUE(test::WaitFor(listed)) << md::Explain(*sync(), ids.erp);
}

TEST_F(CustomerSync, AProspectThatIsDeletedLeavesNothingToDo) {
  const std::string id = CreateInCrm("display_name: 'Never'");
  customer::v1::DeleteCustomerRequest remove;
  remove.set_id(id);
  ASSERT_TRUE(rpc::Call(*crm(), &Crm::DeleteCustomer, remove).ok());
  EXPECT_TRUE(test::WaitFor([&] { return md::InStep(*sync(), id); })) << md::Explain(*sync(), id);
  EXPECT_EQ(World().erp.get(id), nullptr);
}

TEST_F(CustomerSync, ALostDatabaseOfTheAdapterEndsTheSame) {
  const Trials::Ids ids = InStepCustomer();
  Trials world = World();
  ASSERT_TRUE(world.erp.Edit(ids.erp, "payment_terms", "payment_terms { net_days: 11 }").ok());
  ASSERT_TRUE(world.crm.Edit(ids.crm, "legal_name", "legal_name: 'Kept'").ok());
  ASSERT_TRUE(test::WaitFor([&] {
    return world.crm.Shows(ids.crm, "payment_terms") == "{net_days: 11}" &&
           world.erp.Shows(ids.erp, "legal_name") == "Kept" && md::InStep(*sync(), ids.crm);
  }));
  StopAdapter();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(dir_->File(absl::StrCat("customer_sync.db", suffix)));
  }
  StartAdapter();
  world = World();
  EXPECT_TRUE(test::WaitFor([&] {
    return md::InStep(*sync(), ids.crm) &&
           world.crm.Shows(ids.crm, "payment_terms") == "{net_days: 11}" &&
           world.erp.Shows(ids.erp, "payment_terms") == "{net_days: 11}" &&
           world.erp.Shows(ids.erp, "legal_name") == "Kept";
  })) << md::Explain(*sync(), ids.crm);
  auto copies = [&] {
    billing::v1::ListCustomersRequest list;
    list.set_filter("legal_name = \"Kept\"");
    auto page = rpc::Call(*erp(), &Erp::ListCustomers, list);
    return page.ok() ? page->customers_size() : -1;
  };
  EXPECT_EQ(copies(), 1);
}

TEST_F(CustomerSync, ReconciliationFindsNothingToDoWhereAllIsInStep) {
  const Trials::Ids ids = InStepCustomer();
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
