#include "platform/store/migrations.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/check.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::store {
namespace {

constexpr absl::string_view kCreateRecord =
    "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL,"
    " hash TEXT NOT NULL, applied_micros BIGINT NOT NULL)";
constexpr absl::string_view kReadRecord =
    "SELECT number, name, hash FROM schema_migrations ORDER BY number";
constexpr absl::string_view kWriteRecord =
    "INSERT INTO schema_migrations (number, name, hash, applied_micros) VALUES ($1, $2, $3, $4)";
constexpr absl::string_view kInsertHead =
    "INSERT INTO journal_head (id, position, incarnation) VALUES (1, 0, $1)"
    " ON CONFLICT (id) DO NOTHING";

// "tandem" in ASCII: the key all replicas of all services take; a database has one service.
constexpr int64_t kLockKey = 0x74616e64656d;
constexpr absl::Duration kLockPatience = absl::Seconds(60);
constexpr absl::Duration kPause = absl::Milliseconds(50);
// A migration that meets traffic loses a lock now and then, and a server may restart meanwhile.
constexpr int kAttemptsMax = 10;

constexpr int kPlatformMax = 99;

std::string Hash(absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  TANDEM_CHECK(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1,
               "SHA-256 is always there");
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
}

absl::Status WaitForLock(Connection& connection) {
  const absl::Time deadline = absl::Now() + kLockPatience;
  while (true) {
    TANDEM_ASSIGN_OR_RETURN(const bool locked, connection.TryLock(kLockKey));
    if (locked) return absl::OkStatus();
    if (absl::Now() > deadline) {
      return Refuse(absl::StatusCode::kUnavailable, "SCHEMA_LOCKED",
                    "another process has been migrating this database for a minute");
    }
    absl::SleepFor(kPause);
  }
}

struct Applied {
  std::string name, hash;
};

absl::StatusOr<std::map<int64_t, Applied>> ReadRecord(Connection& connection) {
  TANDEM_RETURN_IF_ERROR(connection.Begin());
  TANDEM_RETURN_IF_ERROR(connection.RunScript(kCreateRecord));
  const Query read{kReadRecord, {}};
  TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, connection.Commit({&read, 1}));
  std::map<int64_t, Applied> applied;
  for (const Row& row : results[0].rows) {
    applied[std::get<int64_t>(row[0])] = {std::get<std::string>(row[1]),
                                          std::get<std::string>(row[2])};
  }
  return applied;
}

// What the database has must be what this program knows, text by text. The platform's numbers are
// only judged when the program names any of them, and so with a service's: the two may come apart.
absl::Status CheckRecord(const std::map<int64_t, Applied>& applied,
                         const std::vector<Migration>& migrations) {
  std::map<int64_t, const Migration*> known;
  bool knows_platform = false, knows_service = false;
  for (const Migration& migration : migrations) {
    known[migration.number] = &migration;
    (migration.number <= kPlatformMax ? knows_platform : knows_service) = true;
  }
  for (const auto& [number, record] : applied) {
    const auto it = known.find(number);
    if (it == known.end()) {
      if (!(number <= kPlatformMax ? knows_platform : knows_service)) continue;
      return Refuse(absl::StatusCode::kFailedPrecondition, "SCHEMA_NEWER_THAN_PROGRAM",
                    absl::StrCat("the database has migration ", number, " (", record.name,
                                 "), which this program does not know: run a newer program"));
    }
    if (record.hash != Hash(it->second->sql)) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "SCHEMA_MIGRATION_CHANGED",
                    absl::StrCat("migration ", number, " (", record.name,
                                 ") had another text when it was applied"));
    }
  }
  return absl::OkStatus();
}

absl::Status Apply(Connection& connection, const Migration& migration) {
  TANDEM_RETURN_IF_ERROR(connection.Begin());
  TANDEM_RETURN_IF_ERROR(connection.RunScript(migration.sql));
  TANDEM_FAILPOINT("migration.before_commit");
  const Query record{kWriteRecord,
                     {int64_t{migration.number}, std::string(migration.name), Hash(migration.sql),
                      absl::ToUnixMicros(absl::Now())}};
  return connection.Commit({&record, 1}).status();
}

absl::Status MigrateOnce(Connection& connection, const std::vector<Migration>& migrations) {
  TANDEM_RETURN_IF_ERROR(WaitForLock(connection));
  TANDEM_ASSIGN_OR_RETURN(const auto applied, ReadRecord(connection));
  TANDEM_RETURN_IF_ERROR(CheckRecord(applied, migrations));
  for (const Migration& migration : migrations) {
    if (applied.contains(migration.number)) continue;
    TANDEM_FAILPOINT("migration.before_step");
    absl::Status status = Apply(connection, migration);
    TANDEM_FAILPOINT("migration.after_step");
    if (status.ok()) continue;
    absl::Status named =
        absl::Status(status.code(), absl::StrCat("migration ", migration.number, " (",
                                                 migration.name, "): ", status.message()));
    status.ForEachPayload([&named](absl::string_view url, const absl::Cord& payload) {
      named.SetPayload(url, payload);
    });
    return named;
  }
  return absl::OkStatus();
}

// Whether the same again may succeed; the record says what has been applied by then.
bool MayPass(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "STORE_CONFLICT" || reason == "STORE_UNAVAILABLE" ||
         reason == "STORE_COMMIT_UNKNOWN";
}

}  // namespace

absl::Status Migrate(Database& database, const std::vector<Migration>& migrations) {
  for (size_t i = 1; i < migrations.size(); ++i) {
    TANDEM_CHECK(migrations[i - 1].number < migrations[i].number, "migrations rise by number");
  }
  TANDEM_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                          database.Connect(Purpose::kWrite));
  absl::Status status;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    status = MigrateOnce(*connection, migrations);
    if (status.ok() || !MayPass(status)) break;
    connection->Rollback();
    absl::SleepFor(kPause * (attempt + 1));
  }
  return status;
}

absl::Status InitialiseJournal(Database& database) {
  char random[16];
  TANDEM_CHECK(getrandom(random, sizeof(random), 0) == sizeof(random), "so few bytes never block");
  TANDEM_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                          database.Connect(Purpose::kWrite));
  TANDEM_RETURN_IF_ERROR(connection->Begin());
  const Query insert{kInsertHead, {absl::BytesToHexString({random, sizeof(random)})}};
  return connection->Commit({&insert, 1}).status();
}

}  // namespace tandem::store
