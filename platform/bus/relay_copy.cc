#include "platform/bus/relay_copy.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/envelope.h"

namespace tandem::bus {
namespace {

constexpr absl::Duration kSaveEvery = absl::Milliseconds(200);

}  // namespace

absl::Status TopicTruncated(absl::string_view topic, int32_t partition) {
  return Refuse(absl::StatusCode::kAborted, "KAFKA_TOPIC_TRUNCATED",
                absl::StrCat(topic, " begins anew in partition ", partition));
}

absl::Status BrokerWasAway() {
  return Refuse(absl::StatusCode::kUnavailable, "KAFKA_WAS_AWAY",
                "the broker was away: the topics are compared with the journal");
}

absl::StatusOr<bool> RelayCopy::Step() {
  TANDEM_RETURN_IF_ERROR(ports_.KeepLeading());
  TANDEM_FAILPOINT_RETURN("relay.before_read");
  std::vector<store::JournalRow> rows;
  bool more = more_;
  if (!more) {
    TANDEM_ASSIGN_OR_RETURN(more, ports_.journal().WaitBeyond(sent_, absl::ZeroDuration()));
  }
  if (more) {
    store::JournalQuery query;
    query.after_position = sent_;
    query.limit = page_max_;
    // While the producer's threads send the page before.
    TANDEM_ASSIGN_OR_RETURN(rows, ports_.journal().Read(query));
    more_ = rows.size() == static_cast<size_t>(page_max_);
  }
  for (store::JournalRow& row : rows) {
    if (row.position != sent_ + 1) {
      return Refuse(absl::StatusCode::kDataLoss, "RELAY_JOURNAL_GAP",
                    absl::StrCat("the journal has no position ", sent_ + 1));
    }
    if (TANDEM_PLANTED("relay_skips_event") && row.position % 97 == 0) {
      sent_ = row.position;
      continue;
    }
    const int64_t position = row.position;
    TANDEM_RETURN_IF_ERROR(Send(EnvelopeOf(std::move(row), source_, ports_.journal().incarnation()),
                                /*refill=*/false));
    sent_ = position;
  }
  if (!rows.empty()) TANDEM_FAILPOINT_RETURN("relay.after_send");
  const bool idle = rows.empty() && ports_.in_flight() == 0;
  TANDEM_RETURN_IF_ERROR(ports_.Poll(rows.empty() && !idle ? 20 : 0));
  if (UntilSave() <= absl::ZeroDuration()) {
    TANDEM_RETURN_IF_ERROR(Save());
    next_save_ = ports_.Now() + kSaveEvery;
  }
  return idle;
}

absl::Duration RelayCopy::UntilSave() const {
  if (ports_.acknowledged() <= saved_.position) return absl::InfiniteDuration();
  return next_save_ - ports_.Now();
}

absl::Status RelayCopy::Send(const Envelope& event, bool refill) {
  while (true) {
    TANDEM_ASSIGN_OR_RETURN(const bool taken, ports_.Send(event, refill));
    if (taken) break;
    TANDEM_RETURN_IF_ERROR(ports_.Poll(100));
    TANDEM_RETURN_IF_ERROR(ports_.KeepLeading());
  }
  ports_.Sent(refill);
  return absl::OkStatus();
}

absl::Status RelayCopy::Save() {
  if (!refilled_) return absl::OkStatus();
  const RelayCursor now{ports_.acknowledged(), ports_.marks()};
  if (now.position == saved_.position && now.marks == saved_.marks) return absl::OkStatus();
  TANDEM_FAILPOINT_RETURN("relay.after_ack");
  TANDEM_ASSIGN_OR_RETURN(const bool moved, ports_.MoveCursor(saved_.position, now));
  if (!moved) {
    return Refuse(absl::StatusCode::kAborted, "RELAY_CURSOR_MOVED",
                  "another relay has moved the cursor");
  }
  saved_ = now;
  ports_.Saved(saved_.position);
  TANDEM_FAILPOINT_RETURN("relay.after_save");
  return absl::OkStatus();
}

absl::Status RelayCopy::Refill() {
  TANDEM_ASSIGN_OR_RETURN(const std::vector<store::LaneHeadRow> lanes,
                          ports_.journal().LaneHeads());
  std::map<std::string, std::vector<PartitionEnd>> ends;
  for (const store::LaneHeadRow& row : lanes) {
    if (ends.contains(row.topic)) continue;
    TANDEM_RETURN_IF_ERROR(ports_.KeepLeading());
    TANDEM_ASSIGN_OR_RETURN(const int partitions, ports_.PartitionsOf(row.topic));
    TANDEM_ASSIGN_OR_RETURN(ends[row.topic], ports_.EndsOf(row.topic, partitions));
  }
  // After the topics' ends: another relay may have been sending until now.
  TANDEM_ASSIGN_OR_RETURN(const int64_t head, ports_.journal().Head());
  for (auto& [topic, partitions] : ends) {
    std::vector<bool> short_of(partitions.size(), false);
    int64_t from = saved_.position;
    bool lost = false;
    for (const PartitionEnd& end : partitions) {
      if (end.position > head) {
        return Refuse(
            absl::StatusCode::kDataLoss, "RELAY_JOURNAL_BEHIND",
            absl::StrCat("the topic ", topic, " has position ", end.position,
                         ", but the journal ends at ", head, ": the database went back in time"));
      }
      lost |= end.cut && !TANDEM_PLANTED("relay_trusts_last_record");
    }
    for (size_t p = 0; p < partitions.size(); ++p) {
      PartitionEnd& end = partitions[p];
      if (lost) {
        // Where partitions were added since, what one has lost belongs to others now.
        end.position = 0;
        if (end.cut) ports_.marks()[topic].erase(static_cast<int>(p));
      } else if (end.marked || end.expired || end.position >= saved_.position) {
        continue;
      }
      for (const store::LaneHeadRow& row : lanes) {
        if (row.topic == topic && static_cast<size_t>(row.lane) % partitions.size() == p &&
            row.position > end.position) {
          short_of[p] = true;
        }
      }
      if (short_of[p]) from = std::min(from, end.position);
    }
    TANDEM_RETURN_IF_ERROR(RefillTopic(topic, partitions, short_of, from));
  }
  while (ports_.in_flight() > 0) {
    TANDEM_RETURN_IF_ERROR(ports_.Poll(100));
    TANDEM_RETURN_IF_ERROR(ports_.KeepLeading());
  }
  refilled_ = true;
  return Save();
}

absl::Status RelayCopy::RefillTopic(const std::string& topic, const std::vector<PartitionEnd>& ends,
                                    const std::vector<bool>& short_of, int64_t from) {
  while (from < saved_.position) {
    store::JournalQuery query;
    query.after_position = from;
    query.topic = topic;
    query.limit = page_max_;
    TANDEM_ASSIGN_OR_RETURN(const std::vector<store::JournalRow> rows,
                            ports_.journal().Read(query));
    if (rows.empty()) return absl::OkStatus();
    for (const store::JournalRow& row : rows) {
      from = row.position;
      if (from > saved_.position) return absl::OkStatus();
      const size_t p = static_cast<size_t>(row.lane) % ends.size();
      if (!short_of[p] || from <= ends[p].position) continue;
      TANDEM_FAILPOINT_RETURN("relay.while_refilling");
      TANDEM_RETURN_IF_ERROR(
          Send(EnvelopeOf(row, source_, ports_.journal().incarnation()), /*refill=*/true));
    }
    TANDEM_RETURN_IF_ERROR(ports_.Poll(0));
    TANDEM_RETURN_IF_ERROR(ports_.KeepLeading());
  }
  return absl::OkStatus();
}

}  // namespace tandem::bus
