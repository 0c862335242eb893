#include "bus-adapters/master_data/worker.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bus-adapters/master_data/store.h"
#include "platform/base/fault.h"
#include "platform/base/status_macros.h"
#include "platform/base/thread_name.h"

namespace tandem::master_data {
namespace {

constexpr absl::Duration kFirstLook = absl::Milliseconds(1);
constexpr char kChanged[] = "changed";
// How long what is told of a copy waits for the answer to our own write of it.
constexpr absl::Duration kEchoPatience = absl::Milliseconds(100);
// Batches of answers on their way to the database.
constexpr int kCommittingMax = 2;

std::string Describe(const absl::Status& status) { return std::string(status.ToString()); }

}  // namespace

Worker::Worker(const RunnerParts& parts, Connector& connector)
    : parts_(parts),
      connector_(connector),
      system_(connector.Describe().rules.name),
      backoff_(parts.options.retry_base_ms, parts.options.retry_max_ms,
               std::hash<std::string>()(system_)) {}

void Worker::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Worker::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  AwaitAnswers();
}

void Worker::Wake(bool committed) {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
  early_ = early_ || !committed;
}

void Worker::AwaitWrites(const std::vector<std::string>& copies) {
  absl::MutexLock lock(&mutex_);
  auto none = [this, &copies]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return writing_.empty() ||
           std::none_of(copies.begin(), copies.end(),
                        [this](const std::string& copy) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                          return writing_.contains(copy);
                        });
  };
  mutex_.AwaitWithTimeout(absl::Condition(&none), kEchoPatience);
}

std::string Worker::last_error() const {
  absl::MutexLock lock(&mutex_);
  return last_error_;
}

// After a wake that may have come before the commit it is about, it looks again at growing
// intervals.
void Worker::Run() {
  NameThread(absl::StrCat("to ", system_));
  absl::Duration look = kFirstLook;
  while (true) {
    Round round = PerformCalls();
    if (!round.did && round.failed.ok()) round = ReconcilePage();
    absl::Duration wait = look;
    bool failed = !round.failed.ok();
    if (failed) {
      wait = absl::Milliseconds(backoff_.NextMs());
    } else if (round.did) {
      backoff_.Reset();
      wait = absl::ZeroDuration();
    }
    absl::MutexLock lock(&mutex_);
    if (failed || round.did) last_error_ = failed ? Describe(round.failed) : "";
    auto ready = [this, failed]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || (woken_ && !failed);
    };
    mutex_.AwaitWithTimeout(absl::Condition(&ready), wait);
    if (stopping_) return;
    look = early_ ? kFirstLook : std::min(look * 2, parts_.options.poll);
    woken_ = early_ = false;
  }
}

store::Command Worker::CommandOf(
    absl::string_view what,
    std::function<absl::StatusOr<std::string>(Context&, State&)> decide) const {
  store::Command command;
  command.method = absl::StrCat(parts_.name, ".", what);
  command.context.actor = system_;
  command.decide = std::move(decide);
  return command;
}

// The command that gives an answer to a record.
store::Command Worker::AnswerOf(const v1::CallUnderWay& call, What what) const {
  store::Command command =
      CommandOf("answer",
                [this, id = call.record_id(), what = std::move(what)](
                    Context& context, State& state) -> absl::StatusOr<std::string> {
                  TANDEM_RETURN_IF_ERROR(Happen(parts_.entity, id, what, context, state));
                  return std::string();
                });
  command.hints = [record_id = call.record_id(), id = call.id()](Wanted& wanted) {
    AnswerHints(record_id, id, wanted);
  };
  return command;
}

// A call without an answer stands; those that had none yet come before it.
store::Command Worker::AgainOf(const v1::CallUnderWay& call) const {
  return CommandOf("again",
                   [id = call.id()](Context&, State& state) -> absl::StatusOr<std::string> {
                     v1::CallUnderWay* row = state.Edit<v1::CallUnderWay>(id);
                     if (row == nullptr) return std::string();
                     row->set_attempts(row->attempts() + 1);
                     state.Touch<v1::CallUnderWay>(id);
                     return std::string();
                   });
}

// The answers of one batch of calls are committed while the next one is made.
Worker::Round Worker::PerformCalls() {
  Round round;
  std::set<std::string> answering;
  {
    absl::MutexLock lock(&mutex_);
    auto has_room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return committing_ < kCommittingMax;
    };
    mutex_.Await(absl::Condition(&has_room));
    round.failed = std::exchange(answers_failed_, absl::OkStatus());
    if (!round.failed.ok()) return round;
    answering = answering_;
  }
  store::ListQuery query;
  query.where = "system = $1";
  query.params = {system_};
  query.order_by = "attempts, id";
  query.limit = parts_.options.calls_max + static_cast<int>(answering.size());
  auto rows = parts_.reader.List(v1::CallUnderWay::descriptor(), query);
  if (!rows.ok()) return {false, rows.status()};
  std::vector<const v1::CallUnderWay*> pushes;
  std::vector<const v1::CallUnderWay*> lookups;
  for (const auto& row : *rows) {
    const auto* call = static_cast<const v1::CallUnderWay*>(row.get());
    if (answering.contains(call->id())) continue;
    (call->kind() == v1::CALL_KIND_PUSH ? pushes : lookups).push_back(call);
  }
  if (pushes.empty() && lookups.empty()) {
    if (answering.empty()) return {};
    AwaitAnswers();  // there is nothing to be made meanwhile
    absl::MutexLock lock(&mutex_);
    return {true, std::exchange(answers_failed_, absl::OkStatus())};
  }
  std::vector<store::Command> commands;
  std::vector<std::string> names;
  std::vector<std::string> copies;
  for (const v1::CallUnderWay* call : pushes) copies.push_back(call->push().foreign_id());
  {
    absl::MutexLock lock(&mutex_);
    writing_.insert(copies.begin(), copies.end());
  }
  if (!pushes.empty()) Push(pushes, &commands, &round);
  if (!lookups.empty()) LookUp(lookups, &commands, &round);
  for (const v1::CallUnderWay* call : pushes) names.push_back(call->id());
  for (const v1::CallUnderWay* call : lookups) names.push_back(call->id());
  Answer(std::move(commands), std::move(names), std::move(copies));
  // What failed is tried again later, and not before it was noted.
  if (!round.failed.ok()) AwaitAnswers();
  return round;
}

// Commits what came of calls, without waiting for it.
void Worker::Answer(std::vector<store::Command> commands, std::vector<std::string> names,
                    std::vector<std::string> copies) {
  {
    absl::MutexLock lock(&mutex_);
    answering_.insert(names.begin(), names.end());
    ++committing_;
  }
  struct Group {
    std::atomic<size_t> open;
    std::vector<std::string> names, copies;
  };
  auto group = std::make_shared<Group>();
  group->open = commands.size();
  group->names = std::move(names);
  group->copies = std::move(copies);
  for (store::Command& command : commands) {
    command.done = [this, group](const absl::StatusOr<std::string>& answer) {
      if (!answer.ok()) {
        absl::MutexLock lock(&mutex_);
        answers_failed_ = answer.status();
      }
      if (group->open.fetch_sub(1) > 1) return;
      parts_.committed();
      absl::MutexLock lock(&mutex_);
      for (const std::string& name : group->names) answering_.erase(name);
      for (const std::string& copy : group->copies) writing_.erase(copy);
      --committing_;
    };
  }
  parts_.writer.SubmitGroup(std::move(commands));
}

void Worker::AwaitAnswers() {
  absl::MutexLock lock(&mutex_);
  auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return committing_ == 0; };
  mutex_.Await(absl::Condition(&none));
}

void Worker::Push(const std::vector<const v1::CallUnderWay*>& calls,
                  std::vector<store::Command>* commands, Round* round) {
  TANDEM_FAILPOINT("sync.before_push");
  std::vector<PushResult> results = connector_.Push(calls);
  TANDEM_FAILPOINT("sync.after_push");
  results.resize(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    PushResult& result = results[i];
    if (result.outcome == PushOutcome::kUnknown) {
      round->failed = absl::UnavailableError(result.reason);
    } else {
      round->did = true;
    }
    PushAnswered answer;
    answer.system = system_;
    answer.call = calls[i]->number();
    answer.outcome = result.outcome;
    answer.state = std::move(result.state);
    answer.written = std::move(result.written);
    answer.foreign_id = std::move(result.foreign_id);
    answer.reason = std::move(result.reason);
    commands->push_back(AnswerOf(*calls[i], std::move(answer)));
  }
}

void Worker::LookUp(const std::vector<const v1::CallUnderWay*>& calls,
                    std::vector<store::Command>* commands, Round* round) {
  std::vector<LookupKey> keys;
  for (const v1::CallUnderWay* call : calls) {
    LookupKey key;
    if (call->kind() == v1::CALL_KIND_READ) key.foreign_id = call->foreign_id();
    key.identifiers.assign(call->identifiers().begin(), call->identifiers().end());
    keys.push_back(std::move(key));
  }
  TANDEM_FAILPOINT("sync.before_lookup");
  auto found = connector_.Lookup(keys);
  TANDEM_FAILPOINT("sync.after_lookup");
  found.resize(calls.size(), absl::UnknownError("not an answer a key"));
  for (size_t i = 0; i < calls.size(); ++i) {
    const v1::CallUnderWay& call = *calls[i];
    if (!found[i].ok()) {
      round->failed = found[i].status();
      commands->push_back(AgainOf(call));
      continue;
    }
    round->did = true;
    if (call.kind() == v1::CALL_KIND_READ) {
      ReadAnswered answer;
      answer.system = system_;
      answer.call = call.number();
      answer.found = !found[i]->empty();
      if (answer.found) answer.state = std::move(found[i]->front());
      commands->push_back(AnswerOf(call, std::move(answer)));
      continue;
    }
    commands->push_back(
        CommandOf("match",
                  [this, call, states = *std::move(found[i])](
                      Context& context, State& state) -> absl::StatusOr<std::string> {
                    TANDEM_RETURN_IF_ERROR(Matched(parts_.entity, call, states, context, state));
                    return std::string();
                  }));
  }
}

// The next page of a reconciliation, where one is under way; its place is in the database, so it
// goes on where it was.
Worker::Round Worker::ReconcilePage() {
  auto row = parts_.reader.GetOne<v1::SyncSystem>(system_);
  if (!row.ok()) return {false, row.status()};
  if (*row == nullptr || !(*row)->reconciling()) return {};
  const std::string cursor = (*row)->cursor();
  absl::StatusOr<Page> page = connector_.Pull(cursor);
  TANDEM_FAILPOINT("sync.reconcile_page");
  if (!page.ok()) return {false, page.status()};
  std::vector<store::Command> commands;
  for (v1::State& each : page->states) {
    each.set_source(v1::SOURCE_RECONCILIATION);
    commands.push_back(
        CommandOf("reconcile",
                  [this, each = std::move(each)](Context& context,
                                                 State& state) -> absl::StatusOr<std::string> {
                    TANDEM_ASSIGN_OR_RETURN(
                        const bool changed,
                        tandem::master_data::Arrive(parts_.entity, system_, each, context, state));
                    return std::string(changed ? kChanged : "");
                  }));
  }
  int64_t changed = 0;
  int64_t failed = 0;
  std::string last_error;
  const int64_t read = static_cast<int64_t>(commands.size());
  for (const auto& answer : parts_.writer.CallGroup(std::move(commands))) {
    if (!answer.ok() && answer.status().code() == absl::StatusCode::kUnavailable) {
      return {false, answer.status()};  // the page again
    }
    changed += answer.ok() && *answer == kChanged ? 1 : 0;
    failed += answer.ok() ? 0 : 1;
    if (!answer.ok()) last_error = Describe(answer.status());
  }
  TANDEM_FAILPOINT("sync.before_reconcile_cursor");
  auto moved = parts_.writer.Call(CommandOf(
      "reconciled",
      [this, cursor, next = page->next, read, changed, failed, last_error](
          Context& context, State& state) -> absl::StatusOr<std::string> {
        v1::SyncSystem* system = state.Edit<v1::SyncSystem>(system_);
        if (system == nullptr || !system->reconciling() || system->cursor() != cursor) {
          return std::string();
        }
        system->set_cursor(next);
        system->set_records_read(system->records_read() + read);
        system->set_records_changed(system->records_changed() + changed);
        system->set_records_failed(system->records_failed() + failed);
        if (!last_error.empty()) system->set_last_error(last_error);
        if (next.empty()) {
          system->set_reconciling(false);
          system->mutable_reconcile_end_time()->set_seconds(context.now_micros / 1'000'000);
        }
        state.Touch<v1::SyncSystem>(system_);
        return std::string();
      }));
  parts_.committed();
  return {moved.ok(), moved.status()};
}

}  // namespace tandem::master_data
