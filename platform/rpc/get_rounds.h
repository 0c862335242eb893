// Reads what many callers ask for one by one, many at a time: while rounds are under way, those who
// come gather for the next. Nobody waits for company: a caller alone is a round. So a crowd costs a
// statement and a round trip for dozens of entities, and reading is as fresh as it was one by one:
// a round begins after each of its callers came.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/descriptor.h"
#include "platform/rpc/admission.h"
#include "platform/rpc/work_pool.h"
#include "platform/store/reader.h"

namespace tandem::rpc {

class GetRounds {
 public:
  // Serialised; null where there is no such entity.
  using Found = absl::StatusOr<store::SharedBytes>;
  struct Wish {
    std::string id;
    Instant until;  // DEADLINE_EXCEEDED where the round begins later
    std::function<void(Found)> done;
  };

  // The reader outlives it; the pool, whose threads use it, ends before it.
  GetRounds(store::Reader& reader, WorkPool& pool) : reader_(reader), pool_(pool) {}

  // `done` is called once, from a thread of the pool. Where it is not: the pool's refusals.
  absl::Status Queue(const google::protobuf::Descriptor* type, Wish wish);

 private:
  struct Gathered {
    std::deque<Wish> wishes;
    int rounds = 0;  // queued or under way
  };

  void Round(const google::protobuf::Descriptor* type);
  std::vector<Wish> Take(const google::protobuf::Descriptor* type);
  void Serve(const google::protobuf::Descriptor* type, std::vector<Wish> wishes);
  bool EndRound(const google::protobuf::Descriptor* type);

  store::Reader& reader_;
  WorkPool& pool_;
  absl::Mutex mutex_;
  std::map<const google::protobuf::Descriptor*, Gathered> gathered_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tandem::rpc
