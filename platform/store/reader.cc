#include "platform/store/reader.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
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

class PooledReader final : public Reader {
 public:
  PooledReader(Database& database, const Schema& schema, int connections)
      : database_(database), schema_(schema), free_(std::max(connections, 1)) {}

  absl::StatusOr<Messages> Get(const Descriptor* type,
                               const std::vector<std::string>& ids) override {
    const TableMap& map = schema_.MapOf(type);
    std::set<std::string> distinct;
    for (const std::string& id : ids) {
      if (id.find('\0') == std::string::npos) distinct.insert(id);
    }
    RowLoad load;
    TANDEM_RETURN_IF_ERROR(OnConnection([&](Connection& connection) -> absl::Status {
      load = RowLoad();
      load.AddRows(map, {distinct.begin(), distinct.end()}, /*lock=*/false);
      if (load.empty()) return absl::OkStatus();
      TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, connection.Run(load.queries()));
      return load.Take(results);
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
    const TableMap& map = schema_.MapOf(type);
    std::string text = map.list_head;
    if (!query.where.empty()) absl::StrAppend(&text, " WHERE ", query.where);
    absl::StrAppend(&text, " ORDER BY ",
                    query.order_by.empty() ? absl::StrCat("\"", map.key(), "\"") : query.order_by,
                    " LIMIT $", query.params.size() + 1);
    std::vector<Value> params = query.params;
    params.emplace_back(int64_t{std::max(query.limit, 0)});
    RowLoad load;
    TANDEM_RETURN_IF_ERROR(OnConnection([&](Connection& connection) -> absl::Status {
      load = RowLoad();
      load.AddPage(map, text, params);
      if (map.children().empty()) {
        TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, connection.Run(load.queries()));
        return load.Take(results);
      }
      // Rows and children of one snapshot.
      absl::Status status = connection.Begin();
      if (status.ok()) status = ListWithChildren(connection, map, load);
      connection.Rollback();
      return status;
    }));
    Messages out;
    out.reserve(load.order().size());
    for (const RowKey& key : load.order()) out.push_back(WithEtag(load.rows().at(key)));
    return out;
  }

  const Schema& schema() const override { return schema_; }

  absl::StatusOr<Result> Select(const Query& query) override {
    Result out;
    TANDEM_RETURN_IF_ERROR(OnConnection([&](Connection& connection) -> absl::Status {
      TANDEM_ASSIGN_OR_RETURN(std::vector<Result> results, connection.Run({&query, 1}));
      out = std::move(results[0]);
      return absl::OkStatus();
    }));
    return out;
  }

 private:
  static absl::Status ListWithChildren(Connection& connection, const TableMap& map, RowLoad& load) {
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> page, connection.Run(load.queries()));
    TANDEM_RETURN_IF_ERROR(load.Take(page));
    std::vector<std::string> ids;
    for (const RowKey& key : load.order()) ids.push_back(key.id);
    if (ids.empty()) return absl::OkStatus();
    load.NextTrip();
    load.AddChildren(map, ids);
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> children, connection.Run(load.queries()));
    return load.Take(children);
  }

  // Runs `work` on a connection of the pool; once more on a new one where that was lost.
  template <class Work>
  absl::Status OnConnection(Work work) {
    std::unique_ptr<Connection> connection;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](int* free) { return *free > 0; }, &free_));
      --free_;
      if (!idle_.empty()) {
        connection = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    absl::Status status;
    for (int i = 0; i < 2; ++i) {
      if (connection == nullptr) {
        absl::StatusOr<std::unique_ptr<Connection>> opened = database_.Connect(Purpose::kRead);
        if (!opened.ok()) {
          status = opened.status();
          break;
        }
        connection = *std::move(opened);
      }
      status = work(*connection);
      if (status.ok()) break;
      const Failure failure = ErrorOf(status).failure;
      if (failure == Failure::kUnavailable) connection = nullptr;
      if (failure != Failure::kUnavailable && failure != Failure::kConflict) break;
    }
    absl::MutexLock lock(&mutex_);
    ++free_;
    if (connection != nullptr) idle_.push_back(std::move(connection));
    return status;
  }

  Database& database_;
  const Schema& schema_;
  absl::Mutex mutex_;
  int free_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Reader> Reader::Open(Database& database, const Schema& schema, int connections) {
  return std::make_unique<PooledReader>(database, schema, connections);
}

}  // namespace tandem::store
