// Only in test builds.
#include "platform/base/fault.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"

namespace tandem {
namespace {

struct Armed {
  enum class Action { kAbort, kSleep, kError, kRefuse } action = Action::kAbort;
  int64_t sleep_ms = 0;
  int64_t at = 1;  // the time it is passed; 0: by chance
  double probability = 0;
  int64_t passed = 0;
};

const char* Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

[[noreturn]] void Unreadable(absl::string_view what) {
  std::fprintf(stderr, "TANDEM_TEST_FAILPOINTS: cannot read %s\n", std::string(what).c_str());
  std::exit(2);
}

Armed Parse(absl::string_view text) {
  Armed armed;
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('@', 1));
  absl::string_view action = parts[0];
  if (action == "abort") {
    armed.action = Armed::Action::kAbort;
  } else if (action == "error") {
    armed.action = Armed::Action::kError;
  } else if (action == "refuse") {
    armed.action = Armed::Action::kRefuse;
  } else if (absl::ConsumePrefix(&action, "sleep=") && absl::SimpleAtoi(action, &armed.sleep_ms)) {
    armed.action = Armed::Action::kSleep;
  } else {
    Unreadable(text);
  }
  if (parts.size() == 1) return armed;
  absl::string_view when = parts[1];
  if (absl::ConsumePrefix(&when, "p")) {
    armed.at = 0;
    if (!absl::SimpleAtod(when, &armed.probability)) Unreadable(text);
  } else if (!absl::SimpleAtoi(when, &armed.at)) {
    Unreadable(text);
  }
  return armed;
}

class Faults {
 public:
  Faults() : random_(static_cast<uint64_t>(getpid())) {
    for (absl::string_view each :
         absl::StrSplit(Environment("TANDEM_TEST_FAILPOINTS"), ',', absl::SkipEmpty())) {
      const std::vector<std::string> parts = absl::StrSplit(each, absl::MaxSplits(':', 1));
      if (parts.size() != 2) Unreadable(each);
      points_[parts[0]] = Parse(parts[1]);
    }
    for (absl::string_view each :
         absl::StrSplit(Environment("TANDEM_TEST_PLANT"), ',', absl::SkipEmpty())) {
      planted_.emplace(each);
    }
  }

  absl::Status Pass(absl::string_view name) {
    if (points_.empty()) return absl::OkStatus();
    Armed armed;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = points_.find(std::string(name));
      if (found == points_.end()) return absl::OkStatus();
      ++found->second.passed;
      armed = found->second;
      const bool acts = armed.at == 0 ? std::bernoulli_distribution(armed.probability)(random_)
                                      : armed.passed == armed.at;
      if (!acts) return absl::OkStatus();
    }
    switch (armed.action) {
      case Armed::Action::kAbort:
        Say(name, "abort");
        kill(getpid(), SIGKILL);
        pause();
        break;
      case Armed::Action::kSleep:
        Say(name, "sleep");
        absl::SleepFor(absl::Milliseconds(armed.sleep_ms));
        break;
      case Armed::Action::kError:
        Say(name, "error");
        return Refuse(absl::StatusCode::kUnavailable, "FAILPOINT", name);
      case Armed::Action::kRefuse:
        Say(name, "refuse");
        return Refuse(absl::StatusCode::kFailedPrecondition, "FAILPOINT", name);
    }
    return absl::OkStatus();
  }

  bool Planted(absl::string_view bug) const { return planted_.contains(std::string(bug)); }

 private:
  static void Say(absl::string_view name, const char* action) {
    std::fprintf(stderr, "failpoint %s %s\n", std::string(name).c_str(), action);
    std::fflush(stderr);
  }

  absl::Mutex mutex_;
  std::map<std::string, Armed> points_;
  std::set<std::string> planted_;
  std::mt19937_64 random_;
};

Faults& TheFaults() {
  static auto* faults = new Faults;
  return *faults;
}

}  // namespace

absl::Status PassFailpoint(absl::string_view name) { return TheFaults().Pass(name); }
bool IsPlanted(absl::string_view bug) { return TheFaults().Planted(bug); }

}  // namespace tandem
