// The trials that every field of DOMAIN section 10 goes through, the same for both adapters.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bus-adapters/master_data/sync_test_world.h"

namespace tandem::master_data {

template <class Stub>
struct Trials {
  Side crm, erp;
  std::shared_ptr<Stub> sync;
  // Makes a record in step on both sides; its ids there.
  struct Ids {
    std::string crm, erp;
  };

  const Side& Owner(const FieldTry& t) const {
    return t.who == Who::kCrm || t.who == Who::kSharedCrm ? crm : erp;
  }
  const Side& Other(const FieldTry& t) const { return &Owner(t) == &crm ? erp : crm; }
  static std::string IdOn(const Side& side, const Side& crm, const Ids& ids) {
    return &side == &crm ? ids.crm : ids.erp;
  }
  std::string Id(const Side& side, const Ids& ids) const { return IdOn(side, crm, ids); }

  testing::AssertionResult BecomesEverywhere(const FieldTry& t, const Ids& ids,
                                             const std::string& text) const {
    const std::string wanted = crm.Means(text, t.path);
    auto fact = [&] {
      return crm.Shows(ids.crm, t.path) == wanted && erp.Shows(ids.erp, t.path) == wanted &&
             InStep(*sync, ids.erp);
    };
    if (test::WaitFor(fact, absl::Seconds(10))) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << t.field << " is to be " << wanted << "\n  CRM: " << crm.Shows(ids.crm, t.path)
           << "\n  ERP: " << erp.Shows(ids.erp, t.path) << "\n"
           << Explain(*sync, ids.erp);
  }

  // Whoever may write a field is followed by the other side, with one write.
  void EditsReachTheOtherSide(const FieldTry& t, const Ids& ids) const {
    SCOPED_TRACE(t.field);
    const bool shared = t.who == Who::kSharedCrm || t.who == Who::kSharedErp;
    const int64_t crm_before = crm.Version(ids.crm);
    const int64_t erp_before = erp.Version(ids.erp);
    absl::Status edited = Owner(t).Edit(Id(Owner(t), ids), t.path, t.a);
    ASSERT_TRUE(edited.ok()) << edited;
    ASSERT_TRUE(BecomesEverywhere(t, ids, t.a));
    EXPECT_EQ(crm.Version(ids.crm), crm_before + 1);
    EXPECT_EQ(erp.Version(ids.erp), erp_before + 1);
    if (shared) {
      edited = Other(t).Edit(Id(Other(t), ids), t.path, t.b);
      ASSERT_TRUE(edited.ok()) << edited;
      ASSERT_TRUE(BecomesEverywhere(t, ids, t.b));
      EXPECT_EQ(crm.Version(ids.crm), crm_before + 2);
      EXPECT_EQ(erp.Version(ids.erp), erp_before + 2);
    }
    EXPECT_TRUE(RefusedOf(*sync, ids.erp, "").empty());
  }

  // Another's write is undone, and kept.
  void OthersAreUndone(const FieldTry& t, const Ids& ids) const {
    if (t.who == Who::kSharedCrm || t.who == Who::kSharedErp || t.owner_only) return;
    SCOPED_TRACE(t.field);
    const absl::Status set = Owner(t).Edit(Id(Owner(t), ids), t.path, t.a);
    ASSERT_TRUE(set.ok()) << set;
    ASSERT_TRUE(BecomesEverywhere(t, ids, t.a));
    const int64_t owner_before = Owner(t).Version(Id(Owner(t), ids));
    const int64_t other_before = Other(t).Version(Id(Other(t), ids));
    const absl::Status edited = Other(t).Edit(Id(Other(t), ids), t.path, t.b);
    ASSERT_TRUE(edited.ok()) << edited;
    auto kept = [&] { return !RefusedOf(*sync, ids.erp, t.group).empty(); };
    ASSERT_TRUE(test::WaitFor(kept, absl::Seconds(10))) << Explain(*sync, ids.erp);
    ASSERT_TRUE(BecomesEverywhere(t, ids, t.a));
    EXPECT_EQ(Owner(t).Version(Id(Owner(t), ids)), owner_before);
    EXPECT_EQ(Other(t).Version(Id(Other(t), ids)), other_before + 2) << "the edit and its undoing";
    const std::vector<v1::RefusedWrite> refused = RefusedOf(*sync, ids.erp, t.group);
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].system(), Other(t).name);
    EXPECT_EQ(refused[0].foreign_id(), Id(Other(t), ids));
    EXPECT_TRUE(refused[0].has_refused_value());
    EXPECT_TRUE(refused[0].has_agreed_value());
    EXPECT_NE(refused[0].refused_value(), refused[0].agreed_value());
    EXPECT_TRUE(refused[0].has_old_value());
    EXPECT_EQ(refused[0].agreed_origin(), Owner(t).name);
    EXPECT_EQ(refused[0].because(), v1::REFUSED_BECAUSE_NOT_OWNER);
  }

  // Both sides at once, while the adapter is away.
  void EditBoth(const FieldTry& t, const Ids& ids) const {
    SCOPED_TRACE(t.field);
    if (t.owner_only) return;
    absl::Status edited = Owner(t).Edit(Id(Owner(t), ids), t.path, t.b);
    ASSERT_TRUE(edited.ok()) << edited;
    edited = Other(t).Edit(Id(Other(t), ids), t.path, t.c);
    ASSERT_TRUE(edited.ok()) << edited;
  }
  void ThePreferredWins(const FieldTry& t, const Ids& ids) const {
    SCOPED_TRACE(t.field);
    if (t.owner_only) return;
    ASSERT_TRUE(BecomesEverywhere(t, ids, t.b));
    const std::vector<v1::RefusedWrite> refused = RefusedOf(*sync, ids.erp, t.group);
    ASSERT_EQ(refused.size(), 1u) << Explain(*sync, ids.erp);
    EXPECT_EQ(refused[0].system(), Other(t).name);
    EXPECT_TRUE(refused[0].has_refused_value());
  }
};

}  // namespace tandem::master_data
