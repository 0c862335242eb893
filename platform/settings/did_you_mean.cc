#include "platform/settings/did_you_mean.h"

#include <algorithm>
#include <cstddef>

namespace tandem::settings {
namespace {

constexpr size_t kMaxEdits = 4;

// Optimal string alignment distance.
size_t Edits(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> DidYouMean(absl::string_view typed,
                                      const std::vector<std::string>& names) {
  const size_t allowed = std::min(kMaxEdits, std::max<size_t>(1, typed.size() / 3));
  std::optional<std::string> best;
  size_t best_edits = allowed + 1;
  for (const std::string& name : names) {
    // A much longer or shorter name cannot be near; this also bounds the work.
    if (name.size() > typed.size() + allowed || typed.size() > name.size() + allowed) continue;
    const size_t edits = Edits(typed, name);
    if (edits < best_edits) best_edits = edits, best = name;
  }
  return best;
}

}  // namespace tandem::settings
