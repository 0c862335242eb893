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

std::vector<Value> ItemsOf(const Message& m, const FieldDescriptor* f) {
  std::vector<Value> items;
  const int size = m.GetReflection()->FieldSize(m, f);
  items.reserve(size);
  for (int i = 0; i < size; ++i) items.push_back(ValueAt(m, f, i));
  if (f->is_map()) std::ranges::sort(items);
  return items;
}

}  // namespace

bool SameField(const Message& a, const Message& b, const FieldDescriptor& field) {
  const Reflection& r = *a.GetReflection();
  if (field.is_repeated()) {
    if (r.FieldSize(a, &field) != r.FieldSize(b, &field)) return false;
    return r.FieldSize(a, &field) == 0 || ItemsOf(a, &field) == ItemsOf(b, &field);
  }
  const bool has = r.HasField(a, &field);
  if (has != r.HasField(b, &field)) return false;
  return !has || ValueAt(a, &field, -1) == ValueAt(b, &field, -1);
}

}  // namespace tandem
