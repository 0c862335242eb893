// Accepting orders: PlaceOrder over gRPC with all its checks, on PostgreSQL, so many in flight at a
// time. Prints one JSON line per level: orders/s, commits of the order database per order, and what
// was checked: sent = acknowledged = found in the store.
//
//   bench_accept --storage.database=postgresql://… --server.listen=127.0.0.1:0
//     BENCH_IN_FLIGHT=1,8,64,512  BENCH_SECONDS=5  BENCH_FILES=examples/northwind
#include <grpcpp/grpcpp.h>
#include <libpq-fe.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "bus-adapters/customer_sync/customer_sync_part.h"
#include "bus-adapters/product_sync/product_sync_part.h"
#include "cli/northwind/company.h"
#include "cli/northwind/import.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/uuid.h"
#include "platform/rpc/client.h"
#include "platform/rpc/process.h"
#include "platform/settings/start.h"
#include "services/billing/billing_service.h"
#include "services/customer/customer_service.h"
#include "services/inventory/inventory_service.h"
#include "services/opportunity/opportunity_service.h"
#include "services/order/order_service.h"

namespace tandem::bench {
namespace {

using order::v1::Order;
using order::v1::OrderService;
using order::v1::PlaceOrderRequest;

std::string Environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

// Two lines of the sample company's products, for one of its customers.
PlaceOrderRequest MakeOrder(const northwind::Company& company, uint64_t n) {
  PlaceOrderRequest request;
  request.set_request_id(UuidV4());
  Order* order = request.mutable_order();
  order->set_sold_to_customer_id(
      northwind::IdOf("cus_", company.customers[n % company.customers.size()].key));
  *order->mutable_order_date() = DateToProto(16'000);
  *order->mutable_requested_date() = DateToProto(16'014);
  order->set_currency(northwind::kCurrency);
  for (int line = 1; line <= 2; ++line) {
    const auto& product =
        company.products[(n * 7 + static_cast<uint64_t>(line)) % company.products.size()];
    auto* item = order->add_lines();
    item->set_line_number(line);
    item->set_product_id(northwind::IdOf("prd_", product.key));
    SetQuantity(static_cast<int64_t>(1 + n % 9) * kMicrosPerUnit, northwind::kUnit,
                item->mutable_quantity());
    SetMoney(product.price_micros, northwind::kCurrency, item->mutable_unit_price());
  }
  return request;
}

struct Call {
  grpc::ClientContext context;
  Order answer;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Order>> reader;
};

struct Counts {
  int64_t sent = 0, accepted = 0, refused = 0;
  double seconds = 0;
};

// Keeps `in_flight` calls under way until the time is up; then waits for those under way.
Counts Load(const std::shared_ptr<grpc::Channel>& channel, const northwind::Company& company,
            int in_flight, double seconds) {
  auto stub = OrderService::NewStub(channel);
  grpc::CompletionQueue queue;
  Counts counts;
  static uint64_t next = 0;
  auto send = [&] {
    auto* call = new Call;
    call->reader = stub->AsyncPlaceOrder(&call->context, MakeOrder(company, next++), &queue);
    call->reader->Finish(&call->answer, &call->status, call);
    ++counts.sent;
  };
  const absl::Time start = absl::Now();
  const absl::Time end = start + absl::Seconds(seconds);
  for (int i = 0; i < in_flight; ++i) send();
  void* tag = nullptr;
  bool ok = false;
  while (counts.accepted + counts.refused < counts.sent && queue.Next(&tag, &ok)) {
    std::unique_ptr<Call> call(static_cast<Call*>(tag));
    if (call->status.ok()) {
      ++counts.accepted;
    } else if (counts.refused++ == 0) {
      std::cerr << "refused: " << call->status.error_message() << "\n";
    }
    if (absl::Now() < end) send();
  }
  counts.seconds = absl::ToDoubleSeconds(absl::Now() - start);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return counts;
}

// One number of the order database, read from outside.
int64_t Number(const std::string& dsn, const char* sql) {
  PGconn* connection = PQconnectdb(dsn.c_str());
  PGresult* result = PQexec(connection, sql);
  int64_t number = -1;
  if (PQntuples(result) == 1 && !absl::SimpleAtoi(PQgetvalue(result, 0, 0), &number)) number = -1;
  PQclear(result);
  PQfinish(connection);
  return number;
}

int Run(int argc, char** argv) {
  settings::Schema schema;
  rpc::ProcessSettings keys(schema);
  std::vector<std::pair<std::string, rpc::MakePart>> parts;
  // Without order_to_cash: what is measured is accepting, and nobody else writes to the order
  // database meanwhile.
  parts.emplace_back("customer", customer::DeclareCustomer(schema));
  parts.emplace_back("opportunity", opportunity::DeclareOpportunity(schema));
  parts.emplace_back("order", order::DeclareOrder(schema));
  parts.emplace_back("inventory", inventory::DeclareInventory(schema));
  parts.emplace_back("billing", billing::DeclareBilling(schema));
  parts.emplace_back("customer_sync", customer_sync::DeclareCustomerSync(schema));
  parts.emplace_back("product_sync", product_sync::DeclareProductSync(schema));
  settings::Started started = settings::Start(schema, argc, argv);
  if (!started.values.has_value()) return started.exit_code;
  SystemClock clock;
  auto process = rpc::Process::Start("tandem", *started.values, keys, std::move(parts), clock);
  if (!process.ok()) {
    std::cerr << process.status() << "\n";
    return 1;
  }
  auto company = northwind::ReadCompany(Environment("BENCH_FILES", "examples/northwind"));
  if (!company.ok()) return 1;
  std::shared_ptr<grpc::Channel> inside = (*process)->InProcess();
  northwind::Parts stubs([&](absl::string_view) { return inside; });
  if (absl::Status status = northwind::ImportMasters(*company, stubs); !status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  const std::string dsn = absl::StrCat(Environment("BENCH_ORDER_DSN", ""));
  std::shared_ptr<grpc::Channel> channel = rpc::Dial((*process)->address());
  double seconds = 5;
  if (!absl::SimpleAtod(Environment("BENCH_SECONDS", "5"), &seconds)) return 2;
  bool sound = true;
  Load(channel, *company, 64, 1);  // warm
  const std::string levels = Environment("BENCH_IN_FLIGHT", "1,8,64,512");
  for (absl::string_view level : absl::StrSplit(levels, ',')) {
    int in_flight = 0;
    if (!absl::SimpleAtoi(level, &in_flight)) return 2;
    const char* kCommits =
        "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    const char* kFound = "SELECT count(*) FROM orders";
    absl::SleepFor(absl::Seconds(1.5));  // the database's statistics are told about once a second
    const int64_t found = Number(dsn, kFound), commits = Number(dsn, kCommits);
    const Counts counts = Load(channel, *company, in_flight, seconds);
    absl::SleepFor(absl::Seconds(1.5));
    const int64_t commits_after = Number(dsn, kCommits), found_after = Number(dsn, kFound);
    sound = sound && counts.refused == 0 && found_after - found == counts.accepted;
    std::printf(
        "{\"in_flight\": %d, \"orders_per_s\": %.0f, \"commits_per_order\": %.4f, \"sent\": %lld, "
        "\"accepted\": %lld, \"found\": %lld}\n",
        in_flight, static_cast<double>(counts.accepted) / counts.seconds,
        static_cast<double>(commits_after - commits) / static_cast<double>(counts.accepted),
        static_cast<long long>(counts.sent), static_cast<long long>(counts.accepted),
        static_cast<long long>(found_after - found));
    std::fflush(stdout);
  }
  process->reset();
  if (!sound) std::cerr << "the work does not add up: these figures mean nothing\n";
  return sound ? 0 : 1;
}

}  // namespace
}  // namespace tandem::bench

int main(int argc, char** argv) { return tandem::bench::Run(argc, argv); }
