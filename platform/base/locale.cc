#include "platform/base/locale.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <vector>

namespace tandem {
namespace {

constexpr size_t kMaxTag = 64;

bool All(absl::string_view part, bool (*is)(unsigned char)) {
  return std::all_of(part.begin(), part.end(), is);
}
bool Alpha(absl::string_view part, size_t least, size_t most) {
  return part.size() >= least && part.size() <= most && All(part, absl::ascii_isalpha);
}
bool Alnum(absl::string_view part, size_t least, size_t most) {
  return part.size() >= least && part.size() <= most && All(part, absl::ascii_isalnum);
}
bool IsRegion(absl::string_view part) {
  return Alpha(part, 2, 2) || (part.size() == 3 && All(part, absl::ascii_isdigit));
}
bool IsVariant(absl::string_view part) {
  return Alnum(part, 5, 8) || (Alnum(part, 4, 4) && absl::ascii_isdigit(part[0]));
}
bool IsPrivate(absl::string_view part) { return part == "x" || part == "X"; }

}  // namespace

// RFC 5646 section 2.1, without the grandfathered tags.
bool IsLanguageTag(absl::string_view tag) {
  if (tag.size() > kMaxTag) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(tag, '-');
  size_t i = 0;
  if (!IsPrivate(parts[0])) {
    if (!Alpha(parts[0], 2, 8)) return false;
    i = 1;
    if (parts[0].size() <= 3) {
      for (int n = 0; n < 3 && i < parts.size() && Alpha(parts[i], 3, 3); ++n) ++i;
    }
    if (i < parts.size() && Alpha(parts[i], 4, 4)) ++i;
    if (i < parts.size() && IsRegion(parts[i])) ++i;
    while (i < parts.size() && IsVariant(parts[i])) ++i;
    while (i < parts.size() && Alnum(parts[i], 1, 1) && !IsPrivate(parts[i])) {
      const size_t singleton = i++;
      while (i < parts.size() && Alnum(parts[i], 2, 8)) ++i;
      if (i == singleton + 1) return false;
    }
  }
  if (i < parts.size() && IsPrivate(parts[i])) {
    const size_t x = i++;
    while (i < parts.size() && Alnum(parts[i], 1, 8)) ++i;
    if (i == x + 1) return false;
  }
  return i == parts.size();
}

std::string CanonicalLanguageTag(absl::string_view tag) {
  std::vector<std::string> parts = absl::StrSplit(absl::AsciiStrToLower(tag), '-');
  for (size_t i = 1; i < parts.size() && parts[i].size() > 1 && parts[0] != "x"; ++i) {
    if (parts[i].size() == 2) parts[i] = absl::AsciiStrToUpper(parts[i]);
    if (Alpha(parts[i], 4, 4)) parts[i][0] = absl::ascii_toupper(parts[i][0]);
  }
  return absl::StrJoin(parts, "-");
}

}  // namespace tandem
