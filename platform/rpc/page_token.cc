#include "platform/rpc/page_token.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <sodium.h>

#include <cstring>
#include <optional>
#include <utility>

#include "platform/base/check.h"
#include "platform/base/status.h"

namespace tandem::rpc {
namespace {

// What is sealed: version, expiry, query hash, count, and for each value a kind and the value.
// Integers are 8 bytes, little-endian; a text is its length and its bytes.
constexpr uint8_t kVersion = 1;
constexpr uint8_t kNumber = 0;
constexpr uint8_t kText = 1;
constexpr size_t kHashBytes = 16;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
// Keeps what is sealed here from being taken for anything else sealed with the same key.
constexpr absl::string_view kPurpose = "tandem page token";

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void Put(uint64_t value, std::string* out) {
  for (int i = 0; i < 8; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

std::string HashOf(const PageQuery& query) {
  std::string all;
  for (const absl::string_view part : {query.method, query.filter, query.order_by, query.other}) {
    Put(part.size(), &all);
    absl::StrAppend(&all, part);
  }
  std::string hash(kHashBytes, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(), Bytes(all),
                     all.size(), nullptr, 0);
  return hash;
}

class Reader {
 public:
  explicit Reader(absl::string_view bytes) : left_(bytes) {}
  std::optional<absl::string_view> Take(size_t count) {
    if (count > left_.size()) return std::nullopt;
    const absl::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::optional<uint8_t> Byte() {
    const auto taken = Take(1);
    if (!taken) return std::nullopt;
    return static_cast<uint8_t>(taken->front());
  }
  std::optional<uint64_t> Number() {
    const auto taken = Take(8);
    if (!taken) return std::nullopt;
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value |= uint64_t{Bytes(*taken)[i]} << (8 * i);
    return value;
  }
  bool done() const { return left_.empty(); }

 private:
  absl::string_view left_;
};

std::optional<std::vector<SqlValue>> ReadValues(Reader* in) {
  const auto count = in->Byte();
  if (!count || *count > kPageTokenMaxValues) return std::nullopt;
  std::vector<SqlValue> values;
  for (int i = 0; i < *count; ++i) {
    const auto kind = in->Byte();
    const auto number = in->Number();
    if (!kind || !number) return std::nullopt;
    if (*kind == kNumber) {
      values.emplace_back(static_cast<int64_t>(*number));
    } else {
      const auto text = in->Take(*number);
      if (*kind != kText || !text) return std::nullopt;
      values.emplace_back(std::string(*text));
    }
  }
  if (!in->done()) return std::nullopt;
  return values;
}

absl::Status Invalid() {
  return InvalidField("page_token", "PAGE_TOKEN_INVALID",
                      "the page token is not one that this service gave out");
}

}  // namespace

absl::StatusOr<int32_t> PageSize(int32_t requested) {
  if (requested < 0) {
    return InvalidField("page_size", "PAGE_SIZE_INVALID",
                        absl::StrCat("the page size ", requested, " is negative"));
  }
  if (requested == 0) return kPageSizeDefault;
  return std::min(requested, kPageSizeMax);
}

PageTokens::PageTokens(const PageTokenKey& key) : key_(key) {
  TANDEM_CHECK(sodium_init() >= 0, "libsodium finds no random source");
}

absl::StatusOr<std::string> PageTokens::Seal(const std::vector<SqlValue>& cursor,
                                             const PageQuery& query, int64_t now_micros) const {
  TANDEM_CHECK(cursor.size() <= kPageTokenMaxValues, "an order has fewer fields");
  std::string plain(1, static_cast<char>(kVersion));
  Put(static_cast<uint64_t>(now_micros + kPageTokenLifetimeMicros), &plain);
  plain += HashOf(query);
  plain.push_back(static_cast<char>(cursor.size()));
  for (const SqlValue& value : cursor) {
    if (const int64_t* number = std::get_if<int64_t>(&value)) {
      plain.push_back(kNumber);
      Put(static_cast<uint64_t>(*number), &plain);
    } else {
      const auto& text = std::get<std::string>(value);
      plain.push_back(kText);
      Put(text.size(), &plain);
      plain += text;
    }
  }
  std::string sealed(kNonceBytes + plain.size() + kTagBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  randombytes_buf(out, kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out + kNonceBytes, nullptr, Bytes(plain), plain.size(),
                                             Bytes(kPurpose), kPurpose.size(), nullptr, out,
                                             key_.data());
  std::string token = absl::WebSafeBase64Escape(sealed);
  if (token.size() > kPageTokenMaxBytes) {
    return Refuse(absl::StatusCode::kOutOfRange, "PAGE_TOKEN_TOO_LONG",
                  "the values that this list is ordered by are too long for a page token",
                  "order_by");
  }
  return token;
}

absl::StatusOr<std::vector<SqlValue>> PageTokens::Open(absl::string_view token,
                                                       const PageQuery& query,
                                                       int64_t now_micros) const {
  std::string sealed;
  if (token.size() > kPageTokenMaxBytes || !absl::WebSafeBase64Unescape(token, &sealed) ||
      sealed.size() < kNonceBytes + kTagBytes) {
    return Invalid();
  }
  const absl::string_view box = absl::string_view(sealed).substr(kNonceBytes);
  std::string plain(box.size() - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr, Bytes(box), box.size(),
          Bytes(kPurpose), kPurpose.size(), Bytes(sealed), key_.data()) != 0) {
    return Invalid();
  }
  Reader in(plain);
  const auto version = in.Byte();
  const auto expiry = in.Number();
  const auto hash = in.Take(kHashBytes);
  if (version != kVersion || !expiry || !hash) return Invalid();
  std::optional<std::vector<SqlValue>> values = ReadValues(&in);
  if (!values) return Invalid();
  if (now_micros >= static_cast<int64_t>(*expiry)) {
    return InvalidField("page_token", "PAGE_TOKEN_EXPIRED",
                        "the page token is older than three days; start from the first page");
  }
  if (*hash != HashOf(query)) {
    return InvalidField("page_token", "PAGE_TOKEN_QUERY_CHANGED",
                        "the page token belongs to another filter, order or parent");
  }
  return *std::move(values);
}

PageTokenKey NewPageTokenKey() {
  TANDEM_CHECK(sodium_init() >= 0, "libsodium finds no random source");
  PageTokenKey key;
  randombytes_buf(key.data(), key.size());
  return key;
}

}  // namespace tandem::rpc
