#include "platform/bus/bus_fixture.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/check.h"
#include "platform/base/clock.h"
#include "platform/base/status.h"
#include "platform/bus/journal_feed.h"
#include "platform/bus/kafka_feed.h"
#include "platform/store/journal.h"
#include "platform/store/migrations.h"
#include "tandem/storetest/v1/thing.pb.h"

namespace tandem::bus {
namespace {

using storetest::v1::Box;
using storetest::v1::BoxEvent;
using storetest::v1::Tally;
using storetest::v1::Thing;
using storetest::v1::ThingEvent;

const store::Schema& SourceSchema() {
  static const auto* schema = new store::Schema(
      {{Box::descriptor(), "boxes", {}, 10}, {Thing::descriptor(), "things", {}, 20}});
  return *schema;
}

const store::Schema& LedgerSchema() {
  static const auto* schema = [] {
    std::vector<store::TableSpec> tables = SubscriptionTables();
    tables.push_back({Tally::descriptor(), "tallies", {}, 100});
    return new store::Schema(std::move(tables));
  }();
  return *schema;
}

const Clock& TestClock() {
  static const auto* clock = new SystemClock();
  return *clock;
}

void Must(const absl::Status& status) { TANDEM_CHECK(status.ok(), status.ToString()); }
template <class T>
T Must(absl::StatusOr<T> value) {
  TANDEM_CHECK(value.ok(), value.status().ToString());
  return *std::move(value);
}

std::string TallyName(absl::string_view topic, absl::string_view key) {
  return absl::StrCat(topic, "|", key);
}

class FaultyFeed final : public Feed {
 public:
  FaultyFeed(std::unique_ptr<Feed> feed, std::shared_ptr<Faults> faults, bool may_lose)
      : feed_(std::move(feed)), faults_(std::move(faults)), may_lose_(may_lose) {}
  absl::Status Start(int64_t looked_at) override { return feed_->Start(looked_at); }
  absl::StatusOr<FeedBatch> Next(int max, absl::Duration timeout) override {
    faults_->nexts++;
    auto batch = feed_->Next(max, timeout);
    if (batch.ok() && faults_->on_batch) faults_->on_batch(*batch);
    return batch;
  }
  void Settled() override {
    faults_->settled++;
    if (!faults_->swallow_settled) feed_->Settled();
  }
  absl::StatusOr<std::vector<Envelope>> Fill(const LaneId& lane, int64_t after, int max) override {
    faults_->fills++;
    if (faults_->source_away) return absl::UnavailableError("the source is away");
    return feed_->Fill(lane, after, max);
  }
  absl::StatusOr<SourceHeads> Heads() override {
    faults_->heads++;
    if (faults_->source_away) return absl::UnavailableError("the source is away");
    return feed_->Heads();
  }
  bool may_lose() const override { return may_lose_ || feed_->may_lose(); }

 private:
  std::unique_ptr<Feed> feed_;
  std::shared_ptr<Faults> faults_;
  bool may_lose_;
};

class JournalBus final : public Bus {
 public:
  explicit JournalBus(Source& source) : source_(source) {}
  std::unique_ptr<Feed> MakeFeed(const std::string&, const std::vector<std::string>&) override {
    return source_.MakeFeed();
  }
  bool is_kafka() const override { return false; }

 private:
  Source& source_;
};

}  // namespace

// --- TestStore

TestStore::TestStore(Engine engine, const store::Schema& schema) : engine_(engine) {
  if (engine == Engine::kSqlite) {
    dir_ = std::make_unique<test::TempDir>();
    database_ = Must(store::OpenSqlite(dir_->File("store.db")));
  } else {
    server_ = std::make_unique<test::TestDatabase>();
    database_ = Must(store::OpenPostgres(server_->Dsn()));
  }
  Must(store::Migrate(*database_, store::PlatformMigrations()));
  // What the platform's migrations make is not made again.
  std::vector<store::TableSpec> own;
  for (const store::TableSpec& table : schema.tables()) {
    if (table.lock_order >= 100 || table.table == "boxes" || table.table == "things") {
      own.push_back(table);
    }
  }
  const std::string ddl = store::DdlOf(store::Schema(own));
  Must(store::Migrate(*database_, {{100, "create_tables", ddl}}));
  Must(store::InitialiseJournal(*database_));
}

std::unique_ptr<store::Database> TestStore::OpenAgain() const {
  TANDEM_CHECK(engine_ == Engine::kPostgres, "a SQLite file has one process");
  return Must(store::OpenPostgres(server_->Dsn()));
}

// --- Source

Source::Source(Engine engine) : store_(engine, SourceSchema()) {
  store::WriterOptions options;
  options.source = kSourceName;
  writer_ = Must(store::Writer::Start(database(), SourceSchema(), TestClock(), options));
}

std::vector<store::Command> Source::Commands(const char* topic, absl::string_view key, int count) {
  std::vector<store::Command> commands;
  for (int i = 0; i < count; ++i) {
    store::Command command;
    command.method = "tandem.storetest.v1/Fill";
    command.decide = [key = std::string(key), boxes = topic == absl::string_view(kBoxTopic)](
                         Context& context, State& state) -> absl::StatusOr<std::string> {
      if (boxes) {
        const std::string id = absl::StrCat("box_", key);  // the journal knows entities by id alone
        Box* box = state.Edit<Box>(id);
        if (box == nullptr) {
          Box fresh;
          fresh.set_id(id);
          fresh.set_shelf_id(key);
          box = state.Insert(std::move(fresh));
        }
        box->set_content(box->content() + 1);
        BoxEvent event;
        event.mutable_filled();
        state.Emit<Box>(context, id, std::move(event));
      } else {
        Thing* thing = state.Edit<Thing>(key);
        if (thing == nullptr) {
          Thing fresh;
          fresh.set_id(key);
          thing = state.Insert(std::move(fresh));
        }
        thing->set_large(thing->large() + 1);
        ThingEvent event;
        event.mutable_changed_by()->set_by(1);
        state.Emit<Thing>(context, key, std::move(event));
      }
      return std::string();
    };
    commands.push_back(std::move(command));
  }
  sent_[{topic, std::string(key)}] += count;
  return commands;
}

void Source::Run(std::vector<store::Command> commands) {
  for (const auto& answer : writer_->CallGroup(std::move(commands))) Must(answer.status());
}

void Source::Boxes(absl::string_view shelf, int count) { Run(Commands(kBoxTopic, shelf, count)); }
void Source::Things(absl::string_view thing, int count) {
  Run(Commands(kThingTopic, thing, count));
}

void Source::Spread(int count) {
  std::vector<store::Command> all;
  for (int i = 0; i < count; ++i) {
    auto one = Commands(kBoxTopic, absl::StrCat("shelf", i % 20), 1);
    all.push_back(std::move(one[0]));
    if (all.size() == 1000 || i + 1 == count) {
      Run(std::move(all));
      all.clear();
    }
  }
}

std::unique_ptr<Feed> Source::MakeFeed() {
  return MakeJournalFeed(Must(store::JournalReader::Open(database(), kSourceName)));
}

std::string Source::Incarnation() {
  return Must(store::JournalReader::Open(database(), kSourceName))->incarnation();
}

int64_t Source::total() const {
  int64_t total = 0;
  for (const auto& [key, count] : sent_) total += count;
  return total;
}

// --- Ledger

Ledger::Ledger(Engine engine)
    : store_(std::make_unique<TestStore>(engine, LedgerSchema())), database_(store_->database()) {
  RestartWriter();
  rows_ = store::Reader::Open(database_, LedgerSchema());
}

Ledger::Ledger(const TestStore& another) : replica_(another.OpenAgain()), database_(*replica_) {
  RestartWriter();
  rows_ = store::Reader::Open(database_, LedgerSchema());
}

void Ledger::RestartWriter() {
  writer_ = nullptr;
  store::WriterOptions options;
  options.source = "/tandem/ledger";
  writer_ = Must(store::Writer::Start(database_, LedgerSchema(), TestClock(), options));
}

absl::Status Ledger::Count(const Envelope& event, State& state) {
  const std::string name = TallyName(event.topic(), event.routing_key());
  Tally* tally = state.Edit<Tally>(name);
  // While it is not loaded, what is decided here is thrown away.
  const bool loaded = state.missing().empty();
  if (tally == nullptr) {
    Tally fresh;
    fresh.set_name(name);
    tally = state.Insert(std::move(fresh));
  }
  const int64_t number = NumberIn(event);
  if (loaded && tally->value() != number - 1) {
    absl::MutexLock lock(&mutex_);
    turns_.push_back(absl::StrCat(name, ": ", number, " after ", tally->value()));
  }
  tally->set_value(number);
  state.Touch<Tally>(name);
  return absl::OkStatus();
}

int64_t Ledger::CountOf(const std::string& topic, const std::string& key) {
  const auto tally = Must(rows_->GetOne<Tally>(TallyName(topic, key)));
  return tally == nullptr ? 0 : tally->value();
}

bool Ledger::HasAll(const Source& source, const std::vector<std::string>& topics) {
  std::vector<std::string> names;
  std::vector<int64_t> counts;
  for (const auto& [key, count] : source.sent()) {
    for (const std::string& topic : topics) {
      if (key.first != topic) continue;
      names.push_back(TallyName(topic, key.second));
      counts.push_back(count);
    }
  }
  const auto rows = Must(rows_->Get(Tally::descriptor(), names));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == nullptr || static_cast<const Tally&>(*rows[i]).value() != counts[i])
      return false;
  }
  return true;
}

std::vector<std::string> Ledger::turns() const {
  absl::MutexLock lock(&mutex_);
  return turns_;
}

void Ledger::Execute(const std::string& sql) {
  auto connection = Must(database_.Connect(store::Purpose::kWrite));
  const store::Query query{sql, {}};
  Must(connection->Run({&query, 1}).status());
}

// --- Feeds and buses

std::unique_ptr<Feed> WithFaults(std::unique_ptr<Feed> feed, std::shared_ptr<Faults> faults,
                                 bool may_lose) {
  return std::make_unique<FaultyFeed>(std::move(feed), std::move(faults), may_lose);
}

std::unique_ptr<Bus> MakeJournalBus(Source& source) { return std::make_unique<JournalBus>(source); }

KafkaBus::KafkaBus(Source& source, test::KafkaBroker& broker)
    : source_(source), broker_(broker), prefix_(test::KafkaBroker::UniqueTopic("t") + ".") {
  StartRelay();
}

RelayOptions KafkaBus::relay_options() const {
  RelayOptions options;
  options.brokers = broker_.bootstrap();
  options.source = kSourceName;
  options.topic_prefix = prefix_;
  options.partitions = 3;
  options.poll = absl::Milliseconds(100);
  return options;
}

void KafkaBus::StartRelay() {
  relay_ = nullptr;
  relay_ = Must(Relay::Start(source_.database(), relay_options()));
}

bool KafkaBus::RelayIsAt(int64_t position) {
  return test::WaitFor([&] { return relay_->status().position >= position; });
}

KafkaFeedOptions KafkaBus::feed_options(const std::string& group,
                                        const std::vector<std::string>& topics) {
  KafkaFeedOptions options;
  options.brokers = broker_.bootstrap();
  options.group = absl::StrCat(prefix_, group);
  options.topics = topics;
  options.topic_prefix = prefix_;
  options.source = source_.MakeFeed();
  return options;
}

std::unique_ptr<Feed> KafkaBus::MakeFeed(const std::string& group,
                                         const std::vector<std::string>& topics) {
  return Must(MakeKafkaFeed(feed_options(group, topics)));
}

// --- Consumers

LocalConsumer CountingConsumer(Ledger& ledger, std::vector<std::string> topics, Refusal refuse) {
  LocalConsumer consumer;
  consumer.reader = "ledger";
  consumer.source = kSourceName;
  consumer.topics = std::move(topics);
  consumer.key = [](const Envelope& event) { return event.routing_key(); };
  consumer.apply = [&ledger, refuse](const Envelope& event, Context&, State& state) {
    if (refuse) {
      if (absl::Status status = refuse(event); !status.ok()) return status;
    }
    return ledger.Count(event, state);
  };
  return consumer;
}

RunnerOptions QuickOptions() {
  RunnerOptions options;
  options.retry_base_ms = 5;
  options.retry_max_ms = 50;
  options.poll = absl::Milliseconds(50);
  options.head_check = absl::Hours(1);
  return options;
}

RunnerOptions LookingOften() {
  RunnerOptions options = QuickOptions();
  options.head_check = absl::Milliseconds(200);
  return options;
}

bool StepUntil(Runner& runner, const std::function<bool()>& fact, absl::Duration within) {
  const absl::Time deadline = absl::Now() + within;
  while (!fact()) {
    if (absl::Now() > deadline) return false;
    const absl::StatusOr<bool> stepped = runner.Step(absl::Milliseconds(50));
    if (!stepped.ok() && ReasonOf(stepped.status()) == "SUBSCRIPTION_STOPPED") return false;
  }
  return true;
}

int64_t NumberIn(const Envelope& event) {
  if (event.topic() == kBoxTopic) {
    BoxEvent box;
    return box.ParseFromString(event.payload()) ? box.box().content() : -1;
  }
  ThingEvent thing;
  return thing.ParseFromString(event.payload()) ? thing.thing().large() : -1;
}

}  // namespace tandem::bus
