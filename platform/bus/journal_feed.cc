#include "platform/bus/journal_feed.h"

#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/envelope.h"

namespace tandem::bus {
namespace {

class JournalFeed final : public Feed {
 public:
  explicit JournalFeed(std::unique_ptr<store::JournalReader> journal)
      : journal_(std::move(journal)) {}

  absl::Status Start(int64_t looked_at) override {
    position_ = looked_at;
    more_ = true;
    return absl::OkStatus();
  }

  absl::StatusOr<FeedBatch> Next(int max, absl::Duration timeout) override {
    if (!more_) {
      TANDEM_ASSIGN_OR_RETURN(const bool woken, journal_->WaitBeyond(position_, timeout));
      if (!woken) return FeedBatch();
    }
    store::JournalQuery query;
    query.after_position = position_;
    query.limit = max;
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::JournalRow> rows, journal_->Read(query));
    more_ = rows.size() == static_cast<size_t>(max);
    FeedBatch batch;
    if (!rows.empty()) position_ = batch.looked_at = rows.back().position;
    batch.events.reserve(rows.size());
    for (store::JournalRow& row : rows) {
      batch.events.push_back(
          EnvelopeOf(std::move(row), journal_->source(), journal_->incarnation()));
    }
    return batch;
  }

  // The hint is the runner's own: it commits with the effects.
  void Settled() override {}

  absl::StatusOr<std::vector<Envelope>> Fill(const LaneId& lane, int64_t after, int max) override {
    store::JournalQuery query;
    query.after_position = after;
    query.limit = max;
    query.topic = lane.topic;
    query.lane = lane.lane;
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::JournalRow> rows, journal_->Read(query));
    std::vector<Envelope> events;
    events.reserve(rows.size());
    for (store::JournalRow& row : rows) {
      events.push_back(EnvelopeOf(std::move(row), journal_->source(), journal_->incarnation()));
    }
    return events;
  }

  absl::StatusOr<SourceHeads> Heads() override {
    SourceHeads heads;
    heads.incarnation = journal_->incarnation();
    TANDEM_ASSIGN_OR_RETURN(heads.head, journal_->Head());
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::LaneHeadRow> lanes, journal_->LaneHeads());
    for (const store::LaneHeadRow& row : lanes) heads.lanes[{row.topic, row.lane}] = row.position;
    return heads;
  }

  bool may_lose() const override { return false; }

 private:
  std::unique_ptr<store::JournalReader> journal_;
  int64_t position_ = 0;
  bool more_ = true;  // behind it there may be more that nothing tells of
};

}  // namespace

std::unique_ptr<Feed> MakeJournalFeed(std::unique_ptr<store::JournalReader> journal) {
  return std::make_unique<JournalFeed>(std::move(journal));
}

}  // namespace tandem::bus
