// A database between a writer and the real one, for tests: it is asked before each thing that is
// done, to count it or to let it fail.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "platform/store/database.h"

namespace tandem::store {

// Passes everything on, and asks before what is to go wrong.
class FaultyDatabase final : public Database {
 public:
  enum class When { kConnect, kBegin, kRun, kAhead, kBeforeCommit, kAfterCommit };
  // An error, or OK to go on. Asked with the connection that is used.
  using Fault = std::function<absl::Status(When, Connection*)>;

  explicit FaultyDatabase(Database& real) : real_(real) {}
  void Set(Fault fault) {
    absl::MutexLock lock(&mutex_);
    fault_ = std::move(fault);
  }

  absl::StatusOr<std::unique_ptr<Connection>> Connect(Purpose purpose) override {
    auto connection = real_.Connect(purpose);
    if (!connection.ok()) return connection.status();
    absl::Status status = Ask(When::kConnect, connection->get());
    if (!status.ok()) return status;
    return std::make_unique<FaultyConnection>(*this, *std::move(connection));
  }
  void AddNotify(absl::string_view channel, std::vector<Query>* queries) override {
    real_.AddNotify(channel, queries);
  }
  void AfterCommit(absl::string_view channel) override { real_.AfterCommit(channel); }
  absl::string_view dialect() const override { return real_.dialect(); }

 private:
  class FaultyConnection final : public Connection {
   public:
    FaultyConnection(FaultyDatabase& owner, std::unique_ptr<Connection> real)
        : owner_(owner), real_(std::move(real)) {}
    absl::Status Begin() override {
      absl::Status status = owner_.Ask(When::kBegin, real_.get());
      return status.ok() ? real_->Begin() : status;
    }
    absl::StatusOr<std::vector<Result>> Run(absl::Span<const Query> queries) override {
      absl::Status status = owner_.Ask(When::kRun, real_.get());
      if (!status.ok()) return status;
      return real_->Run(queries);
    }
    absl::StatusOr<bool> Ahead(absl::Span<const Query> queries) override {
      absl::Status status = owner_.Ask(When::kAhead, real_.get());
      if (!status.ok()) return status;
      return real_->Ahead(queries);
    }
    absl::StatusOr<std::vector<Result>> Commit(absl::Span<const Query> queries) override {
      absl::Status status = owner_.Ask(When::kBeforeCommit, real_.get());
      if (!status.ok()) {
        real_->Rollback();
        return status;
      }
      auto results = real_->Commit(queries);
      if (!results.ok()) return results;
      status = owner_.Ask(When::kAfterCommit, real_.get());
      if (!status.ok()) return status;
      return results;
    }
    void Rollback() override { real_->Rollback(); }
    absl::Status RunScript(absl::string_view script) override { return real_->RunScript(script); }
    absl::StatusOr<bool> TryLock(int64_t key) override { return real_->TryLock(key); }
    absl::StatusOr<bool> WaitNotified(absl::string_view channel, absl::Duration timeout) override {
      return real_->WaitNotified(channel, timeout);
    }
    int64_t session() const override { return real_->session(); }

   private:
    FaultyDatabase& owner_;
    std::unique_ptr<Connection> real_;
  };

  absl::Status Ask(When when, Connection* connection) {
    absl::MutexLock lock(&mutex_);
    return fault_ ? fault_(when, connection) : absl::OkStatus();
  }

  Database& real_;
  absl::Mutex mutex_;
  Fault fault_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tandem::store
