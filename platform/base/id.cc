#include "platform/base/id.h"

#include <absl/random/random.h>

#include <algorithm>

namespace tandem {
namespace {

// Crockford's base 32: no i, l, o, u.
constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

bool IsBase32(char c) {
  return (c >= '0' && c <= '9') ||
         (c >= 'a' && c <= 'z' && c != 'i' && c != 'l' && c != 'o' && c != 'u');
}

}  // namespace

IdSource::IdSource(int64_t now_micros, uint64_t seed_hi, uint64_t seed_lo)
    : high_((static_cast<uint64_t>(std::max<int64_t>(now_micros, 0) / 1000) << 16) |
            (seed_hi & 0xffff)),
      low_(seed_lo) {}

IdSource IdSource::Random(int64_t now_micros) {
  thread_local absl::BitGen bits;
  return IdSource(now_micros, absl::Uniform<uint64_t>(bits), absl::Uniform<uint64_t>(bits));
}

std::string IdSource::Next(absl::string_view prefix) {
  if (++low_ == 0) ++high_;
  std::string id(prefix.size() + kUlidLength, '\0');
  std::copy(prefix.begin(), prefix.end(), id.begin());
  unsigned __int128 value = (static_cast<unsigned __int128>(high_) << 64) | low_;
  for (size_t i = id.size(); i > prefix.size(); value >>= 5) {
    id[--i] = kAlphabet[static_cast<size_t>(value & 31)];
  }
  return id;
}

bool IsUlid(absl::string_view text) {
  // 26 × 5 bits are two more than 128: the first character has three.
  return text.size() == kUlidLength && text[0] <= '7' &&
         std::all_of(text.begin(), text.end(), IsBase32);
}

bool IsId(absl::string_view id, absl::string_view prefix) {
  return id.size() == prefix.size() + kUlidLength && id.substr(0, prefix.size()) == prefix &&
         IsUlid(id.substr(prefix.size()));
}

}  // namespace tandem
