#include "platform/store/unit_of_work.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/base/check.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/store/table_map.h"

namespace tandem::store {
namespace {

using google::protobuf::Descriptor;

const BySize& RequestsByIds() {
  static const auto* text = new BySize([](size_t n) {
    std::string out = "SELECT request_id, method, hash, answer FROM requests WHERE request_id IN (";
    for (size_t i = 1; i <= n; ++i) absl::StrAppend(&out, i == 1 ? "$" : ", $", i);
    return out + ")";
  });
  return *text;
}

// How many new ids of a command are looked for among those it misses.
constexpr int kNewIdsMax = 8;

constexpr absl::string_view kDividedByZero = "error 22012";

absl::Status ChangedByAnother() {
  return MakeError(Failure::kConflict, "a row was changed by another");
}

bool CanBeKey(const std::string& id) { return id.find('\0') == std::string::npos; }

std::string TextOf(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

UnitOfWork::UnitOfWork(Database& database, Connection& connection, const Schema& schema,
                       const WriterOptions& options, RowMemory& memory)
    : database_(database),
      connection_(connection),
      schema_(schema),
      options_(options),
      memory_(memory),
      only_writer_(database.dialect() == "sqlite") {}

absl::Status UnitOfWork::Fail(absl::Status status, Failed::Part part, std::vector<size_t> blamed) {
  failed_ = {status, ErrorOf(status).failure, part, std::move(blamed)};
  return status;
}

void UnitOfWork::FailToBegin(const absl::Status& status) {
  (void)Fail(status, Failed::Part::kOther);
  if (failed_.failure != Failure::kBug) return;
  // For example a server that is not as it must be.
  (void)Fail(MakeError(Failure::kUnavailable, status.message()), Failed::Part::kOther);
}

// `status` came from running the statements from `first_statement` on.
absl::Status UnitOfWork::FailAt(absl::Status status, size_t first_statement) {
  const StoreError error = ErrorOf(status);
  const size_t at = first_statement + static_cast<size_t>(std::max(error.statement, 0));
  if (error.statement < 0 || at >= notes_.size()) return Fail(status, Failed::Part::kOther);
  if (notes_[at].or_fails && absl::StrContains(status.message(), kDividedByZero)) {
    status = ChangedByAnother();
    distrusted_ = at < checks();
  }
  return Fail(status, notes_[at].part, notes_[at].owners);
}

void UnitOfWork::Take(absl::Span<Item* const> items) {
  items_ = items;
  settled_.assign(items.size(), false);
  for (const Item* item : items) {
    if (item->command.hints) item->command.hints(wanted_);
  }
  AddReferences({wanted_.rows.begin(), wanted_.rows.end()});
}

absl::Status UnitOfWork::Run(absl::Span<Item* const> items) {
  if (items_.empty()) Take(items);
  connected_ = true;
  TANDEM_FAILPOINT("store.before_load");
  TANDEM_RETURN_IF_ERROR(LoadFirst());
  TANDEM_FAILPOINT("store.after_load");
  TANDEM_RETURN_IF_ERROR(Decide());
  TANDEM_FAILPOINT("store.after_decide");
  TANDEM_RETURN_IF_ERROR(WriteRows());
  return Commit();
}

// --- Loading

absl::Status UnitOfWork::LoadFirst() {
  TANDEM_RETURN_IF_ERROR(LookAhead());
  std::set<std::string> ids;
  for (const Item* item : items_) {
    const std::string& id = item->command.context.request_id;
    if (!item->command.validate_only && !id.empty() && CanBeKey(id)) ids.insert(id);
  }
  std::vector<Query> first;
  size_t left = ids.size();
  for (auto it = ids.begin(); it != ids.end();) {
    const size_t keys = NextKeys(left);
    std::vector<Value> params;
    params.reserve(keys);
    const std::string& last = *ids.rbegin();
    for (size_t i = 0; i < keys; ++i) params.emplace_back(it == ids.end() ? last : *it++);
    left -= std::min(left, keys);
    first.push_back({RequestsByIds().For(keys), std::move(params)});
  }
  return Load(wanted_, std::move(first));
}

// As remembered rows have them. Where one has changed since, what it refers to now is missed later.
void UnitOfWork::AddReferences(std::vector<RowKey> of) {
  while (!of.empty()) {
    const RowKey key = std::move(of.back());
    of.pop_back();
    const TableMap& map = schema_.MapOf(key.type);
    if (map.references().empty()) continue;
    const RowMemory::Known* known = memory_.Find(key);
    if (known == nullptr) continue;
    for (const auto& [field, type] : map.references()) {
      RowKey to{type, known->row->GetReflection()->GetString(*known->row, field)};
      if (!to.id.empty() && wanted_.rows.insert(to).second) of.push_back(std::move(to));
    }
  }
}

// What is looked for ahead is found without a lock. So the whole batch is locked at once, in the
// one order of all replicas: they wait for each other, and not in a circle.
absl::Status UnitOfWork::LookAhead() {
  RowLoad load;
  for (auto it = wanted_.sets.begin(); it != wanted_.sets.end();) {
    const TableMap& map = schema_.MapOf(it->type);
    const int index = map.SetIndex(it->name);
    TANDEM_CHECK(index >= 0, absl::StrCat(map.spec().table, " has no set ", it->name));
    if (!map.spec().sets[static_cast<size_t>(index)].ahead) {
      ++it;
      continue;
    }
    if (!only_writer_ && CanBeKey(it->key)) load.AddSetIds(map, index, it->key);
    it = wanted_.sets.erase(it);
  }
  if (load.empty()) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, RunLoad(load.queries()));
  if (absl::Status taken = load.Take(results); !taken.ok()) {
    return Fail(taken, Failed::Part::kLoad);
  }
  std::vector<RowKey> found;
  for (RowKey& key : load.Unsettled(state_)) {
    if (wanted_.rows.insert(key).second) found.push_back(std::move(key));
  }
  AddReferences(std::move(found));
  return absl::OkStatus();
}

// The results of what was given ahead come with them.
absl::StatusOr<std::vector<Result>> UnitOfWork::RunLoad(absl::Span<const Query> queries) {
  const size_t ahead = given_ - answered_;
  absl::StatusOr<std::vector<Result>> results = connection_.Run(queries);
  if (!results.ok()) {
    const int statement = ErrorOf(results.status()).statement;
    if (statement >= 0 && static_cast<size_t>(statement) < ahead) {
      return FailAt(results.status(), answered_);
    }
    return Fail(results.status(), Failed::Part::kLoad);
  }
  answered_ = given_;
  results->erase(results->begin(), results->begin() + static_cast<std::ptrdiff_t>(ahead));
  return results;
}

void UnitOfWork::TakeRequests(const Result& result) {
  for (const Row& row : result.rows) {
    const auto* answer = std::get_if<Bytes>(&row[3]);
    seen_[TextOf(row[0])] = {TextOf(row[1]), TextOf(row[2]),
                             answer == nullptr ? std::string() : answer->data};
  }
}

// Where some rows of a table are remembered, all are locked by one reading of their versions, so
// that they are locked in the order of their keys; then those that are not are read.
void UnitOfWork::AddRows(const TableMap& map, const std::vector<std::string>& ids, RowLoad* load,
                         std::vector<FromMemory>* remembered) {
  std::vector<std::string> unknown;
  if (map.spec().writer_remembers_rows()) {
    for (const std::string& id : ids) {
      RowKey key{map.spec().type, id};
      if (const RowMemory::Known* known = memory_.Find(key)) {
        remembered->push_back({std::move(key), *known});
      } else {
        unknown.push_back(id);
      }
    }
  }
  if (!map.spec().writer_remembers_rows() || unknown.size() == ids.size()) {
    load->AddRows(map, ids, /*lock=*/true);
    return;
  }
  load->AddVersions(map, ids);
  if (!unknown.empty()) load->AddRows(map, unknown, /*lock=*/false);
}

// Answers with those that have changed since: they are to be read.
absl::flat_hash_set<RowKey> UnitOfWork::TakeRemembered(const RowLoad& load,
                                                       const std::vector<FromMemory>& remembered) {
  absl::flat_hash_set<RowKey> changed;
  for (const auto& [key, known] : remembered) {
    auto version = load.versions().find(key);
    if (version != load.versions().end() && version->second == known.version) {
      originals_[key] = known.row;
      state_.PutLoaded(key, known.row, known.version);
      continue;
    }
    memory_.Forget(key);
    if (version != load.versions().end()) changed.insert(key);
  }
  return changed;
}

// One round trip; another where a set's members changed while their locks were waited for, or a row
// is not as it is remembered.
absl::Status UnitOfWork::Load(const Wanted& wanted, std::vector<Query> first) {
  std::map<std::pair<int, absl::string_view>, std::pair<const TableMap*, std::vector<std::string>>>
      by_table;  // in the order of locking
  auto want = [&](const RowKey& key) {
    const TableMap& map = schema_.MapOf(key.type);
    auto& [of, ids] = by_table[{map.spec().lock_order, map.spec().table}];
    of = &map;
    ids.push_back(key.id);
  };
  for (const RowKey& key : wanted.rows) {
    if (state_.slots().contains(key)) continue;
    if (CanBeKey(key.id)) {
      want(key);
    } else {
      state_.PutLoaded(key, nullptr, 0);
    }
  }
  for (bool again = false;; again = true) {
    RowLoad load;
    std::vector<FromMemory> remembered;
    for (const auto& [order, rows] : by_table) {
      AddRows(*rows.first, rows.second, &load, &remembered);
    }
    // New locks may have been waited for: someone may have put members into the sets meanwhile.
    if (!by_table.empty() && !only_writer_ && !again) {
      for (const SetKey& set : sets_) {
        const TableMap& map = schema_.MapOf(set.type);
        load.AddSetIds(map, map.SetIndex(set.name), set.key);
      }
    }
    if (!again) {
      for (const SetKey& set : wanted.sets) {
        if (state_.IsLoaded(set)) continue;
        const TableMap& map = schema_.MapOf(set.type);
        const int index = map.SetIndex(set.name);
        TANDEM_CHECK(index >= 0, absl::StrCat(map.spec().table, " has no set ", set.name));
        if (CanBeKey(set.key)) load.AddSet(map, index, set.key, /*verify=*/!only_writer_);
        state_.MarkLoaded(set);
        sets_.push_back(set);
      }
    }
    std::vector<Query> queries = std::move(first);
    const size_t requests = queries.size();
    queries.insert(queries.end(), load.queries().begin(), load.queries().end());
    if (queries.empty()) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, RunLoad(queries));
    for (size_t i = 0; i < requests; ++i) TakeRequests(results[i]);
    absl::Status taken = load.Take(absl::MakeConstSpan(results).subspan(requests));
    if (!taken.ok()) return Fail(taken, Failed::Part::kLoad);

    const std::vector<RowKey> unsettled = load.Unsettled(state_);
    for (auto& [key, loaded] : load.rows()) {
      if (state_.slots().contains(key)) continue;
      std::shared_ptr<const google::protobuf::Message> row = std::move(loaded.row);
      originals_[key] = row;
      // It is locked, and what was committed: so it looked at that version, whatever follows.
      if (schema_.MapOf(key.type).spec().writer_remembers_rows()) {
        memory_.Put(key, row, loaded.version, row->ByteSizeLong());
      }
      state_.PutLoaded(key, std::move(row), loaded.version);
    }
    const absl::flat_hash_set<RowKey> changed = TakeRemembered(load, remembered);
    for (const auto& [order, rows] : by_table) {
      const TableSpec& spec = rows.first->spec();
      for (const std::string& id : rows.second) {
        RowKey key{spec.type, id};
        if (changed.contains(key)) continue;
        state_.PutLoaded(key, nullptr, 0);  // where nothing was found
        if (spec.remembered == Remembered::kAbsence) RememberAbsence(key);
      }
    }
    if (unsettled.empty() && changed.empty()) return absl::OkStatus();
    by_table.clear();
    first.clear();
    std::set<RowKey> next(unsettled.begin(), unsettled.end());
    next.insert(changed.begin(), changed.end());
    for (const RowKey& key : next) want(key);
  }
}

void UnitOfWork::RememberAbsence(const RowKey& key) {
  if (state_.slots().at(key).row == nullptr) {
    memory_.Put(key, nullptr, 0, key.id.size());
  } else {
    memory_.Forget(key);
  }
}

// --- Deciding

absl::StatusOr<std::string> UnitOfWork::RunOnce(size_t index) {
  state_.Begin();
  Context context = items_[index]->command.context;  // the same each time
  return items_[index]->command.decide(context, state_);
}

bool UnitOfWork::AnswerFromSeen(Item& item) {
  const Command& command = item.command;
  if (command.validate_only || command.context.request_id.empty()) return false;
  auto it = seen_.find(command.context.request_id);
  if (it == seen_.end()) return false;
  if (it->second.method == command.method &&
      (it->second.hash == command.request_hash || TANDEM_PLANTED("request_body_not_compared"))) {
    item.how = Item::How::kReplayed;
    item.outcome = it->second.answer;
  } else {
    item.how = Item::How::kRefused;
    item.outcome = Refuse(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                          "this request id belongs to another request", "request_id");
  }
  return true;
}

// What the command at `index`, which has just been run, misses. An id that it has just made is
// nobody's yet, so what is missing under it is absent, as the command took it.
Wanted UnitOfWork::MissingOf(size_t index) const {
  Wanted missing = state_.missing();
  if (missing.rows.empty() || !items_[index]->new_ids) return missing;
  IdSource ids = items_[index]->command.context.ids;
  for (int i = 0; i < kNewIdsMax && !missing.rows.empty(); ++i) {
    const std::string ulid = ids.Next("");
    for (auto it = missing.rows.begin(); it != missing.rows.end();) {
      it = absl::EndsWith(it->id, ulid) ? missing.rows.erase(it) : std::next(it);
    }
  }
  return missing;
}

// What the command at `index`, which has just been run, and those behind it miss. They are tried
// over the same memory without their effects; one that misses nothing is not tried again.
Wanted UnitOfWork::MissingFrom(size_t index) {
  Wanted missing = MissingOf(index);
  for (size_t i = index + 1; i < items_.size(); ++i) {
    const Command& command = items_[i]->command;
    if (settled_[i]) continue;
    if (!command.validate_only && seen_.contains(command.context.request_id)) continue;
    (void)RunOnce(i);
    Wanted more = MissingOf(i);
    if (more.empty()) settled_[i] = true;
    missing.rows.merge(more.rows);
    missing.sets.merge(more.sets);
  }
  state_.Begin();
  return missing;
}

absl::Status UnitOfWork::DecideOne(size_t index) {
  Item& item = *items_[index];
  if (AnswerFromSeen(item)) return absl::OkStatus();
  absl::StatusOr<std::string> answer = RunOnce(index);
  if (trusting_) {
    // What was decided over nothing needs nobody's word.
    const bool stands =
        answer.ok() || (originals_.empty() && item.command.context.request_id.empty());
    if (!stands || !MissingOf(index).empty()) return Distrust();
  }
  for (int round = 0; !MissingOf(index).empty(); ++round) {
    if (round == options_.rounds_max) {
      answer = Refuse(absl::StatusCode::kInternal, "STORE_TOO_MANY_ROUNDS",
                      absl::StrCat(item.command.method, " always finds something missing"));
      break;
    }
    TANDEM_RETURN_IF_ERROR(Load(MissingFrom(index), {}));
    answer = RunOnce(index);
  }
  if (!answer.ok()) {
    item.how = Item::How::kRefused;
    item.outcome = answer.status();
  } else if (item.command.validate_only) {
    item.how = Item::How::kChecked;
    item.outcome = *std::move(answer);
  } else {
    Accept(index, *std::move(answer));
  }
  state_.Begin();
  return absl::OkStatus();
}

void UnitOfWork::Accept(size_t index, std::string answer) {
  Item& item = *items_[index];
  for (const auto& [key, slot] : state_.overlay()) {
    if (!slot.changed) continue;
    owners_[key].push_back(index);
    if (slot.stored_version == 0) {
      made_.push_back(key);
    } else {
      edited_.insert(key.type);
    }
  }
  const size_t first_event = state_.accepted_events().size();
  state_.Accept();
  accepted_.push_back({index, first_event, state_.accepted_events().size()});
  for (size_t i = first_event; i < state_.accepted_events().size(); ++i) {
    const EmittedEvent& event = state_.accepted_events()[i];
    payloads_.push_back(event.event->SerializeAsString());
    bytes_ += 2 * payloads_.back().size();  // as a row, and in the journal
    sizes_[RowKey{event.entity_type, event.entity_id}] = payloads_.back().size();
  }
  bytes_ += answer.size();
  if (!item.command.context.request_id.empty()) {
    seen_[item.command.context.request_id] = {item.command.method, item.command.request_hash,
                                              answer};
  }
  item.how = Item::How::kAccepted;
  item.outcome = std::move(answer);
}

absl::Status UnitOfWork::Decide() {
  const size_t ahead_every = connected_ && !only_writer_ ? AheadEvery(items_.size()) : 0;
  for (size_t i = 0; i < items_.size(); ++i) {
    TANDEM_RETURN_IF_ERROR(DecideOne(i));
    TANDEM_FAILPOINT("store.mid_batch");
    taken_ = i + 1;
    if (bytes_ > options_.batch_bytes_max && items_[i]->group_end) break;
    if (ahead_every > 0 && taken_ % ahead_every == 0 && taken_ < items_.size()) {
      TANDEM_RETURN_IF_ERROR(WriteAhead());
    }
  }
  return absl::OkStatus();
}

// --- Committing

absl::Status UnitOfWork::CheckAffected(absl::Span<const Result> results, size_t first_statement) {
  for (size_t i = 0; i < results.size() && first_statement + i < notes_.size(); ++i) {
    const Note& note = notes_[first_statement + i];
    if (note.must_affect < 0 || results[i].affected == note.must_affect) continue;
    return Fail(ChangedByAnother(), note.part, note.owners);
  }
  return absl::OkStatus();
}

absl::Status UnitOfWork::Commit() {
  if (trusting_ && only_writer_) TANDEM_RETURN_IF_ERROR(CheckMemory());
  const size_t before_journal = queries_.size();
  WriteJournal();
  if (queries_.size() == checks()) {
    if (trusting_ && !originals_.empty()) return Distrust();
    connection_.Rollback();
    return absl::OkStatus();
  }
  const bool events = !state_.accepted_events().empty();
  if (events) database_.AddNotify(options_.source, &queries_);
  absl::Span<const Query> queries = absl::MakeConstSpan(queries_);
  if (unguarded_) {
    absl::StatusOr<std::vector<Result>> results =
        connection_.Run(queries.subspan(given_, before_journal - given_));
    if (!results.ok()) return FailAt(results.status(), answered_);
    TANDEM_RETURN_IF_ERROR(CheckAffected(*results, answered_));
    given_ = answered_ = before_journal;
  }
  if (unguarded_ || checked_) TANDEM_FAILPOINT("store.between_rows_and_journal");
  TANDEM_FAILPOINT("store.before_commit");
  absl::StatusOr<std::vector<Result>> results = connection_.Commit(queries.subspan(given_));
  if (!results.ok()) return FailAt(results.status(), answered_);
  // The rows were locked, and the journal's unique constraint would have found another's change.
  TANDEM_CHECK(CheckAffected(*results, answered_).ok(), "a locked row was changed by another");
  committed_ = true;
  TANDEM_FAILPOINT("store.after_commit");
  if (events) database_.AfterCommit(options_.source);
  return absl::OkStatus();
}

absl::StatusOr<bool> UnitOfWork::IsThere(Connection& connection) const {
  constexpr absl::string_view kEvent =
      "SELECT id FROM journal WHERE aggregateid = $1 AND entity_version = $2";
  if (!state_.accepted_events().empty()) {
    const EmittedEvent& event = state_.accepted_events().front();
    const Query query{kEvent, {event.entity_id, event.entity_version}};
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, connection.Run({&query, 1}));
    return !results[0].rows.empty() && TextOf(results[0].rows[0][0]) == EventId(event);
  }
  for (const Accepted& accepted : accepted_) {
    const std::string& id = items_[accepted.item]->command.context.request_id;
    if (id.empty()) continue;
    const Query query{RequestsByIds().For(1), {id}};
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, connection.Run({&query, 1}));
    return !results[0].rows.empty();
  }
  return absl::NotFoundError("nothing to know the transaction by");
}

}  // namespace tandem::store
