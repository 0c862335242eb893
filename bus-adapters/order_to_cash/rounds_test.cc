#include "bus-adapters/order_to_cash/rounds.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tandem::order_to_cash {
namespace {

// Events are named by their key and what they ask for: "a:pack,ship" is of the key a and asks for
// two calls, "a:x/pack,y/ship" for two of different services. "?" cannot be understood.
class Rounds : public testing::Test {
 protected:
  std::vector<absl::Status> Run(const std::vector<std::string>& events,
                                RoundsOptions options = {}) {
    std::vector<bus::Envelope> envelopes;
    for (const std::string& event : events) {
      const std::pair<std::string, std::string> parts = absl::StrSplit(event, ':');
      envelopes.emplace_back().set_subject(parts.first);
      envelopes.back().set_type(parts.second);
    }
    std::vector<const bus::Envelope*> batch;
    for (const bus::Envelope& envelope : envelopes) batch.push_back(&envelope);
    return RunRounds(
        batch, [](const bus::Envelope& event) { return event.subject(); },
        [](const bus::Envelope& event) -> absl::StatusOr<std::vector<Call>> {
          if (event.type() == "?") return absl::InvalidArgumentError("EVENT_MALFORMED");
          std::vector<Call> calls;
          for (absl::string_view method : absl::StrSplit(event.type(), ',', absl::SkipEmpty())) {
            Call call;
            if (const size_t end = method.find('/'); end != method.npos) {
              call.service = std::string(method.substr(0, end));
            }
            call.method = absl::StrCat(event.subject(), ".", method);
            calls.push_back(std::move(call));
          }
          return calls;
        },
        [this](const std::vector<const Call*>& calls) {
          std::vector<std::string> names;
          std::vector<Outcome> outcomes;
          for (const Call* call : calls) {
            names.push_back(call->method);
            std::vector<Outcome>& to_come = answers[call->method];
            outcomes.push_back(to_come.empty() ? Outcome() : to_come.front());
            if (!to_come.empty()) to_come.erase(to_come.begin());
          }
          rounds.push_back(absl::StrJoin(names, " "));
          return outcomes;
        },
        options);
  }
  static std::vector<Outcome> Times(int n, const absl::Status& status) {
    return std::vector<Outcome>(n, Outcome{status, false});
  }
  static std::string Codes(const std::vector<absl::Status>& outcomes) {
    std::vector<std::string> codes;
    for (const absl::Status& status : outcomes) {
      codes.push_back(absl::StatusCodeToString(status.code()));
    }
    return absl::StrJoin(codes, " ");
  }

  std::map<std::string, std::vector<Outcome>> answers;  // OK when there is none left
  std::vector<std::string> rounds;                      // what was called together
};

TEST_F(Rounds, MakeTheCallsOfAKeyInTheOrderOfItsEvents) {
  EXPECT_EQ(Codes(Run({"a:one,two", "a:three"})), "OK OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.one", "a.two", "a.three"}));
}

TEST_F(Rounds, HoldTheNthCallOfEachKey) {
  EXPECT_EQ(Codes(Run({"a:one,two", "b:one", "a:three", "c:one,two"})), "OK OK OK OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.one b.one c.one", "a.two c.two", "a.three"}));
}

TEST_F(Rounds, AskDifferentServicesAtOnceForOneEvent) {
  EXPECT_EQ(Codes(Run({"a:x/one,y/two,x/three,z/four", "a:x/five,y/six", "b:y/one"})), "OK OK OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.x/one a.y/two b.y/one", "a.x/three a.z/four",
                                              "a.x/five a.y/six"}));
}

TEST_F(Rounds, StopAKeyWhenOneOfTheServicesRefuses) {
  answers["a.x/one"] = Times(1, absl::FailedPreconditionError("ORDER_OVER_SHIPPED"));
  EXPECT_EQ(Codes(Run({"a:x/one,y/two", "a:y/three", "b:x/one"})),
            "FAILED_PRECONDITION ABORTED OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.x/one a.y/two b.x/one"}));
}

TEST_F(Rounds, TryOnlyTheServiceAgainThatMetAPassingError) {
  answers["a.y/two"] = Times(1, absl::UnavailableError("restarting"));
  EXPECT_EQ(Codes(Run({"a:x/one,y/two"})), "OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.x/one a.y/two", "a.y/two"}));
}

TEST_F(Rounds, PassOverAnEventThatAsksForNothing) {
  EXPECT_EQ(Codes(Run({"a:", "a:one", "b:"})), "OK OK OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.one"}));
  rounds.clear();
  EXPECT_EQ(Codes(Run({})), "");
  EXPECT_TRUE(rounds.empty());
}

TEST_F(Rounds, TryACallAgainThatMetAPassingError) {
  answers["a.one"] = Times(2, absl::UnavailableError("restarting"));
  EXPECT_EQ(Codes(Run({"a:one,two", "b:one"})), "OK OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.one b.one", "a.one", "a.one", "a.two"}));
}

TEST_F(Rounds, HoldTheLaneBehindAnErrorThatDoesNotPass) {
  answers["a.one"] = Times(9, absl::UnavailableError("gone"));
  EXPECT_EQ(Codes(Run({"a:one", "a:two", "b:one", "b:two"}, {.tries_max = 2})),
            "UNAVAILABLE ABORTED OK OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.one b.one", "a.one b.two"}));
}

TEST_F(Rounds, ParkTheEventThatIsRefusedAndCallNothingMoreOfItsKey) {
  answers["a.two"] = Times(1, absl::FailedPreconditionError("ORDER_OVER_SHIPPED"));
  EXPECT_EQ(Codes(Run({"a:one", "a:two,three", "a:four", "b:one"})),
            "OK FAILED_PRECONDITION ABORTED OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.one b.one", "a.two"}));
}

TEST_F(Rounds, StopAtAnEventThatCannotBeUnderstoodAfterWhatCameBeforeIt) {
  EXPECT_EQ(Codes(Run({"a:one", "a:?", "a:two", "b:one"})), "OK INVALID_ARGUMENT ABORTED OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.one b.one"}));
}

TEST_F(Rounds, AnswerTheFirstOfTwoStopsOfAKey) {
  answers["a.one"] = Times(1, absl::NotFoundError("ORDER_NOT_FOUND"));
  EXPECT_EQ(Codes(Run({"a:one", "a:two", "a:?"})), "NOT_FOUND ABORTED ABORTED");
}

TEST_F(Rounds, RepeatACallThatHasMoreToDo) {
  answers["a.one"] = {{absl::OkStatus(), true}, {absl::OkStatus(), true}};
  EXPECT_EQ(Codes(Run({"a:one,two"})), "OK");
  EXPECT_EQ(rounds, (std::vector<std::string>{"a.one", "a.one", "a.one", "a.two"}));
}

TEST(BatchSizes, KeepACallWithinItsItemsAndBytes) {
  using Sizes = std::vector<size_t>;
  EXPECT_EQ(BatchSizes({}, 3, 100), Sizes());
  EXPECT_EQ(BatchSizes({1, 1, 1, 1, 1, 1, 1}, 3, 100), (Sizes{3, 3, 1}));
  EXPECT_EQ(BatchSizes({50, 50, 1, 99, 1}, 9, 100), (Sizes{2, 2, 1}));
  EXPECT_EQ(BatchSizes({101, 500, 1}, 9, 100), (Sizes{1, 1, 1})) << "too large is for its receiver";
}

}  // namespace
}  // namespace tandem::order_to_cash
