// The SQLite driver: one file, one process, any number of connections in it.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/store/database.h"
#include "platform/store/sql_text.h"
#include "platform/store/sqlite_statements.h"

namespace tandem::store {
namespace {

// How long a writer waits for another's transaction to end before it answers kConflict.
constexpr int kBusyTimeoutMs = 4'000;

// What each connection is set to and must answer afterwards. FULL and not NORMAL: with NORMAL a
// power cut loses commits that were acknowledged.
struct Setting {
  const char* set;
  const char* ask;
  absl::string_view answer;
};
constexpr Setting kSettings[] = {
    {"PRAGMA busy_timeout = 4000", "PRAGMA busy_timeout", "4000"},
    {"PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA synchronous = FULL", "PRAGMA synchronous", "2"},
    {"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1"},
    {"PRAGMA case_sensitive_like = ON", "SELECT 'a' LIKE 'A'", "0"},
    {"PRAGMA wal_autocheckpoint = 10000", "PRAGMA wal_autocheckpoint", "10000"},
};
constexpr Setting kReadOnly = {"PRAGMA query_only = ON", "PRAGMA query_only", "1"};

absl::string_view DirectoryOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? "." : path.substr(0, slash);
}

// A file descriptor that closes itself.
class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(File&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  File& operator=(File&&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// The lock ends with the process, however it ends.
absl::StatusOr<File> LockFile(const std::string& path) {
  const std::string lock = absl::StrCat(path, ".lock");
  File file(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.fd() < 0) {
    return MakeError(Failure::kUnavailable,
                     absl::StrCat("cannot open ", lock, ": ", std::strerror(errno)));
  }
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) {
    return MakeError(Failure::kUnavailable,
                     absl::StrCat("cannot lock ", lock, ": ", std::strerror(errno)));
  }
  return Refuse(absl::StatusCode::kFailedPrecondition, "STORE_IN_USE",
                absl::StrCat("the directory ", DirectoryOf(path), " is in use by another process (",
                             lock, " is locked)"));
}

// What the connections of one file share in memory: wake-ups and locks by key.
class Shared {
 public:
  void Wake(absl::string_view channel) {
    absl::MutexLock lock(&mutex_);
    ++commits_[channel];
    woken_.SignalAll();
  }

  // Waits until the channel's count differs from *seen, then takes it over.
  bool Wait(absl::string_view channel, int64_t* seen, absl::Duration timeout) {
    const absl::Time deadline = absl::Now() + timeout;
    absl::MutexLock lock(&mutex_);
    while (commits_[channel] == *seen) {
      if (woken_.WaitWithDeadline(&mutex_, deadline) && commits_[channel] == *seen) return false;
    }
    *seen = commits_[channel];
    return true;
  }

  bool TryLock(int64_t key, const void* owner) {
    absl::MutexLock lock(&mutex_);
    return locks_.emplace(key, owner).first->second == owner;
  }

  void ReleaseLocks(const void* owner) {
    absl::MutexLock lock(&mutex_);
    for (auto it = locks_.begin(); it != locks_.end();) {
      it = it->second == owner ? locks_.erase(it) : std::next(it);
    }
  }

 private:
  absl::Mutex mutex_;
  absl::CondVar woken_;
  absl::flat_hash_map<std::string, int64_t> commits_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, const void*> locks_ ABSL_GUARDED_BY(mutex_);
};

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(SqliteHandle db, Purpose purpose, Shared& shared)
      : db_(std::move(db)), statements_(db_.get()), purpose_(purpose), shared_(shared) {}
  ~SqliteConnection() override {
    Rollback();
    shared_.ReleaseLocks(this);
  }

  absl::Status Begin() override {
    if (state_ != State::kIdle) return MakeError(Failure::kBug, "a transaction is open already");
    TANDEM_RETURN_IF_ERROR(Do(BeginText()));
    state_ = State::kOpen;
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Result>> Run(absl::Span<const Query> queries) override {
    if (state_ == State::kDead) return Dead();
    if (state_ == State::kOpen || queries.size() == 1) return RunAll(queries);
    TANDEM_RETURN_IF_ERROR(Begin());
    absl::StatusOr<std::vector<Result>> results = Commit(queries);
    if (!results.ok()) Rollback();
    return results;
  }

  absl::StatusOr<std::vector<Result>> Commit(absl::Span<const Query> queries) override {
    if (state_ == State::kDead) return Dead();
    if (state_ == State::kIdle) return MakeError(Failure::kBug, "no transaction is open");
    TANDEM_ASSIGN_OR_RETURN(std::vector<Result> results, RunAll(queries));
    absl::Status status = Do("COMMIT");
    if (!status.ok()) {
      state_ = State::kDead;
      // After a sync that failed, nobody knows what the disk holds.
      const int code = sqlite3_extended_errcode(db_.get());
      if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        return MakeError(Failure::kCommitUnknown, status.message());
      }
      return status;
    }
    state_ = State::kIdle;
    return results;
  }

  void Rollback() override {
    // SQLite may have rolled back by itself, after a full disk for example.
    if (sqlite3_get_autocommit(db_.get()) == 0) Do("ROLLBACK").IgnoreError();
    state_ = State::kIdle;
  }

  absl::Status RunScript(absl::string_view script) override {
    if (state_ == State::kDead) return Dead();
    if (sqlite3_exec(db_.get(), SqliteScript(script).c_str(), nullptr, nullptr, nullptr) ==
        SQLITE_OK) {
      return absl::OkStatus();
    }
    if (state_ == State::kOpen) state_ = State::kDead;
    return SqliteError(db_.get());
  }

  absl::StatusOr<bool> TryLock(int64_t key) override { return shared_.TryLock(key, this); }

  absl::StatusOr<bool> WaitNotified(absl::string_view channel, absl::Duration timeout) override {
    // -1 is no count: the first call answers at once.
    return shared_.Wait(channel, &seen_.try_emplace(channel, -1).first->second, timeout);
  }

  // Sets and asks again; what did not take is refused.
  absl::Status Configure() {
    sqlite3_busy_timeout(db_.get(), kBusyTimeoutMs);
    for (const Setting& setting : kSettings) TANDEM_RETURN_IF_ERROR(Apply(setting));
    return purpose_ == Purpose::kRead ? Apply(kReadOnly) : absl::OkStatus();
  }

 private:
  enum class State { kIdle, kOpen, kDead };

  // A writer takes its lock at once: a reader that turns writer could only fail.
  const char* BeginText() const {
    return purpose_ == Purpose::kWrite ? "BEGIN IMMEDIATE" : "BEGIN";
  }

  static absl::Status Dead() {
    return MakeError(Failure::kBug, "the transaction failed before and is to be rolled back");
  }

  absl::Status Do(const char* sql) { return statements_.Run({sql, {}}, -1).status(); }

  absl::StatusOr<std::vector<Result>> RunAll(absl::Span<const Query> queries) {
    std::vector<Result> results;
    results.reserve(queries.size());
    for (size_t i = 0; i < queries.size(); ++i) {
      absl::StatusOr<Result> result = statements_.Run(queries[i], static_cast<int>(i));
      if (!result.ok()) {
        if (state_ == State::kOpen) state_ = State::kDead;
        return result.status();
      }
      results.push_back(*std::move(result));
    }
    return results;
  }

  absl::Status Apply(const Setting& setting) {
    TANDEM_RETURN_IF_ERROR(Do(setting.set));
    TANDEM_ASSIGN_OR_RETURN(const Result result, statements_.Run({setting.ask, {}}, -1));
    std::string answer;
    if (!result.rows.empty()) {
      const Value& value = result.rows[0][0];
      if (const auto* number = std::get_if<int64_t>(&value)) answer = absl::StrCat(*number);
      if (const auto* text = std::get_if<std::string>(&value)) answer = *text;
    }
    if (answer == setting.answer) return absl::OkStatus();
    return Refuse(absl::StatusCode::kFailedPrecondition, "STORE_NOT_DURABLE",
                  absl::StrCat("SQLite did not take `", setting.set, "`"));
  }

  const SqliteHandle db_;
  SqliteStatements statements_;  // gone before the handle
  const Purpose purpose_;
  Shared& shared_;
  State state_ = State::kIdle;
  absl::flat_hash_map<std::string, int64_t> seen_;
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string path, File lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  absl::StatusOr<std::unique_ptr<Connection>> Connect(Purpose purpose) override {
    sqlite3* raw = nullptr;
    const int code =
        sqlite3_open_v2(path_.c_str(), &raw,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    SqliteHandle db(raw);
    if (code != SQLITE_OK) {
      return MakeError(Failure::kUnavailable,
                       absl::StrCat("cannot open ", path_, ": ", sqlite3_errstr(code)));
    }
    sqlite3_extended_result_codes(raw, 1);
    auto connection = std::make_unique<SqliteConnection>(std::move(db), purpose, shared_);
    TANDEM_RETURN_IF_ERROR(connection->Configure());
    return connection;
  }

  void AddNotify(absl::string_view, std::vector<Query>*) override {}
  void AfterCommit(absl::string_view channel) override { shared_.Wake(channel); }
  absl::string_view dialect() const override { return "sqlite"; }

 private:
  const std::string path_;
  const File lock_;
  Shared shared_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenSqlite(const std::string& path) {
  TANDEM_ASSIGN_OR_RETURN(File lock, LockFile(path));
  // Made here, for its owner alone; SQLite gives the files beside it the same rights.
  const File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.fd() < 0) {
    return MakeError(Failure::kUnavailable,
                     absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  auto database = std::make_unique<SqliteDatabase>(path, std::move(lock));
  // The first connection turns the file to WAL and says early what is wrong with it.
  TANDEM_RETURN_IF_ERROR(database->Connect(Purpose::kWrite).status());
  return database;
}

}  // namespace tandem::store
