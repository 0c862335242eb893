// One try to decide and commit a batch of commands: one transaction (DESIGN section 4).
//
// Loads what the commands name, or takes it as it is remembered; decides one after the other over
// the same memory, loads what was missing and goes on; writes rows, journal and answers in as few
// round trips as possible. It never tries again by itself: the Committer does, with a new one.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/state.h"
#include "platform/store/database.h"
#include "platform/store/row_check.h"
#include "platform/store/row_load.h"
#include "platform/store/row_memory.h"
#include "platform/store/table.h"
#include "platform/store/writer.h"

namespace tandem::store {

// A command on its way through the writer.
struct Item {
  enum class How { kOpen, kAccepted, kChecked, kReplayed, kRefused };
  Command command;
  bool group_end = true;                        // a batch may end behind it
  bool new_ids = false;                         // its context's ids were never given to anyone
  std::chrono::steady_clock::time_point taken;  // into a batch
  How how = How::kOpen;
  absl::StatusOr<std::string> outcome = std::string();
};

// What failed, and whose it was.
struct Failed {
  enum class Part {
    kLoad,
    kRow,    // a row of an entity
    kGuard,  // the journal or the request ids: someone else was there first
    kOther,
  };
  absl::Status status;
  Failure failure = Failure::kBug;
  Part part = Part::kOther;
  std::vector<size_t> blamed;  // indices of items; empty where nobody is known
};

const std::string& EventId(const EmittedEvent& event);

class UnitOfWork {
 public:
  // `memory` is the connection's only writer's, and stays right whatever becomes of this try.
  UnitOfWork(Database& database, Connection& connection, const Schema& schema,
             const WriterOptions& options, RowMemory& memory);

  // Decides without asking the database: rows are taken as they are remembered, and Commit fails
  // where one is not so any more, or a request id is taken. Where it is `connected`, the connection
  // is in a transaction, and is given rows ahead; else it is left alone. False, with nothing done,
  // where something is not remembered, or cannot be (a set): Run goes on. An error, too, where a
  // command is refused, as no commit stands behind that. What failed so is thrown away, and tried
  // again by Run.
  absl::StatusOr<bool> DecideFromMemory(absl::Span<Item* const> items, bool connected);
  // In the open transaction of the connection: it is committed, or rolled back where there was
  // nothing to commit, when it answers OK. Then the first `taken` items have their outcome; those
  // behind did not fit. On an error nothing holds (but see kCommitUnknown) and failed() says more;
  // Rollback is the caller's.
  absl::Status Run(absl::Span<Item* const> items);
  // In the same way, of what was decided from memory. From any thread.
  absl::Status Commit();
  // Instead of either, where there was no transaction to be had: nobody's command is to blame.
  void FailToBegin(const absl::Status& status);

  // Tells the memory what was decided, and that it did not come about.
  void Remember();
  void Forget();

  size_t taken() const { return taken_; }
  bool committed() const { return committed_; }
  const Failed& failed() const { return failed_; }
  // Whether it was decided from memory.
  bool trusting() const { return trusting_; }
  // Whether it failed for what was trusted: another changed it, or it was not enough.
  bool distrusted() const { return distrusted_; }

  // After kCommitUnknown: whether the transaction is in the database, in a transaction of another
  // connection. NOT_FOUND when it left nothing to know it by.
  absl::StatusOr<bool> IsThere(Connection& connection) const;

 private:
  struct Seen {
    std::string method, hash, answer;
  };
  struct Note {  // on a statement
    Failed::Part part;
    std::vector<size_t> owners;
    int64_t must_affect;
    bool or_fails;  // TableMap::update_or_fail
  };
  struct Accepted {
    size_t item;
    size_t first_event, last_event;  // in the state's accepted events
  };
  struct FromMemory {
    RowKey key;
    RowMemory::Known known;
  };
  struct Change {
    const std::string* id;
    const State::Slot* slot;
    int64_t stored_version;                     // 0: to be inserted
    const google::protobuf::Message* original;  // as it is stored; null where it is not
  };
  using Changed = std::vector<Change>;
  using ChangedByType = absl::flat_hash_map<const google::protobuf::Descriptor*, Changed>;

  absl::Status Fail(absl::Status status, Failed::Part part, std::vector<size_t> blamed = {});
  absl::Status FailAt(absl::Status status, size_t first_statement);

  // After how many commands of a batch the rows that they made are given to the database, which
  // writes them while the others are decided; in whole statements of many rows.
  static size_t AheadEvery(size_t items) { return items >= 128 ? 64 : items >= 32 ? 16 : 0; }

  void Take(absl::Span<Item* const> items);
  bool Trust();
  absl::Status Distrust();
  absl::Status CheckMemory();
  size_t checks() const { return check_ == nullptr ? 0 : check_->queries().size(); }
  absl::Status LoadFirst();
  absl::Status LookAhead();
  void AddReferences(std::vector<RowKey> of);
  absl::Status Load(const Wanted& wanted, std::vector<Query> first);
  absl::StatusOr<std::vector<Result>> RunLoad(absl::Span<const Query> queries);
  void AddRows(const TableMap& map, const std::vector<std::string>& ids, RowLoad* load,
               std::vector<FromMemory>* remembered);
  absl::flat_hash_set<RowKey> TakeRemembered(const RowLoad& load,
                                             const std::vector<FromMemory>& remembered);
  void RememberAbsence(const RowKey& key);
  void TakeRequests(const Result& result);
  absl::Status Decide();
  absl::Status DecideOne(size_t index);
  absl::StatusOr<std::string> RunOnce(size_t index);
  bool AnswerFromSeen(Item& item);
  Wanted MissingOf(size_t index) const;
  Wanted MissingFrom(size_t index);
  void Accept(size_t index, std::string answer);

  absl::Status WriteAhead();
  absl::Status GiveAhead();
  absl::Status WriteRows();
  absl::Status WriteTables(ChangedByType by_type);
  absl::Status WriteTable(const TableMap& map, const Changed& changed);
  absl::Status WriteChildren(const TableMap& map, const Changed& changed);
  struct Rows {  // to be written, and whose they are
    std::vector<std::vector<Value>> values;
    std::vector<std::vector<size_t>> owners;
  };
  // How it is known that each row was met.
  enum class Check { kNone, kAffected, kOrFails };
  void WriteMany(const BySize& text, Rows rows, Failed::Part part, Check check = Check::kNone);
  void WriteJournal();
  Rows JournalRows();
  Rows RequestRows() const;
  void Add(absl::string_view sql, std::vector<Value> params, Failed::Part part,
           std::vector<size_t> owners, int64_t must_affect = -1, bool or_fails = false);
  absl::Status CheckAffected(absl::Span<const Result> results, size_t first_statement);
  const std::vector<size_t>& OwnersOf(const google::protobuf::Descriptor* type,
                                      const std::string& id) const;

  Database& database_;
  Connection& connection_;
  const Schema& schema_;
  const WriterOptions& options_;
  RowMemory& memory_;
  const bool only_writer_;  // a transaction here is

  bool trusting_ = false;
  bool distrusted_ = false;
  bool connected_ = true;  // to a transaction, while it is decided

  absl::Span<Item* const> items_;
  Wanted wanted_;  // by all items, as far as was known before
  State state_;
  absl::flat_hash_map<RowKey, std::shared_ptr<const google::protobuf::Message>> originals_;
  std::vector<SetKey> sets_;  // loaded
  absl::flat_hash_map<std::string, Seen> seen_;
  std::vector<bool> settled_;  // items that miss nothing, as far as was tried
  absl::flat_hash_map<RowKey, std::vector<size_t>> owners_;
  std::vector<Accepted> accepted_;
  std::vector<std::string> payloads_;          // of the state's accepted events
  absl::flat_hash_map<RowKey, size_t> sizes_;  // of entities, by their last events
  size_t bytes_ = 0;

  // Rows that were made and are not in queries_ yet; those that are, as they are there.
  std::vector<RowKey> made_;
  absl::flat_hash_map<RowKey, FromMemory> written_;
  absl::flat_hash_set<const google::protobuf::Descriptor*> edited_;  // types with other changes

  std::unique_ptr<RowCheck> check_;  // of what was trusted: the first queries_
  std::vector<Query> queries_;
  std::vector<Note> notes_;
  size_t given_ = 0;                       // of queries_: to the database, ahead of the commit
  size_t answered_ = 0;                    // and answered already
  bool unguarded_ = false;                 // a change that no journal row guards, nor itself
  bool checked_ = false;                   // a statement that fails where its row was changed
  std::vector<RowMemory::ById> given_up_;  // goes with us

  size_t taken_ = 0;
  bool committed_ = false;
  Failed failed_;
};

}  // namespace tandem::store
