#include "platform/rpc/columns.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "tandem/options/v1/options.pb.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// The column of a singular field that is not a message of our own; `rest` is what the path goes on
// with ("currency_code", "unit" or nothing).
std::optional<ColumnRef> LeafColumn(const FieldDescriptor* field, const std::string& name,
                                    absl::string_view rest) {
  const Descriptor* type = field->message_type();
  if (type == nullptr) {
    if (!rest.empty()) return std::nullopt;
    const bool nullable = field->has_presence();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        if (field->type() == FieldDescriptor::TYPE_BYTES) return std::nullopt;
        return ColumnRef{name, ColumnKind::kText, nullable};
      case FieldDescriptor::CPPTYPE_BOOL:
        return ColumnRef{name, ColumnKind::kBool, nullable};
      case FieldDescriptor::CPPTYPE_ENUM:
        return ColumnRef{name, ColumnKind::kEnum, nullable};
      default:
        return ColumnRef{name, ColumnKind::kInt, nullable};
    }
  }
  const std::string micros = absl::StrCat(name, "_micros");
  if (type == google::type::Money::descriptor()) {
    if (rest.empty()) return ColumnRef{micros, ColumnKind::kMicros};
    if (rest != "currency_code") return std::nullopt;
    return ColumnRef{absl::StrCat(name, "_currency"), ColumnKind::kText};
  }
  if (type == type::v1::Quantity::descriptor()) {
    if (rest.empty()) return ColumnRef{micros, ColumnKind::kMicros};
    if (rest != "unit") return std::nullopt;
    return ColumnRef{absl::StrCat(name, "_unit"), ColumnKind::kText};
  }
  if (!rest.empty()) return std::nullopt;
  if (type == google::type::Decimal::descriptor()) return ColumnRef{micros, ColumnKind::kMicros};
  if (type == google::protobuf::Timestamp::descriptor()) {
    return ColumnRef{micros, ColumnKind::kTimeMicros};
  }
  if (type == google::type::Date::descriptor()) {
    return ColumnRef{absl::StrCat(name, "_days"), ColumnKind::kDateDays};
  }
  return ColumnRef{absl::StrCat(name, "_present"), ColumnKind::kInt};
}

bool IsLeaf(const FieldDescriptor* field) {
  const Descriptor* type = field->message_type();
  return type == nullptr || type == google::type::Money::descriptor() ||
         type == type::v1::Quantity::descriptor() || type == google::type::Decimal::descriptor() ||
         type == google::protobuf::Timestamp::descriptor() ||
         type == google::type::Date::descriptor();
}

std::optional<ColumnRef> ColumnOf(const store::TableSpec& table, absl::string_view path) {
  const std::vector<absl::string_view> segments = absl::StrSplit(path, '.');
  const Descriptor* type = table.type;
  std::string prefix;  // "child." and "parent_" parts of the column's name
  std::string within;
  for (size_t i = 0; i < segments.size(); ++i) {
    const FieldDescriptor* field = type->FindFieldByName(std::string(segments[i]));
    if (field == nullptr || field->name() == "etag" || field->is_map() ||
        field->options().GetExtension(options::v1::packed)) {
      return std::nullopt;
    }
    const bool last = i + 1 == segments.size();
    std::string name = absl::StrCat(prefix, field->name());
    if (field->is_repeated()) {
      if (!within.empty() || !prefix.empty()) return std::nullopt;  // kept as bytes
      if (table.texts_in_row && field->type() == FieldDescriptor::TYPE_STRING) return std::nullopt;
      within = absl::StrCat("EXISTS (SELECT 1 FROM ", table.table, "_", field->name(),
                            " item WHERE item.parent = ", table.table, ".",
                            table.type->field(0)->name(), " AND {})");
      prefix = "item.";
      if (field->message_type() == nullptr || IsLeaf(field)) name = "item.value";
    }
    if (IsLeaf(field) || last) {
      const std::string rest =
          absl::StrJoin(segments.begin() + static_cast<long>(i) + 1, segments.end(), ".");
      std::optional<ColumnRef> column = LeafColumn(field, name, rest);
      if (column.has_value()) column->within = within;
      return column;
    }
    type = field->message_type();
    if (!field->is_repeated()) prefix = absl::StrCat(name, "_");
  }
  return std::nullopt;
}

}  // namespace

ColumnMapper ColumnsOf(const store::TableSpec& table) {
  return [&table](absl::string_view path) { return ColumnOf(table, path); };
}

}  // namespace tandem::rpc
