// A desk for tests of decisions: a state with nothing in it but what a test puts there, and one
// line a command. Requests are written as text protos; events are named in order.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/text_format.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/state.h"
#include "platform/base/status.h"
#include "services/opportunity/opportunity_decide.h"
#include "services/opportunity/opportunity_decide_facts.h"
#include "tandem/opportunity/v1/events.pb.h"

namespace tandem::opportunity {

template <class T>
T Text(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// "12.50 EUR", or "none" where no amount is said.
inline std::string Show(const google::type::Money& money) {
  if (money.currency_code().empty()) return "none";
  return FormatAmount(FromProto(money, "")->micros, money.currency_code());
}

// A day of May 2014.
inline std::string May(const std::string& field, int day) {
  return absl::StrCat(field, " { year: 2014 month: 5 day: ", day, " } ");
}
inline std::string Eur(const std::string& field, const std::string& amount) {
  return absl::StrCat(field, " { ", MoneyOf(*ParseMicros(amount), "EUR").ShortDebugString(), " } ");
}

class Desk {
 public:
  Desk() {
    state.TreatUnknownAsAbsent();
    context.actor = "sales";
    context.now_micros = 1'000'000;
    context.ids = IdSource(1'000'000, 1, 1);
    state.Given(Text<v1::Pipeline>(R"pb(
      id: "standard"
      stages {
        stage: "qualification"
        probability { value: "0.1" }
      }
      stages {
        stage: "proposal"
        probability { value: "0.5" }
      })pb"));
    Learn("id: 'cus_a' customer_number: 'C-1' display_name: 'Alfreds' language: 'de'");
    Learn("id: 'cus_old' display_name: 'Gone' archived: true");
    Learn("id: 'cus_deleted' deleted: true");
    Item("cat_chai", "CHAI", "18");
    Item("cat_tofu", "TOFU", "3.335");
    Item("cat_free", "FREE", "");
  }

  // Runs a command; its events are in `events`, its refusal in `reason` and `field`.
  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const std::string& text) {
    state.Begin();
    absl::StatusOr<T> answer = decide(Text<Request>(text), context, state);
    reason = answer.ok() ? "" : ReasonOf(answer.status());
    field = answer.ok() ? "" : FieldOf(answer.status());
    code = answer.status().code();
    Take(answer.ok());
    return answer.ok() ? *answer : T();
  }
  // Does what is learned from an event of another service.
  void Learned(const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
    Take(status.ok());
  }
  void Learn(const std::string& fact) {
    state.Begin();
    Learned(LearnCustomer(Text<v1::CustomerFact>(fact + " source_version: 1"), state));
  }

  // Boxes of 12, priced per piece; none where `price` is empty.
  v1::CatalogueItem Item(const std::string& id, const std::string& sku, const std::string& price,
                         const std::string& more = "") {
    std::string list;
    if (!price.empty()) list = absl::StrCat("list_price { ", Eur("amount", price), "} ");
    return Do(CreateCatalogueItem,
              absl::StrCat(
                  "catalogue_item_id: '", id, "' catalogue_item { sku: '", sku,
                  "' product_id: 'prd_", sku, "' base_unit: 'C62' tax_class: 'STANDARD' ",
                  "names { key: 'en' value: 'The ", sku, "' } names { key: 'de' value: ", "'Das ",
                  sku, "' } units { unit: 'BX' numerator: 12 denominator: 1 } ", list, more, " }"));
  }
  v1::CatalogueItem ChangeItem(const std::string& id, const std::string& fields) {
    return Do(UpdateCatalogueItem, absl::StrCat("catalogue_item { id: '", id, "' ", fields, " }"));
  }

  v1::Opportunity Open(const std::string& id, const std::string& more = "") {
    return Do(CreateOpportunity,
              absl::StrCat("opportunity_id: '", id,
                           "' opportunity { name: 'Tea' customer_id: ", "'cus_a' ", more, " }"));
  }
  // A line is "chai 3", "chai 3 12.50" at a price, or "chai 3 12.50 0.1" with a discount.
  static std::string Line(const std::string& text) {
    std::vector<std::string> words = absl::StrSplit(text, ' ');
    std::string line =
        absl::StrCat("lines { catalogue_item_id: 'cat_", words[0], "' quantity { value { value: '",
                     words[1], "' } unit: 'C62' } ");
    if (words.size() > 2) absl::StrAppend(&line, Eur("unit_price", words[2]));
    if (words.size() > 3) absl::StrAppend(&line, "discount { value: '", words[3], "' } ");
    return line + "} ";
  }
  // The draft "quo_1" of the day before the 10th of May, unless said otherwise.
  v1::Quote Draft(const std::vector<std::string>& lines, const std::string& more = "",
                  const std::string& id = "quo_1") {
    std::string body;
    for (const std::string& line : lines) absl::StrAppend(&body, Line(line));
    const std::string customer =
        absl::StrContains(more, "opportunity_id") || absl::StrContains(more, "customer_id")
            ? ""
            : "customer_id: 'cus_a' ";
    return Do(CreateQuote, absl::StrCat("quote_id: '", id, "' quote { ", May("quote_date", 10),
                                        customer, body, more, " }"));
  }
  v1::Quote Issue(const std::string& id = "quo_1") {
    return Do(IssueQuote, absl::StrCat("id: '", id, "' ", May("valid_until", 20)));
  }
  v1::Quote Accept(int day = 15, const std::string& id = "quo_1") {
    return Do(AcceptQuote, absl::StrCat("id: '", id, "' ", May("acceptance_date", day)));
  }
  v1::Quote Order(const std::string& order = "ord_1", const std::string& id = "quo_1") {
    return Do(RecordOrder,
              absl::StrCat("quote_id: '", id, "' order_id: '", order, "' order_number: 'SO-1001'"));
  }
  // Brings the quote "quo_1" of the opportunity "opp_1" as far as a state.
  void Bring(v1::QuoteState to) {
    Open("opp_1");
    Draft({"chai 3"}, "opportunity_id: 'opp_1'");
    if (to == v1::QUOTE_STATE_DRAFT) return;
    Issue();
    if (to == v1::QUOTE_STATE_ACCEPTED || to == v1::QUOTE_STATE_ORDERED) Accept();
    if (to == v1::QUOTE_STATE_ORDERED) Order();
    if (to == v1::QUOTE_STATE_DECLINED) Do(DeclineQuote, "id: 'quo_1'");
    if (to == v1::QUOTE_STATE_WITHDRAWN) Do(WithdrawQuote, "id: 'quo_1'");
    if (to == v1::QUOTE_STATE_SUPERSEDED) Do(ReviseQuote, "id: 'quo_1' new_quote_id: 'quo_2'");
    if (to == v1::QUOTE_STATE_EXPIRED) Do(ExpireQuotes, May("as_of", 21));
    ASSERT_EQ(Quote().state(), to);
  }

  v1::Quote Quote(const std::string& id = "quo_1") { return state.Answer<v1::Quote>(id); }
  v1::Opportunity Opp(const std::string& id = "opp_1") { return state.Answer<v1::Opportunity>(id); }
  const v1::QuoteEvent& QuoteEvent(size_t i) const {
    return static_cast<const v1::QuoteEvent&>(*messages.at(i));
  }
  const v1::OpportunityEvent& OppEvent(size_t i) const {
    return static_cast<const v1::OpportunityEvent&>(*messages.at(i));
  }

  State state;
  Context context;
  std::vector<std::string> events;  // of the last command, without their package
  std::vector<std::shared_ptr<google::protobuf::Message>> messages;
  std::string reason, field;
  absl::StatusCode code = absl::StatusCode::kOk;

 private:
  void Take(bool accepted) {
    events.clear();
    messages.clear();
    if (!accepted) return;
    for (const EmittedEvent& event : state.events()) {
      events.push_back(event.type.substr(event.type.rfind('.') + 1));
      messages.push_back(event.event);
    }
    state.Accept();
  }
};

}  // namespace tandem::opportunity
