#include "bench/load/caller.h"

#include <grpcpp/grpcpp.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace tandem::bench {
namespace {

constexpr char kWatch[] = "/tandem.events.v1.EventService/WatchEvents";
constexpr char kHeads[] = "/tandem.events.v1.EventService/GetHeads";

int64_t Nanos(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool Parse(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite* message) {
  grpc::Slice slice;
  return buffer.TrySingleSlice(&slice).ok() || buffer.DumpToSingleSlice(&slice).ok()
             ? message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))
             : false;
}

std::shared_ptr<grpc::Channel> Dial(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

int64_t NowNanos() { return Nanos(CLOCK_MONOTONIC); }
int64_t WallMicros() { return Nanos(CLOCK_REALTIME) / 1000; }

void SleepUntil(int64_t nanos) {
  const timespec until{nanos / 1'000'000'000, nanos % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

void TellBegin() {
  std::puts("begin");
  std::fflush(stdout);
}

void TellEnd() {
  std::puts("end");
  std::fflush(stdout);
}

struct Caller::Call final : Tag {
  void Done(bool) override {
    answered(status, answer);
    delete this;
  }
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  Answered answered;
};

// One operation of the stream after the other; each tells the same tag. Lives as long as its
// caller.
struct Caller::Stream final : Tag {
  enum class Step { kStart, kWrite, kHalfClose, kRead, kEnd } step = Step::kStart;
  void Done(bool ok) override {
    if (!ok && step != Step::kEnd) {
      step = Step::kEnd;
      stream->Finish(&status, this);
      return;
    }
    switch (step) {
      case Step::kStart:
        step = Step::kWrite;
        stream->Write(BufferOf(request), this);
        return;
      case Step::kWrite:
        step = Step::kHalfClose;
        stream->WritesDone(this);
        return;
      case Step::kHalfClose:
        step = Step::kRead;
        break;
      case Step::kRead: {
        events::v1::WatchEventsResponse answer;
        if (Parse(buffer, &answer)) {
          for (const auto& event : answer.events()) seen(event);
        }
        break;
      }
      case Step::kEnd:
        ended = true;
        return;
    }
    stream->Read(&buffer, this);
  }
  std::string request;
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  grpc::ByteBuffer buffer;
  grpc::Status status;
  Seen seen;
  std::atomic<bool> ended{false};
};

Caller::Caller(const std::string& address) : channel_(Dial(address)), stub_(channel_) {
  channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
  thread_ = std::thread([this] {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) static_cast<Tag*>(tag)->Done(ok);
  });
}

Caller::~Caller() {
  for (auto& stream : streams_) stream->context.TryCancel();
  for (auto& stream : streams_) {  // a queue that is shut down takes nothing new
    while (!stream->ended) SleepUntil(NowNanos() + 1'000'000);
  }
  queue_.Shutdown();
  thread_.join();
}

void Caller::Send(const std::string& method, const std::string& request, Answered answered) {
  auto* call = new Call;
  call->answered = std::move(answered);
  call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  call->reader = stub_.PrepareUnaryCall(&call->context, method, BufferOf(request), &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->answer, &call->status, call);
}

bool Caller::Follow(const std::string& source, const std::vector<std::string>& types, Seen seen) {
  events::v1::GetHeadsRequest ask;
  ask.set_source(source);
  std::mutex mutex;
  std::condition_variable told;
  bool answered = false, found = false;
  events::v1::GetHeadsResponse heads;
  Send(kHeads, ask.SerializeAsString(), [&](const grpc::Status& status, const grpc::ByteBuffer& b) {
    std::lock_guard<std::mutex> lock(mutex);
    found = status.ok() && Parse(b, &heads);
    answered = true;
    told.notify_one();
  });
  std::unique_lock<std::mutex> lock(mutex);
  told.wait(lock, [&] { return answered; });
  if (!found) return false;
  events::v1::WatchEventsRequest watch;
  watch.set_source(source);
  watch.set_after_position(heads.head());
  watch.set_incarnation(heads.incarnation());
  for (const std::string& type : types) watch.add_types(type);
  auto& stream = streams_.emplace_back(std::make_unique<Stream>());
  stream->request = watch.SerializeAsString();
  stream->seen = std::move(seen);
  stream->stream = stub_.PrepareCall(&stream->context, kWatch, &queue_);
  stream->stream->StartCall(stream.get());
  return true;
}

}  // namespace tandem::bench
