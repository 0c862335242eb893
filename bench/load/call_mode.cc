// One method, again and again.
#include <sys/resource.h>

#include <cstdio>
#include <iostream>

#include "bench/load/histogram.h"
#include "bench/load/modes.h"
#include "bench/load/pace.h"
#include "bench/load/requests.h"

namespace tandem::bench {

int CallMode(const Flags& flags) {
  absl::StatusOr<std::vector<Request>> requests = ReadRequests(flags.Text("requests"));
  if (!requests.ok()) {
    std::cerr << requests.status() << "\n";
    return 2;
  }
  const std::string method = flags.Text("method");
  Histogram latency;
  int64_t accepted = 0, refused = 0, within = 0, value = 0, bytes = 0;
  std::string first_refusal;
  int64_t left = 0;
  Pace pace(flags);
  {
    Caller caller(flags.Text("address"));
    pace.Run([&](int64_t i, int64_t intended) {
      const Request& request = (*requests)[static_cast<size_t>(i) % requests->size()];
      caller.Send(method, request.Fill({i, "", ""}),
                  [&, intended](const grpc::Status& status, const grpc::ByteBuffer& answer) {
                    const int64_t now = NowNanos();
                    if (status.ok()) {
                      ++accepted;
                      value += request.value;
                      bytes += static_cast<int64_t>(answer.Length());
                      if (pace.Within(now)) {
                        ++within;
                        latency.Add((now - intended) / 1000);
                      }
                    } else if (refused++ == 0) {
                      first_refusal = status.error_message();
                    }
                    pace.Done();
                  });
    });
    left = pace.Drain(35);
  }
  if (refused > 0) std::cerr << "refused " << refused << ": " << first_refusal << "\n";
  std::printf(
      "{\"sent\": %lld, \"accepted\": %lld, \"refused\": %lld, \"unanswered\": %lld, \"value\": "
      "%lld, \"bytes\": %lld, \"within\": %lld, \"seconds\": %.6f, \"per_second\": %.3f, "
      "\"latency\": %s}\n",
      static_cast<long long>(pace.began()), static_cast<long long>(accepted),
      static_cast<long long>(refused), static_cast<long long>(left), static_cast<long long>(value),
      static_cast<long long>(bytes), static_cast<long long>(within), pace.seconds(),
      static_cast<double>(within) / pace.seconds(), latency.Json().c_str());
  return 0;
}

}  // namespace tandem::bench
