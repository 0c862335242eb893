// The one way to change a service's data: commands, committed in batches (DESIGN section 4).
//
// Submit queues a command and returns at once; `done` is called on the writer's responder thread
// after the batch committed, with the stored answer or the refusal. One write connection per
// Writer, one thread that decides and, while others wait, one that commits. A command with a
// request id is answered from the `requests` table when it was accepted before; REQUEST_ID_REUSED
// (ALREADY_EXISTS) when its content was another then.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "platform/base/clock.h"
#include "platform/base/state.h"
#include "platform/store/database.h"
#include "platform/store/table.h"

namespace tandem::store {

struct Command {
  std::string method;        // full gRPC method or reaction name; part of the request's identity
  std::string request_hash;  // of the canonical body without request_id; empty when no request id
  // With now_micros 0 the writer's clock fills it in and the ids are seeded; else both stand as
  // given.
  Context context;
  bool validate_only = false;  // decide, answer, change nothing
  // What it will touch, as far as known without looking; saves round trips only. A command without
  // is not decided from memory.
  std::function<void(Wanted&)> hints;
  // Decides; the answer is serialised as stored in `requests`. Run again whenever something was
  // missing, or was remembered as it is no longer.
  std::function<absl::StatusOr<std::string>(Context&, State&)> decide;
  std::function<void(absl::StatusOr<std::string>)> done;
  // Where it is given, says before `done` whether the answer was stored before: then it is not what
  // `decide` came to when it was run last, if it was.
  bool* replayed = nullptr;
};

struct WriterOptions {
  std::string source;         // "/tandem/order"; the journal's name
  size_t queue_max = 10'000;  // commands; beyond: RESOURCE_EXHAUSTED WRITER_QUEUE_FULL
  size_t batch_max = 512;     // commands in a batch
  // Of events, rows and answers, about: others wait behind a batch.
  size_t batch_bytes_max = 2 << 20;
  int rounds_max = 16;  // times a command may find something missing
  int conflict_retries_max = 20;
  // How long the outcome of a commit without an answer is looked for before its callers are told
  // so.
  absl::Duration unknown_patience = absl::Seconds(20);
  int64_t request_ids_seed = 0;  // 0: random; tests give one
};

struct WriterStats {
  int64_t commits = 0;    // transactions that changed something
  int64_t trusted = 0;    // of those, decided from memory alone and checked by the commit
  int64_t commands = 0;   // answered, in any way
  int64_t refused = 0;    // of those, with an error
  int64_t replayed = 0;   // of those, with an answer stored before
  int64_t conflicts = 0;  // transactions that another's made to run again
  int64_t split = 0;      // batches that one command's constraint violation split
};

class Writer {
 public:
  static absl::StatusOr<std::unique_ptr<Writer>> Start(Database& database, const Schema& schema,
                                                       const Clock& clock, WriterOptions options);
  virtual ~Writer() = default;  // answers what is queued with UNAVAILABLE, joins the threads

  virtual void Submit(Command command) = 0;
  // The commands of one batch call: one transaction together, each answered by itself. (Where the
  // database refuses one for what Decide could not know, that one is tried again apart.)
  virtual void SubmitGroup(std::vector<Command> commands) = 0;
  // For callers that may wait (subscribers, tests): never from a gRPC callback thread.
  absl::StatusOr<std::string> Call(Command command);
  std::vector<absl::StatusOr<std::string>> CallGroup(std::vector<Command> commands);

  virtual WriterStats stats() const = 0;
};

}  // namespace tandem::store
