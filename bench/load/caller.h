// Calls by a method's name and bytes, many at a time; answers come back on one thread, so what they
// do needs no lock against one another.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "tandem/events/v1/event_service.pb.h"

namespace tandem::bench {

// Steady time, for what is measured here; and the wall's, for what two processes measure.
int64_t NowNanos();
int64_t WallMicros();
// Waits until a moment of NowNanos.
void SleepUntil(int64_t nanos);
// What is measured begins and ends: the driver reads the processes' figures then.
void TellBegin();
void TellEnd();

class Caller {
 public:
  explicit Caller(const std::string& address);
  ~Caller();  // waits for what is under way

  using Answered = std::function<void(const grpc::Status&, const grpc::ByteBuffer&)>;
  // From any thread. `answered` runs on the one thread of the answers; 30 s at most.
  void Send(const std::string& method, const std::string& request, Answered answered);

  // Follows an event stream from the journal's end as it is now; returns when it is known where
  // that is. Empty when there is no such stream. `seen` runs on the thread of the answers.
  using Seen = std::function<void(const events::v1::EventEnvelope&)>;
  bool Follow(const std::string& source, const std::vector<std::string>& types, Seen seen);

 private:
  struct Tag {
    virtual ~Tag() = default;
    virtual void Done(bool ok) = 0;  // deletes itself where it is done for good
  };
  struct Call;
  struct Stream;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::thread thread_;
};

}  // namespace tandem::bench
