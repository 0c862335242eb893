// A part of Tandem as a process hosts it: a service or an adapter, with its store, its gRPC
// services and the events it reads. `tandem start` hosts all parts in one process, `tandem-order`
// one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/base/clock.h"
#include "platform/bus/subscription.h"
#include "platform/store/database.h"
#include "platform/store/journal.h"
#include "platform/store/migrations.h"
#include "platform/store/reader.h"
#include "platform/store/table.h"
#include "platform/store/writer.h"

namespace grpc {
class Channel;
class Service;
}  // namespace grpc

namespace tandem::settings {
class Values;
}

namespace tandem::rpc {

// What a part finds around it when it is made.
struct PartContext {
  std::string store_url;  // "sqlite:/dir/order.db" or "postgresql://…/tandem_order"
  const Clock* clock = nullptr;
  const settings::Values* settings = nullptr;
  // The way to another part, by name ("billing"): in-process where it is hosted here, else its
  // address.
  std::function<std::shared_ptr<grpc::Channel>(absl::string_view name)> channel;
};

// A part's database, migrated and checked, with its writer and reader.
class Core {
 public:
  // `name` is the part's ("order"); its journal's source is "/tandem/<name>".
  static absl::StatusOr<std::unique_ptr<Core>> Open(
      const PartContext& context, absl::string_view name, std::vector<store::TableSpec> tables,
      const std::vector<store::Migration>& migrations);
  ~Core();

  const std::string& name() const { return name_; }
  std::string source() const { return "/tandem/" + name_; }
  store::Database& database() { return *database_; }
  const store::Schema& schema() const { return *schema_; }
  store::Writer& writer() { return *writer_; }
  store::Reader& reader() { return *reader_; }
  const Clock& clock() const { return *clock_; }
  absl::StatusOr<std::unique_ptr<store::JournalReader>> OpenJournal() {
    return store::JournalReader::Open(*database_, source());
  }

 private:
  Core() = default;
  std::string name_;
  const Clock* clock_ = nullptr;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Schema> schema_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Reader> reader_;
};

class Part {
 public:
  virtual ~Part() = default;
  virtual absl::string_view name() const = 0;
  virtual Core& core() = 0;
  virtual std::vector<grpc::Service*> grpc_services() = 0;
  // Events it reads with effects in its own database, through core().writer().
  virtual std::vector<bus::LocalConsumer> local_consumers() { return {}; }
  // Events it reads with effects in other parts.
  virtual std::vector<bus::RemoteConsumer> remote_consumers() { return {}; }
  // Called once when the process serves; Stop before anything it uses goes away.
  virtual absl::Status StartWork() { return absl::OkStatus(); }
  virtual void StopWork() {}
};

using MakePart = std::function<absl::StatusOr<std::unique_ptr<Part>>(const PartContext&)>;

}  // namespace tandem::rpc
