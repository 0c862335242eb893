#include "platform/store/writer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <random>
#include <thread>
#include <utility>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/thread_name.h"
#include "platform/store/committer.h"
#include "platform/store/unit_of_work.h"

namespace tandem::store {
namespace {

using Steady = std::chrono::steady_clock;  // no clock that is set moves it
constexpr std::chrono::milliseconds kGatherMax(2);

absl::Status Closing() {
  return Refuse(absl::StatusCode::kUnavailable, "WRITER_CLOSING", "this process is stopping");
}

class QueueWriter final : public Writer {
 public:
  QueueWriter(Database& database, std::unique_ptr<Connection> connection, const Schema& schema,
              const Clock& clock, WriterOptions options)
      : options_(std::move(options)),
        clock_(clock),
        seeded_(static_cast<uint64_t>(options_.request_ids_seed)),
        committer_(database, std::move(connection), schema, options_,
                   {.answer = [this](absl::Span<Item* const> items) { HandOver(items); },
                    .retire = [this](std::unique_ptr<UnitOfWork> unit) { Retire(std::move(unit)); },
                    .others_wait = [this] { return OthersWait(); }}),
        responder_([this] { Respond(); }),
        writer_([this] { Write(); }) {}

  ~QueueWriter() override {
    committer_.Stop();
    {
      absl::MutexLock lock(&mutex_);
      closing_ = true;
    }
    writer_.join();
    std::deque<std::unique_ptr<Item>> left;
    {
      absl::MutexLock lock(&mutex_);
      left.swap(queue_);
    }
    for (std::unique_ptr<Item>& item : left) Answer(std::move(item->command), Closing());
    {
      absl::MutexLock lock(&finished_mutex_);
      finished_closed_ = true;
    }
    responder_.join();
  }

  void Submit(Command command) override {
    std::vector<Command> one;
    one.push_back(std::move(command));
    SubmitGroup(std::move(one));
  }

  void SubmitGroup(std::vector<Command> commands) override {
    if (commands.empty()) return;
    absl::Status refused;
    {
      absl::MutexLock lock(&mutex_);
      if (closing_) {
        refused = Closing();
      } else if (queue_.size() + commands.size() > options_.queue_max) {
        refused = Refuse(absl::StatusCode::kResourceExhausted, "WRITER_QUEUE_FULL",
                         "more commands are waiting than may");
      } else {
        for (size_t i = 0; i < commands.size(); ++i) {
          auto item = std::make_unique<Item>();
          item->command = std::move(commands[i]);
          item->group_end = i + 1 == commands.size();
          Context& context = item->command.context;
          if (context.now_micros == 0) {
            context.now_micros = clock_.NowMicros();
            context.ids = NewIds(context.now_micros);
            item->new_ids = options_.request_ids_seed == 0;
          }
          queue_.push_back(std::move(item));
        }
        ++groups_;
        return;
      }
    }
    for (Command& command : commands) Answer(std::move(command), refused);
  }

  WriterStats stats() const override { return committer_.stats(); }

 private:
  // What the responder is to do: tell the items their outcomes, and free them and what is left of
  // the work, which takes its time while others wait for the writer.
  struct Finished {
    std::vector<std::unique_ptr<UnitOfWork>> units;
    std::vector<std::unique_ptr<Item>> items;
  };

  IdSource NewIds(int64_t now_micros) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (options_.request_ids_seed == 0) return IdSource::Random(now_micros);
    const uint64_t high = seeded_();
    return IdSource(now_micros, high, seeded_());
  }

  void Write() {
    NameThread("writer");
    std::vector<Item*> batch;
    while (Next(&batch)) {
      TANDEM_FAILPOINT("writer.batch_taken");
      committer_.Run(std::move(batch));  // each is handed over, now or later
    }
    (void)committer_.Settle();
  }

  // Waits for something to do, and takes the next batch; false at the end.
  bool Next(std::vector<Item*>* batch) {
    batch->clear();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](QueueWriter* self) {
          self->mutex_.AssertReaderHeld();
          return self->closing_ || !self->queue_.empty();
        },
        this));
    Gather();
    if (closing_) return false;
    const auto now = Steady::now();
    while (!queue_.empty()) {
      // A group is taken whole, also one that is larger than a batch.
      if (batch->size() >= options_.batch_max && batch->back()->group_end) break;
      batch->push_back(queue_.front().release());
      queue_.pop_front();
      batch->back()->taken = now;
      if (batch->back()->group_end) --groups_;
    }
    return true;
  }

  // Callers who were answered soon come again, most of them: with those who came meanwhile they
  // make one batch in place of two, for little more than one costs. For as many it waits, half as
  // long as their batch took at most; one caller alone waits for nobody.
  void Gather() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto left = gather_until_ - Steady::now();
    if (left <= Steady::duration::zero()) return;
    mutex_.AwaitWithTimeout(absl::Condition(
                                +[](QueueWriter* self) {
                                  self->mutex_.AssertReaderHeld();
                                  return self->closing_ || self->groups_ >= self->expected_;
                                },
                                this),
                            absl::FromChrono(left));
  }

  void Expect(absl::Span<Item* const> answered) {
    const auto now = Steady::now();
    const auto groups = std::count_if(answered.begin(), answered.end(),
                                      [](const Item* item) { return item->group_end; });
    absl::MutexLock lock(&mutex_);
    expected_ = std::min(static_cast<size_t>(groups) + groups_, options_.batch_max);
    gather_until_ =
        now + std::min<Steady::duration>((now - answered.front()->taken) / 2, kGatherMax);
  }

  bool OthersWait() {
    absl::MutexLock lock(&mutex_);
    return !queue_.empty();
  }

  // Before its items, so that it goes with them.
  void Retire(std::unique_ptr<UnitOfWork> unit) {
    absl::MutexLock lock(&finished_mutex_);
    finished_.units.push_back(std::move(unit));
  }

  void HandOver(absl::Span<Item* const> items) {
    if (items.empty()) return;
    Expect(items);
    absl::MutexLock lock(&finished_mutex_);
    for (Item* item : items) {
      if (item->command.replayed != nullptr) {
        *item->command.replayed = item->how == Item::How::kReplayed;
      }
      finished_.items.emplace_back(item);
    }
  }

  void Answer(Command command, absl::Status outcome) {
    auto item = std::make_unique<Item>();
    item->command = std::move(command);
    item->outcome = std::move(outcome);
    absl::MutexLock lock(&finished_mutex_);
    finished_.items.push_back(std::move(item));
  }

  void Respond() {
    NameThread("responder");
    for (;;) {
      Finished finished;
      {
        absl::MutexLock lock(&finished_mutex_);
        finished_mutex_.Await(absl::Condition(
            +[](QueueWriter* self) {
              self->finished_mutex_.AssertReaderHeld();
              return self->finished_closed_ || !self->finished_.items.empty();
            },
            this));
        if (finished_.items.empty()) return;
        finished = std::exchange(finished_, Finished());
      }
      for (std::unique_ptr<Item>& item : finished.items) {
        TANDEM_FAILPOINT("writer.before_answer");
        if (item->command.done) item->command.done(std::move(item->outcome));
      }
    }
  }

  const WriterOptions options_;
  const Clock& clock_;

  absl::Mutex mutex_;
  std::deque<std::unique_ptr<Item>> queue_ ABSL_GUARDED_BY(mutex_);
  size_t groups_ ABSL_GUARDED_BY(mutex_) = 0;    // in the queue
  size_t expected_ ABSL_GUARDED_BY(mutex_) = 0;  // in the next batch
  Steady::time_point gather_until_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::mt19937_64 seeded_ ABSL_GUARDED_BY(mutex_);

  absl::Mutex finished_mutex_;
  Finished finished_ ABSL_GUARDED_BY(finished_mutex_);
  bool finished_closed_ ABSL_GUARDED_BY(finished_mutex_) = false;

  Committer committer_;
  std::thread responder_;
  std::thread writer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Writer>> Writer::Start(Database& database, const Schema& schema,
                                                      const Clock& clock, WriterOptions options) {
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                          database.Connect(Purpose::kWrite));
  return std::make_unique<QueueWriter>(database, std::move(connection), schema, clock,
                                       std::move(options));
}

absl::StatusOr<std::string> Writer::Call(Command command) {
  std::vector<Command> one;
  one.push_back(std::move(command));
  return std::move(CallGroup(std::move(one))[0]);
}

std::vector<absl::StatusOr<std::string>> Writer::CallGroup(std::vector<Command> commands) {
  std::vector<absl::StatusOr<std::string>> outcomes(commands.size(), std::string());
  absl::BlockingCounter open(static_cast<int>(commands.size()));
  for (size_t i = 0; i < commands.size(); ++i) {
    commands[i].done = [&outcomes, &open, i](absl::StatusOr<std::string> outcome) {
      outcomes[i] = std::move(outcome);
      open.DecrementCount();
    };
  }
  SubmitGroup(std::move(commands));
  open.Wait();
  return outcomes;
}

}  // namespace tandem::store
