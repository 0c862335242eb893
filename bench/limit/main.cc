// bench_limit echo|produce|latency|sqlite --flag=value …: what the machine does without Tandem.
//
//   echo     an empty unary call over gRPC's callback API: prints `ready ADDRESS`, serves until
//            SIGTERM
//   produce  --brokers --topic --count --bytes: librdkafka as the relay sets it, and nothing else
//   latency  --brokers --topic --rate --seconds --bytes: produced to consumed, one message at a
//   time sqlite   --file --seconds --batch N: the rows of one order each, N orders a transaction
#include <cstdio>
#include <cstring>

#include "bench/limit/limits.h"

namespace tandem::bench {

std::string Flag(int argc, char** argv, const char* name, const char* otherwise) {
  const std::string begin = std::string("--") + name + "=";
  for (int i = 2; i < argc; ++i) {
    if (std::strncmp(argv[i], begin.c_str(), begin.size()) == 0) return argv[i] + begin.size();
  }
  return otherwise;
}

}  // namespace tandem::bench

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "echo") return tandem::bench::Echo(argc, argv);
  if (mode == "produce") return tandem::bench::Produce(argc, argv);
  if (mode == "latency") return tandem::bench::Latency(argc, argv);
  if (mode == "sqlite") return tandem::bench::Sqlite(argc, argv);
  std::fprintf(stderr, "usage: bench_limit echo|produce|latency|sqlite --name=value …\n");
  return 2;
}
