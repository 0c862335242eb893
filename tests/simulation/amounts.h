// DOMAIN's arithmetic once more, for the auditor: whole cents, half-up away from zero, 128 bits. It
// shares nothing with platform/base/money.
#pragma once

#include <cstdint>
#include <string>

#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"

namespace tandem::simulation {

inline constexpr int64_t kCent = 10'000;  // micros
inline constexpr int64_t kOne = 1'000'000;

inline int64_t Money(const google::type::Money& money) {
  return money.units() * kOne + money.nanos() / 1000;
}

// "0.19" in micros; what is stored is well-formed.
inline int64_t Decimal(const google::type::Decimal& decimal) {
  const std::string& text = decimal.value();
  int64_t value = 0;
  int decimals = -1;
  bool negative = false;
  for (const char c : text) {
    if (c == '-') negative = true;
    if (c == '.') decimals = 0;
    if (c < '0' || c > '9') continue;
    value = value * 10 + (c - '0');
    if (decimals >= 0) ++decimals;
  }
  for (int i = decimals < 0 ? 0 : decimals; i < 6; ++i) value *= 10;
  return negative ? -value : value;
}

inline int64_t HalfUp(__int128 over, __int128 under) {  // both above or at 0
  return static_cast<int64_t>((2 * over + under) / (2 * under));
}

// quantity × price ÷ per × (1 − discount), of micros, in micros of whole cents.
inline int64_t Cents(int64_t quantity, int64_t price, int64_t per, int64_t discount) {
  const __int128 over = static_cast<__int128>(quantity) * price * (kOne - discount);
  const __int128 under = static_cast<__int128>(per) * kOne * kCent;
  return HalfUp(over, under) * kCent;
}

// What `part` of `whole` bears of a net.
inline int64_t ShareOf(int64_t net, int64_t part, int64_t whole) {
  return HalfUp(static_cast<__int128>(net) * part, static_cast<__int128>(whole) * kCent) * kCent;
}

inline int64_t Tax(int64_t base, int64_t rate) {
  return HalfUp(static_cast<__int128>(base) * rate, static_cast<__int128>(kOne) * kCent) * kCent;
}

}  // namespace tandem::simulation
