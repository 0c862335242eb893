#include "platform/store/sql_text.h"

#include <gtest/gtest.h>

namespace tandem::store {
namespace {

TEST(SqliteStatement, NumbersItsParameters) {
  EXPECT_EQ(*SqliteStatement("SELECT $2, $1, $10 FROM t WHERE a = '$1' AND \"$2\" = 'it''s $3'"),
            "SELECT ?2, ?1, ?10 FROM t WHERE a = '$1' AND \"$2\" = 'it''s $3'");
}

TEST(SqliteStatement, DropsTheRowLock) {
  EXPECT_EQ(*SqliteStatement("SELECT a FROM t for update"), "SELECT a FROM t ");
  EXPECT_EQ(*SqliteStatement("SELECT a FROM t FOR  UPDATE OF t LIMIT $1"),
            "SELECT a FROM t  LIMIT ?1");
  EXPECT_EQ(*SqliteStatement("SELECT 'FOR UPDATE'"), "SELECT 'FOR UPDATE'");
}

TEST(SqliteStatement, KnowsBytesByItsOwnName) {
  EXPECT_EQ(*SqliteStatement("SELECT CAST($1 AS BYTEA), 'BYTEA' FROM bytea_t"),
            "SELECT CAST(?1 AS BLOB), 'BYTEA' FROM bytea_t");
}

TEST(SqliteStatement, RefusesCastsThatArePostgresqls) {
  EXPECT_FALSE(SqliteStatement("SELECT $1::bigint").ok());
  EXPECT_TRUE(SqliteStatement("SELECT '::' -- ::").ok());
}

TEST(SqliteScript, HasItsOwnTypesAndStrictTables) {
  EXPECT_EQ(SqliteScript("CREATE TABLE t (id BIGINT PRIMARY KEY, b BYTEA, c TEXT DEFAULT 'BYTEA;')"
                         " WITH (fillfactor = 10);\n-- BIGINT\nCREATE INDEX i ON t (b);"),
            "CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB, c TEXT DEFAULT 'BYTEA;') STRICT ;\n"
            "-- BIGINT\nCREATE INDEX i ON t (b);");
  EXPECT_EQ(SqliteScript("CREATE TABLE IF NOT EXISTS t (id TEXT)  -- last"),
            "CREATE TABLE IF NOT EXISTS t (id TEXT) STRICT  -- last");
}

TEST(PostgresScript, ComparesColumnsByBytes) {
  EXPECT_EQ(
      PostgresScript("CREATE TABLE t (id TEXT PRIMARY KEY, text TEXT, n BIGINT);\n"
                     "ALTER TABLE t ADD COLUMN text TEXT;\n"
                     "UPDATE t SET id = CAST(n AS TEXT) || 'TEXT';"),
      "CREATE TABLE t (id TEXT COLLATE \"C\" PRIMARY KEY, text TEXT COLLATE \"C\", n BIGINT);\n"
      "ALTER TABLE t ADD COLUMN text TEXT COLLATE \"C\";\n"
      "UPDATE t SET id = CAST(n AS TEXT) || 'TEXT';");
}

}  // namespace
}  // namespace tandem::store
