// The columns of one message type, found by reflection once, and the way between a message and
// their values. What goes where is told in table.h. Immutable when made; safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "platform/store/database.h"

namespace tandem::store {

enum class ColumnKind {
  kText,
  kBytes,
  kBool,
  kInt32,
  kInt64,
  kUint32,
  kUint64,
  kEnum,
  kMoney,
  kDecimal,
  kQuantity,
  kTimestamp,
  kDate,
  kMessage,         // its own columns and f_present
  kPackedMessage,   // serialised
  kPackedRepeated,  // a message with that field alone, serialised
  kTexts,           // repeated texts in one (text_list.h)
};

// A repeated field that is a table of its own, and the singular messages it stands in.
struct RepeatedField {
  std::vector<const google::protobuf::FieldDescriptor*> path;
  const google::protobuf::FieldDescriptor* field;
  std::string name;  // with the prefix of its path
};

class Columns {
 public:
  struct Column {
    std::string name;
    absl::string_view type;  // BIGINT, TEXT or BYTEA
  };

  // The columns of a message; its repeated fields are named in `repeated`, or, where that is null
  // (inside a repeated field), packed. `skip_etag` is for entities. With `texts_in_row` those of
  // texts are columns as well.
  static Columns OfMessage(const google::protobuf::Descriptor* type, bool skip_etag,
                           std::vector<RepeatedField>* repeated, bool texts_in_row = false);
  // The columns of one element of a repeated field.
  static Columns OfElement(const google::protobuf::FieldDescriptor* field);

  const std::vector<Column>& list() const { return list_; }
  size_t size() const { return list_.size(); }

  // Appends the values. INVALID_ARGUMENT STORE_VALUE_INVALID, naming the column, for what cannot be
  // kept as it is: a decimal that is none, an amount out of range, a text with a zero byte.
  absl::Status Encode(const google::protobuf::Message& message, std::vector<Value>* out) const;
  // The i-th element of the repeated field of `owner` (made by OfElement); of a map, the element at
  // `i` in the order that MapOrder gives.
  absl::Status EncodeElement(const google::protobuf::Message& owner, int i,
                             std::vector<Value>* out) const;

  // The other way; `values` has size() of them. INTERNAL where the database holds what no message
  // can.
  absl::Status Decode(absl::Span<const Value> values, google::protobuf::Message* out) const;
  absl::Status DecodeElement(absl::Span<const Value> values,
                             google::protobuf::Message* owner) const;

 private:
  struct Node {
    const google::protobuf::FieldDescriptor* field;
    ColumnKind kind;
    size_t first;  // its first column
    size_t width;  // how many columns it has
    // Of a singular message: what reflection gives where it is absent.
    const google::protobuf::Message* absent;
    std::vector<Node> nodes;
  };

  void AddFields(const google::protobuf::Descriptor* type, const std::string& prefix,
                 bool skip_etag, std::vector<const google::protobuf::FieldDescriptor*>* path,
                 std::vector<RepeatedField>* repeated, int depth, std::vector<Node>* nodes);
  Node NodeOf(const google::protobuf::FieldDescriptor* field, ColumnKind kind,
              const std::string& name);
  absl::Status EncodeNodes(const std::vector<Node>& nodes, const google::protobuf::Message& message,
                           std::vector<Value>* out) const;
  absl::Status EncodeValue(const Node& node, const google::protobuf::Reflection& reflection,
                           const google::protobuf::Message& message, int index,
                           std::vector<Value>* out) const;
  absl::Status EncodeSpecial(const Node& node, const google::protobuf::Message& value,
                             std::vector<Value>* out) const;
  absl::Status EncodeTexts(const Node& node, const google::protobuf::Message& message,
                           std::vector<Value>* out) const;
  absl::Status DecodeNodes(const std::vector<Node>& nodes, absl::Span<const Value> values,
                           google::protobuf::Message* out) const;
  absl::Status DecodeValue(const Node& node, absl::Span<const Value> values, bool add,
                           google::protobuf::Message* out) const;

  std::vector<Column> list_;
  std::vector<Node> nodes_;
  bool element_ = false;
  bool texts_in_row_ = false;
  bool element_is_message_ = false;  // with columns of its own
  const google::protobuf::FieldDescriptor* element_field_ = nullptr;
};

// The indices of a map field's entries in the order of their keys (a map has none of its own).
std::vector<int> MapOrder(const google::protobuf::Message& owner,
                          const google::protobuf::FieldDescriptor* field);

}  // namespace tandem::store
