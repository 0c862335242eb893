// One part's database in memory: its rows, its journal, its request ids and its relay's cursor.
// What is committed outlives the process; a transaction is there as a whole or not at all, and a
// commit may hold without anybody being told.
//
// It stands in for the writer and the reader: it gives commands their time and ids, answers a
// request id that it knows, runs decisions one after the other, and makes journal rows with lanes,
// positions and versions as the unit of work does. The rows are held in one State that is never
// dropped, so there is nothing to load.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/bus/feed.h"
#include "platform/bus/relay_marks.h"
#include "platform/store/journal.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"
#include "tests/simulation/wire.h"

namespace tandem::simulation {

class SimulatedStore final : public store::Writer, public store::Reader {
 public:
  struct Request {
    std::string method, hash, answer;
  };
  // After each accepted command, with what it told.
  using Watch = std::function<void(const std::vector<EmittedEvent>&, State&)>;

  SimulatedStore(std::string source, uint64_t seed, Wire& wire, const int64_t& clock_micros);

  // One transaction, without anything befalling it; an outcome each.
  std::vector<absl::StatusOr<std::string>> Commit(std::vector<store::Command>& commands);

  // As the process's own writer: something may befall the commit.
  void Submit(store::Command command) override;
  void SubmitGroup(std::vector<store::Command> commands) override;
  store::WriterStats stats() const override { return {}; }

  // As its reader.
  absl::StatusOr<std::vector<std::unique_ptr<google::protobuf::Message>>> Get(
      const google::protobuf::Descriptor* type, const std::vector<std::string>& ids) override;
  absl::StatusOr<std::vector<std::unique_ptr<google::protobuf::Message>>> List(
      const google::protobuf::Descriptor* type, const store::ListQuery& query) override;
  absl::StatusOr<std::vector<store::SharedBytes>> GetBytes(
      const google::protobuf::Descriptor* type, const std::vector<std::string>& ids) override;
  absl::StatusOr<std::vector<store::SharedBytes>> ListBytes(
      const google::protobuf::Descriptor* type, const store::ListQuery& query) override;
  const store::Schema& schema() const override;
  absl::StatusOr<store::Result> Select(const store::Query& query) override;

  const std::string& source() const { return source_; }
  std::string incarnation() const { return "inc-" + source_.substr(8); }
  State& state() { return state_; }
  const std::vector<store::JournalRow>& journal() const { return journal_; }
  const std::map<bus::LaneId, int64_t>& heads() const { return heads_; }
  const std::map<std::string, Request>& requests() const { return requests_; }
  void SetWatch(Watch watch) { watch_ = std::move(watch); }
  // Reads it; what befalls the reading befalls what moves.
  std::unique_ptr<store::JournalReader> OpenJournal();

  bus::RelayCursor relay_cursor;
  int64_t skew_micros = 0;  // of the clock that it stamps with
  int64_t commands = 0;     // accepted
  std::string last_error;

 private:
  absl::StatusOr<std::string> RunOne(store::Command& command);
  void Write();

  const std::string source_;
  const uint64_t seed_;
  Wire& wire_;
  const int64_t& clock_micros_;
  State state_;
  std::vector<store::JournalRow> journal_;
  std::map<bus::LaneId, int64_t> heads_;
  std::map<std::string, Request> requests_;
  std::vector<EmittedEvent> told_;
  Watch watch_;
  uint64_t given_ = 0;  // ids
};

}  // namespace tandem::simulation
