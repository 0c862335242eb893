#include "platform/base/gtin.h"

namespace tandem {

bool IsValidGtin(absl::string_view gtin) {
  const size_t n = gtin.size();
  if (n != 8 && n != 12 && n != 13 && n != 14) return false;
  // GS1: weights 3 and 1 from the right, the check digit's own being 1, sum to a multiple of 10.
  int sum = 0;
  for (size_t i = 0; i < n; ++i) {
    if (gtin[i] < '0' || gtin[i] > '9') return false;
    sum += (gtin[i] - '0') * ((n - 1 - i) % 2 == 0 ? 1 : 3);
  }
  return sum % 10 == 0;
}

}  // namespace tandem
