#include "platform/store/reader.h"

#include <algorithm>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/store/row_load.h"
#include "platform/store/table_map.h"

namespace tandem::store {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using Messages = std::vector<std::unique_ptr<Message>>;

std::unique_ptr<Message> WithEtag(RowLoad::Loaded& loaded) {
  State::FillEtag(loaded.row.get(), loaded.version);
  return std::move(loaded.row);
}

SharedBytes BytesOf(RowLoad::Loaded& loaded) {
  return std::make_shared<const std::string>(WithEtag(loaded)->SerializeAsString());
}

std::string KeyAndVersion(const TableMap& map) {
  return absl::StrCat("SELECT \"", map.key(), "\", \"version\" FROM ", map.spec().table);
}

// The limit is the last parameter.
std::string PageText(absl::string_view head, const TableMap& map, const ListQuery& query) {
  return absl::StrCat(head, query.where.empty() ? "" : " WHERE ", query.where, " ORDER BY ",
                      query.order_by.empty() ? absl::StrCat("\"", map.key(), "\"") : query.order_by,
                      " LIMIT $", query.params.size() + 1);
}

std::vector<Value> PageParams(const ListQuery& query) {
  std::vector<Value> params = query.params;
  params.emplace_back(int64_t{std::max(query.limit, 0)});
  return params;
}

// Rows of key and version.
absl::Status TakeVersions(const TableMap& map, const Result& result, std::vector<std::string>* ids,
                          std::vector<int64_t>* versions) {
  for (const Row& row : result.rows) {
    const auto* id = row.size() != 2 ? nullptr : std::get_if<std::string>(&row[0]);
    const auto* version = row.size() != 2 ? nullptr : std::get_if<int64_t>(&row[1]);
    if (id == nullptr || version == nullptr) {
      return Refuse(absl::StatusCode::kInternal, "STORE_ROW_CORRUPT",
                    absl::StrCat("table ", map.spec().table, ": a key or version is NULL"));
    }
    ids->push_back(*id);
    versions->push_back(*version);
  }
  return absl::OkStatus();
}

class PooledReader final : public Reader {
 public:
  PooledReader(Database& database, const Schema& schema, int connections)
      : database_(database), schema_(schema), free_(std::max(connections, 1)) {
    for (const TableSpec& spec : schema.tables()) {
      if (!spec.readers_remember()) continue;
      const TableMap& map = schema.MapOf(spec.type);
      versions_.emplace(spec.type, VersionsText(map));
    }
  }

  absl::StatusOr<Messages> Get(const Descriptor* type,
                               const std::vector<std::string>& ids) override {
    const TableMap& map = schema_.MapOf(type);
    std::set<std::string> distinct;
    for (const std::string& id : ids) {
      if (id.find('\0') == std::string::npos) distinct.insert(id);
    }
    RowLoad load;
    TANDEM_RETURN_IF_ERROR(OnConnection([&](Pooled& pooled) {
      return LoadRows(pooled, map, {distinct.begin(), distinct.end()}, &load);
    }));
    Messages out;
    out.reserve(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      auto it = load.rows().find(RowKey{type, ids[i]});
      if (it == load.rows().end()) {
        out.push_back(nullptr);
      } else if (it->second.row != nullptr) {
        out.push_back(WithEtag(it->second));
      } else {  // asked for twice
        const size_t first =
            static_cast<size_t>(std::find(ids.begin(), ids.end(), ids[i]) - ids.begin());
        out.emplace_back(out[first]->New());
        out.back()->CopyFrom(*out[first]);
      }
    }
    return out;
  }

  absl::StatusOr<Messages> List(const Descriptor* type, const ListQuery& query) override {
    RowLoad load;
    TANDEM_RETURN_IF_ERROR(OnConnection(
        [&](Pooled& pooled) { return LoadPage(pooled, schema_.MapOf(type), query, &load); }));
    Messages out;
    out.reserve(load.order().size());
    for (const RowKey& key : load.order()) out.push_back(WithEtag(load.rows().at(key)));
    return out;
  }

  absl::StatusOr<std::vector<SharedBytes>> GetBytes(const Descriptor* type,
                                                    const std::vector<std::string>& ids) override {
    std::vector<SharedBytes> out;
    TANDEM_RETURN_IF_ERROR(OnConnection(
        [&](Pooled& pooled) { return FindBytes(pooled, schema_.MapOf(type), ids, &out); }));
    return out;
  }

  absl::StatusOr<std::vector<SharedBytes>> ListBytes(const Descriptor* type,
                                                     const ListQuery& query) override {
    std::vector<SharedBytes> out;
    TANDEM_RETURN_IF_ERROR(OnConnection(
        [&](Pooled& pooled) { return ListKnown(pooled, schema_.MapOf(type), query, &out); }));
    return out;
  }

  const Schema& schema() const override { return schema_; }

  absl::StatusOr<Result> Select(const Query& query) override {
    Result out;
    TANDEM_RETURN_IF_ERROR(OnConnection([&](Pooled& pooled) -> absl::Status {
      TANDEM_ASSIGN_OR_RETURN(std::vector<Result> results, pooled.connection->Run({&query, 1}));
      out = std::move(results[0]);
      return absl::OkStatus();
    }));
    return out;
  }

 private:
  struct Pooled {
    std::unique_ptr<Connection> connection;
    int64_t session = 0;  // the connection's, as it was seen
    int64_t era = 0;      // of the memory, since which the session may use it
  };
  using Known = std::vector<ReadMemory::Known>;

  static BySize VersionsText(const TableMap& map) {
    return BySize([&](size_t n) {
      std::string keys;
      for (size_t i = 1; i <= n; ++i) absl::StrAppend(&keys, i == 1 ? "$" : ", $", i);
      return absl::StrCat(KeyAndVersion(map), " WHERE \"", map.key(), "\" IN (", keys, ")");
    });
  }

  // One snapshot: it runs outside of a transaction, so the queries are one.
  static absl::Status LoadRows(Pooled& pooled, const TableMap& map,
                               const std::vector<std::string>& ids, RowLoad* load) {
    *load = RowLoad();
    load->AddRows(map, ids, /*lock=*/false);
    if (load->empty()) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results,
                            pooled.connection->Run(load->queries()));
    return load->Take(results);
  }

  static absl::Status LoadPage(Pooled& pooled, const TableMap& map, const ListQuery& query,
                               RowLoad* load) {
    *load = RowLoad();
    load->AddPage(map, PageText(map.list_head, map, query), PageParams(query));
    Connection& connection = *pooled.connection;
    if (map.children().empty()) {
      TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, connection.Run(load->queries()));
      return load->Take(results);
    }
    // Rows and children of one snapshot.
    absl::Status status = connection.Begin();
    if (status.ok()) status = LoadPageWithChildren(connection, map, load);
    connection.Rollback();
    return status;
  }

  static absl::Status LoadPageWithChildren(Connection& connection, const TableMap& map,
                                           RowLoad* load) {
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> page, connection.Run(load->queries()));
    TANDEM_RETURN_IF_ERROR(load->Take(page));
    std::vector<std::string> ids;
    for (const RowKey& key : load->order()) ids.push_back(key.id);
    if (ids.empty()) return absl::OkStatus();
    load->NextTrip();
    load->AddChildren(map, ids);
    // Ends the transaction in the same round trip.
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> children, connection.Commit(load->queries()));
    return load->Take(children);
  }

  // Whether the connection was lost and opened again meanwhile. Then nothing is remembered any
  // more, and what was found before is not to be used.
  bool Reopened(Pooled& pooled) {
    const int64_t session = pooled.connection->session();
    if (session == pooled.session) return false;
    pooled.session = session;
    memory_.Clear();
    pooled.era = memory_.era();
    return true;
  }

  // What was loaded, serialised, by the places of `ids` that are still empty.
  void TakeLoaded(const TableMap& map, const std::vector<std::string>& ids, RowLoad& load,
                  int64_t era, Known* known) {
    absl::flat_hash_map<absl::string_view, ReadMemory::Known> made;
    for (auto& [key, loaded] : load.rows()) {
      const int64_t version = loaded.version;
      ReadMemory::Known now{BytesOf(loaded), version};
      made.emplace(key.id, now);
      if (map.spec().readers_remember()) memory_.Put(key, std::move(now), era);
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      if ((*known)[i].bytes != nullptr) continue;
      if (auto it = made.find(ids[i]); it != made.end()) (*known)[i] = it->second;
    }
  }

  absl::Status FindBytes(Pooled& pooled, const TableMap& map, const std::vector<std::string>& ids,
                         std::vector<SharedBytes>* out) {
    const Descriptor* type = map.spec().type;
    Known known(ids.size());
    int64_t era = 0;
    bool use = map.spec().readers_remember();
    for (bool again = true; again;) {
      if (use) era = memory_.Find(type, ids, &known);
      std::vector<std::string> ask;
      std::set<std::string> unknown;
      for (size_t i = 0; i < ids.size(); ++i) {
        if (known[i].bytes != nullptr) {
          ask.push_back(ids[i]);
        } else if (ids[i].find('\0') == std::string::npos) {
          unknown.insert(ids[i]);
        }
      }
      if (ask.empty() && unknown.empty()) break;
      std::vector<Query> queries;
      if (!ask.empty()) queries = QueriesByKeys(versions_.at(type), ask);
      const size_t asking = queries.size();
      RowLoad load;
      load.AddRows(map, {unknown.begin(), unknown.end()}, /*lock=*/false);
      queries.insert(queries.end(), load.queries().begin(), load.queries().end());
      TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, pooled.connection->Run(queries));
      again = Reopened(pooled) && !ask.empty();
      if (again) {
        known.assign(ids.size(), {});
        continue;
      }
      TANDEM_RETURN_IF_ERROR(load.Take(absl::MakeConstSpan(results).subspan(asking)));
      TANDEM_RETURN_IF_ERROR(
          Compare(pooled, map, ids, absl::MakeConstSpan(results).first(asking), era, &known));
      TakeLoaded(map, ids, load, era, &known);
    }
    out->clear();
    out->reserve(ids.size());
    for (ReadMemory::Known& one : known) out->push_back(std::move(one.bytes));
    return absl::OkStatus();
  }

  // Keeps what is known and still so; the others are read again, or are gone.
  absl::Status Compare(Pooled& pooled, const TableMap& map, const std::vector<std::string>& ids,
                       absl::Span<const Result> results, int64_t era, Known* known) {
    std::vector<std::string> found;
    std::vector<int64_t> versions;
    for (const Result& result : results) {
      TANDEM_RETURN_IF_ERROR(TakeVersions(map, result, &found, &versions));
    }
    absl::flat_hash_map<absl::string_view, int64_t> now;
    for (size_t i = 0; i < found.size(); ++i) now.emplace(found[i], versions[i]);
    std::set<std::string> changed;
    for (size_t i = 0; i < ids.size(); ++i) {
      ReadMemory::Known& one = (*known)[i];
      if (one.bytes == nullptr) continue;
      auto it = now.find(ids[i]);
      if (it != now.end() && it->second == one.version) continue;
      one = {};
      if (it != now.end()) {
        changed.insert(ids[i]);
      } else {
        memory_.Forget({map.spec().type, ids[i]});
      }
    }
    if (changed.empty()) return absl::OkStatus();
    RowLoad load;
    TANDEM_RETURN_IF_ERROR(LoadRows(pooled, map, {changed.begin(), changed.end()}, &load));
    Reopened(pooled);
    TakeLoaded(map, ids, load, era, known);
    return absl::OkStatus();
  }

  // A page of keys and versions, then the rows that are not known. A row that has another version
  // by then may satisfy the condition no longer: so the page is read in one transaction.
  absl::Status ListKnown(Pooled& pooled, const TableMap& map, const ListQuery& query,
                         std::vector<SharedBytes>* out) {
    out->clear();
    if (!map.spec().readers_remember()) return ListLoaded(pooled, map, query, out);
    const std::string text = PageText(KeyAndVersion(map), map, query);
    const Query page{text, PageParams(query)};
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, pooled.connection->Run({&page, 1}));
    Reopened(pooled);
    std::vector<std::string> ids;
    std::vector<int64_t> versions;
    TANDEM_RETURN_IF_ERROR(TakeVersions(map, results[0], &ids, &versions));
    Known known;
    const int64_t era = memory_.Find(map.spec().type, ids, &known);
    std::vector<std::string> unknown;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (known[i].bytes != nullptr && known[i].version == versions[i]) continue;
      known[i] = {};
      unknown.push_back(ids[i]);
    }
    if (!unknown.empty()) {
      RowLoad load;
      TANDEM_RETURN_IF_ERROR(LoadRows(pooled, map, unknown, &load));
      const bool reopened = Reopened(pooled);
      TakeLoaded(map, ids, load, era, &known);
      for (size_t i = 0; i < ids.size(); ++i) {
        if (reopened || known[i].bytes == nullptr || known[i].version != versions[i]) {
          return ListLoaded(pooled, map, query, out);
        }
      }
    }
    out->reserve(known.size());
    for (ReadMemory::Known& one : known) out->push_back(std::move(one.bytes));
    return absl::OkStatus();
  }

  static absl::Status ListLoaded(Pooled& pooled, const TableMap& map, const ListQuery& query,
                                 std::vector<SharedBytes>* out) {
    RowLoad load;
    TANDEM_RETURN_IF_ERROR(LoadPage(pooled, map, query, &load));
    out->reserve(load.order().size());
    for (const RowKey& key : load.order()) out->push_back(BytesOf(load.rows().at(key)));
    return absl::OkStatus();
  }

  absl::Status Connect(Pooled* pooled) {
    TANDEM_ASSIGN_OR_RETURN(pooled->connection, database_.Connect(Purpose::kRead));
    pooled->session = pooled->connection->session();
    pooled->era = memory_.era();
    return absl::OkStatus();
  }

  // Runs `work` on a connection of the pool; once more on a new one where that was lost.
  template <class Work>
  absl::Status OnConnection(Work work) {
    Pooled pooled;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](int* free) { return *free > 0; }, &free_));
      --free_;
      if (!idle_.empty()) {
        pooled = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    // One that was opened before another was lost may be with a server that is no longer the one.
    const bool outdated = pooled.connection != nullptr && pooled.era != memory_.era();
    if (outdated) pooled.connection = nullptr;
    absl::Status status;
    for (int i = 0; i < 2; ++i) {
      if (pooled.connection == nullptr) {
        if (!outdated || i > 0) memory_.Clear();
        status = Connect(&pooled);
        if (!status.ok()) break;
      }
      status = work(pooled);
      if (status.ok()) break;
      Failure failure = ErrorOf(status).failure;
      if (failure == Failure::kCommitUnknown) {  // of a transaction that changed nothing
        failure = Failure::kUnavailable;
        status = MakeError(failure, status.message());
      }
      if (failure == Failure::kUnavailable) pooled.connection = nullptr;
      if (failure != Failure::kUnavailable && failure != Failure::kConflict) break;
    }
    absl::MutexLock lock(&mutex_);
    ++free_;
    if (pooled.connection != nullptr) idle_.push_back(std::move(pooled));
    return status;
  }

  Database& database_;
  const Schema& schema_;
  absl::flat_hash_map<const Descriptor*, BySize> versions_;  // key and version by keys
  ReadMemory memory_;
  absl::Mutex mutex_;
  int free_ ABSL_GUARDED_BY(mutex_);
  std::vector<Pooled> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Reader> Reader::Open(Database& database, const Schema& schema, int connections) {
  return std::make_unique<PooledReader>(database, schema, connections);
}

}  // namespace tandem::store
