// What is learned of customers and of the results of opportunities, in any order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "services/opportunity/opportunity_test_desk.h"

namespace tandem::opportunity {
namespace {

std::string Total(const std::string& amounts) {
  return absl::StrCat("total { currency: 'EUR' ", amounts, "} ");
}

struct Results : Desk {
  Results() { Bring(v1::QUOTE_STATE_ACCEPTED); }
  void Order(int version, const std::string& booked, const std::string& shipped,
             const std::string& more = "") {
    state.Begin();
    Learned(LearnOrder(
        Text<v1::OrderResult>(absl::StrCat(
            "id: 'ord_1' quote_id: 'quo_1' order_number: 'SO-1001' order_version: ", version, " ",
            more, Total(Eur("booked", booked) + Eur("shipped", shipped)))),
        state));
  }
  void Document(const std::string& id, int version, const std::string& amounts) {
    state.Begin();
    Learned(LearnDocument(
        Text<v1::ResultDocument>(absl::StrCat(
            "id: '", id, "' order_id: 'ord_1' source_version: ", version, " ", Total(amounts))),
        state));
  }
  // booked, shipped, invoiced, credited, collected
  std::string Shown() {
    const auto* results = state.Find<v1::OpportunityResults>("opp_1");
    if (results == nullptr) return "none";
    std::string out = absl::StrCat(results->orders(), " orders");
    for (const v1::ResultTotal& total : results->totals()) {
      absl::StrAppend(&out, "; ", Show(total.booked()), ", ", Show(total.shipped()), ", ",
                      Show(total.invoiced()), ", ", Show(total.credited()), ", ",
                      Show(total.collected()));
    }
    return out;
  }
};

TEST(OpportunityResults, FollowTheOrderAndItsDocuments) {
  Results desk;
  EXPECT_EQ(desk.Shown(), "none");
  desk.Order(1, "54", "0");
  EXPECT_EQ(desk.Shown(), "1 orders; 54.00 EUR, 0.00 EUR, 0.00 EUR, 0.00 EUR, 0.00 EUR");
  desk.Order(2, "54", "54");
  desk.Document("inv_1", 1, Eur("invoiced", "54") + Eur("collected", "0"));
  desk.Document("inv_1", 2, Eur("invoiced", "54") + Eur("collected", "64.26"));
  EXPECT_EQ(desk.Shown(), "1 orders; 54.00 EUR, 54.00 EUR, 54.00 EUR, 0.00 EUR, 64.26 EUR");
  desk.Document("crn_1", 1, Eur("credited", "18") + Eur("collected", "0"));
  EXPECT_EQ(desk.Shown(), "1 orders; 54.00 EUR, 54.00 EUR, 54.00 EUR, 18.00 EUR, 64.26 EUR");
}

TEST(OpportunityResults, AreTheSameInWhateverOrderTheFactsCome) {
  std::vector<int> steps = {0, 1, 2, 3, 4};
  do {
    Results desk;
    for (int step : steps) {
      if (step == 0) desk.Desk::Order();
      if (step == 1) desk.Order(1, "54", "0");
      if (step == 2) desk.Order(2, "54", "18");
      if (step == 3) desk.Document("inv_1", 1, Eur("invoiced", "18"));
      if (step == 4) desk.Document("inv_1", 2, Eur("invoiced", "18") + Eur("collected", "5"));
    }
    ASSERT_EQ(desk.Shown(), "1 orders; 54.00 EUR, 18.00 EUR, 18.00 EUR, 0.00 EUR, 5.00 EUR")
        << testing::PrintToString(steps);
  } while (std::next_permutation(steps.begin(), steps.end()));
}

TEST(OpportunityResults, CountEachOrderOnce) {
  Results desk;
  desk.Order(1, "54", "0");
  desk.Order(1, "54", "0");
  desk.Desk::Order();
  EXPECT_EQ(desk.Shown(), "1 orders; 54.00 EUR, 0.00 EUR, 0.00 EUR, 0.00 EUR, 0.00 EUR");
  desk.Order(2, "0", "0", "cancelled: true ");
  EXPECT_EQ(desk.Shown(), "1 orders; 0.00 EUR, 0.00 EUR, 0.00 EUR, 0.00 EUR, 0.00 EUR");
  EXPECT_TRUE(desk.state.Find<v1::OrderResult>("ord_1")->cancelled());
}

TEST(OpportunityResults, OfADirectOrderThatWonIt) {
  Desk desk;
  desk.Open("opp_2");
  desk.state.Begin();
  desk.Learned(
      LearnOrder(Text<v1::OrderResult>("id: 'ord_9' order_version: 1 " + Total(Eur("booked", "7"))),
                 desk.state));
  EXPECT_EQ(desk.state.Find<v1::OpportunityResults>("opp_2"), nullptr);
  desk.Do(WinOpportunity, "id: 'opp_2' order_id: 'ord_9'");
  EXPECT_EQ(Show(desk.state.Find<v1::OpportunityResults>("opp_2")->totals(0).booked()), "7.00 EUR");
}

TEST(OpportunityResults, RefuseADocumentInAnotherCurrencyThanItsOrder) {
  Results desk;
  desk.Order(1, "54", "0");
  desk.state.Begin();
  absl::Status status = LearnDocument(
      Text<v1::ResultDocument>("id: 'inv_1' order_id: 'ord_1' source_version: 1 total { currency: "
                               "'USD' invoiced { currency_code: 'USD' units: 1 } }"),
      desk.state);
  EXPECT_EQ(ReasonOf(status), "MONEY_CURRENCY_MISMATCH");
}

TEST(LearnCustomer, OlderThanWhatIsKnownChangesNothing) {
  Desk desk;
  auto learn = [&desk](int version, const std::string& name) {
    desk.state.Begin();
    desk.Learned(
        LearnCustomer(Text<v1::CustomerFact>(absl::StrCat("id: 'cus_b' display_name: '", name,
                                                          "' source_version: ", version)),
                      desk.state));
  };
  learn(2, "New");
  learn(1, "Old");
  EXPECT_EQ(desk.state.Find<v1::CustomerFact>("cus_b")->display_name(), "New");
  learn(3, "Newest");
  EXPECT_EQ(desk.state.Find<v1::CustomerFact>("cus_b")->display_name(), "Newest");
}

}  // namespace
}  // namespace tandem::opportunity
