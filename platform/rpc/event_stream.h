// Serves tandem.events.v1.EventService for the journals of a process.
#pragma once

#include <memory>

#include "absl/strings/string_view.h"
#include "platform/store/journal.h"

namespace grpc {
class Service;
}

namespace tandem::rpc {

// A journal and how to read it. Calls and streams share a few readers (journal_pool.h).
struct JournalSource {
  std::string source;  // "/tandem/order"
  std::function<absl::StatusOr<std::unique_ptr<store::JournalReader>>()> open;
};

inline constexpr int kEventStreamsMax = 100;  // of a process; beyond: EVENT_STREAMS_FULL
inline constexpr int kEventCallsMax = 64;     // at a time, of the others; beyond: OVERLOADED

class EventStream {
 public:
  explicit EventStream(std::vector<JournalSource> sources);
  ~EventStream();  // ends the streams
  grpc::Service* service();
  void Stop();  // ends the streams; new ones are refused

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace tandem::rpc
