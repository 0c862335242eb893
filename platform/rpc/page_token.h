// Paging of list methods (AIP-158): sizes, and the page token. A token says where the next page
// starts and which query it belongs to, sealed (XChaCha20-Poly1305, libsodium) with a key that all
// replicas of the service share, so that nobody can read, make or alter one. It gives no rights:
// every page is authorised like the first. It lasts three days and keeps nothing on the server.
//
// Refused, INVALID_ARGUMENT: PAGE_SIZE_INVALID about `page_size`; PAGE_TOKEN_INVALID (altered, from
// elsewhere), PAGE_TOKEN_EXPIRED, PAGE_TOKEN_QUERY_CHANGED about `page_token`.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/rpc/field_path.h"

namespace tandem::rpc {

inline constexpr int32_t kPageSizeDefault = 50;
inline constexpr int32_t kPageSizeMax = 1000;
// 0 is the default, more than the maximum becomes it, below 0 is refused.
absl::StatusOr<int32_t> PageSize(int32_t requested);

inline constexpr size_t kPageTokenKeyBytes = 32;
using PageTokenKey = std::array<uint8_t, kPageTokenKeyBytes>;
// Long enough to come back to a list after a weekend; short enough that keys can be changed.
inline constexpr int64_t kPageTokenLifetimeMicros = int64_t{3} * 24 * 3600 * 1'000'000;
// A token travels in URLs and metadata, whose usual limit is 8 KiB. It holds the ordered columns of
// one row; the default string of 255 bytes fits in all nine.
inline constexpr size_t kPageTokenMaxBytes = 6144;
// The fields of an order and the id, with room for a lister of another kind.
inline constexpr size_t kPageTokenMaxValues = 16;

// Everything that a caller must not change between pages. The page size may change.
struct PageQuery {
  absl::string_view method;  // "tandem.order.v1.OrderService/ListOrders"
  absl::string_view filter;
  absl::string_view order_by;
  absl::string_view other;  // parent, show_deleted, ..., in a form the handler chooses
};

// Immutable, so any number of threads may use one.
class PageTokens {
 public:
  explicit PageTokens(const PageTokenKey& key);

  // OUT_OF_RANGE, PAGE_TOKEN_TOO_LONG where the row's values do not fit into a token.
  absl::StatusOr<std::string> Seal(const std::vector<SqlValue>& cursor, const PageQuery& query,
                                   int64_t now_micros) const;
  // The cursor. An empty token (the first page) is the caller's to see.
  absl::StatusOr<std::vector<SqlValue>> Open(absl::string_view token, const PageQuery& query,
                                             int64_t now_micros) const;

 private:
  PageTokenKey key_;
};

// A new key from the system's random source.
PageTokenKey NewPageTokenKey();

}  // namespace tandem::rpc
