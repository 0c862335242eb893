#include "platform/base/field_same.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tandem {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Equal messages of one type have equal bytes when maps are sorted.
std::string BytesOf(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

using Value = std::variant<uint64_t, std::string>;

// The item `index` of a repeated field, or a single one's value (-1).
Value ValueAt(const Message& m, const FieldDescriptor* f, int index) {
  const Reflection& r = *m.GetReflection();
  const bool one = index < 0;
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? r.GetString(m, f) : r.GetRepeatedString(m, f, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return BytesOf(one ? r.GetMessage(m, f) : r.GetRepeatedMessage(m, f, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return uint64_t{one ? r.GetBool(m, f) : r.GetRepeatedBool(m, f, index)};
    case FieldDescriptor::CPPTYPE_ENUM:
      return static_cast<uint64_t>(one ? r.GetEnumValue(m, f)
                                       : r.GetRepeatedEnumValue(m, f, index));
    case FieldDescriptor::CPPTYPE_INT32:
      return static_cast<uint64_t>(one ? r.GetInt32(m, f) : r.GetRepeatedInt32(m, f, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<uint64_t>(one ? r.GetInt64(m, f) : r.GetRepeatedInt64(m, f, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return uint64_t{one ? r.GetUInt32(m, f) : r.GetRepeatedUInt32(m, f, index)};
    case FieldDescriptor::CPPTYPE_UINT64:
      return uint64_t{one ? r.GetUInt64(m, f) : r.GetRepeatedUInt64(m, f, index)};
    case FieldDescriptor::CPPTYPE_FLOAT:
      return uint64_t{
          std::bit_cast<uint32_t>(one ? r.GetFloat(m, f) : r.GetRepeatedFloat(m, f, index))};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return std::bit_cast<uint64_t>(one ? r.GetDouble(m, f) : r.GetRepeatedDouble(m, f, index));
  }
  return uint64_t{0};
}

bool SameItem(const Message& a, const Message& b, const FieldDescriptor* f, int index) {
  if (f->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return ValueAt(a, f, index) == ValueAt(b, f, index);
  }
  const Reflection& r = *a.GetReflection();
  std::string x, y;  // used where the field keeps its text in another form
  if (index < 0) return r.GetStringReference(a, f, &x) == r.GetStringReference(b, f, &y);
  return r.GetRepeatedStringReference(a, f, index, &x) ==
         r.GetRepeatedStringReference(b, f, index, &y);
}

std::vector<Value> EntriesOf(const Message& m, const FieldDescriptor* map) {
  std::vector<Value> entries;
  const int size = m.GetReflection()->FieldSize(m, map);
  for (int i = 0; i < size; ++i) entries.push_back(ValueAt(m, map, i));
  std::ranges::sort(entries);
  return entries;
}

}  // namespace

bool SameField(const Message& a, const Message& b, const FieldDescriptor& field) {
  const Reflection& r = *a.GetReflection();
  if (!field.is_repeated()) {
    const bool has = r.HasField(a, &field);
    return has == r.HasField(b, &field) && (!has || SameItem(a, b, &field, -1));
  }
  const int size = r.FieldSize(a, &field);
  if (size != r.FieldSize(b, &field)) return false;
  if (field.is_map()) return EntriesOf(a, &field) == EntriesOf(b, &field);
  for (int i = 0; i < size; ++i) {
    if (!SameItem(a, b, &field, i)) return false;
  }
  return true;
}

}  // namespace tandem
