// How far the sample company's import is, seen from outside: what the five services' journals hold,
// which is the same number at the end of every import.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace grpc {
class Channel;
}

namespace tandem::test {

class Progress {
 public:
  // Of the parts, by name; in one process all have the same. Asks not more often than `every`.
  Progress(const std::map<std::string, std::string>& addresses, absl::Duration every);
  ~Progress();

  // Events in all five journals; a service that does not answer stands where it was seen last.
  int64_t Events();

  // What each service did last, asked now: "order 1822 OrderConfirmed, inventory 4100 …".
  std::string LastEvents();

 private:
  struct Service {
    std::string name;
    std::shared_ptr<grpc::Channel> channel;
    int64_t head = 0;
  };
  std::vector<Service> services_;
  const absl::Duration every_;
  absl::Time next_ = absl::InfinitePast();
};

// `count` moments spread over what lies between the two, one in each of as many equal parts.
std::vector<double> Spread(size_t count, double from, double to, std::mt19937_64& random);

// A number in the environment; `otherwise` where there is none.
uint64_t FromEnvironment(const char* name, uint64_t otherwise);

}  // namespace tandem::test
