#include "platform/bus/payload_field.h"

#include <cstdint>

namespace tandem::bus {
namespace {

bool TakeVarint(absl::string_view* bytes, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (bytes->empty()) return false;
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

// The first length-delimited field of this number; false where there is none.
bool Find(absl::string_view message, int field, absl::string_view* found) {
  while (!message.empty()) {
    uint64_t tag = 0, size = 0;
    if (!TakeVarint(&message, &tag)) return false;
    switch (tag & 7) {
      case 0:
        if (!TakeVarint(&message, &size)) return false;
        continue;
      case 1:
        size = 8;
        break;
      case 2:
        if (!TakeVarint(&message, &size)) return false;
        break;
      case 5:
        size = 4;
        break;
      default:
        return false;
    }
    if (size > message.size()) return false;
    if (tag == (static_cast<uint64_t>(field) << 3 | 2)) {
      *found = message.substr(0, size);
      return true;
    }
    message.remove_prefix(size);
  }
  return false;
}

}  // namespace

absl::string_view TextAt(absl::string_view message, std::initializer_list<int> path) {
  for (const int field : path) {
    if (!Find(message, field, &message)) return "";
  }
  return message;
}

}  // namespace tandem::bus
