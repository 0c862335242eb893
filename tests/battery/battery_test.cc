// Bad input for every field of every method, and bytes that were harmed, against a started server:
// whatever comes back is an answer or a refusal that says why, a refusal changed nothing, and the
// server goes on. README.md of this folder says what is sent.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/rpc/status.pb.h"
#include "platform/base/status.h"
#include "tests/battery/calls.h"
#include "tests/battery/cases.h"
#include "tests/battery/served.h"
#include "tests/battery/state.h"
#include "tests/battery/world.h"

namespace tandem::test {
namespace {

using absl::StatusCode;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr int kOrders = 12;
constexpr size_t kChunk = 500;  // refused calls between two looks at the state

int64_t Number(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  int64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

bool IsReason(absl::string_view reason) {
  return !reason.empty() && reason.size() <= 63 && absl::ascii_isupper(reason[0]) &&
         std::all_of(reason.begin(), reason.end(), [](char c) {
           return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

// What is wrong with a refusal; empty where nothing is.
std::string Complaint(const absl::Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kAborted:
    case StatusCode::kOutOfRange:
      break;
    default:
      return status.ToString().substr(0, 200);
  }
  const std::string reason = ReasonOf(status);
  if (!IsReason(reason)) return absl::StrCat("no reason: ", status.ToString().substr(0, 200));
  // Of what did not parse nobody knows the field.
  if (status.code() == StatusCode::kInvalidArgument && reason != "REQUEST_UNREADABLE" &&
      FieldOf(status).empty()) {
    return absl::StrCat(reason, " names no field");
  }
  for (const char* inside : {"SELECT ", "INSERT ", "sqlite", "SQLite", "/tmp/"}) {
    if (absl::StrContains(status.message(), inside)) {
      return absl::StrCat("tells too much: ", status.message());
    }
  }
  return "";
}

// The outcomes of a batch's items; nothing for other methods.
std::vector<absl::Status> ItemsOf(const MethodDescriptor& method, const std::string& bytes) {
  std::vector<absl::Status> items;
  const FieldDescriptor* results = method.output_type()->FindFieldByName("results");
  if (results == nullptr || !results->is_repeated()) return items;
  const FieldDescriptor* status = results->message_type()->FindFieldByName("status");
  const auto answer = NewMessage(method.output_type());
  if (status == nullptr || !answer->ParseFromString(bytes)) return items;
  for (int i = 0; i < answer->GetReflection()->FieldSize(*answer, results); ++i) {
    const Message& item = answer->GetReflection()->GetRepeatedMessage(*answer, results, i);
    items.push_back(FromRpcStatus(
        static_cast<const google::rpc::Status&>(item.GetReflection()->GetMessage(item, status))));
  }
  return items;
}

class Battery {
 public:
  explicit Battery(Served& served) : served_(served), calls_(served.address()), world_(calls_) {}

  // Every case, or every so-manieth where that is too many.
  std::vector<Case> Pick(size_t wanted, uint64_t seed) {
    std::vector<Case> fields, picked;
    for (const MethodDescriptor* method : AllMethods()) {
      FieldCases(world_, *method, [&](const Case& one) { fields.push_back(one); });
    }
    of_fields_ = fields.size();
    const size_t methods = AllMethods().size();
    const size_t from_fields = std::min(fields.size(), wanted * 3 / 4);
    for (size_t i = 0; i < from_fields; ++i) {  // evenly, from another place for each seed
      picked.push_back(fields[(i * fields.size() / from_fields + seed) % fields.size()]);
    }
    const size_t raw = (wanted - from_fields) / methods + 1;
    for (const MethodDescriptor* method : AllMethods()) {
      RawCases(world_, *method, static_cast<int>(raw), seed,
               [&](const Case& one) { picked.push_back(one); });
    }
    return picked;
  }

  // Sends a case; `refused` is told whether the server refused all of it.
  void Send(const Case& one, const std::string& actor, std::function<void(bool)> refused) {
    Sent sent{.metadata = {{"tandem-actor", actor}}};
    if (one.method->server_streaming()) sent.timeout = absl::Milliseconds(300);
    const std::string bytes = one.bytes();
    const absl::Time start = absl::Now();
    ++sent_;
    calls_.Start(PathOf(*one.method), bytes, sent, [=, this](Answered answered) {
      took_.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
      refused(Judge(one, answered));
    });
  }

  void Wait() { calls_.Wait(); }
  Calls& calls() { return calls_; }
  World& world() { return world_; }

  void Wrong(const Case& one, const std::string& what) {
    const std::string key = absl::StrCat(one.method->name(), ": ", what);
    if (++wrong_[key] > 1) return;
    ADD_FAILURE() << one.method->full_name() << "\n  " << one.where << ": " << one.label << "\n  "
                  << what;
  }

  void Print(const std::string& what) {
    std::sort(took_.begin(), took_.end());
    const auto at = [&](double part) {
      return took_.empty() ? 0 : took_[static_cast<size_t>(part * (took_.size() - 1))];
    };
    std::cout << what << ": " << sent_ << " sent of " << of_fields_
              << " by field and any number by "
              << "bytes; answered in " << at(0.5) << " ms (p50), " << at(0.99) << " ms (p99)\n";
    for (const auto& [outcome, count] : outcomes_) {
      std::cout << "  " << outcome << " " << count << "\n";
    }
    took_.clear();
    outcomes_.clear();
    sent_ = 0;
  }

  int64_t sent() const { return sent_; }

 private:
  // Whether it was refused, all of it.
  bool Judge(const Case& one, const Answered& answered) {
    if (one.method->server_streaming() && answered.status.code() == StatusCode::kDeadlineExceeded) {
      ++outcomes_["streams"];
      return true;  // it streams: nothing to change
    }
    if (!answered.status.ok()) {
      ++outcomes_[absl::StatusCodeToString(answered.status.code())];
      if (const std::string what = Complaint(answered.status); !what.empty()) Wrong(one, what);
      return true;
    }
    bool all = false;
    for (const absl::Status& item : ItemsOf(*one.method, answered.bytes)) {
      if (item.ok()) {
        all = false;
        break;
      }
      all = true;
      if (const std::string what = Complaint(item); !what.empty()) Wrong(one, "item: " + what);
    }
    ++outcomes_[all ? "items refused" : "OK"];
    return all;
  }

  Served& served_;
  Calls calls_;
  World world_;
  size_t of_fields_ = 0;
  int64_t sent_ = 0;
  std::vector<double> took_;
  std::map<std::string, int64_t> outcomes_;
  std::map<std::string, int> wrong_;
};

TEST(Battery, WhateverIsSentIsAnsweredAndARefusalChangesNothing) {
  const auto wanted = static_cast<size_t>(Number("TANDEM_TEST_BATTERY_CASES", 100'000));
  const auto seed = static_cast<uint64_t>(Number("TANDEM_TEST_BATTERY_SEED", 1));
  Served served({.orders = kOrders});
  Battery battery(served);

  // Once, all of them. The events say who changed something; nobody who was refused is among them.
  const std::vector<Case> cases = battery.Pick(wanted * 2 / 3, seed);
  const Heads heads = HeadsOf(battery.calls());
  std::vector<char> refused(cases.size(), 0);
  for (size_t i = 0; i < cases.size(); ++i) {
    battery.Send(cases[i], absl::StrCat("battery-", i),
                 [&refused, i](bool was) { refused[i] = was ? 1 : 0; });
  }
  battery.Wait();
  ASSERT_TRUE(served.process().Running()) << served.process().Output();
  for (const std::string& actor : ActorsSince(battery.calls(), heads)) {
    size_t i = 0;
    if (!absl::StartsWith(actor, "battery-") || !absl::SimpleAtoi(actor.substr(8), &i)) continue;
    if (refused[i] != 0) battery.Wrong(cases[i], "refused, and yet there is an event of it");
  }
  battery.Print("first");

  // Those that were refused, again, in chunks; where nothing of a chunk is accepted this time, the
  // state is as it was, in every list and journal.
  std::vector<size_t> again;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (refused[i] != 0 && again.size() < wanted - cases.size()) again.push_back(i);
  }
  int compared = 0, changed = 0;
  EXPECT_TRUE(WaitUntilQuiet(battery.calls()));
  auto before = StateOf(battery.calls());
  for (size_t from = 0; from < again.size(); from += kChunk) {
    const size_t to = std::min(again.size(), from + kChunk);
    int accepted = 0;
    for (size_t n = from; n < to; ++n) {
      const Case& one = cases[again[n]];
      battery.Send(one, "battery-again",
                   [&accepted, &one](bool was) { accepted += !was && !IsRead(*one.method); });
    }
    battery.Wait();
    if (accepted > 0) {
      EXPECT_TRUE(WaitUntilQuiet(battery.calls()));
      ++changed;
    }
    auto after = StateOf(battery.calls());
    if (accepted == 0) {
      ++compared;
      for (const auto& [what, hash] : after) {
        EXPECT_EQ(hash, before[what]) << what << " changed, and every call was refused, from "
                                      << cases[again[from]].method->full_name();
      }
    }
    before = std::move(after);
  }
  battery.Print("again");
  std::cout << compared << " chunks changed nothing, in " << changed
            << " something was accepted this time\n";
  EXPECT_GE(compared, changed);
  EXPECT_TRUE(served.process().Running()) << served.process().Output();
  EXPECT_TRUE(battery.calls().Call("/grpc.health.v1.Health/Check", "").status.ok());
}

}  // namespace
}  // namespace tandem::test
