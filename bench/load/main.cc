// bench_load call|chain|live|follow --flag=value …: the load generator. See modes.h.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/load/modes.h"

namespace tandem::bench {

Flags::Flags(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const char* mark = std::strchr(argv[i], '=');
    if (std::strncmp(argv[i], "--", 2) != 0 || mark == nullptr) {
      std::fprintf(stderr, "bench_load: not --name=value: %s\n", argv[i]);
      std::exit(2);
    }
    values_[std::string(argv[i] + 2, static_cast<size_t>(mark - argv[i] - 2))] = mark + 1;
  }
}

std::string Flags::Text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

double Flags::Number(const std::string& name, double otherwise) const {
  const std::string text = Text(name);
  return text.empty() ? otherwise : std::atof(text.c_str());
}

}  // namespace tandem::bench

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const tandem::bench::Flags flags(argc, argv);
  if (mode == "call") return tandem::bench::CallMode(flags);
  if (mode == "chain") return tandem::bench::ChainMode(flags);
  if (mode == "live") return tandem::bench::LiveMode(flags);
  if (mode == "follow") return tandem::bench::FollowMode(flags);
  std::fprintf(stderr, "usage: bench_load call|chain|live|follow --name=value …\n");
  return 2;
}
