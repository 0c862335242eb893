#include "platform/bus/runner.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/hash.h"
#include "platform/base/status_macros.h"
#include "platform/base/thread_name.h"
#include "platform/bus/chain.h"
#include "platform/bus/event_meta.h"
#include "platform/store/journal.h"
#include "tandem/operations/v1/quarantine.pb.h"

namespace tandem::bus {

using operations::v1::Cursor;

namespace {

// Beyond so many events that wait for their lanes, no more are taken.
constexpr size_t kWaitingInLanesMax = 8192;
// How soon lanes that are behind are compared with the source for the second time; and each time
// for a while after one had to be filled from it, because a bus that has lost something is slow to
// have it again, and what follows from an event may be waited for by others.
constexpr absl::Duration kSecondCheck = absl::Seconds(5);
constexpr absl::Duration kWatched = absl::Minutes(2);

}  // namespace

std::vector<store::TableSpec> SubscriptionTables() {
  return {
      {Cursor::descriptor(), "cursors", {}, 10, store::Remembered::kByWriter},
      {operations::v1::QuarantinedKey::descriptor(),
       "quarantined_keys",
       {},
       11,
       store::Remembered::kAbsence},
      {operations::v1::QuarantinedEvent::descriptor(), "quarantined_events", {}, 12},
  };
}

Runner::Runner(LocalConsumer consumer, std::unique_ptr<Feed> feed, store::Writer& writer,
               store::Reader& reader, RunnerOptions options)
    : local_(std::move(consumer)),
      reader_name_(local_.reader),
      source_(local_.source),
      method_(absl::StrCat(reader_name_, ".on.", source_)),
      feed_(std::move(feed)),
      writer_(writer),
      reader_(reader),
      options_(options) {
  status_.reader = reader_name_;
  status_.source = source_;
}

Runner::Runner(RemoteConsumer consumer, std::unique_ptr<Feed> feed, store::Writer& writer,
               store::Reader& reader, RunnerOptions options)
    : remote_(std::move(consumer)),
      reader_name_(remote_.reader),
      source_(remote_.source),
      method_(absl::StrCat(reader_name_, ".on.", source_)),
      feed_(std::move(feed)),
      writer_(writer),
      reader_(reader),
      options_(options) {
  status_.reader = reader_name_;
  status_.source = source_;
}

Runner::~Runner() { Stop(); }

void Runner::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Runner::RequestStop() {
  absl::MutexLock lock(&mutex_);
  if (!stopping_.HasBeenNotified()) stopping_.Notify();
}

void Runner::Stop() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
}

RunnerStatus Runner::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

void Runner::Update(const std::function<void(RunnerStatus&)>& change) {
  absl::MutexLock lock(&mutex_);
  change(status_);
}

bool Runner::Reads(const Envelope& event) const {
  const std::vector<std::string>& topics = local() ? local_.topics : remote_.topics;
  return event.source() == source_ &&
         std::find(topics.begin(), topics.end(), event.topic()) != topics.end();
}

absl::Status Runner::ApplyLocal(const Envelope& event, Context& context, State& state) const {
  context.cause_event_id = event.id();
  context.correlation_id = CorrelationOf(event);
  context.traceparent = event.traceparent();
  return local_.apply(event, context, state);
}

void Runner::Committed() const {
  if (local_.committed) local_.committed();
}

absl::Status Runner::HandleRemote(const Envelope& event) const {
  const Envelope* one = &event;
  const std::vector<absl::Status> answers = remote_.handle({&one, 1});
  return answers.size() == 1 ? answers[0] : absl::UnknownError("not an answer an event");
}

void Runner::Run() {
  NameThread(reader_name_);
  Backoff backoff(options_.retry_base_ms, options_.retry_max_ms,
                  static_cast<uint64_t>(absl::ToUnixNanos(options_.now())));
  while (!stopping_.HasBeenNotified()) {
    absl::StatusOr<bool> more = Step(options_.poll);
    if (more.ok()) {
      backoff.Reset();
      if (*more && !crowded_) {
        stopping_.WaitForNotificationWithTimeout(Rest());
      }
      continue;
    }
    Update([&](RunnerStatus& status) {
      status.last_error = more.status().ToString();
      if (IsStopped(more.status())) {
        status.stopped = std::string(more.status().message());
      } else {
        status.retries++;
      }
    });
    if (IsStopped(more.status())) return;
    stopping_.WaitForNotificationWithTimeout(absl::Milliseconds(backoff.NextMs()));
  }
}

absl::Duration Runner::Rest() const {
  const absl::Duration took = options_.now() - received_;
  return std::max(local() ? local_.rest : remote_.rest, std::min(took, options_.rest_max));
}

absl::Status Runner::Begin() {
  TANDEM_ASSIGN_OR_RETURN(const std::unique_ptr<Cursor> cursor,
                          reader_.GetOne<Cursor>(LookedAtId(reader_name_, source_)));
  looked_at_ = saved_looked_at_ = cursor == nullptr ? 0 : cursor->position();
  incarnation_ = cursor == nullptr ? "" : cursor->incarnation();
  TANDEM_RETURN_IF_ERROR(feed_->Start(looked_at_));
  TANDEM_RETURN_IF_ERROR(CheckHeads(looked_at_));
  TANDEM_FAILPOINT_RETURN("subscriber.after_heads");
  next_save_ = options_.now();
  begun_ = true;
  return absl::OkStatus();
}

// The source must be the one that was read before, and not behind it. Lanes that lost their tail
// show no gap: those that do not get on, though the source has more, are filled from it.
// `looked_at` is given at the start: what is not behind it, the feed does not give.
absl::Status Runner::CheckHeads(int64_t looked_at) {
  next_head_check_ = options_.now() + options_.head_check;
  std::vector<std::string> ids;
  std::vector<LaneId> lanes;
  for (const std::string& topic : local() ? local_.topics : remote_.topics) {
    for (int lane = 0; lane < store::kLanes; ++lane) {
      lanes.push_back({topic, lane});
      ids.push_back(CursorId(reader_name_, source_, lanes.back()));
    }
  }
  // Before the heads: another runner of the group may be getting on meanwhile.
  TANDEM_ASSIGN_OR_RETURN(const auto rows, reader_.Get(Cursor::descriptor(), ids));
  for (const auto& row : rows) {
    if (row != nullptr && incarnation_.empty()) {
      incarnation_ = static_cast<const Cursor&>(*row).incarnation();
    }
  }
  const absl::StatusOr<SourceHeads> heads = feed_->Heads();
  if (!heads.ok()) {
    // A broker may have events of a source that is away, and what is known of it will do.
    if (!begun_ && (!feed_->may_lose() || incarnation_.empty())) return heads.status();
    next_head_check_ = std::min(next_head_check_, options_.now() + kSecondCheck);
    return absl::OkStatus();
  }
  if (incarnation_.empty()) incarnation_ = heads->incarnation;
  if (incarnation_ != heads->incarnation) {
    return OtherIncarnation(source_, heads->incarnation, incarnation_);
  }
  if (looked_at > heads->head) {
    return Stopped(absl::StrCat(source_, " ends at ", heads->head, ", but ", looked_at,
                                " was read before: its database went back in time"));
  }
  std::map<LaneId, int64_t> behind;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto* cursor = static_cast<const Cursor*>(rows[i].get());
    const int64_t mine = cursor == nullptr ? 0 : cursor->position();
    const auto head = heads->lanes.find(lanes[i]);
    const int64_t theirs = head == heads->lanes.end() ? 0 : head->second;
    if (cursor != nullptr && cursor->incarnation() != incarnation_) {
      return OtherIncarnation(source_, incarnation_, cursor->incarnation());
    }
    if (mine > theirs) {
      return Stopped(absl::StrCat(source_, " ends at ", theirs, " in lane ", lanes[i].lane, " of ",
                                  lanes[i].topic, ", but ", mine,
                                  " was read before: its database went back in time"));
    }
    if (mine == theirs) continue;
    behind[lanes[i]] = mine;
    bool fill = false;
    if (feed_->may_lose()) {
      const auto before = were_behind_.find(lanes[i]);
      fill = before != were_behind_.end() && before->second == mine;
    } else if (mine < looked_at) {
      TANDEM_ASSIGN_OR_RETURN(const std::vector<Envelope> first, feed_->Fill(lanes[i], mine, 1));
      fill = !first.empty() && first[0].position() <= looked_at;
    }
    if (!fill) continue;
    LaneFor(lanes[i]).behind = true;
    watched_until_ = options_.now() + kWatched;
  }
  // Those that fell behind since are looked at once more soon.
  if (feed_->may_lose() && !behind.empty() &&
      (were_behind_.empty() || options_.now() < watched_until_)) {
    next_head_check_ = std::min(next_head_check_, options_.now() + kSecondCheck);
  }
  were_behind_ = std::move(behind);
  return absl::OkStatus();
}

// An event of another history: either the source has been replaced, or the topics still hold what
// was written before it was, which is nothing to us.
absl::Status Runner::CheckIncarnations(const FeedBatch& batch) {
  for (const Envelope& event : batch.events) {
    if (!Reads(event) || event.incarnation() == incarnation_ ||
        stale_.contains(event.incarnation())) {
      continue;
    }
    TANDEM_ASSIGN_OR_RETURN(const SourceHeads heads, feed_->Heads());
    if (heads.incarnation != incarnation_) {
      return OtherIncarnation(source_, heads.incarnation, incarnation_);
    }
    stale_.insert(event.incarnation());
  }
  return absl::OkStatus();
}

Runner::Lane& Runner::LaneFor(const LaneId& id) {
  const auto known = lanes_.find(id);
  if (known != lanes_.end()) return known->second;
  std::string cursor_id = CursorId(reader_name_, source_, id);
  const Backoff backoff(options_.retry_base_ms, options_.retry_max_ms, StableHash64(cursor_id));
  return lanes_.try_emplace(id, id, std::move(cursor_id), backoff).first->second;
}

void Runner::Receive(FeedBatch batch) {
  int64_t dropped = 0;
  for (Envelope& event : batch.events) {
    if (!Reads(event)) continue;
    if (event.incarnation() != incarnation_) {
      ++dropped;
      continue;
    }
    Lane& lane = LaneFor({event.topic(), event.lane()});
    if (lane.held && lane.waiting.size() >= static_cast<size_t>(options_.held_max)) {
      lane.behind = true;
      continue;
    }
    Pending pending;
    pending.key = local() ? local_.key(event) : remote_.key(event);
    if (pending.key.empty()) pending.key = event.routing_key();
    const int64_t position = event.position();
    pending.event = std::move(event);
    if (lane.waiting.emplace(position, std::move(pending)).second) {
      ++waiting_;
    } else {
      ++dropped;
    }
  }
  looked_at_ = std::max(looked_at_, batch.looked_at);
  if (dropped > 0) Update([&](RunnerStatus& status) { status.dropped += dropped; });
}

absl::Duration Runner::UntilDue(absl::Duration at_most) const {
  const absl::Time now = options_.now();
  for (const auto& [id, lane] : lanes_) at_most = std::min(at_most, lane.due - now);
  return std::max(at_most, absl::ZeroDuration());
}

absl::StatusOr<bool> Runner::Step(absl::Duration timeout) {
  if (!begun_) TANDEM_RETURN_IF_ERROR(Begin());
  if (options_.now() >= next_head_check_) TANDEM_RETURN_IF_ERROR(CheckHeads(0));
  bool something = false;
  if (waiting_ < kWaitingInLanesMax) {
    TANDEM_ASSIGN_OR_RETURN(FeedBatch batch, feed_->Next(options_.batch_max, UntilDue(timeout)));
    received_ = options_.now();
    something = !batch.events.empty() || batch.looked_at > 0;
    if (!batch.events.empty()) TANDEM_FAILPOINT_RETURN("subscriber.after_poll");
    if (absl::Status known = CheckIncarnations(batch); !known.ok()) {
      // The batch is dropped: its lanes show gaps, or their ends are missing at the next look.
      if (!IsStopped(known)) begun_ = false;
      return known;
    }
    unsettled_ = unsettled_ || something;
    Receive(std::move(batch));
  } else {
    stopping_.WaitForNotificationWithTimeout(UntilDue(timeout));
  }
  std::vector<Try> tries = Due();
  if (!tries.empty() || (lanes_.empty() && looked_at_ > saved_looked_at_)) {
    if (!local()) {
      TANDEM_FAILPOINT_RETURN("subscriber.before_call");
      Call(tries);
      TANDEM_FAILPOINT_RETURN("subscriber.after_call");
    } else {
      Prepare(tries);
    }
    TANDEM_FAILPOINT_RETURN("subscriber.before_commit");
    Commit(tries);
    TANDEM_FAILPOINT_RETURN("subscriber.after_commit");
    TANDEM_RETURN_IF_ERROR(TakeOutcomes(tries));
    something = something || !tries.empty();
  }
  if (lanes_.empty()) {
    if (std::exchange(unsettled_, false)) {
      TANDEM_FAILPOINT("subscriber.before_settled");
      feed_->Settled();
      TANDEM_FAILPOINT("subscriber.after_settled");
    }
    Update([](RunnerStatus& status) { status.last_error.clear(); });
  }
  const auto held = std::count_if(lanes_.begin(), lanes_.end(),
                                  [](const auto& lane) { return lane.second.held; });
  Update([&](RunnerStatus& status) { status.held = static_cast<int>(held); });
  return something;
}

}  // namespace tandem::bus
