#include "tests/battery/world.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/api/field_behavior.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "platform/base/field_behavior.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem::test {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr int kDepthMax = 5;

// What a good request has beside what is required, so that the business decides and not its door.
const std::map<std::string, std::vector<std::string>>& Rich() {
  static const auto* rich = new std::map<std::string, std::vector<std::string>>{
      {"PlaceOrder", {"order.lines"}},
      {"CreateQuote", {"quote.customer_id", "quote.lines"}},
      {"ReserveCredit", {"payer_customer_id"}},
      {"RecordPayment", {"account_id"}},
      {"PostInvoice", {"payer_customer_id", "currency"}},
      {"SetCredit", {"credit_policy.limit"}},
      {"AdjustStock", {"quantity"}},
      {"PostCreditNote", {"invoice_id"}},
      {"RecordShipment", {"lines"}},
      {"LoseOpportunity", {"reason"}},
      {"CreateTaxCode", {"tax_code_id", "tax_code.rate"}},
      {"RecordInvoice", {"lines"}},
      {"ConfirmOrder", {"lines"}},
      {"CompleteCancel", {"lines"}},
      {"RecordReturn", {"lines"}},
      {"RecordCreditNote", {"lines"}},
      {"RecordDemand", {"lines"}},
  };
  return *rich;
}

// References whose fields name no prefix.
std::string PrefixOf(const FieldDescriptor& field) {
  if (!RulesOf(field).prefix().empty()) return RulesOf(field).prefix();
  if (absl::EndsWith(field.name(), "product_id")) return "prd_";
  if (absl::EndsWith(field.name(), "customer_id")) return "cus_";
  return "";
}

}  // namespace

Value ValueOf(const FieldDescriptor& field) {
  if (field.message_type() == nullptr) return Value::kNone;
  const std::string& name = field.message_type()->full_name();
  if (name == "google.type.Money") return Value::kMoney;
  if (name == "google.type.Decimal") return Value::kDecimal;
  if (name == "tandem.type.v1.Quantity") return Value::kQuantity;
  if (name == "google.type.Date") return Value::kDate;
  if (name == "google.protobuf.Timestamp") return Value::kTimestamp;
  if (name == "google.protobuf.FieldMask") return Value::kMask;
  return Value::kNone;
}

const options::v1::Rules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::rules);
}
bool IsRequired(const FieldDescriptor& field) { return HasBehavior(field, google::api::REQUIRED); }
bool IsOutputOnly(const FieldDescriptor& field) {
  return HasBehavior(field, google::api::OUTPUT_ONLY);
}

World::World(Calls& calls) {
  for (const MethodDescriptor* method : AllMethods()) {
    if (!absl::StartsWith(method->name(), "List")) continue;
    const auto request = NewMessage(method->input_type());
    const Answered answered = calls.Call(PathOf(*method), request->SerializeAsString());
    const auto page = NewMessage(method->output_type());
    if (!answered.status.ok() || !page->ParseFromString(answered.bytes)) continue;
    for (int i = 0; i < method->output_type()->field_count(); ++i) {
      const FieldDescriptor* list = method->output_type()->field(i);
      if (!list->is_repeated() || list->message_type() == nullptr) continue;
      const FieldDescriptor* id = list->message_type()->field(0);
      if (id->type() != FieldDescriptor::TYPE_STRING || RulesOf(*id).prefix().empty() ||
          page->GetReflection()->FieldSize(*page, list) == 0) {
        continue;
      }
      const Message& first = page->GetReflection()->GetRepeatedMessage(*page, list, 0);
      ids_.emplace(RulesOf(*id).prefix(), first.GetReflection()->GetString(first, id));
    }
  }
}

std::string World::Fresh(const std::string& prefix) {
  constexpr char kDigits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string tail = "01jd8zk3v0qweyrt56789m0000";
  uint64_t number = ++made_;
  for (size_t i = 0; i < 4; ++i, number /= 32) tail[tail.size() - 1 - i] = kDigits[number % 32];
  return prefix + tail;
}

std::string World::GoodText(const FieldDescriptor& field) {
  const std::string prefix = PrefixOf(field);
  if (!prefix.empty()) {
    const auto known = ids_.find(prefix);
    return known != ids_.end() ? known->second : Fresh(prefix);
  }
  const std::string& name = field.name();
  if (name == "request_id") {
    ++made_;
    return absl::StrCat("6ba7b810-9dad-41d1-80b4-",
                        absl::Hex(0xc04fd4000000u + made_, absl::kZeroPad12));
  }
  if (RulesOf(field).uuid()) return "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
  if (RulesOf(field).currency() || name == "currency") return "USD";
  if (absl::StrContains(name, "country")) return "DE";
  if (name == "unit" || absl::EndsWith(name, "_unit")) return "C62";
  if (name == "period") return "2012-07";
  if (name == "source") return "/tandem/order";
  const bool upper = absl::StartsWith(RulesOf(field).pattern(), "[A-Z") &&
                     !absl::StrContains(RulesOf(field).pattern(), "a-z");
  return absl::StrCat(upper ? "X" : "x", ++made_);
}

void World::FillValue(Message* message) {
  if (auto* money = dynamic_cast<google::type::Money*>(message)) {
    money->set_currency_code("USD");
    money->set_units(10);
  } else if (auto* decimal = dynamic_cast<google::type::Decimal*>(message)) {
    decimal->set_value("1");
  } else if (auto* date = dynamic_cast<google::type::Date*>(message)) {
    date->set_year(2012);
    date->set_month(7);
    date->set_day(15);
  } else if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(message)) {
    time->set_seconds(1'341'446'400);
  } else if (auto* quantity = dynamic_cast<type::v1::Quantity*>(message)) {
    quantity->mutable_value()->set_value("1");
    quantity->set_unit("C62");
  } else if (auto* mask = dynamic_cast<google::protobuf::FieldMask*>(message)) {
    mask->add_paths(std::string(1, '*'));
  }
}

void World::PutScalar(Message* message, const FieldDescriptor* field) {
  const auto* r = message->GetReflection();
  const bool many = field->is_repeated();
  const int64_t least = RulesOf(*field).has_min() ? RulesOf(*field).min() : 1;
  const int64_t number = std::max<int64_t>(1, least);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          field->type() == FieldDescriptor::TYPE_BYTES ? "x" : GoodText(*field);
      return many ? r->AddString(message, field, text) : r->SetString(message, field, text);
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value =
          field->enum_type()->value(field->enum_type()->value_count() > 1 ? 1 : 0)->number();
      return many ? r->AddEnumValue(message, field, value) : r->SetEnumValue(message, field, value);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return many ? r->AddBool(message, field, true) : r->SetBool(message, field, true);
    case FieldDescriptor::CPPTYPE_INT32:
      return many ? r->AddInt32(message, field, static_cast<int32_t>(number))
                  : r->SetInt32(message, field, static_cast<int32_t>(number));
    case FieldDescriptor::CPPTYPE_INT64:
      return many ? r->AddInt64(message, field, number) : r->SetInt64(message, field, number);
    case FieldDescriptor::CPPTYPE_UINT32:
      return many ? r->AddUInt32(message, field, static_cast<uint32_t>(number))
                  : r->SetUInt32(message, field, static_cast<uint32_t>(number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return many ? r->AddUInt64(message, field, static_cast<uint64_t>(number))
                  : r->SetUInt64(message, field, static_cast<uint64_t>(number));
    default:
      return;
  }
}

void World::Put(Message* message, const FieldDescriptor* field, int depth) {
  const auto* r = message->GetReflection();
  if (field->is_map()) return;
  if (field->is_repeated() ? r->FieldSize(*message, field) > 0 : r->HasField(*message, field)) {
    return;
  }
  if (field->message_type() == nullptr) return PutScalar(message, field);
  Message* part =
      field->is_repeated() ? r->AddMessage(message, field) : r->MutableMessage(message, field);
  if (ValueOf(*field) != Value::kNone) return FillValue(part);
  if (depth < kDepthMax) Fill(part, depth + 1);
}

void World::Fill(Message* message, int depth) {
  const Descriptor* type = message->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (IsRequired(*field) && !IsOutputOnly(*field)) Put(message, field, depth);
  }
}

std::unique_ptr<Message> World::Good(const MethodDescriptor& method) {
  std::unique_ptr<Message> request = NewMessage(method.input_type());
  Fill(request.get(), 0);
  if (const auto rich = Rich().find(method.name()); rich != Rich().end()) {
    for (const std::string& path : rich->second) {
      Message* at = request.get();
      for (const std::string& name : std::vector<std::string>(absl::StrSplit(path, '.'))) {
        const FieldDescriptor* field = at->GetDescriptor()->FindFieldByName(name);
        if (field == nullptr) break;
        Put(at, field);
        if (field->message_type() == nullptr || field->is_repeated()) break;
        at = at->GetReflection()->MutableMessage(at, field);
      }
    }
  }
  const FieldDescriptor* resource =
      method.input_type()->field_count() > 0 ? method.input_type()->field(0) : nullptr;
  if (absl::StartsWith(method.name(), "Update") && resource != nullptr &&
      resource->message_type() != nullptr && !resource->is_repeated()) {
    Message* part = request->GetReflection()->MutableMessage(request.get(), resource);
    const FieldDescriptor* id = part->GetDescriptor()->field(0);
    if (id->type() == FieldDescriptor::TYPE_STRING && !id->is_repeated()) {
      part->GetReflection()->SetString(part, id, GoodText(*id));
    }
  }
  return request;
}

}  // namespace tandem::test
