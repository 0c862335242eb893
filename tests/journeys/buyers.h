// What the tests of crowds share: replicas of parts, each a process of its own, on PostgreSQL;
// clients that ask either replica, and the other one where the first is gone; readers that watch
// while the crowd is at work.
//
// Every random choice comes from a seed. A test runs so many seeds as it is given: TANDEM_TEST_SEED
// is the first one (1), TANDEM_TEST_SEEDS how many (the long form is any number of them), e.g.
//   TANDEM_TEST_SEED=7 TANDEM_TEST_SEEDS=1 tandem_buyers_test --gtest_filter=BuyersOfStock.*
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"

namespace grpc {
class Channel;
}

namespace tandem::test {

inline constexpr int kBuyers = 64;  // at once
inline constexpr int kReplicas = 2;
inline constexpr absl::Duration kCrowdPatience = absl::Minutes(2);

std::vector<uint64_t> Seeds(int usual);

// A prefix and a new ULID.
std::string NewId(absl::string_view prefix);

// kReplicas of each part, on one database a part; removed with the object.
class Replicas {
 public:
  // With Kafka each part is told where both replicas of the others serve, half of them one first;
  // without it a part is alone with its database.
  explicit Replicas(std::vector<std::string> parts, const std::string& kafka = "");
  ~Replicas();

  const std::string& address(const std::string& part, int which) const;
  void Kill(const std::string& part, int which);     // SIGKILL
  void Restart(const std::string& part, int which);  // at the same address

  std::string Dsn(const std::string& part) const;
  // A statement of the test's own, apart from what is tested: the first column of the first row.
  std::string Query(const std::string& part, const std::string& sql) const;
  // How often PostgreSQL had to end a circle of locks.
  int64_t Deadlocks(const std::string& part) const;
  // What the replicas printed.
  std::string Output() const;

 private:
  using Key = std::pair<std::string, int>;
  Command CommandOf(const Key& key) const;
  std::string DatabaseOf(const std::string& part) const;

  TestDatabase root_;
  std::string kafka_;
  std::map<Key, std::string> addresses_;
  std::map<std::string, std::string> elsewhere_;  // parts that do not run: nobody is there
  std::map<Key, std::unique_ptr<Process>> processes_;
};

// One caller, with connections of its own to both replicas of a part. For one thread.
class Client {
 public:
  Client(const Replicas& replicas, const std::string& part, uint64_t seed);

  std::mt19937_64& random() { return random_; }
  int64_t Number(int64_t from, int64_t to);  // both possible
  bool OneIn(int64_t n) { return Number(1, n) == 1; }
  int AnyReplica() { return static_cast<int>(Number(0, kReplicas - 1)); }
  int64_t repeated() const { return repeated_; }

  // The method follows from the request's type. Asked again, of the replicas in turn, for as long
  // as the answer is one that may be asked again; the request brings its own request id.
  template <class Answer>
  Answer Call(const google::protobuf::Message& request, int first) {
    Answer answer;
    const absl::Status status = Ask(request, &answer, first);
    if (!status.ok()) Complain(request, status);
    return answer;
  }
  template <class Answer>
  Answer Call(const google::protobuf::Message& request) {
    return Call<Answer>(request, AnyReplica());
  }
  absl::Status Ask(const google::protobuf::Message& request, google::protobuf::Message* answer,
                   int first);
  // Once, of one replica.
  absl::Status AskOnce(const google::protobuf::Message& request, google::protobuf::Message* answer,
                       int which);

 private:
  static void Complain(const google::protobuf::Message& request, const absl::Status& status);

  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::mt19937_64 random_;
  std::string service_;
  int64_t repeated_ = 0;
};

// Looks again and again, on a thread of its own, until it is stopped. The first thing that is wrong
// ends it.
class Watch {
 public:
  // `look` answers "" or what is wrong.
  explicit Watch(std::function<std::string()> look);
  ~Watch();
  std::string Stop();  // what was wrong
  int64_t readings() const { return readings_; }

 private:
  std::atomic<bool> stopping_ = false;
  std::atomic<int64_t> readings_ = 0;
  std::string wrong_;
  std::thread thread_;
};

// A look with a connection of its own: a statement whose first column of the first row says what is
// wrong; NULL, '' or no row where nothing is. One statement sees one moment.
std::function<std::string()> SqlLook(const std::string& dsn, std::string sql);

// `work(i)` for i in 0..n-1, each on a thread of its own, let go together.
void AllAtOnce(int n, const std::function<void(int)>& work);

// Kills a replica once `count` has been told so often; for one seed in ten.
class KillAfter {
 public:
  KillAfter(Replicas& replicas, std::string part, int which, int count)
      : replicas_(replicas), part_(std::move(part)), which_(which), left_(count) {}
  void Tell() {
    if (--left_ == 0) replicas_.Kill(part_, which_);
  }

 private:
  Replicas& replicas_;
  const std::string part_;
  const int which_;
  std::atomic<int> left_;
};

// One life of a crowd of `n` buyers, at replicas of which one may be killed in the middle of it.
void Crowd(Replicas& replicas, const std::string& part, uint64_t seed, bool kill, int n,
           const std::function<void(Client&, int)>& buyer);

}  // namespace tandem::test
