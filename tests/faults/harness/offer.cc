// Offers calls at a rate, whether they are answered or not: what a crowd does and Python cannot.
// Of what it calls it knows nothing but the bytes it is given.
//
//   tandem_offer ADDRESS METHOD TEMPLATES THREADS DEADLINE_MS PHASE...
//
// TEMPLATES is a file of requests, each behind its length (four bytes, little-endian); the zero
// UUID in each, 00000000-0000-4000-8000-000000000000, becomes one that was never used. A PHASE is
// NAME:RATE:SECONDS, or NAME:cN:SECONDS for N calls under way all the time. Says a line of JSON for
// each second, and one for each phase.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr char kZero[] = "00000000-0000-4000-8000-000000000000";
constexpr size_t kInFlightMax = 20000;  // of a thread; what is due beyond is not sent
constexpr int kChannels = 8;            // of a thread

struct Phase {
  std::string name;
  double rate = 0;    // a second, of all threads
  int under_way = 0;  // or so many at once
  double seconds = 0;
};

struct Counts {
  int64_t sent = 0, unsent = 0, ok = 0, shed = 0, shed_bare = 0, other = 0;
  std::map<int, int64_t> codes;
  std::vector<float> ok_ms, shed_ms;

  void Add(const Counts& more) {
    sent += more.sent, unsent += more.unsent, ok += more.ok, shed += more.shed;
    shed_bare += more.shed_bare, other += more.other;
    for (const auto& [code, count] : more.codes) codes[code] += count;
    ok_ms.insert(ok_ms.end(), more.ok_ms.begin(), more.ok_ms.end());
    shed_ms.insert(shed_ms.end(), more.shed_ms.begin(), more.shed_ms.end());
  }
};

float Percentile(std::vector<float>* of, double share) {
  if (of->empty()) return 0;
  const size_t at = std::min(of->size() - 1, static_cast<size_t>(share * of->size()));
  std::nth_element(of->begin(), of->begin() + static_cast<std::ptrdiff_t>(at), of->end());
  return (*of)[at];
}

void Say(const char* what, const std::string& name, double seconds, Counts counts) {
  std::string codes;
  for (const auto& [code, count] : counts.codes) {
    codes +=
        (codes.empty() ? "\"" : ", \"") + std::to_string(code) + "\": " + std::to_string(count);
  }
  std::printf(
      "{\"%s\": \"%s\", \"seconds\": %.3f, \"sent\": %lld, \"unsent\": %lld, \"ok\": %lld, "
      "\"shed\": %lld, \"shed_bare\": %lld, \"other\": %lld, \"codes\": {%s}, \"p50_ms\": %.2f, "
      "\"p99_ms\": %.2f, \"shed_p50_ms\": %.2f, \"shed_p99_ms\": %.2f}\n",
      what, name.c_str(), seconds, static_cast<long long>(counts.sent),
      static_cast<long long>(counts.unsent), static_cast<long long>(counts.ok),
      static_cast<long long>(counts.shed), static_cast<long long>(counts.shed_bare),
      static_cast<long long>(counts.other), codes.c_str(), Percentile(&counts.ok_ms, 0.5),
      Percentile(&counts.ok_ms, 0.99), Percentile(&counts.shed_ms, 0.5),
      Percentile(&counts.shed_ms, 0.99));
  std::fflush(stdout);
}

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer request, response;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  Clock::time_point begun;
  size_t second = 0;
};

class Caller {
 public:
  Caller(const std::string& address, std::string method, const std::vector<std::string>* templates,
         int number, int deadline_ms)
      : method_(std::move(method)), templates_(*templates), deadline_ms_(deadline_ms) {
    for (int i = 0; i < kChannels; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt("grpc.use_local_subchannel_pool", 1);
      arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
      stubs_.push_back(std::make_unique<grpc::GenericStub>(
          grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
    }
    std::random_device device;
    run_ = (device() & 0xfffffff0U) + static_cast<uint32_t>(number);
  }

  // One phase: counts by the second in which a call was begun.
  void Run(const Phase& phase, double share, std::vector<Counts>* seconds, std::mutex* mutex) {
    const auto begun = Clock::now();
    counts_.assign(static_cast<size_t>(phase.seconds) + 1, Counts());
    int64_t due = 0;
    double passed = 0;
    while (passed < phase.seconds) {
      const auto second = static_cast<size_t>(passed);
      if (phase.under_way > 0) {
        while (in_flight_ < static_cast<size_t>(std::max(1.0, phase.under_way * share))) {
          Send(second);
        }
      } else {
        // A few at a time, so that answers are taken meanwhile.
        const auto wanted = static_cast<int64_t>(passed * phase.rate * share);
        for (int burst = 0; due < wanted && burst < 64; ++burst, ++due) {
          if (in_flight_ >= kInFlightMax) {
            ++counts_[second].unsent;
          } else {
            Send(second);
          }
        }
      }
      Take(std::chrono::microseconds(due > 0 && phase.under_way == 0 ? 200 : 2000));
      passed = std::chrono::duration<double>(Clock::now() - begun).count();
    }
    // What is under way belongs to it, and ends with its deadline at the latest.
    while (in_flight_ > 0) Take(std::chrono::milliseconds(20));
    const std::lock_guard lock(*mutex);
    seconds->resize(std::max(seconds->size(), counts_.size()));
    for (size_t i = 0; i < counts_.size(); ++i) (*seconds)[i].Add(counts_[i]);
  }

 private:
  void Send(size_t second) {
    auto* call = new Call;
    std::string data = templates_[number_ % templates_.size()];
    if (const size_t at = data.find(kZero); at != std::string::npos) {
      char id[37];
      std::snprintf(id, sizeof id, "%08x-0000-4000-8000-%012llx", run_,
                    static_cast<unsigned long long>(number_));
      data.replace(at, 36, id);
    }
    const grpc::Slice slice(data);
    call->request = grpc::ByteBuffer(&slice, 1);
    call->begun = Clock::now();
    call->second = second;
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::milliseconds(deadline_ms_));
    call->reader = stubs_[number_ % stubs_.size()]->PrepareUnaryCall(&call->context, method_,
                                                                     call->request, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call);
    ++number_;
    ++in_flight_;
    ++counts_[second].sent;
  }

  // What has been answered; waits so long for the first.
  void Take(Clock::duration patience) {
    void* tag = nullptr;
    bool ok = false;
    auto until = std::chrono::system_clock::now() +
                 std::chrono::duration_cast<std::chrono::system_clock::duration>(patience);
    for (int taken = 0; taken < 256; ++taken) {
      if (queue_.AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) return;
      until = std::chrono::system_clock::now();
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      --in_flight_;
      Counts& counts = counts_[std::min(call->second, counts_.size() - 1)];
      const float ms = std::chrono::duration<float, std::milli>(Clock::now() - call->begun).count();
      ++counts.codes[call->status.error_code()];
      if (call->status.ok()) {
        ++counts.ok;
        counts.ok_ms.push_back(ms);
      } else if (call->status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
        ++counts.shed;
        counts.shed_bare +=
            call->status.error_details().find("google.rpc.RetryInfo") == std::string::npos;
        counts.shed_ms.push_back(ms);
      } else {
        ++counts.other;
      }
    }
  }

  const std::string method_;
  const std::vector<std::string>& templates_;
  const int deadline_ms_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  grpc::CompletionQueue queue_;
  std::vector<Counts> counts_;
  uint32_t run_ = 0;
  uint64_t number_ = 0;
  size_t in_flight_ = 0;
};

std::vector<std::string> Templates(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> found;
  unsigned char size[4];
  while (file.read(reinterpret_cast<char*>(size), 4)) {
    std::string one(size[0] | size[1] << 8 | size[2] << 16 | size[3] << 24, '\0');
    file.read(one.data(), static_cast<std::streamsize>(one.size()));
    found.push_back(std::move(one));
  }
  return found;
}

Phase PhaseOf(const std::string& text) {
  Phase phase;
  const size_t first = text.find(':');
  const size_t last = text.rfind(':');
  phase.name = text.substr(0, first);
  const std::string what = text.substr(first + 1, last - first - 1);
  if (what[0] == 'c') {
    phase.under_way = std::atoi(what.c_str() + 1);
  } else {
    phase.rate = std::atof(what.c_str());
  }
  phase.seconds = std::atof(text.c_str() + last + 1);
  return phase;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fprintf(stderr, "tandem_offer ADDRESS METHOD TEMPLATES THREADS DEADLINE_MS PHASE...\n");
    return 2;
  }
  const std::vector<std::string> templates = Templates(argv[3]);
  const int threads = std::max(1, std::atoi(argv[4]));
  if (templates.empty()) return 2;
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < threads; ++i) {
    callers.push_back(
        std::make_unique<Caller>(argv[1], argv[2], &templates, i, std::atoi(argv[5])));
  }
  for (int p = 6; p < argc; ++p) {
    const Phase phase = PhaseOf(argv[p]);
    std::vector<Counts> seconds;
    std::mutex mutex;
    std::vector<std::thread> running;
    const auto begun = Clock::now();
    for (auto& caller : callers) {
      running.emplace_back(
          [&, one = caller.get()] { one->Run(phase, 1.0 / threads, &seconds, &mutex); });
    }
    for (std::thread& each : running) each.join();
    const double took = std::chrono::duration<double>(Clock::now() - begun).count();
    Counts all;
    for (Counts& second : seconds) {
      if (second.sent + second.unsent == 0) continue;
      Say("second", phase.name, 1, second);
      all.Add(second);
    }
    Say("phase", phase.name, took, std::move(all));
  }
  return 0;
}
