#include "tests/journeys/buyers.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "platform/base/id.h"
#include "platform/base/status.h"
#include "tests/support/free_port.h"

namespace tandem::test {
namespace {

// Longer than any statement's, so that the server says why.
constexpr absl::Duration kCallPatience = absl::Seconds(30);
constexpr absl::Duration kBetweenCalls = absl::Milliseconds(20);
constexpr absl::Duration kBetweenReadings = absl::Milliseconds(3);
// Everyone whom somebody may look for.
constexpr const char* kEveryPart[] = {"customer", "opportunity",   "order",         "inventory",
                                      "billing",  "customer_sync", "order_to_cash", "product_sync"};

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  uint64_t value = otherwise;
  if (const char* text = std::getenv(name)) (void)absl::SimpleAtoi(text, &value);
  return value;
}

// A statement's first column of the first row; an error in words where there is none.
absl::StatusOr<std::string> FirstOf(PGconn* connection, const std::string& sql) {
  PGresult* result = PQexec(connection, sql.c_str());
  absl::StatusOr<std::string> first = std::string();
  if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
    first = absl::InternalError(absl::StrCat(PQerrorMessage(connection), " in ", sql));
  } else if (PQntuples(result) > 0) {
    first = std::string(PQgetvalue(result, 0, 0));
  }
  PQclear(result);
  return first;
}

}  // namespace

std::vector<uint64_t> Seeds(int usual) {
  const uint64_t first = FromEnvironment("TANDEM_TEST_SEED", 1);
  std::vector<uint64_t> seeds(FromEnvironment("TANDEM_TEST_SEEDS", static_cast<uint64_t>(usual)));
  for (size_t i = 0; i < seeds.size(); ++i) seeds[i] = first + i;
  return seeds;
}

std::string NewId(absl::string_view prefix) {
  return IdSource::Random(absl::ToUnixMicros(absl::Now())).Next(prefix);
}

Replicas::Replicas(std::vector<std::string> parts, const std::string& kafka) : kafka_(kafka) {
  std::set<std::string> taken;
  const auto free_address = [&] {
    std::string address;
    do {
      address = absl::StrCat("127.0.0.1:", FreePort());
    } while (!taken.insert(address).second);
    return address;
  };
  for (const std::string part : kEveryPart) elsewhere_[part] = free_address();
  for (const std::string& part : parts) {
    elsewhere_.erase(part);
    const auto made = root_.Query(absl::StrCat("CREATE DATABASE ", DatabaseOf(part),
                                               " TEMPLATE template0", " LC_COLLATE 'C'"));
    EXPECT_TRUE(made.ok()) << made.status();
    for (int which = 0; which < kReplicas; ++which) addresses_[{part, which}] = free_address();
  }
  for (const auto& [key, address] : addresses_) {
    auto process = Process::Start(CommandOf(key));
    EXPECT_TRUE(process.ok()) << process.status();
    if (!process.ok()) std::abort();
    processes_[key] = *std::move(process);
  }
  for (auto& [key, process] : processes_) {
    const auto ready = process->WaitUntilReady(key.first, kCrowdPatience);
    EXPECT_TRUE(ready.ok()) << ready.status();
  }
}

Replicas::~Replicas() {
  for (auto& [key, process] : processes_) process->Signal(SIGTERM);
  for (auto& [key, process] : processes_) {
    const Exit exit = process->Stop();
    EXPECT_TRUE(exit.ok()) << key.first << " ended with " << exit.code << "/" << exit.signal << "\n"
                           << process->Output();
  }
  processes_.clear();
  std::set<std::string> parts;
  for (const auto& [key, address] : addresses_) parts.insert(key.first);
  for (const std::string& part : parts) {
    (void)root_.Query(absl::StrCat("DROP DATABASE IF EXISTS ", DatabaseOf(part), " WITH (FORCE)"));
  }
}

std::string Replicas::DatabaseOf(const std::string& part) const {
  return absl::StrCat(root_.name(), "_", part);
}

Command Replicas::CommandOf(const Key& key) const {
  const char* bin = std::getenv("TANDEM_TEST_BIN");
  Command command{.args = {absl::StrCat(bin == nullptr ? TANDEM_BIN : bin, "/tandem-", key.first),
                           absl::StrCat("--server.listen=", addresses_.at(key)),
                           absl::StrCat("--storage.database=postgresql://tandem@127.0.0.1:",
                                        root_.server().port(), "/"),
                           absl::StrCat("--storage.database_prefix=", root_.name(), "_")}};
  if (!kafka_.empty()) command.args.push_back(absl::StrCat("--bus.kafka=", kafka_));
  for (const auto& [part, address] : elsewhere_) {
    command.args.push_back(absl::StrCat("--address.", part, "=", address));
  }
  for (const auto& [other, address] : addresses_) {
    if (other.second != key.second) continue;
    const std::string& second = addresses_.at({other.first, (other.second + 1) % kReplicas});
    command.args.push_back(absl::StrCat("--address.", other.first, "=ipv4:", address, ",", second));
  }
  return command;
}

const std::string& Replicas::address(const std::string& part, int which) const {
  return addresses_.at({part, which});
}

void Replicas::Kill(const std::string& part, int which) { processes_.at({part, which})->Kill(); }

void Replicas::Restart(const std::string& part, int which) {
  auto process = Process::Start(CommandOf({part, which}));
  ASSERT_TRUE(process.ok()) << process.status();
  const auto ready = (*process)->WaitUntilReady(part, kCrowdPatience);
  ASSERT_TRUE(ready.ok()) << ready.status();
  processes_[{part, which}] = *std::move(process);
}

std::string Replicas::Dsn(const std::string& part) const {
  return root_.server().Dsn(DatabaseOf(part));
}

std::string Replicas::Query(const std::string& part, const std::string& sql) const {
  return SqlLook(Dsn(part), sql)();
}

int64_t Replicas::Deadlocks(const std::string& part) const {
  int64_t deadlocks = -1;
  (void)absl::SimpleAtoi(
      Query(part, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"),
      &deadlocks);
  return deadlocks;
}

std::string Replicas::Output() const {
  std::string output;
  for (const auto& [key, process] : processes_) {
    absl::StrAppend(&output, key.first, " ", key.second, ":\n", process->Output());
  }
  return output;
}

Client::Client(const Replicas& replicas, const std::string& part, uint64_t seed) : random_(seed) {
  std::string service = part;
  service[0] = absl::ascii_toupper(service[0]);
  service_ = absl::StrCat("/tandem.", part, ".v1.", service, "Service/");
  for (int which = 0; which < kReplicas; ++which) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);             // they are made here
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
    channels_.push_back(grpc::CreateCustomChannel(replicas.address(part, which),
                                                  grpc::InsecureChannelCredentials(), arguments));
  }
}

int64_t Client::Number(int64_t from, int64_t to) {
  return std::uniform_int_distribution<int64_t>(from, to)(random_);
}

absl::Status Client::AskOnce(const google::protobuf::Message& request,
                             google::protobuf::Message* answer, int which) {
  using google::protobuf::Message;
  using google::protobuf::MessageLite;
  const std::string method =
      absl::StrCat(service_, absl::StripSuffix(request.GetDescriptor()->name(), "Request"));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kCallPatience));
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall<Message, Message, MessageLite, MessageLite>(
          channels_[static_cast<size_t>(which)].get(),
          grpc::internal::RpcMethod(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC),
          &context, request, answer);
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

absl::Status Client::Ask(const google::protobuf::Message& request,
                         google::protobuf::Message* answer, int first) {
  const absl::Time deadline = absl::Now() + kCrowdPatience;
  for (int which = first;; which = (which + 1) % kReplicas) {
    absl::Status status = AskOnce(request, answer, which);
    if (DispositionOf(status) != Disposition::kRetry || absl::Now() >= deadline) return status;
    ++repeated_;
    absl::SleepFor(kBetweenCalls);
  }
}

void Client::Complain(const google::protobuf::Message& request, const absl::Status& status) {
  ADD_FAILURE() << request.GetDescriptor()->name() << " {" << request.ShortDebugString()
                << "}: " << status;
}

Watch::Watch(std::function<std::string()> look) {
  thread_ = std::thread([this, look = std::move(look)] {
    while (!stopping_ && wrong_.empty()) {
      wrong_ = look();
      ++readings_;
      absl::SleepFor(kBetweenReadings);
    }
  });
}

Watch::~Watch() { Stop(); }

std::string Watch::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return wrong_;
}

std::function<std::string()> SqlLook(const std::string& dsn, std::string sql) {
  std::shared_ptr<PGconn> connection(PQconnectdb(dsn.c_str()), PQfinish);
  return [connection, sql = std::move(sql)]() -> std::string {
    const auto wrong = FirstOf(connection.get(), sql);
    return wrong.ok() ? *wrong : std::string(wrong.status().message());
  };
}

void AllAtOnce(int n, const std::function<void(int)>& work) {
  absl::Mutex mutex;
  int waiting = 0;
  bool go = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([&, i] {
      {
        absl::MutexLock lock(&mutex);
        go = ++waiting == n;
        mutex.Await(absl::Condition(&go));
      }
      work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void Crowd(Replicas& replicas, const std::string& part, uint64_t seed, bool kill, int n,
           const std::function<void(Client&, int)>& buyer) {
  const int which = static_cast<int>(seed % kReplicas);
  KillAfter killer(replicas, part, which, kill ? n / 3 : -1);
  AllAtOnce(n, [&](int i) {
    Client client(replicas, part, seed * 1000 + static_cast<uint64_t>(i));
    buyer(client, i);
    killer.Tell();
  });
  if (kill) replicas.Restart(part, which);
}

}  // namespace tandem::test
