// The trials that every field of DOMAIN section 10 goes through, the same for both adapters, and
// the checks that none is left out.
#pragma once

#include <array>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "bus-adapters/connectors/field_map.h"
#include "bus-adapters/master_data/rules.h"
#include "bus-adapters/master_data/sync_test_world.h"

namespace tandem::master_data {

// A row of DOMAIN section 10, typed from it.
struct DomainRow {
  const char* field;
  const char* rule;  // "owned CRM", "owned ERP, first", "shared(ERP)"
};

// The same row as it is tried. Its values are text of the message, `b` and `c` unlike `a`, and `a`
// unlike what there is at first: the side that decides writes `a` and `b`, the other `c` (`b` where
// that is what there is). "%A" stands for a number of its own, "%1" to "%3" for other records.
struct FieldTry {
  std::string field, rule;
  std::string group;  // as the adapter names it
  std::string path;   // in the messages of both sides
  std::string a, b, c;
  // Instead of values, where no person can edit it freely: the tests that try it.
  std::vector<const char*> tried_by;

  bool Generic() const { return tried_by.empty(); }
  bool Shared() const { return absl::StartsWith(rule, "shared"); }
  bool First() const { return absl::EndsWith(rule, ", first"); }
  bool OfCrm() const { return absl::StrContains(rule, "CRM"); }
};

template <class Stub>
struct Trials {
  // A record's copies.
  struct Ids {
    std::string crm, erp;
  };
  Side crm, erp;
  std::shared_ptr<Stub> sync;
  std::array<Ids, 3> others;  // what a reference may name

  const Side& Decides(const FieldTry& t) const { return t.OfCrm() ? crm : erp; }
  const Side& Other(const FieldTry& t) const { return t.OfCrm() ? erp : crm; }
  std::string Id(const Side& side, const Ids& ids) const {
    return &side == &crm ? ids.crm : ids.erp;
  }

  // A value of the row in the words of one side.
  std::string For(const Side& side, const Ids& ids, std::string text) const {
    for (size_t i = 0; i < others.size(); ++i) {
      text = absl::StrReplaceAll(text, {{absl::StrCat("%", i + 1), Id(side, others[i])}});
    }
    return absl::StrReplaceAll(text, {{"%", "N" + ids.erp.substr(ids.erp.size() - 8)}});
  }
  std::string Means(const Side& side, const FieldTry& t, const Ids& ids,
                    const std::string& text) const {
    const bool by_commands = side.special.count(t.path) > 0;
    const Side& plain = !by_commands ? side : &side == &crm ? erp : crm;
    return plain.Means(For(side, ids, text), t.path);
  }
  bool Shows(const Side& side, const FieldTry& t, const Ids& ids, const std::string& text) const {
    return side.Shows(Id(side, ids), t.path) == Means(side, t, ids, text);
  }
  absl::Status Edit(const Side& side, const FieldTry& t, const Ids& ids,
                    const std::string& text) const {
    return side.Edit(Id(side, ids), t.path, For(side, ids, text));
  }
  // One of the row's values that the copy does not show.
  std::string Unlike(const Side& side, const FieldTry& t, const Ids& ids,
                     std::initializer_list<const std::string*> values) const {
    for (const std::string* value : values) {
      if (!Shows(side, t, ids, *value)) return *value;
    }
    return *values.begin()[0];
  }

  testing::AssertionResult BecomesEverywhere(const FieldTry& t, const Ids& ids,
                                             const std::string& text) const {
    auto fact = [&] {
      return Shows(crm, t, ids, text) && Shows(erp, t, ids, text) && InStep(*sync, ids.erp) &&
             HasSeen(*sync, crm, ids.crm) && HasSeen(*sync, erp, ids.erp);
    };
    if (test::WaitFor(fact, kPatience)) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << t.field << " is to be " << text << "\n  CRM: " << crm.Shows(ids.crm, t.path)
           << "\n  ERP: " << erp.Shows(ids.erp, t.path) << "\n"
           << Explain(*sync, ids.erp);
  }

  // On PostgreSQL, whose commits are durable, one row of each kind goes through every trial; all do
  // with TANDEM_EVERY_FIELD set, and on SQLite.
  static bool TriedOn(const std::string& driver, const FieldTry& t) {
    static const std::set<std::string> kinds = {
        "status", "parent_customer", "registered address", "BILL_TO address", "tax_ids", "currency",
        "state",  "variant_of",      "description",        "units",           "gtin",    "offered"};
    return t.Generic() && (driver == "sqlite" || kinds.count(t.field) > 0 ||
                           std::getenv("TANDEM_EVERY_FIELD") != nullptr);
  }

  // An edit is on the other side within a second, with one write there and none back. A machine
  // that is busy with other things may be late, not three times in a row.
  void ReachesWithinASecond(const FieldTry& t, const Ids& ids, const Side& from,
                            std::initializer_list<const std::string*> values) const {
    const Side& to = &from == &crm ? erp : crm;
    absl::Duration took;
    for (int tries = 0; tries < 3; ++tries) {
      const std::string text = Unlike(from, t, ids, values);
      const int64_t from_head = from.journal.Head();
      const int64_t to_head = to.journal.Head();
      const absl::Status edited = Edit(from, t, ids, text);
      const absl::Time begun = absl::Now();
      ASSERT_TRUE(edited.ok()) << edited;
      ASSERT_TRUE(test::WaitFor([&] { return Shows(to, t, ids, text); }, kPatience))
          << from.name << " became " << text << "\n"
          << Explain(*sync, ids.erp);
      took = absl::Now() - begun;
      ASSERT_TRUE(BecomesEverywhere(t, ids, text));
      EXPECT_EQ(from.journal.Writes(Id(from, ids), from_head), 1) << from.name << ": the edit";
      EXPECT_EQ(to.journal.Writes(Id(to, ids), to_head), 1) << to.name << ": its copy";
      if (took < absl::Seconds(1)) return;
    }
    EXPECT_LT(took, absl::Seconds(1));
  }

  // Whoever may write it is followed by the other side.
  void IsFollowed(const FieldTry& t, const Ids& ids) const {
    ReachesWithinASecond(t, ids, Decides(t), {&t.a, &t.b});
    if (t.Shared()) ReachesWithinASecond(t, ids, Other(t), {&t.c, &t.b, &t.a});
    EXPECT_TRUE(RefusedOf(*sync, ids.erp, "").empty());
  }

  // Another's write is undone, and kept once, with what was there, what was refused and what
  // stands.
  void IsRestored(const FieldTry& t, const Ids& ids) const {
    if (t.Shared()) return;
    const Side& owner = Decides(t);
    const Side& other = Other(t);
    const std::string stands = Shows(owner, t, ids, t.a) ? t.a : t.b;
    ASSERT_TRUE(Shows(owner, t, ids, stands)) << owner.Shows(Id(owner, ids), t.path);
    const size_t kept = RefusedOf(*sync, ids.erp, "").size();
    const int64_t owner_head = owner.journal.Head();
    const int64_t other_head = other.journal.Head();
    const std::optional<std::string> old = other.Group(Id(other, ids), t.group);
    const std::optional<std::string> of_owner = owner.Group(Id(owner, ids), t.group);
    const std::string text = Unlike(other, t, ids, {&t.c, &t.b});
    const absl::Status edited = Edit(other, t, ids, text);
    ASSERT_TRUE(edited.ok()) << edited;
    ASSERT_TRUE(
        test::WaitFor([&] { return !RefusedOf(*sync, ids.erp, t.group).empty(); }, kPatience))
        << Explain(*sync, ids.erp);
    ASSERT_TRUE(BecomesEverywhere(t, ids, stands));
    EXPECT_EQ(owner.journal.Writes(Id(owner, ids), owner_head), 0);
    EXPECT_EQ(other.journal.Writes(Id(other, ids), other_head), 2) << "the edit and its undoing";
    const std::vector<v1::RefusedWrite> refused = RefusedOf(*sync, ids.erp, "");
    ASSERT_EQ(refused.size(), kept + 1);
    const v1::RefusedWrite& last = refused.back();
    const auto value = [](bool has, const std::string& v) {
      return has ? std::optional<std::string>(v) : std::nullopt;
    };
    EXPECT_EQ(last.field(), t.group);
    EXPECT_EQ(last.system(), other.name);
    EXPECT_EQ(last.foreign_id(), Id(other, ids));
    EXPECT_EQ(last.because(), v1::REFUSED_BECAUSE_NOT_OWNER);
    EXPECT_EQ(last.agreed_origin(), owner.name);
    EXPECT_EQ(value(last.has_old_value(), last.old_value()), old);
    std::unique_ptr<Message> written = other.Parse(For(other, ids, text));
    EXPECT_EQ(value(last.has_refused_value(), last.refused_value()),
              other.GroupIn(*written, t.group));
    EXPECT_EQ(value(last.has_agreed_value(), last.agreed_value()), Agreed(t, ids));
    if (!IsReference(t)) {
      EXPECT_EQ(value(last.has_agreed_value(), last.agreed_value()), of_owner);
    }
  }

  // Both sides at once, while the adapter is away, and how that ends.
  struct Heads {
    int64_t decides = 0, other = 0;
  };
  Heads WriteOnBoth(const FieldTry& t, const Ids& ids) const {
    const Heads heads{Decides(t).journal.Head(), Other(t).journal.Head()};
    absl::Status edited = Edit(Other(t), t, ids, t.c);
    EXPECT_TRUE(edited.ok()) << edited;
    edited = Edit(Decides(t), t, ids, t.a);
    EXPECT_TRUE(edited.ok()) << edited;
    return heads;
  }
  void TheRuleDecides(const FieldTry& t, const Ids& ids, const Heads& heads) const {
    ASSERT_TRUE(BecomesEverywhere(t, ids, t.a));
    const Side& other = Other(t);
    EXPECT_EQ(Decides(t).journal.Writes(Id(Decides(t), ids), heads.decides), 1);
    // Its own edit, and a write for the other's; where its own came first, one that undid it.
    const int writes = other.journal.Writes(Id(other, ids), heads.other);
    EXPECT_GE(writes, 2);
    EXPECT_LE(writes, t.Shared() ? 2 : 3);
    const std::vector<v1::RefusedWrite> lost = RefusedOf(*sync, ids.erp, "");
    ASSERT_EQ(lost.size(), 1u) << Explain(*sync, ids.erp);
    EXPECT_EQ(lost[0].system(), other.name);
    EXPECT_EQ(lost[0].field(), t.group);
    const std::unique_ptr<Message> written = other.Parse(For(other, ids, t.c));
    const std::optional<std::string> refused = other.GroupIn(*written, t.group);
    EXPECT_EQ(lost[0].has_refused_value(), refused.has_value());
    if (!IsReference(t)) {
      EXPECT_EQ(lost[0].refused_value(), refused.value_or(""));
    }
    EXPECT_TRUE(ConflictsOf(*sync, ids.erp).empty());
  }

  // Without a value, what the other side gives first stands; then it is its owner's alone.
  void TheFirstStands(const FieldTry& t, const Ids& ids) const {
    if (!Shows(Other(t), t, ids, t.a)) {
      const absl::Status given = Edit(Other(t), t, ids, t.a);
      ASSERT_TRUE(given.ok()) << given;
    }
    ASSERT_TRUE(BecomesEverywhere(t, ids, t.a));
    EXPECT_TRUE(RefusedOf(*sync, ids.erp, "").empty());
    const absl::Status again = Edit(Other(t), t, ids, t.c);
    ASSERT_TRUE(again.ok()) << again;
    ASSERT_TRUE(
        test::WaitFor([&] { return RefusedOf(*sync, ids.erp, t.group).size() == 1; }, kPatience))
        << Explain(*sync, ids.erp);
    ASSERT_TRUE(BecomesEverywhere(t, ids, t.a));
    const absl::Status owners = Edit(Decides(t), t, ids, t.b);
    ASSERT_TRUE(owners.ok()) << owners;
    ASSERT_TRUE(BecomesEverywhere(t, ids, t.b));
    EXPECT_EQ(RefusedOf(*sync, ids.erp, "").size(), 1u);
  }

 private:
  static bool IsReference(const FieldTry& t) { return absl::StrContains(t.a, "%1"); }
  std::optional<std::string> Agreed(const FieldTry& t, const Ids& ids) const {
    const v1::GetRecordResponse record = RecordOf(*sync, ids.erp);
    for (const v1::SyncField& field : record.fields()) {
      if (field.name() != t.group) continue;
      return field.has_value() ? std::optional<std::string>(field.value()) : std::nullopt;
    }
    return std::nullopt;
  }
};

// The configuration's rule of a group, in DOMAIN's words.
inline std::string RuleText(const GroupRule& rule, const std::string& crm) {
  const std::string who = rule.order[0] == crm ? "CRM" : "ERP";
  if (rule.decides == Decides::kShared) return absl::StrCat("shared(", who, ")");
  return absl::StrCat("owned ", who, rule.first ? ", first" : "");
}

// "addresses/{address_id}" and "addresses/dock" are both of the list "addresses/".
inline std::string ListOf(const std::string& group) {
  const size_t slash = group.find('/');
  return slash == std::string::npos ? group : group.substr(0, slash + 1);
}

// Every row of DOMAIN is tried under its rule, configured so, and a field of both systems; and
// nothing is configured or mapped that is not tried. `beyond`: what links the copies, no row of it.
inline void CheckNothingIsLeftOut(const std::vector<DomainRow>& domain,
                                  const std::vector<FieldTry>& tries, const EntityRules& rules,
                                  const std::string& crm, const std::set<std::string>& beyond,
                                  const std::vector<connectors::FieldMap>& maps) {
  std::set<std::string> tests;
  const auto* all = testing::UnitTest::GetInstance();
  for (int i = 0; i < all->total_test_suite_count(); ++i) {
    const auto* suite = all->GetTestSuite(i);
    for (int j = 0; j < suite->total_test_count(); ++j) tests.insert(suite->GetTestInfo(j)->name());
  }
  std::map<std::string, std::string> rows;
  for (const DomainRow& row : domain) {
    EXPECT_TRUE(rows.emplace(row.field, row.rule).second) << row.field;
  }
  std::set<std::string> tried, groups;
  for (const FieldTry& t : tries) {
    SCOPED_TRACE(t.field);
    tried.insert(t.field);
    groups.insert(ListOf(t.group));
    if (beyond.count(t.field) == 0) {
      EXPECT_EQ(rows.count(t.field), 1u) << "no row of DOMAIN";
      EXPECT_EQ(rows[t.field], t.rule);
    }
    const GroupRule* rule = rules.Find(t.group);
    ASSERT_NE(rule, nullptr) << "not configured";
    EXPECT_EQ(RuleText(*rule, crm), t.rule);
    EXPECT_EQ(t.Generic(), !t.a.empty() && !t.b.empty());
    for (const char* test : t.tried_by) EXPECT_EQ(tests.count(test), 1u) << test;
  }
  for (const auto& [field, rule] : rows) EXPECT_EQ(tried.count(field), 1u) << field << " untried";
  for (const GroupRule& rule : rules.groups()) {
    EXPECT_EQ(groups.count(ListOf(rule.pattern)), 1u) << rule.pattern << " untried";
  }
  groups.erase(std::string(kExistence));
  for (const connectors::FieldMap& map : maps) {
    std::set<std::string> mapped;
    for (const connectors::Field& field : map) {
      const bool list =
          field.kind == connectors::Kind::kTextMap || field.kind == connectors::Kind::kRows;
      mapped.insert(list ? field.group + "/" : field.group);
    }
    EXPECT_EQ(mapped, groups);
  }
}

}  // namespace tandem::master_data
