#include "platform/rpc/get_rounds.h"

#include <algorithm>
#include <utility>

namespace tandem::rpc {
namespace {

using google::protobuf::Descriptor;

// One reads while another's answers are sent. More would be smaller.
constexpr int kRoundsMax = 2;
constexpr size_t kTogetherMax = 128;

}  // namespace

absl::Status GetRounds::Queue(const Descriptor* type, Wish wish) {
  absl::MutexLock lock(&mutex_);
  Gathered& gathered = gathered_[type];
  if (gathered.rounds < kRoundsMax) {
    absl::Status queued = pool_.Queue([this, type] { Round(type); });
    if (!queued.ok()) return queued;
    ++gathered.rounds;
  }
  gathered.wishes.push_back(std::move(wish));
  return absl::OkStatus();
}

void GetRounds::Round(const Descriptor* type) {
  do {
    Serve(type, Take(type));
  } while (!EndRound(type));
}

std::vector<GetRounds::Wish> GetRounds::Take(const Descriptor* type) {
  absl::MutexLock lock(&mutex_);
  std::deque<Wish>& wishes = gathered_[type].wishes;
  const auto end = wishes.begin() + static_cast<ptrdiff_t>(std::min(wishes.size(), kTogetherMax));
  std::vector<Wish> taken(std::make_move_iterator(wishes.begin()), std::make_move_iterator(end));
  wishes.erase(wishes.begin(), end);
  return taken;
}

void GetRounds::Serve(const Descriptor* type, std::vector<Wish> wishes) {
  const Instant now = SteadyNow();
  std::vector<std::string> ids;
  std::vector<Wish> in_time;
  for (Wish& wish : wishes) {
    if (absl::Status late = CheckTime(wish.until, now); !late.ok()) {
      wish.done(std::move(late));
      continue;
    }
    ids.push_back(wish.id);
    in_time.push_back(std::move(wish));
  }
  if (ids.empty()) return;
  auto rows = reader_.GetBytes(type, ids);
  for (size_t i = 0; i < in_time.size(); ++i) {
    in_time[i].done(rows.ok() ? Found(std::move((*rows)[i])) : Found(rows.status()));
  }
}

// Behind others who wait for the pool; at once where it takes no more. False: there is another.
bool GetRounds::EndRound(const Descriptor* type) {
  absl::MutexLock lock(&mutex_);
  Gathered& gathered = gathered_[type];
  if (gathered.wishes.empty()) {
    --gathered.rounds;
    return true;
  }
  return pool_.Queue([this, type] { Round(type); }).ok();
}

}  // namespace tandem::rpc
