// The rows of one order each, as peers/tables.sql has them, on SQLite as Tandem sets it.
#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/limit/limits.h"
#include "bench/load/caller.h"

namespace tandem::bench {
namespace {

constexpr char kTables[] = R"SQL(
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, state INTEGER, day INTEGER,
  net INTEGER, gross INTEGER, currency TEXT, payload TEXT);
CREATE TABLE order_lines (parent INTEGER, n INTEGER, product TEXT, quantity INTEGER,
  price INTEGER, net INTEGER, PRIMARY KEY (parent, n));
CREATE TABLE journal (position INTEGER PRIMARY KEY, aggregateid TEXT, version INTEGER, type TEXT,
  payload BLOB, UNIQUE (aggregateid, version));
)SQL";
constexpr const char* kInserts[] = {
    "INSERT INTO orders VALUES (?1, 'cus_' || ?1 % 1000, 1, 16000, ?1 % 99991, ?1 % 99991, 'USD', "
    "hex(zeroblob(100)))",
    "INSERT INTO order_lines VALUES (?1, 1, 'prd_' || ?1 % 997, 5, 3, 15), "
    "(?1, 2, 'prd_' || ?1 % 991, 7, 3, 21)",
    "INSERT INTO journal (aggregateid, version, type, payload) VALUES (?1, 1, 'OrderPlaced', "
    "zeroblob(400))"};

void Must(int code, sqlite3* db) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  std::fprintf(stderr, "%s\n", sqlite3_errmsg(db));
  std::exit(1);
}

std::string Ask(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  Must(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), db);
  Must(sqlite3_step(statement), db);
  const std::string text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  return text;
}

}  // namespace

int Sqlite(int argc, char** argv) {
  sqlite3* db = nullptr;
  Must(sqlite3_open(Flag(argc, argv, "file").c_str(), &db), db);
  const double length = std::atof(Flag(argc, argv, "seconds", "5").c_str());
  const int batch = std::max(1, std::atoi(Flag(argc, argv, "batch", "1").c_str()));
  Must(sqlite3_exec(db,
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                    "PRAGMA wal_autocheckpoint=10000;",
                    nullptr, nullptr, nullptr),
       db);
  Must(sqlite3_exec(db, kTables, nullptr, nullptr, nullptr), db);
  const char* frame[] = {"BEGIN IMMEDIATE", "COMMIT"};
  sqlite3_stmt *begin = nullptr, *commit = nullptr, *inserts[3] = {};
  Must(sqlite3_prepare_v2(db, frame[0], -1, &begin, nullptr), db);
  Must(sqlite3_prepare_v2(db, frame[1], -1, &commit, nullptr), db);
  for (int i = 0; i < 3; ++i) {
    Must(sqlite3_prepare_v2(db, kInserts[i], -1, &inserts[i], nullptr), db);
  }
  auto run = [&](sqlite3_stmt* statement) {
    Must(sqlite3_step(statement), db);
    sqlite3_reset(statement);
  };
  TellBegin();
  const int64_t start = NowNanos(), end = start + static_cast<int64_t>(length * 1e9);
  int64_t orders = 0;
  while (NowNanos() < end) {
    run(begin);
    for (int i = 0; i < batch; ++i) {
      ++orders;
      for (sqlite3_stmt* insert : inserts) {
        sqlite3_bind_int64(insert, 1, orders);
        run(insert);
      }
    }
    run(commit);
  }
  const double seconds = static_cast<double>(NowNanos() - start) / 1e9;
  TellEnd();
  const std::string found = Ask(db, "SELECT count(*) FROM orders");
  std::printf(
      "{\"sent\": %lld, \"accepted\": %s, \"per_second\": %.1f, \"journal_mode\": \"%s\", "
      "\"synchronous\": %s}\n",
      static_cast<long long>(orders), found.c_str(), static_cast<double>(orders) / seconds,
      Ask(db, "PRAGMA journal_mode").c_str(), Ask(db, "PRAGMA synchronous").c_str());
  for (sqlite3_stmt* insert : inserts) sqlite3_finalize(insert);
  sqlite3_finalize(begin);
  sqlite3_finalize(commit);
  sqlite3_close(db);
  return 0;
}

}  // namespace tandem::bench
