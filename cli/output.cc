#include "cli/output.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kColumnsMax = 9;
constexpr size_t kCellMax = 40;

std::string ToJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = true;
  std::string json;
  const auto written = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!written.ok()) json = "{}";
  return json;
}

std::string ShortMessage(const Message& value) {
  const Descriptor* type = value.GetDescriptor();
  if (type == google::type::Money::descriptor()) {
    const auto& money = static_cast<const google::type::Money&>(value);
    return FormatAmount(money.units() * kMicrosPerUnit + money.nanos() / 1000,
                        money.currency_code());
  }
  if (type == type::v1::Quantity::descriptor()) {
    const auto& quantity = static_cast<const type::v1::Quantity&>(value);
    return absl::StrCat(quantity.value().value(), " ", quantity.unit());
  }
  if (type == google::type::Decimal::descriptor()) {
    return static_cast<const google::type::Decimal&>(value).value();
  }
  if (type == google::type::Date::descriptor()) {
    const auto& date = static_cast<const google::type::Date&>(value);
    char text[32];
    std::snprintf(text, sizeof(text), "%04d-%02d-%02d", date.year(), date.month(), date.day());
    return text;
  }
  if (type == google::protobuf::Timestamp::descriptor()) {
    return google::protobuf::util::TimeUtil::ToString(
        static_cast<const google::protobuf::Timestamp&>(value));
  }
  return value.ShortDebugString();
}

std::string ShortScalar(const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(message, field);
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      // ORDER_STATE_PLACED of enum OrderState is PLACED to a person.
      const auto* value = reflection->GetEnum(message, field);
      const std::string zero = field->enum_type()->value(0)->name();
      const size_t prefix = zero.rfind("UNSPECIFIED");
      return prefix == std::string::npos || value->name().size() <= prefix
                 ? value->name()
                 : value->name().substr(prefix);
    }
    default:
      return "";
  }
}

// The list in a list's answer, or null.
const FieldDescriptor* RowsOf(const Descriptor* type) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() && field->message_type() != nullptr && !field->is_map() &&
        type->FindFieldByName("next_page_token") != nullptr) {
      return field;
    }
  }
  return nullptr;
}

void PrintRows(const Message& answer, const FieldDescriptor* rows, std::ostream& out) {
  std::vector<const FieldDescriptor*> columns;
  const Descriptor* type = rows->message_type();
  const auto* reflection = answer.GetReflection();
  const int count = reflection->FieldSize(answer, rows);
  for (int i = 0; i < type->field_count() && columns.size() < kColumnsMax; ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated()) continue;
    bool used = false;
    for (int r = 0; r < count && !used; ++r) {
      const Message& row = reflection->GetRepeatedMessage(answer, rows, r);
      used = field->has_presence() ? row.GetReflection()->HasField(row, field)
                                   : !Short(row, field).empty();
    }
    if (used) columns.push_back(field);
  }
  std::vector<std::vector<std::string>> table(1);
  for (const FieldDescriptor* column : columns) table[0].push_back(column->name());
  for (int r = 0; r < count; ++r) {
    const Message& row = reflection->GetRepeatedMessage(answer, rows, r);
    std::vector<std::string> cells;
    for (const FieldDescriptor* column : columns) {
      std::string cell = Short(row, column);
      if (cell.size() > kCellMax) cell = cell.substr(0, kCellMax - 1) + "…";
      cells.push_back(std::move(cell));
    }
    table.push_back(std::move(cells));
  }
  PrintTable(table, out);
}

}  // namespace

std::string Short(const Message& message, const FieldDescriptor* field) {
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return ShortScalar(message, field);
  if (!message.GetReflection()->HasField(message, field)) return "";
  return ShortMessage(message.GetReflection()->GetMessage(message, field));
}

void PrintTable(const std::vector<std::vector<std::string>>& rows, std::ostream& out) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      out << row[i];
      if (i + 1 < row.size()) out << std::string(widths[i] - row[i].size() + 2, ' ');
    }
    out << "\n";
  }
}

void Print(const Message& message, Output output, std::ostream& out) {
  if (output == Output::kJson) {
    out << ToJson(message);
    return;
  }
  if (output == Output::kYaml) {
    // JSON is YAML in flow style: read it and write it in block style.
    YAML::Node node = YAML::Load(ToJson(message));
    std::function<void(YAML::Node)> to_block = [&](YAML::Node at) {
      at.SetStyle(YAML::EmitterStyle::Block);
      for (auto child : at) to_block(at.IsMap() ? child.second : YAML::Node(child));
    };
    if (node.IsMap() || node.IsSequence()) to_block(node);
    out << node << "\n";
    return;
  }
  if (const FieldDescriptor* rows = RowsOf(message.GetDescriptor())) {
    PrintRows(message, rows, out);
    const std::string token = message.GetReflection()->GetString(
        message, message.GetDescriptor()->FindFieldByName("next_page_token"));
    if (!token.empty()) out << "more: --page-token " << token << "\n";
    return;
  }
  std::vector<std::vector<std::string>> table;
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (!field->is_repeated()) {
      table.push_back({field->name(), Short(message, field)});
      continue;
    }
    const int count = message.GetReflection()->FieldSize(message, field);
    for (int i = 0; i < count; ++i) {
      const std::string name = absl::StrCat(field->name(), "[", i, "]");
      if (field->message_type() != nullptr) {
        const Message& item = message.GetReflection()->GetRepeatedMessage(message, field, i);
        std::vector<const FieldDescriptor*> inner;
        item.GetReflection()->ListFields(item, &inner);
        std::vector<std::string> parts;
        for (const FieldDescriptor* part : inner) {
          if (!part->is_repeated())
            parts.push_back(absl::StrCat(part->name(), "=", Short(item, part)));
        }
        table.push_back({name, absl::StrJoin(parts, "  ")});
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        table.push_back({name, message.GetReflection()->GetRepeatedString(message, field, i)});
      }
    }
  }
  PrintTable(table, out);
}

}  // namespace tandem::cli
