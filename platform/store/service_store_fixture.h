// What the tests of a service's tables share: its migrations on an empty database of either driver,
// a writer and a reader on them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/base/check.h"
#include "platform/base/clock.h"
#include "platform/store/drivers_fixture.h"
#include "platform/store/journal.h"
#include "platform/store/migrations.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"

namespace tandem::store {

class ServiceStoreTest : public DriversTest {
 protected:
  ServiceStoreTest(std::vector<TableSpec> tables, const std::vector<Migration>& migrations,
                   std::string source)
      : schema_(std::move(tables)), source_(std::move(source)) {
    for (const auto* scripts : {&PlatformMigrations(), &migrations}) {
      const absl::Status status = Migrate(*database_, *scripts);
      TANDEM_CHECK(status.ok(), status.ToString());
    }
    TANDEM_CHECK(InitialiseJournal(*database_).ok(), "the journal");
  }

  std::unique_ptr<Writer> NewWriter() {
    WriterOptions options;
    options.source = source_;
    auto writer = Writer::Start(*database_, schema_, clock_, options);
    TANDEM_CHECK(writer.ok(), writer.status().ToString());
    return *std::move(writer);
  }
  void Start() {
    writer_ = NewWriter();
    reader_ = Reader::Open(*database_, schema_);
  }

  template <class Request, class T>
  static Command CommandOf(absl::StatusOr<T> (*decide)(const Request&, Context&, State&),
                           Request request) {
    Command command;
    command.method = Request::descriptor()->full_name();
    command.decide = [decide, request = std::move(request)](
                         Context& context, State& state) -> absl::StatusOr<std::string> {
      absl::StatusOr<T> answer = decide(request, context, state);
      if (!answer.ok()) return answer.status();
      return answer->SerializeAsString();
    };
    return command;
  }
  template <class Request, class T>
  absl::StatusOr<T> Ask(absl::StatusOr<T> (*decide)(const Request&, Context&, State&),
                        const Request& request) {
    absl::StatusOr<std::string> answer = writer_->Call(CommandOf(decide, request));
    if (!answer.ok()) return answer.status();
    T out;
    out.ParseFromString(*answer);
    return out;
  }
  // A change that no method makes, as events bring it.
  void Learn(const std::function<absl::Status(Context&, State&)>& change) {
    Command command;
    command.method = "learn";
    command.decide = [&change](Context& context, State& state) -> absl::StatusOr<std::string> {
      absl::Status status = change(context, state);
      if (!status.ok()) return status;
      return std::string();
    };
    const auto learnt = writer_->Call(std::move(command));
    EXPECT_TRUE(learnt.ok()) << learnt.status();
  }

  // As it is kept; an empty one where there is none.
  template <class T>
  T Read(const std::string& id) {
    auto row = reader_->GetOne<T>(id);
    TANDEM_CHECK(row.ok(), row.status().ToString());
    return *row == nullptr ? T() : **row;
  }
  std::vector<std::string> EventTypes() {
    auto journal = JournalReader::Open(*database_, source_);
    TANDEM_CHECK(journal.ok(), journal.status().ToString());
    auto rows = (*journal)->Read({});
    TANDEM_CHECK(rows.ok(), rows.status().ToString());
    std::vector<std::string> types;
    for (const JournalRow& row : *rows) {
      types.push_back(row.type.substr(row.type.rfind('.') + 1));
    }
    return types;
  }

  SystemClock clock_;
  Schema schema_;
  const std::string source_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace tandem::store
