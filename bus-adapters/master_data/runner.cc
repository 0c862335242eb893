#include "bus-adapters/master_data/runner.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "bus-adapters/master_data/store.h"
#include "platform/base/fault.h"
#include "platform/base/hash.h"
#include "platform/base/retry.h"
#include "platform/base/status_macros.h"

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
    AwaitAnswers();
  }
  void Wake(bool committed) {
    absl::MutexLock lock(&mutex_);
    woken_ = true;
    early_ = early_ || !committed;
  }
  const std::string& system() const { return system_; }
  // Waits until none of these copies is being written, or its answer taken, by this process: what
  // is told of them then is known already, where otherwise the record would have to keep it until
  // the answer. For a moment only: it saves a write, and is no rule.
  void AwaitWrites(const std::vector<std::string>& copies) {
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

  // After a wake that may have come before the commit it is about, it looks again at growing
  // intervals.
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
      look = early_ ? kFirstLook : std::min(look * 2, options_.poll);
      woken_ = early_ = false;
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
    command.hints = HintsOf(call);
    return command;
  }

  std::function<void(Wanted&)> HintsOf(const v1::CallUnderWay& call) const {
    v1::CallUnderWay named;
    named.set_record_id(call.record_id());
    return [this, named = std::move(named)](Wanted& wanted) {
      AnswerHints(runner_.entity_, named, wanted);
    };
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

  // The answers of one batch of calls are committed while the next one is made.
  Round PerformCalls() {
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
    query.limit = options_.calls_max + static_cast<int>(answering.size());
    auto rows = reader_.List(v1::CallUnderWay::descriptor(), query);
    if (!rows.ok()) return {false, rows.status()};
    std::vector<const v1::CallUnderWay*> pushes;
    std::vector<const v1::CallUnderWay*> lookups;
    for (const auto& row : *rows) {
      const auto* call = static_cast<const v1::CallUnderWay*>(row.get());
      if (answering.contains(NameOf(*call))) continue;
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
    for (const v1::CallUnderWay* call : pushes) names.push_back(NameOf(*call));
    for (const v1::CallUnderWay* call : lookups) names.push_back(NameOf(*call));
    Answer(std::move(commands), std::move(names), std::move(copies));
    // What failed is tried again later, and not before it was noted.
    if (!round.failed.ok()) AwaitAnswers();
    return round;
  }

  static std::string NameOf(const v1::CallUnderWay& call) {
    return absl::StrCat(call.id(), "#", call.number());
  }

  // Commits what came of calls, without waiting for it.
  void Answer(std::vector<store::Command> commands, std::vector<std::string> names,
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
        runner_.Committed();
        absl::MutexLock lock(&mutex_);
        for (const std::string& name : group->names) answering_.erase(name);
        for (const std::string& copy : group->copies) writing_.erase(copy);
        --committing_;
      };
    }
    writer_.SubmitGroup(std::move(commands));
  }

  void AwaitAnswers() {
    absl::MutexLock lock(&mutex_);
    auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return committing_ == 0; };
    mutex_.Await(absl::Condition(&none));
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
    runner_.Committed();
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
  bool early_ ABSL_GUARDED_BY(mutex_) = false;  // woken, maybe before the commit
  std::string last_error_ ABSL_GUARDED_BY(mutex_);
  // Calls that were made, whose answers are not committed yet; how many batches they are of; what
  // became of those whose answer was not taken.
  std::set<std::string> answering_ ABSL_GUARDED_BY(mutex_);
  int committing_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_set<std::string> writing_ ABSL_GUARDED_BY(mutex_);
  absl::Status answers_failed_ ABSL_GUARDED_BY(mutex_);
};

// What is known of the events that are about to be applied: each one's state, made once, though its
// command may run several times; and where many are of copies that are new here, as on a first
// load, what those would be asked for one by one.
class Runner::Sight {
 public:
  struct Seen {
    v1::State state;
    std::string record_id;  // of a copy that is known already
    LookedUp known;
  };

  Sight(const Runner& runner, Connector& connector, Worker& worker)
      : runner_(runner), connector_(connector), worker_(worker) {}

  void LookAt(absl::Span<const bus::Envelope* const> events) {
    auto by_event = std::make_shared<ByEvent>();
    std::vector<Seen*> first;  // of their copies, to be found new or known
    std::vector<std::string> copies;
    for (const bus::Envelope* event : events) {
      absl::StatusOr<v1::State> state = connector_.FromEvent(*event);
      if (!state.ok()) continue;  // its command will say so
      auto seen = std::make_shared<Seen>();
      seen->state = *std::move(state);
      copies.push_back(seen->state.foreign_id());
      const bool is_first = seen->state.version().order() == 1 && !seen->state.deleted();
      if (is_first) first.push_back(seen.get());
      (*by_event)[event->id()] = std::move(seen);
    }
    worker_.AwaitWrites(copies);
    if (first.size() >= runner_.options_.look_ahead_min && absl::Now() >= not_before_) {
      if (!LookUp(first).ok()) not_before_ = absl::Now() + kCoolOff;
    }
    absl::MutexLock lock(&mutex_);
    by_event_ = std::move(by_event);
  }

  std::shared_ptr<const Seen> Of(const bus::Envelope& event) const {
    absl::MutexLock lock(&mutex_);
    if (by_event_ == nullptr) return nullptr;
    const auto seen = by_event_->find(event.id());
    return seen == by_event_->end() ? nullptr : seen->second;
  }

 private:
  using ByEvent = absl::flat_hash_map<std::string, std::shared_ptr<Seen>>;

  // After a system did not answer: it holds up nobody, calls find it when it is back.
  static constexpr absl::Duration kCoolOff = absl::Seconds(60);

  absl::Status LookUp(const std::vector<Seen*>& first) {
    const std::string& system = connector_.Describe().rules.name;
    std::vector<std::string> ids;
    for (const Seen* seen : first) ids.push_back(CrosswalkId(system, seen->state.foreign_id()));
    TANDEM_ASSIGN_OR_RETURN(const auto entries,
                            runner_.reader_.Get(v1::CrosswalkEntry::descriptor(), ids));
    std::vector<Seen*> fresh;
    std::vector<LookupKey> keys;
    for (size_t i = 0; i < first.size(); ++i) {
      if (entries[i] != nullptr) {
        first[i]->record_id = static_cast<const v1::CrosswalkEntry&>(*entries[i]).record_id();
        continue;
      }
      fresh.push_back(first[i]);
      keys.emplace_back().foreign_id = first[i]->state.foreign_id();
    }
    if (fresh.size() < runner_.options_.look_ahead_min) return absl::OkStatus();
    auto copies = connector_.Lookup(keys);
    if (copies.size() != keys.size()) return absl::UnknownError("not an answer a key");
    for (size_t i = 0; i < fresh.size(); ++i) {
      TANDEM_RETURN_IF_ERROR(copies[i].status());
      if (copies[i]->size() == 1) fresh[i]->known.copy = std::move((*copies[i])[0]);
    }
    return Match(fresh);
  }

  // What the other systems have of them.
  absl::Status Match(const std::vector<Seen*>& fresh) {
    std::vector<Seen*> asked;
    std::vector<LookupKey> keys;
    for (Seen* seen : fresh) {
      LookupKey key;
      if (seen->known.copy.has_value()) key.identifiers = IdentifiersIn(*seen->known.copy);
      if (key.identifiers.empty()) continue;
      asked.push_back(seen);
      keys.push_back(std::move(key));
    }
    for (const auto& other : runner_.connectors_) {
      const SystemRules& rules = other->Describe().rules;
      if (other.get() == &connector_ || !rules.creates_here || keys.empty()) continue;
      auto found = other->Lookup(keys);
      if (found.size() != keys.size()) return absl::UnknownError("not an answer a key");
      for (size_t i = 0; i < asked.size(); ++i) {
        TANDEM_RETURN_IF_ERROR(found[i].status());
        asked[i]->known.matches[rules.name] = {keys[i].identifiers, *std::move(found[i])};
      }
    }
    return absl::OkStatus();
  }

  std::vector<v1::GroupValue> IdentifiersIn(const v1::State& state) const {
    std::vector<v1::GroupValue> identifiers;
    for (const std::string& name : runner_.entity_.rules.identifiers()) {
      for (const v1::GroupValue& group : state.groups()) {
        if (group.name() == name && group.value().present()) identifiers.push_back(group);
      }
    }
    return identifiers;
  }

  const Runner& runner_;
  Connector& connector_;
  Worker& worker_;
  absl::Time not_before_ = absl::InfinitePast();  // used by the subscription's thread alone
  mutable absl::Mutex mutex_;
  std::shared_ptr<const ByEvent> by_event_ ABSL_GUARDED_BY(mutex_);
};

Runner::Runner(std::string name, const Entity& entity,
               std::vector<std::unique_ptr<Connector>> connectors, store::Writer& writer,
               store::Reader& reader, RunnerOptions options)
    : name_(std::move(name)),
      entity_(entity),
      connectors_(std::move(connectors)),
      reader_(reader),
      options_(options) {
  for (const auto& connector : connectors_) {
    workers_.push_back(std::make_unique<Worker>(*this, *connector, writer, reader, options));
  }
}

Runner::~Runner() { Stop(); }

std::vector<bus::LocalConsumer> Runner::Consumers() {
  std::vector<bus::LocalConsumer> consumers;
  for (size_t i = 0; i < connectors_.size(); ++i) {
    Connector* const connector = connectors_[i].get();
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
    const auto sight = std::make_shared<Sight>(*this, *connector, *workers_[i]);
    consumer.prepare = [sight](absl::Span<const bus::Envelope* const> events) {
      sight->LookAt(events);
    };
    consumer.hints = [this, system, sight](const bus::Envelope& event, Wanted& wanted) {
      ArriveHints(system, event.subject(), wanted);
      const std::shared_ptr<const Sight::Seen> seen = sight->Of(event);
      if (seen == nullptr) return;
      if (!seen->record_id.empty()) wanted.Row<v1::SyncRecord>(seen->record_id);
      if (seen->known.copy.has_value()) FoundHints(entity_, *seen->known.copy, wanted);
    };
    consumer.apply = [this, connector, system, sight](const bus::Envelope& event, Context& context,
                                                      State& state) -> absl::Status {
      TANDEM_FAILPOINT("sync.before_arrival");
      const std::shared_ptr<const Sight::Seen> seen = sight->Of(event);
      if (seen != nullptr) {
        TANDEM_RETURN_IF_ERROR(
            Arrive(entity_, system, seen->state, context, state, &seen->known).status());
      } else {
        TANDEM_ASSIGN_OR_RETURN(v1::State read, connector->FromEvent(event));
        TANDEM_RETURN_IF_ERROR(Arrive(entity_, system, std::move(read), context, state).status());
      }
      return absl::OkStatus();
    };
    consumer.committed = [this] { Committed(); };
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
  for (auto& worker : workers_) worker->Wake(/*committed=*/false);
}

void Runner::Committed() {
  for (auto& worker : workers_) worker->Wake(/*committed=*/true);
}

std::string Runner::LastError(absl::string_view system) const {
  for (const auto& worker : workers_) {
    if (worker->system() == system) return worker->last_error();
  }
  return "";
}

}  // namespace tandem::master_data
