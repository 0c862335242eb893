// Edits on one side until they are seen on the other. Each edit writes a number into the record's
// name; the other side's events show which number it has. An edit that a later one of the same
// record overtook counts as seen when the later one is.
#include <cstdio>
#include <cstring>
#include <iostream>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "bench/load/histogram.h"
#include "bench/load/modes.h"
#include "bench/load/pace.h"
#include "bench/load/requests.h"

namespace tandem::bench {
namespace {

constexpr absl::string_view kMark = "EDIT";  // stands before the number
constexpr double kPatienceSeconds = 60;

}  // namespace

int LiveMode(const Flags& flags) {
  absl::StatusOr<std::vector<Request>> requests = ReadRequests(flags.Text("requests"));
  if (!requests.ok()) {
    std::cerr << requests.status() << "\n";
    return 2;
  }
  const std::string method = flags.Text("method");
  // No number is used twice: a name that does not change is no edit.
  const auto first = static_cast<int64_t>(flags.Number("first", 0));
  std::mutex mutex;
  // The edits of a record that are not seen yet: (number, moment), in order.
  std::vector<std::vector<std::pair<int64_t, int64_t>>> waiting(requests->size());
  Histogram latency, answers;
  int64_t accepted = 0, refused = 0, seen = 0, overtaken = 0, within = 0;
  int64_t left = 0;
  Pace pace(flags);
  {
    Caller there(flags.Text("watch"));
    Caller here(flags.Text("address"));
    const std::vector<std::string> types = absl::StrSplit(flags.Text("types"), ',');
    const bool follows =
        there.Follow(flags.Text("source"), types, [&](const events::v1::EventEnvelope& event) {
          // The entity comes before its changed fields' old values: the first number is the new
          // one.
          const std::string& payload = event.payload();
          const size_t at = payload.find(kMark.data(), 0, kMark.size());
          int64_t token = 0;
          if (at == std::string::npos || at + kMark.size() + 12 > payload.size() ||
              !absl::SimpleAtoi(payload.substr(at + kMark.size(), 12), &token) || token < first) {
            return;
          }
          const int64_t now = NowNanos();
          int64_t done = 0;
          {
            std::lock_guard<std::mutex> lock(mutex);
            auto& edits = waiting[static_cast<size_t>(token - first) % waiting.size()];
            while (!edits.empty() && edits.front().first <= token) {
              if (edits.front().first < token) ++overtaken;
              ++seen;
              if (pace.Within(now)) ++within;
              latency.Add((now - edits.front().second) / 1000);
              edits.erase(edits.begin());
              ++done;
            }
          }
          while (done-- > 0) pace.Done();
        });
    if (!follows) {
      std::cerr << "no event stream\n";
      return 1;
    }
    pace.Run([&](int64_t i, int64_t intended) {
      const size_t record = static_cast<size_t>(i) % requests->size();
      const int64_t token = first + i;
      {
        std::lock_guard<std::mutex> lock(mutex);
        waiting[record].emplace_back(token, intended);
      }
      here.Send(method, (*requests)[record].Fill({token, "", ""}),
                [&, token, record, intended](const grpc::Status& status, const grpc::ByteBuffer&) {
                  bool gone = false;
                  {
                    std::lock_guard<std::mutex> lock(mutex);
                    if (status.ok()) {
                      ++accepted;
                      answers.Add((NowNanos() - intended) / 1000);
                    } else {
                      if (refused++ == 0) std::cerr << status.error_message() << "\n";
                      gone = std::erase_if(waiting[record], [&](const auto& edit) {
                               return edit.first == token;
                             }) > 0;
                    }
                  }
                  if (gone) pace.Done();
                });
    });
    left = pace.Drain(kPatienceSeconds);
  }
  std::printf(
      "{\"sent\": %lld, \"accepted\": %lld, \"refused\": %lld, \"seen\": %lld, \"overtaken\": "
      "%lld, \"unseen\": %lld, \"within\": %lld, \"seconds\": %.6f, \"per_second\": %.3f, "
      "\"latency\": %s, \"answers\": %s}\n",
      static_cast<long long>(pace.began()), static_cast<long long>(accepted),
      static_cast<long long>(refused), static_cast<long long>(seen),
      static_cast<long long>(overtaken), static_cast<long long>(left),
      static_cast<long long>(within), pace.seconds(), static_cast<double>(within) / pace.seconds(),
      latency.Json().c_str(), answers.Json().c_str());
  return 0;
}

}  // namespace tandem::bench
