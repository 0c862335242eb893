// Requests made once, by the driver, as bytes with places in them that are written anew for each
// call: so the generator knows no message of Tandem and spends little of the two cores it shares
// with what it measures.
//
// A file is records of: value (8 bytes: what the request is worth, for the sum at the end), number
// of places (4), each place (kind 4, offset 4), length (4), bytes; little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tandem::bench {

enum class Place : uint32_t {
  kUuid = 1,      // 36 characters, a new one each
  kToken = 2,     // 12 digits: which edit it is
  kOrder = 3,     // 30 characters, "ord_" and a ULID: the order that the call is about
  kShipment = 4,  // 30 characters, "shp_" and a ULID: its shipment
};

// What the places are filled with, beside the UUIDs.
struct Filling {
  int64_t token = 0;
  absl::string_view order, shipment;
};

struct Request {
  int64_t value = 0;
  std::vector<std::pair<Place, uint32_t>> places;
  std::string bytes;

  std::string Fill(const Filling& filling) const;
};

absl::StatusOr<std::vector<Request>> ReadRequests(const std::string& path);

// "ord_" and a ULID that rises with time, as a client makes it.
std::string NewOrderId();

}  // namespace tandem::bench
