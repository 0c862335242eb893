// The fuzz targets without a fuzzer, for every build: runs the kept corpus, and then inputs made
// from it, in the same order each time, for as long as it is told.
//
//   tandem_fuzz_replay CORPUS [--seconds N] [--target NAME]
//
// What ends it is written to the file crash-<target>, as libFuzzer does.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "google/protobuf/stubs/logging.h"
#include "platform/base/check.h"
#include "tests/fuzz/targets.h"

namespace tandem::fuzz {
namespace {

constexpr size_t kInputMax = 8192;

std::string current;  // what runs now
std::string crash_file;

// Only what a signal handler may do.
void KeepInput(int signal) {
  const int fd = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0 && write(fd, current.data(), current.size()) >= 0) close(fd);
  const char text[] = "the input is kept in ";
  if (write(2, text, sizeof(text) - 1) >= 0 &&
      write(2, crash_file.data(), crash_file.size()) >= 0 && write(2, "\n", 1) >= 0) {
    ::signal(signal, SIG_DFL);
  }
  raise(signal);
}

std::vector<std::string> Corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::string Mutate(const std::vector<std::string>& corpus, std::mt19937_64& random) {
  const auto below = [&](size_t n) { return n == 0 ? size_t{0} : random() % n; };
  std::string input = corpus[below(corpus.size())];
  for (size_t steps = 1 + below(6); steps > 0; --steps) {
    const size_t at = below(input.size() + 1);
    switch (below(7)) {
      case 0:
        input.insert(at, 1, static_cast<char>(random()));
        break;
      case 1:
        input.erase(at, 1 + below(8));
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(random());
        break;
      case 3:
        if (at < input.size()) input[at] ^= static_cast<char>(1u << below(8));
        break;
      case 4: {  // a piece of another
        const std::string& other = corpus[below(corpus.size())];
        const size_t from = below(other.size() + 1);
        input.insert(at, other.substr(from, below(32)));
        break;
      }
      case 5:  // a piece of its own again
        input.insert(at, input.substr(below(input.size() + 1), below(64)));
        break;
      default:
        input.resize(at);
    }
  }
  input.resize(std::min(input.size(), kInputMax));
  return input;
}

int Run(int argc, char** argv) {
  TANDEM_CHECK(argc >= 2, "usage: tandem_fuzz_replay CORPUS [--seconds N] [--target NAME]");
  double seconds = 8;
  std::string only;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--target") == 0) only = argv[i + 1];
  }
  for (const int fatal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) signal(fatal, KeepInput);
  google::protobuf::SetLogHandler(nullptr);  // it tells of each text that is no UTF-8
  int ran = 0;
  for (const Target& target : Targets()) {
    if (!only.empty() && only != target.name) continue;
    ++ran;
    crash_file = std::string("crash-") + target.name;
    const std::vector<std::string> corpus = Corpus(std::filesystem::path(argv[1]) / target.name);
    TANDEM_CHECK(!corpus.empty(), target.name);
    for (const std::string& input : corpus) {
      current = input;
      target.run(current);
    }
    std::mt19937_64 random(1);
    int64_t inputs = 0;
    const absl::Time end =
        absl::Now() +
        absl::Seconds(only.empty() ? seconds / static_cast<double>(Targets().size()) : seconds);
    for (; absl::Now() < end; ++inputs) {
      current = Mutate(corpus, random);
      target.run(current);
    }
    std::printf("%s: %zu kept and %lld made\n", target.name, corpus.size(),
                static_cast<long long>(inputs));
  }
  TANDEM_CHECK(ran > 0, only);
  return 0;
}

}  // namespace
}  // namespace tandem::fuzz

int main(int argc, char** argv) { return tandem::fuzz::Run(argc, argv); }
