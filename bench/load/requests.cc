#include "bench/load/requests.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "absl/strings/str_cat.h"

namespace tandem::bench {
namespace {

std::mt19937_64& Random() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return random;
}

void WriteUuid(char* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  uint64_t bits[2] = {Random()(), Random()()};
  int digit = 0;
  for (int i = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      out[i] = '-';
      continue;
    }
    const uint64_t value = bits[digit / 16] >> (digit % 16 * 4) & 15;
    ++digit;
    out[i] = i == 14 ? '4' : kDigits[i == 19 ? 8 | (value & 3) : value];
  }
}

}  // namespace

std::string Request::Fill(const Filling& filling) const {
  std::string out = bytes;
  for (const auto& [place, at] : places) {
    switch (place) {
      case Place::kUuid:
        WriteUuid(&out[at]);
        break;
      case Place::kToken: {
        char digits[13];
        std::snprintf(digits, sizeof digits, "%012lld", static_cast<long long>(filling.token));
        std::memcpy(&out[at], digits, 12);
        break;
      }
      case Place::kOrder:
        std::memcpy(&out[at], filling.order.data(), filling.order.size());
        break;
      case Place::kShipment:
        std::memcpy(&out[at], filling.shipment.data(), filling.shipment.size());
        break;
    }
  }
  return out;
}

absl::StatusOr<std::vector<Request>> ReadRequests(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(path);
  const std::string data((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  size_t at = 0;
  bool whole = true;
  auto take = [&](void* out, size_t size) {
    whole = whole && at + size <= data.size();
    if (whole) std::memcpy(out, data.data() + at, size);
    at += size;
  };
  std::vector<Request> requests;
  while (at < data.size() && whole) {
    Request& request = requests.emplace_back();
    uint32_t places = 0, length = 0;
    take(&request.value, 8);
    take(&places, 4);
    for (uint32_t i = 0; i < places && whole; ++i) {
      uint32_t kind = 0, offset = 0;
      take(&kind, 4);
      take(&offset, 4);
      request.places.emplace_back(static_cast<Place>(kind), offset);
    }
    take(&length, 4);
    if (!whole || at + length > data.size()) whole = false;
    if (whole) request.bytes = data.substr(at, length);
    at += length;
  }
  if (!whole || requests.empty()) return absl::DataLossError(absl::StrCat(path, " is cut"));
  return requests;
}

std::string NewOrderId() {
  constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  static std::atomic<uint64_t> count{0};
  static const uint64_t run = Random()() & 0xffff'ffff;
  const auto ms = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                            std::chrono::system_clock::now().time_since_epoch())
                                            .count());
  // 48 bits of time, 40 of a count, 40 of chance, 5 bits a character, the first one of 3 bits.
  unsigned __int128 bits = ms;
  bits = bits << 40 | (count.fetch_add(1) & 0xff'ffff'ffff);
  bits = bits << 40 | run << 8 | (Random()() & 0xff);
  std::string id(30, '0');
  std::memcpy(id.data(), "ord_", 4);
  for (int i = 29; i >= 4; --i) {
    id[i] = kAlphabet[static_cast<unsigned>(bits & 31)];
    bits >>= 5;
  }
  return id;
}

}  // namespace tandem::bench
