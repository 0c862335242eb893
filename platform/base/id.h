// Typed, sortable ids: a prefix that says what they name ("ord_") and a ULID in lower-case
// Crockford base 32 (26 characters: 48 bits of milliseconds, 80 of randomness).
#pragma once

#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace tandem {

inline constexpr size_t kUlidLength = 26;

// Gives ids in rising order. The same arguments give the same ids, so what decides with one stays
// pure: time and randomness come in with the command. Not thread-safe; one per command or batch.
class IdSource {
 public:
  // 80 random bits: the low 16 of `seed_hi`, all of `seed_lo`.
  IdSource(int64_t now_micros, uint64_t seed_hi, uint64_t seed_lo);
  // Seeded from this thread's random generator.
  static IdSource Random(int64_t now_micros);

  // The prefix and the next ULID: the one before plus one.
  std::string Next(absl::string_view prefix);

 private:
  uint64_t high_ = 0;  // the milliseconds and the first 16 random bits
  uint64_t low_ = 0;
};

// Whether `id` is `prefix` and a ULID, in lower case.
bool IsId(absl::string_view id, absl::string_view prefix);
bool IsUlid(absl::string_view text);

}  // namespace tandem
