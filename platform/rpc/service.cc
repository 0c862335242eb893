#include "platform/rpc/service.h"

#include <sodium.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/runner.h"

namespace tandem::rpc {
namespace {

constexpr absl::string_view kAddSetting =
    "INSERT INTO process_settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

absl::StatusOr<std::unique_ptr<store::Database>> OpenDatabase(absl::string_view url) {
  absl::string_view path = url;
  if (absl::ConsumePrefix(&path, "sqlite:")) return store::OpenSqlite(std::string(path));
  if (absl::StartsWith(url, "postgresql://")) return store::OpenPostgres(std::string(url));
  return Refuse(absl::StatusCode::kInvalidArgument, "STORE_URL_INVALID",
                "a store is sqlite:PATH or postgresql://…");
}

// The key that seals page tokens lives in the service's database, so that replicas share it.
absl::Status EnsurePageTokenKey(store::Database& database) {
  std::string key(crypto_secretbox_KEYBYTES, '\0');
  randombytes_buf(key.data(), key.size());
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<store::Connection> connection,
                          database.Connect(store::Purpose::kWrite));
  TANDEM_RETURN_IF_ERROR(connection->Begin());
  const store::Query add{kAddSetting, {std::string("page_token_key"), store::Bytes{key}}};
  auto committed = connection->Commit({&add, 1});
  if (!committed.ok()) connection->Rollback();
  return committed.status();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Core>> Core::Open(const PartContext& context, absl::string_view name,
                                                 std::vector<store::TableSpec> tables,
                                                 const std::vector<store::Migration>& migrations) {
  std::unique_ptr<Core> core(new Core());
  core->name_ = std::string(name);
  core->clock_ = context.clock;
  TANDEM_ASSIGN_OR_RETURN(core->database_, OpenDatabase(context.store_url));
  std::vector<store::Migration> all = store::PlatformMigrations();
  all.insert(all.end(), migrations.begin(), migrations.end());
  TANDEM_RETURN_IF_ERROR(store::Migrate(*core->database_, all));
  TANDEM_RETURN_IF_ERROR(store::InitialiseJournal(*core->database_));
  TANDEM_RETURN_IF_ERROR(EnsurePageTokenKey(*core->database_));
  // Every part may read events: cursors and quarantine are in every database.
  for (store::TableSpec& spec : bus::SubscriptionTables()) {
    const bool there =
        std::any_of(tables.begin(), tables.end(),
                    [&](const store::TableSpec& table) { return table.type == spec.type; });
    if (!there) tables.push_back(std::move(spec));
  }
  core->schema_ = std::make_unique<store::Schema>(std::move(tables));
  {
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<store::Connection> connection,
                            core->database_->Connect(store::Purpose::kRead));
    TANDEM_RETURN_IF_ERROR(store::CheckTables(*connection, *core->schema_));
  }
  store::WriterOptions options;
  options.source = core->source();
  TANDEM_ASSIGN_OR_RETURN(core->writer_, store::Writer::Start(*core->database_, *core->schema_,
                                                              *core->clock_, options));
  core->reader_ = store::Reader::Open(*core->database_, *core->schema_);
  return core;
}

Core::~Core() = default;

}  // namespace tandem::rpc
