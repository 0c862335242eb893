#include "bus-adapters/master_data/runner.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "platform/base/fault.h"
#include "platform/base/hash.h"
#include "platform/base/retry.h"
#include "platform/base/status_macros.h"

namespace tandem::master_data {
namespace {

constexpr absl::Duration kFirstLook = absl::Milliseconds(1);
constexpr char kChanged[] = "changed";

std::string Describe(const absl::Status& status) { return std::string(status.ToString()); }

}  // namespace

// The calls to one system, and its reconciliation.
class Runner::Worker {
 public:
  Worker(Runner& runner, Connector& connector, store::Writer& writer, store::Reader& reader,
         const RunnerOptions& options)
      : runner_(runner),
        connector_(connector),
        system_(connector.Describe().rules.name),
        writer_(writer),
        reader_(reader),
        options_(options),
        backoff_(options.retry_base_ms, options.retry_max_ms, std::hash<std::string>()(system_)) {}

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }
  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }
  void Wake() {
    absl::MutexLock lock(&mutex_);
    woken_ = true;
  }
  const std::string& system() const { return system_; }
  std::string last_error() const {
    absl::MutexLock lock(&mutex_);
    return last_error_;
  }

 private:
  // What a round came to.
  struct Round {
    bool did = false;     // something was done: look again at once
    absl::Status failed;  // something is to be tried again, later
  };

  // A wake may come before the commit it is about: after one, looks again at growing intervals.
  void Run() {
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
      look = woken_ || round.did ? kFirstLook : std::min(look * 2, options_.poll);
      woken_ = false;
    }
  }

  store::Command CommandOf(
      absl::string_view what,
      std::function<absl::StatusOr<std::string>(Context&, State&)> decide) const {
    store::Command command;
    command.method = absl::StrCat(runner_.name_, ".", what);
    command.context.actor = system_;
    command.decide = std::move(decide);
    return command;
  }

  // The command that gives an answer to a record.
  store::Command AnswerOf(const v1::CallUnderWay& call, What what) const {
    store::Command command =
        CommandOf("answer",
                  [this, id = call.record_id(), what = std::move(what)](
                      Context& context, State& state) -> absl::StatusOr<std::string> {
                    TANDEM_RETURN_IF_ERROR(Happen(runner_.entity_, id, what, context, state));
                    return std::string();
                  });
    command.hints = [id = call.record_id(), row = call.id()](Wanted& wanted) {
      wanted.Row<v1::SyncRecord>(id);
      wanted.Row<v1::CallUnderWay>(row);
    };
    return command;
  }

  // A call without an answer stands; those that had none yet come before it.
  store::Command AgainOf(const v1::CallUnderWay& call) const {
    return CommandOf("again",
                     [id = call.id(), number = call.number()](
                         Context&, State& state) -> absl::StatusOr<std::string> {
                       v1::CallUnderWay* row = state.Edit<v1::CallUnderWay>(id);
                       if (row == nullptr || row->number() != number) return std::string();
                       row->set_attempts(row->attempts() + 1);
                       state.Touch<v1::CallUnderWay>(id);
                       return std::string();
                     });
  }

  Round PerformCalls() {
    store::ListQuery query;
    query.where = "system = $1";
    query.params = {system_};
    query.order_by = "attempts, id";
    query.limit = options_.calls_max;
    auto rows = reader_.List(v1::CallUnderWay::descriptor(), query);
    if (!rows.ok()) return {false, rows.status()};
    if (rows->empty()) return {};
    std::vector<const v1::CallUnderWay*> pushes;
    std::vector<const v1::CallUnderWay*> lookups;
    for (const auto& row : *rows) {
      const auto* call = static_cast<const v1::CallUnderWay*>(row.get());
      (call->kind() == v1::CALL_KIND_PUSH ? pushes : lookups).push_back(call);
    }
    Round round;
    std::vector<store::Command> commands;
    if (!pushes.empty()) Push(pushes, &commands, &round);
    if (!lookups.empty()) LookUp(lookups, &commands, &round);
    for (const auto& answer : writer_.CallGroup(std::move(commands))) {
      if (!answer.ok()) round.failed = answer.status();
    }
    runner_.Wake();
    return round;
  }

  void Push(const std::vector<const v1::CallUnderWay*>& calls,
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

  void LookUp(const std::vector<const v1::CallUnderWay*>& calls,
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
      commands->push_back(CommandOf(
          "match",
          [this, call, states = *std::move(found[i])](Context& context,
                                                      State& state) -> absl::StatusOr<std::string> {
            TANDEM_RETURN_IF_ERROR(Matched(runner_.entity_, call, states, context, state));
            return std::string();
          }));
    }
  }

  // The next page of a reconciliation, where one is under way; its place is in the database, so it
  // goes on where it was.
  Round ReconcilePage() {
    auto row = reader_.GetOne<v1::SyncSystem>(system_);
    if (!row.ok()) return {false, row.status()};
    if (*row == nullptr || !(*row)->reconciling()) return {};
    const std::string cursor = (*row)->cursor();
    absl::StatusOr<Page> page = connector_.Pull(cursor);
    TANDEM_FAILPOINT("sync.reconcile_page");
    if (!page.ok()) return {false, page.status()};
    std::vector<store::Command> commands;
    for (v1::State& each : page->states) {
      each.set_source(v1::SOURCE_RECONCILIATION);
      commands.push_back(CommandOf(
          "reconcile",
          [this, each = std::move(each)](Context& context,
                                         State& state) -> absl::StatusOr<std::string> {
            TANDEM_ASSIGN_OR_RETURN(
                const bool changed,
                tandem::master_data::Arrive(runner_.entity_, system_, each, context, state));
            return std::string(changed ? kChanged : "");
          }));
    }
    int64_t changed = 0;
    int64_t failed = 0;
    std::string last_error;
    const int64_t read = static_cast<int64_t>(commands.size());
    for (const auto& answer : writer_.CallGroup(std::move(commands))) {
      if (!answer.ok() && answer.status().code() == absl::StatusCode::kUnavailable) {
        return {false, answer.status()};  // the page again
      }
      changed += answer.ok() && *answer == kChanged ? 1 : 0;
      failed += answer.ok() ? 0 : 1;
      if (!answer.ok()) last_error = Describe(answer.status());
    }
    TANDEM_FAILPOINT("sync.before_reconcile_cursor");
    auto moved = writer_.Call(CommandOf(
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
    runner_.Wake();
    return {moved.ok(), moved.status()};
  }

  Runner& runner_;
  Connector& connector_;
  const std::string system_;
  store::Writer& writer_;
  store::Reader& reader_;
  const RunnerOptions options_;
  Backoff backoff_;
  std::thread thread_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  std::string last_error_ ABSL_GUARDED_BY(mutex_);
};

Runner::Runner(std::string name, const Entity& entity,
               std::vector<std::unique_ptr<Connector>> connectors, store::Writer& writer,
               store::Reader& reader, RunnerOptions options)
    : name_(std::move(name)), entity_(entity), connectors_(std::move(connectors)) {
  for (const auto& connector : connectors_) {
    workers_.push_back(std::make_unique<Worker>(*this, *connector, writer, reader, options));
  }
}

Runner::~Runner() { Stop(); }

std::vector<bus::LocalConsumer> Runner::Consumers() {
  std::vector<bus::LocalConsumer> consumers;
  for (const auto& owned : connectors_) {
    const Connector* connector = owned.get();
    const Connector::Description& description = connector->Describe();
    if (description.topics.empty()) continue;
    const std::string system = description.rules.name;
    bus::LocalConsumer consumer;
    consumer.reader = name_;
    consumer.source = description.source;
    consumer.topics = description.topics;
    consumer.key = [system](const bus::Envelope& event) {
      return absl::StrCat(system, "|", event.subject());
    };
    consumer.hints = [system](const bus::Envelope& event, Wanted& wanted) {
      ArriveHints(system, event.subject(), wanted);
    };
    consumer.apply = [this, connector, system](const bus::Envelope& event, Context& context,
                                               State& state) -> absl::Status {
      TANDEM_FAILPOINT("sync.before_arrival");
      TANDEM_ASSIGN_OR_RETURN(v1::State seen, connector->FromEvent(event));
      TANDEM_RETURN_IF_ERROR(Arrive(entity_, system, std::move(seen), context, state).status());
      Wake();
      return absl::OkStatus();
    };
    consumers.push_back(std::move(consumer));
  }
  return consumers;
}

void Runner::Start() {
  for (auto& worker : workers_) worker->Start();
}

void Runner::Stop() {
  for (auto& worker : workers_) worker->Stop();
}

void Runner::Wake() {
  for (auto& worker : workers_) worker->Wake();
}

std::string Runner::LastError(absl::string_view system) const {
  for (const auto& worker : workers_) {
    if (worker->system() == system) return worker->last_error();
  }
  return "";
}

}  // namespace tandem::master_data
