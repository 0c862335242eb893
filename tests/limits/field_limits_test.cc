// Every limit that stands in the protos, of every field of every request: at it, a value passes;
// one past it, it is refused, and the refusal names the field.
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "platform/base/fixed.h"
#include "platform/base/status.h"
#include "platform/rpc/validate.h"
#include "tandem/type/v1/quantity.pb.h"
#include "tests/battery/calls.h"
#include "tests/battery/world.h"

namespace tandem::test {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kDepthMax = 5;
constexpr int64_t kMaxUnits = 1'000'000'000'000;

class FieldLimits : public testing::Test {
 protected:
  FieldLimits() {
    std::vector<const Descriptor*> types;
    for (const auto* method : AllMethods()) types.push_back(method->input_type());
    auto validator = rpc::Validator::Compile(types);
    EXPECT_TRUE(validator.ok()) << validator.status();
    if (validator.ok()) validator_.emplace(*std::move(validator));
  }

  using Change = std::function<void(Message*, const FieldDescriptor*)>;
  using Look = std::function<void(const FieldDescriptor*)>;

  // Calls `look` for each field of each request, of a type once, wherever it stands.
  void ForEach(const Look& look) {
    for (const auto* method : AllMethods()) {
      method_ = method;
      steps_.clear();
      Walk(method->input_type(), look);
    }
  }
  void Walk(const Descriptor* type, const Look& look) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      if (IsOutputOnly(*field)) continue;
      look(field);
      if (field->message_type() == nullptr || field->is_map() || ValueOf(*field) != Value::kNone ||
          steps_.size() >= kDepthMax ||
          !absl::StartsWith(field->message_type()->full_name(), "tandem.")) {
        continue;
      }
      steps_.push_back(field);
      Walk(field->message_type(), look);
      steps_.pop_back();
    }
  }

  // What the validator says of a good request with the field changed so, about that field.
  std::string ReasonWith(const FieldDescriptor* field, const Change& change) {
    const std::unique_ptr<Message> request = world_.Good(*method_);
    Message* at = request.get();
    std::string path;
    for (const FieldDescriptor* step : steps_) {
      world_.Put(at, step);
      const auto* r = at->GetReflection();
      at = step->is_repeated() ? r->MutableRepeatedMessage(at, step, 0)
                               : r->MutableMessage(at, step);
      absl::StrAppend(&path, step->name(), step->is_repeated() ? "[0]." : ".");
    }
    absl::StrAppend(&path, field->name());
    change(at, field);
    const absl::Status status = validator_->Check(*request);
    // Others may be wrong too: a good request is one as far as can be said from its descriptor.
    return absl::StartsWith(FieldOf(status), path) ? ReasonOf(status) : "";
  }

  void Expect(const FieldDescriptor* field, const std::string& what, const std::string& reason,
              const Change& at_limit, const Change& past_it) {
    ++checked_;
    EXPECT_NE(ReasonWith(field, at_limit), reason)
        << method_->full_name() << ": " << field->full_name() << " at its limit of " << what;
    EXPECT_EQ(ReasonWith(field, past_it), reason)
        << method_->full_name() << ": " << field->full_name() << " past its limit of " << what;
  }

  World world_;
  std::optional<rpc::Validator> validator_;
  const google::protobuf::MethodDescriptor* method_ = nullptr;
  std::vector<const FieldDescriptor*> steps_;
  int checked_ = 0;
};

void SetText(Message* m, const FieldDescriptor* field, const std::string& text) {
  const auto* r = m->GetReflection();
  if (!field->is_repeated()) return r->SetString(m, field, text);
  r->ClearField(m, field);
  r->AddString(m, field, text);
}

TEST_F(FieldLimits, TextsAndBytesHaveALongest) {
  std::set<size_t> longest;
  ForEach([&](const FieldDescriptor* field) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return;
    const bool bytes = field->type() == FieldDescriptor::TYPE_BYTES;
    const size_t most = RulesOf(*field).max_bytes() != 0 ? RulesOf(*field).max_bytes()
                        : bytes                          ? rpc::kBytesMaxBytes
                                                         : rpc::kTextMaxBytes;
    longest.insert(most);
    const auto text = [](size_t length) {
      return [length](Message* m, const FieldDescriptor* f) {
        SetText(m, f, std::string(length, 'a'));
      };
    };
    const char* reason = bytes ? "BYTES_TOO_LONG" : "TEXT_TOO_LONG";
    EXPECT_NE(ReasonWith(field, text(most - 1)), reason) << field->full_name();
    Expect(field, absl::StrCat(most, " bytes"), reason, text(most), text(most + 1));
  });
  EXPECT_GT(checked_, 500);
  EXPECT_TRUE(longest.contains(255)) << "names";
  EXPECT_TRUE(longest.contains(10'240)) << "notes";
}

TEST_F(FieldLimits, ListsHaveAMost) {
  std::set<size_t> most_of;
  ForEach([&](const FieldDescriptor* field) {
    if (!field->is_repeated() || field->is_map()) return;
    const size_t most =
        RulesOf(*field).max_items() != 0 ? RulesOf(*field).max_items() : rpc::kItemsMax;
    most_of.insert(most);
    const auto items = [this](size_t count) {
      return [this, count](Message* m, const FieldDescriptor* f) {
        m->GetReflection()->ClearField(m, f);
        world_.Put(m, f);
        std::unique_ptr<Message> one(m->New());
        world_.Put(one.get(), f);
        const std::string bytes = one->SerializeAsString();
        std::string all;
        for (size_t i = 1; i < count; ++i) all += bytes;
        m->MergeFromString(all);
      };
    };
    EXPECT_NE(ReasonWith(field, items(most - 1)), "TOO_MANY_ITEMS") << field->full_name();
    Expect(field, absl::StrCat(most, " items"), "TOO_MANY_ITEMS", items(most), items(most + 1));
  });
  EXPECT_GT(checked_, 50);
  EXPECT_TRUE(most_of.contains(1'000)) << "batches, lines of an order";
}

void SetNumber(Message* m, const FieldDescriptor* field, int64_t number) {
  const auto* r = m->GetReflection();
  if (field->is_repeated()) return;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return r->SetInt32(m, field, static_cast<int32_t>(number));
    case FieldDescriptor::CPPTYPE_INT64:
      return r->SetInt64(m, field, number);
    case FieldDescriptor::CPPTYPE_UINT32:
      return r->SetUInt32(m, field, static_cast<uint32_t>(number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return r->SetUInt64(m, field, static_cast<uint64_t>(number));
    default:
      break;
  }
  Message* value = r->MutableMessage(m, field);
  if (auto* money = dynamic_cast<google::type::Money*>(value)) {
    money->set_currency_code("USD");
    money->set_units(number);
  } else if (auto* quantity = dynamic_cast<type::v1::Quantity*>(value)) {
    quantity->mutable_value()->set_value(absl::StrCat(number));
    quantity->set_unit("C62");
  } else if (auto* decimal = dynamic_cast<google::type::Decimal*>(value)) {
    decimal->set_value(absl::StrCat(number));
  }
}

TEST_F(FieldLimits, NumbersStayInTheirBounds) {
  const auto number = [](int64_t n) {
    return [n](Message* m, const FieldDescriptor* f) { SetNumber(m, f, n); };
  };
  ForEach([&](const FieldDescriptor* field) {
    const options::v1::Rules& rules = RulesOf(*field);
    if (field->is_repeated()) return;
    if (rules.has_min() && rules.min() > std::numeric_limits<int32_t>::min()) {
      Expect(field, absl::StrCat("at least ", rules.min()), "NUMBER_OUT_OF_RANGE",
             number(rules.min()), number(rules.min() - 1));
    }
    if (rules.has_max() && rules.max() < std::numeric_limits<int32_t>::max()) {
      Expect(field, absl::StrCat("at most ", rules.max()), "NUMBER_OUT_OF_RANGE",
             number(rules.max()), number(rules.max() + 1));
    }
    if (rules.positive()) {
      Expect(field, "above 0", "NUMBER_OUT_OF_RANGE", number(1), number(0));
    }
  });
  EXPECT_GT(checked_, 20);
}

TEST_F(FieldLimits, AmountsAndQuantitiesEndAtTenToTheTwelfth) {
  int amounts = 0, quantities = 0;
  const auto number = [](int64_t n) {
    return [n](Message* m, const FieldDescriptor* f) { SetNumber(m, f, n); };
  };
  ForEach([&](const FieldDescriptor* field) {
    const Value kind = ValueOf(*field);
    if (field->is_repeated() || RulesOf(*field).has_max() ||
        (kind != Value::kMoney && kind != Value::kQuantity)) {
      return;
    }
    ++(kind == Value::kMoney ? amounts : quantities);
    const char* reason = kind == Value::kMoney ? "MONEY_OUT_OF_RANGE" : "QUANTITY_OUT_OF_RANGE";
    EXPECT_NE(ReasonWith(field, number(kMaxUnits - 1)), reason) << field->full_name();
    Expect(field, "10^12", reason, number(kMaxUnits), number(kMaxUnits + 1));
    Expect(field, "-10^12", reason, number(-kMaxUnits), number(-kMaxUnits - 1));
  });
  EXPECT_GT(amounts, 10);
  EXPECT_GT(quantities, 10);
}

}  // namespace
}  // namespace tandem::test
