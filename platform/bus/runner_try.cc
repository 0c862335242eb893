// The tries of a runner: what is due, the calls, the one transaction, and what becomes of each
// event.
#include <algorithm>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/chain.h"
#include "platform/bus/runner.h"
#include "platform/bus/waiting.h"
#include "tandem/operations/v1/quarantine.pb.h"

namespace tandem::bus {

using operations::v1::Cursor;
using operations::v1::QuarantinedKey;

namespace {

constexpr int kFillMax = 1000;
// How far, and how long, reading may get on without writing so where there is nothing else to
// write.
constexpr int64_t kLookedAtStep = 1000;
constexpr absl::Duration kLookedAtEvery = absl::Seconds(5);

// What each command answers.
constexpr char kApplied[] = "applied";
constexpr char kDropped[] = "dropped";
constexpr char kParked[] = "parked";

// Of an event behind one that is not settled, on its lane or of its key: not tried, and no reason
// to wait.
constexpr char kBehind[] = "EVENT_BEHIND_ANOTHER";
absl::Status Behind() {
  return Refuse(absl::StatusCode::kAborted, kBehind, "an earlier event is not settled");
}

// Positions by the ids of the lanes' cursors, and whether the lanes are there or beyond.
using Lanes = std::map<std::string, int64_t>;
bool ArePast(const Lanes& lanes, State& state) {
  bool past = true;
  for (const auto& [cursor_id, position] : lanes) {  // all are asked for: they are loaded together
    const Cursor* cursor = state.Find<Cursor>(cursor_id);
    past = cursor != nullptr && cursor->position() >= position && past;
  }
  return past;
}

}  // namespace

// In the order of the journal, over all lanes that are due; of each lane its first events.
std::vector<Runner::Try> Runner::Due() {
  const absl::Time now = options_.now();
  std::vector<Try> tries;
  for (auto it = lanes_.begin(); it != lanes_.end();) {
    Lane& lane = it->second;
    if (lane.due <= now) {
      lane.held = false;
      if (lane.waiting.empty() && lane.behind) FillLane(lane);
      if (lane.waiting.empty() && !lane.behind) {
        it = lanes_.erase(it);
        continue;
      }
      if (!lane.held) {
        for (auto& [position, pending] : lane.waiting) tries.push_back({&lane, &pending, {}});
      }
    }
    ++it;
  }
  std::stable_sort(tries.begin(), tries.end(), [](const Try& a, const Try& b) {
    return a.pending->event.position() < b.pending->event.position();
  });
  const auto most = static_cast<size_t>(options_.batch_max);
  size_t count = 0;
  for (size_t bytes = 0; count < std::min(tries.size(), most) && bytes < options_.batch_bytes_max;
       ++count) {
    bytes += tries[count].pending->event.payload().size();
  }
  crowded_ = count < tries.size() || count >= most / 2;
  tries.resize(count);
  return tries;
}

// What a local consumer looks up for those that are about to be applied.
void Runner::Prepare(const std::vector<Try>& tries) {
  if (!local_.prepare) return;
  std::vector<const Envelope*> events;
  for (const Try& one : tries) {
    if (!one.pending->park) events.push_back(&one.pending->event);
  }
  if (!events.empty()) local_.prepare(events);
}

// The calls of a remote consumer, before anything is committed: none for what was settled before
// and for keys in quarantine. Both are judged again in the transaction.
void Runner::Call(std::vector<Try>& tries) {
  std::vector<std::string> key_ids, cursor_ids;
  for (const Try& one : tries) {
    one.pending->called = false;
    key_ids.push_back(QuarantinedKeyId(reader_name_, one.pending->key));
    cursor_ids.push_back(one.lane->cursor_id);
  }
  if (tries.empty()) return;
  const auto parked = reader_.Get(QuarantinedKey::descriptor(), key_ids);
  const auto cursors = reader_.Get(Cursor::descriptor(), cursor_ids);
  if (!parked.ok() || !cursors.ok()) {
    for (Try& one : tries) one.outcome = parked.ok() ? cursors.status() : parked.status();
    return;
  }
  std::vector<const Envelope*> calls;
  std::vector<size_t> index;
  std::map<const Lane*, Cursor> moved;  // as if everything before were settled
  std::set<std::string> parking;
  for (size_t i = 0; i < tries.size(); ++i) {
    const Envelope& event = tries[i].pending->event;
    auto [cursor, first] = moved.try_emplace(tries[i].lane);
    if (first && (*cursors)[i] != nullptr) {
      cursor->second = static_cast<const Cursor&>(*(*cursors)[i]);
    }
    const absl::StatusOr<Verdict> verdict = Judge(cursor->second, event);
    if (!verdict.ok() || *verdict == Verdict::kGap) {
      tries[i].outcome = verdict.ok() ? Gap(event, cursor->second.position()) : verdict.status();
      continue;
    }
    if (*verdict == Verdict::kDrop) continue;
    cursor->second.set_position(event.position());
    cursor->second.set_incarnation(event.incarnation());
    if (tries[i].pending->park) parking.insert(tries[i].pending->key);
    if (parking.contains(tries[i].pending->key) || (*parked)[i] != nullptr) continue;
    calls.push_back(&event);
    index.push_back(i);
  }
  if (calls.empty()) return;
  const std::vector<absl::Status> answers = remote_.handle(calls);
  std::set<std::string> failed;  // keys
  for (size_t c = 0; c < index.size(); ++c) {
    Try& one = tries[index[c]];
    if (failed.contains(one.pending->key)) {
      one.outcome = Behind();
      continue;
    }
    one.outcome =
        answers.size() == calls.size() ? answers[c] : absl::UnknownError("not an answer an event");
    one.pending->called = one.outcome.ok();
    if (!one.outcome.ok()) failed.insert(one.pending->key);
  }
}

// The command that settles one event: moves its lane, and applies it here, or puts it into
// quarantine. For a remote consumer the effect has been made already.
store::Command Runner::CommandFor(Pending& pending, const Lane& lane) const {
  store::Command command;
  command.method = method_;
  command.hints = [this, &pending, &lane](Wanted& wanted) {
    wanted.Row<Cursor>(lane.cursor_id);
    wanted.Row<QuarantinedKey>(QuarantinedKeyId(reader_name_, pending.key));
    if (local_.hints && !pending.park) local_.hints(pending.event, wanted);
  };
  command.decide = [this, &pending, &lane](Context& context,
                                           State& state) -> absl::StatusOr<std::string> {
    TANDEM_ASSIGN_OR_RETURN(const bool fresh, MoveCursor(state, lane.cursor_id, pending.event));
    if (!fresh) return std::string(kDropped);
    if (pending.park && TANDEM_PLANTED("poison_is_dropped")) return std::string(kParked);
    if (pending.park || IsQuarantined(state, reader_name_, pending.key)) {
      TANDEM_RETURN_IF_ERROR(
          Append(context, state, reader_name_, pending.key, pending.event, pending.why));
      return std::string(kParked);
    }
    const bool lost = TANDEM_PLANTED("event_is_lost") && pending.event.position() % 97 == 0;
    if (lost) return std::string(kApplied);
    if (local()) {
      TANDEM_RETURN_IF_ERROR(ApplyLocal(pending.event, context, state));
    } else if (!pending.called) {
      return absl::AbortedError(
          "the key has left quarantine: its event is to be handled after all");
    }
    return std::string(kApplied);
  };
  return command;
}

// Notes how far the journal was looked at; a hint only, since lanes are compared at the start.
store::Command Runner::LookedAtCommand() const {
  store::Command look;
  look.method = method_;
  const std::string id = LookedAtId(reader_name_, source_);
  look.hints = [id](Wanted& wanted) { wanted.Row<Cursor>(id); };
  look.decide = [this, id](Context&, State& state) -> absl::StatusOr<std::string> {
    Cursor* cursor = state.Edit<Cursor>(id);
    if (cursor == nullptr) {
      Cursor fresh;
      fresh.set_id(id);
      cursor = state.Insert(std::move(fresh));
    }
    if (cursor->position() >= looked_at_) return std::string();
    cursor->set_position(looked_at_);
    cursor->set_incarnation(incarnation_);
    state.Touch<Cursor>(id);
    return std::string();
  };
  return look;
}

// All in one transaction. A lane moves only up to its first event that is not settled: the chain
// itself refuses those behind.
void Runner::Commit(std::vector<Try>& tries) {
  std::vector<store::Command> commands;
  std::vector<size_t> index;
  std::set<const Lane*> held;
  for (size_t i = 0; i < tries.size(); ++i) {
    if (local() && tries[i].outcome.ok() && !tries[i].pending->park) {
      tries[i].outcome = TANDEM_FAILPOINT_STATUS("subscriber.before_effect");
    }
    if (!tries[i].outcome.ok()) held.insert(tries[i].lane);
    if (!held.empty() && held.contains(tries[i].lane)) {
      if (tries[i].outcome.ok()) tries[i].outcome = Behind();
      continue;
    }
    commands.push_back(CommandFor(*tries[i].pending, *tries[i].lane));
    index.push_back(i);
  }
  // What is refused here, by its decision or by the database, goes into quarantine with the next
  // try: until then later events of its key wait, also those on other lanes. Whether it was refused
  // is read from its lane, which the transaction sees as it is: the database's refusal splits a
  // batch.
  using Reached = std::vector<std::pair<const Lane*, int64_t>>;
  absl::flat_hash_map<absl::string_view, Reached> of_key;
  absl::flat_hash_map<const Lane*, int64_t> all;  // how far each lane gets with all of them
  for (size_t c = 0; c < commands.size(); ++c) {
    const Try& one = tries[index[c]];
    const int64_t position = one.pending->event.position();
    Reached& earlier = of_key[one.pending->key];
    Lanes others;  // of its own lane the chain knows
    int64_t* own = nullptr;
    for (auto& [lane, reached] : earlier) {
      if (lane == one.lane) {
        own = &reached;
      } else {
        others[lane->cursor_id] = reached;
      }
    }
    if (own == nullptr) {
      earlier.emplace_back(one.lane, position);
    } else {
      *own = position;
    }
    all[one.lane] = position;
    if (!others.empty()) {
      commands[c].decide = [decide = std::move(commands[c].decide), others = std::move(others)](
                               Context& context, State& state) -> absl::StatusOr<std::string> {
        if (!ArePast(others, state)) return Behind();
        return decide(context, state);
      };
    }
  }
  // With every event in this try, and none held from before, all that was looked at is settled
  // then.
  bool look = looked_at_ > saved_looked_at_ && held.empty() && tries.size() == waiting_ &&
              std::none_of(lanes_.begin(), lanes_.end(),
                           [](const auto& lane) { return lane.second.behind; });
  if (commands.empty()) {
    look = look && (looked_at_ - saved_looked_at_ >= kLookedAtStep || options_.now() >= next_save_);
  }
  if (look) {
    Lanes lanes;
    for (const auto& [lane, position] : all) lanes[lane->cursor_id] = position;
    commands.push_back(LookedAtCommand());
    commands.back().decide = [decide = std::move(commands.back().decide), lanes = std::move(lanes)](
                                 Context& context, State& state) -> absl::StatusOr<std::string> {
      if (!ArePast(lanes, state)) return Behind();
      return decide(context, state);
    };
  }
  if (commands.empty()) return;
  std::vector<absl::StatusOr<std::string>> results = writer_.CallGroup(std::move(commands));
  int64_t applied = 0, dropped = 0, parked = 0;
  for (size_t c = 0; c < index.size(); ++c) {
    tries[index[c]].outcome = results[c].status();
    if (!results[c].ok()) continue;
    applied += *results[c] == kApplied;
    dropped += *results[c] == kDropped;
    parked += *results[c] == kParked;
  }
  if (applied > 0) Committed();
  if (look && results.back().ok()) {
    saved_looked_at_ = looked_at_;
    next_save_ = options_.now() + kLookedAtEvery;
  }
  Update([&](RunnerStatus& status) {
    status.applied += applied;
    status.dropped += dropped;
    status.parked += parked;
  });
}

absl::Status Runner::TakeOutcomes(const std::vector<Try>& tries) {
  std::set<const Lane*> stuck;  // behind an earlier event of this try
  for (const Try& one : tries) {
    if (!stuck.empty() && stuck.contains(one.lane)) continue;
    Lane& lane = *one.lane;
    if (one.outcome.ok()) {
      lane.waiting.erase(one.pending->event.position());
      --waiting_;
      lane.filled = false;
      lane.backoff.Reset();
      continue;
    }
    if (IsStopped(one.outcome)) return one.outcome;
    stuck.insert(one.lane);
    if (ReasonOf(one.outcome) == kBehind) continue;
    if (IsGap(one.outcome)) {
      // When what the source itself gave has a gap still, it is asked again, but not at once.
      if (std::exchange(lane.filled, false)) {
        Hold(lane, one.outcome);
      } else {
        FillLane(lane);
      }
    } else if (DispositionOf(one.outcome) == Disposition::kPark && !one.pending->park) {
      TANDEM_FAILPOINT("subscriber.before_park");
      one.pending->park = true;
      one.pending->why = one.outcome;
    } else {
      Hold(lane, one.outcome);
    }
  }
  std::erase_if(lanes_, [](const auto& entry) {
    return entry.second.waiting.empty() && !entry.second.behind;
  });
  return absl::OkStatus();
}

// Reads what is behind the lane's cursor from the source, which knows better than what waits here.
void Runner::FillLane(Lane& lane) {
  const LaneId& id = lane.id;
  const auto cursor = reader_.GetOne<Cursor>(lane.cursor_id);
  if (!cursor.ok()) return Hold(lane, cursor.status());
  const int64_t mine = *cursor == nullptr ? 0 : (*cursor)->position();
  absl::StatusOr<std::vector<Envelope>> events = feed_->Fill(id, mine, kFillMax);
  if (!events.ok()) return Hold(lane, events.status());
  if (events->empty() && !lane.waiting.empty()) {
    lane.behind = false;
    return Hold(lane, Refuse(absl::StatusCode::kUnavailable, "EVENT_GAP_NOT_FILLED",
                             absl::StrCat(source_, " does not have what is missing in lane ",
                                          id.lane, " of ", id.topic, " behind ", mine)));
  }
  TANDEM_FAILPOINT("subscriber.after_fill");
  lane.behind = events->size() >= static_cast<size_t>(kFillMax);
  const int64_t upto = events->empty() ? mine : events->back().position();
  for (auto it = lane.waiting.begin(); it != lane.waiting.end() && it->first <= upto;) {
    it = lane.waiting.erase(it);
    --waiting_;
  }
  const auto filled = static_cast<int64_t>(events->size());
  FeedBatch batch;
  batch.events = *std::move(events);
  lane.filled = true;
  lane.held = false;
  Receive(std::move(batch));
  Update([&](RunnerStatus& status) { status.filled += filled; });
}

void Runner::Hold(Lane& lane, const absl::Status& why) {
  lane.held = true;
  lane.due = options_.now() + absl::Milliseconds(lane.backoff.NextMs());
  Update([&](RunnerStatus& status) {
    status.last_error = why.ToString();
    status.retries++;
  });
}

}  // namespace tandem::bus
