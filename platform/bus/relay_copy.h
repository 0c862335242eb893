// What a relay does, apart from threads, locks and clients: copies a journal from the cursor on,
// moves the cursor by compare-and-set behind what the broker answered for, and at the start sends
// again what the topics lack. The relay of a process and the simulator are its two users.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/bus/relay_marks.h"
#include "platform/bus/subscription.h"
#include "platform/store/journal.h"

namespace tandem::bus {

// The world as a relay sees it.
class RelayPorts {
 public:
  virtual ~RelayPorts() = default;
  virtual absl::Time Now() = 0;
  // OK as long as this relay leads; asked often.
  virtual absl::Status KeepLeading() = 0;
  virtual absl::StatusOr<RelayCursor> ReadCursor() = 0;
  // Compare-and-set: false when it was not at `from`.
  virtual absl::StatusOr<bool> MoveCursor(int64_t from, const RelayCursor& to) = 0;
  virtual store::JournalReader& journal() = 0;

  // The producer: see RelayProducer.
  virtual absl::StatusOr<int> PartitionsOf(const std::string& topic) = 0;
  virtual absl::StatusOr<std::vector<PartitionEnd>> EndsOf(const std::string& topic,
                                                           int partitions) = 0;
  virtual absl::StatusOr<bool> Send(const Envelope& event, bool refill) = 0;
  virtual absl::Status Poll(int timeout_ms) = 0;
  virtual int64_t acknowledged() = 0;
  // The last record that each partition answered with; at first those of the cursor.
  virtual RelayMarks& marks() = 0;
  virtual size_t in_flight() = 0;

  virtual void Saved(int64_t position) = 0;  // the cursor is there now
  virtual void Sent(bool refill) = 0;        // one more event
};

// What the producer answers with when a partition has lost its end: KAFKA_TOPIC_TRUNCATED.
absl::Status TopicTruncated(absl::string_view topic, int32_t partition);
// And when the broker was away: KAFKA_WAS_AWAY. Who knows what it still has, and what others have
// written behind that since; nothing is saved before the topics have been compared again.
absl::Status BrokerWasAway();

class RelayCopy {
 public:
  // `saved`: where the cursor is; the producer begins there too.
  RelayCopy(RelayPorts& ports, std::string source, int page_max, const RelayCursor& saved)
      : ports_(ports),
        source_(std::move(source)),
        page_max_(page_max),
        saved_(saved),
        sent_(saved.position) {}

  // Sends again what the topics lack up to the cursor, in the journal's order: all of a topic that
  // has a partition whose mark is not where it was, and of a partition without a mark what is
  // behind its last record.
  // RELAY_JOURNAL_BEHIND where they have what the journal has not.
  absl::Status Refill();
  // Reads a page if the journal has got on, sends it, and saves what was answered for, a few times
  // a second. True when there was nothing to do: wait for the journal to get beyond sent(), no
  // longer than UntilSave().
  absl::StatusOr<bool> Step();
  absl::Duration UntilSave() const;
  // Position and marks, by compare-and-set: when it was moved by another, this one leads no more.
  // Nothing before Refill has come to its end: marks of a partition that lacks records further back
  // would say that it has them.
  absl::Status Save();

  int64_t sent() const { return sent_; }

 private:
  absl::Status Send(const Envelope& event, bool refill);
  absl::Status RefillTopic(const std::string& topic, const std::vector<PartitionEnd>& ends,
                           const std::vector<bool>& short_of, int64_t from);

  RelayPorts& ports_;
  const std::string source_;
  const int page_max_;
  RelayCursor saved_;
  int64_t sent_;
  bool refilled_ = false;
  bool more_ = true;  // behind sent_ there may be more that nothing tells of
  absl::Time next_save_ = absl::InfinitePast();
};

}  // namespace tandem::bus
