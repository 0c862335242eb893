// Brings a database's schema to what this program knows: numbered scripts, each applied once, in
// order, each in a transaction of its own with its record, under a lock that replicas share.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/store/database.h"

namespace tandem::store {

struct Migration {
  int number;              // rising; the platform's are 1 to 99, a service's from 100
  absl::string_view name;  // "create_orders"
  absl::string_view sql;   // the same text for both databases
};

// Applies what is missing. FAILED_PRECONDITION SCHEMA_NEWER_THAN_PROGRAM when the database has a
// migration this program does not know; SCHEMA_MIGRATION_CHANGED when an applied one had another
// text. Safe to call from several processes at once. The platform's and a service's may be given
// in one list or in two calls; a call judges only the range of numbers it names any of.
absl::Status Migrate(Database& database, const std::vector<Migration>& migrations);

// The tables that every service's database has: journal, journal_head, requests, cursors,
// quarantine, counters. They come before a service's own; numbers 1 to 99 are theirs.
const std::vector<Migration>& PlatformMigrations();

// Gives a migrated database its journal's head with a random incarnation, once; later calls change
// nothing. Call it after Migrate and before anything is committed.
absl::Status InitialiseJournal(Database& database);

}  // namespace tandem::store
