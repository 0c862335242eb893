#include "platform/base/uuid.h"

#include <absl/random/random.h>
#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <openssl/evp.h>

#include "platform/base/status.h"

namespace tandem {
namespace {

constexpr size_t kUuidBytes = 16;
constexpr size_t kUuidText = 36;
// UUIDv5 of "tandem" in the DNS namespace. Never changed: stored request ids depend on it.
constexpr absl::string_view kCallNamespace = "75611312-38e5-5472-bb06-e5022237a2b9";

bool IsHyphenAt(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

std::string Format(std::string bytes, int version) {
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // the variant of RFC 4122
  const std::string hex = absl::BytesToHexString(bytes);
  const absl::string_view h = hex;
  return absl::StrCat(h.substr(0, 8), "-", h.substr(8, 4), "-", h.substr(12, 4), "-",
                      h.substr(16, 4), "-", h.substr(20));
}

}  // namespace

bool IsUuid(absl::string_view text) {
  if (text.size() != kUuidText) return false;
  for (size_t i = 0; i < kUuidText; ++i) {
    if (IsHyphenAt(i) ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) return false;
  }
  return true;
}

absl::StatusOr<std::string> ParseUuid(absl::string_view text, absl::string_view field) {
  if (!IsUuid(text)) return InvalidField(field, "UUID_INVALID", "this is not a UUID");
  return absl::AsciiStrToLower(text);
}

std::string UuidV5(absl::string_view namespace_uuid, absl::string_view name) {
  const std::string input =
      absl::StrCat(absl::HexStringToBytes(absl::StrReplaceAll(namespace_uuid, {{"-", ""}})), name);
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_Digest(input.data(), input.size(), digest, nullptr, EVP_sha1(), nullptr);
  return Format(std::string(reinterpret_cast<const char*>(digest), kUuidBytes), 5);
}

std::string UuidV4() {
  thread_local absl::BitGen bits;
  std::string bytes(kUuidBytes, '\0');
  for (char& byte : bytes) byte = static_cast<char>(absl::Uniform<uint8_t>(bits));
  return Format(std::move(bytes), 4);
}

std::string CallRequestId(absl::string_view event_id, absl::string_view method,
                          absl::string_view receiver_entity_id) {
  return UuidV5(kCallNamespace, absl::StrCat(event_id, "|", method, "|", receiver_entity_id));
}

}  // namespace tandem
