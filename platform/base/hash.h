// A hash that never changes: its values are stored and spread keys over lanes, so every build,
// machine and language must agree for good. FNV-1a (64 bits) over the bytes, then the finaliser of
// MurmurHash3 (fmix64), because FNV's low bits alone spread short keys badly. Not for hash tables
// that an adversary fills, nor for signatures.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>

namespace tandem {

uint64_t StableHash64(absl::string_view bytes);

}  // namespace tandem
