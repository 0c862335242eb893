// What the opportunity service decides: every command of OpportunityService as a pure function over
// the state (DESIGN section 4, DOMAIN section 3). A command that is already done changes nothing
// and answers as it is. Errors and events of each are in opportunity_service.proto.
//
// By lifecycle: opportunity_decide_opportunity.cc opens, wins, loses and reopens opportunities, and
// keeps their pipelines; opportunity_decide_activity.cc what is done for them;
// opportunity_decide_quote.cc writes, issues and revises quotes; opportunity_decide_outcome.cc says
// what became of them; opportunity_decide_catalogue.cc keeps the product copy;
// opportunity_decide_pricing.h prices lines from it; opportunity_decide_facts.h learns what other
// services tell.
#pragma once

#include "absl/status/statusor.h"
#include "google/protobuf/empty.pb.h"
#include "platform/base/state.h"
#include "tandem/opportunity/v1/catalogue_item.pb.h"
#include "tandem/opportunity/v1/facts.pb.h"
#include "tandem/opportunity/v1/opportunity.pb.h"
#include "tandem/opportunity/v1/opportunity_service.pb.h"
#include "tandem/opportunity/v1/quote.pb.h"

namespace tandem::opportunity {

// The first quote number is one more.
inline constexpr int64_t kQuoteNumberBase = 1000;
inline constexpr char kQuoteCounter[] = "quote";
inline constexpr char kStandardPipeline[] = "standard";
// The most quotes that one ExpireQuotes ends.
inline constexpr int kExpireMax = 1000;

// The sets that are loaded as a whole; opportunity_store.cc says how they are found.
inline constexpr char kQuotesOfOpportunity[] = "quotes_of_opportunity";
inline constexpr char kQuotesDueBefore[] = "quotes_due_before";  // by DueKey
inline constexpr char kResultsOfOpportunity[] = "results_of_opportunity";

// The key of kQuotesDueBefore for a day: eight digits, so that text sorts as days do.
std::string DueKey(int32_t days);
inline constexpr int kDueKeyBase = 10'000'000;

template <class T>
using Answer = absl::StatusOr<T>;

Answer<v1::Opportunity> CreateOpportunity(const v1::CreateOpportunityRequest&, Context&, State&);
Answer<v1::Opportunity> UpdateOpportunity(const v1::UpdateOpportunityRequest&, Context&, State&);
Answer<v1::Opportunity> MoveStage(const v1::MoveStageRequest&, Context&, State&);
Answer<v1::Opportunity> WinOpportunity(const v1::WinOpportunityRequest&, Context&, State&);
Answer<v1::Opportunity> LoseOpportunity(const v1::LoseOpportunityRequest&, Context&, State&);
Answer<v1::Opportunity> ReopenOpportunity(const v1::ReopenOpportunityRequest&, Context&, State&);
void CreateOpportunityHints(const v1::CreateOpportunityRequest&, Wanted&);
void UpdateOpportunityHints(const v1::UpdateOpportunityRequest&, Wanted&);
void LoseOpportunityHints(const v1::LoseOpportunityRequest&, Wanted&);
void ReopenOpportunityHints(const v1::ReopenOpportunityRequest&, Wanted&);

Answer<v1::Pipeline> CreatePipeline(const v1::CreatePipelineRequest&, Context&, State&);
Answer<v1::Pipeline> UpdatePipeline(const v1::UpdatePipelineRequest&, Context&, State&);

Answer<v1::Activity> CreateActivity(const v1::CreateActivityRequest&, Context&, State&);
Answer<v1::Activity> UpdateActivity(const v1::UpdateActivityRequest&, Context&, State&);
Answer<google::protobuf::Empty> DeleteActivity(const v1::DeleteActivityRequest&, Context&, State&);

Answer<v1::Quote> CreateQuote(const v1::CreateQuoteRequest&, Context&, State&);
Answer<v1::Quote> UpdateQuote(const v1::UpdateQuoteRequest&, Context&, State&);
Answer<v1::Quote> IssueQuote(const v1::IssueQuoteRequest&, Context&, State&);
Answer<v1::Quote> ReviseQuote(const v1::ReviseQuoteRequest&, Context&, State&);
void CreateQuoteHints(const v1::CreateQuoteRequest&, Wanted&);
void UpdateQuoteHints(const v1::UpdateQuoteRequest&, Wanted&);

Answer<v1::Quote> AcceptQuote(const v1::AcceptQuoteRequest&, Context&, State&);
Answer<v1::Quote> DeclineQuote(const v1::DeclineQuoteRequest&, Context&, State&);
Answer<v1::Quote> WithdrawQuote(const v1::WithdrawQuoteRequest&, Context&, State&);
Answer<v1::ExpireQuotesResponse> ExpireQuotes(const v1::ExpireQuotesRequest&, Context&, State&);
Answer<v1::Quote> RecordOrder(const v1::RecordOrderRequest&, Context&, State&);
void RecordOrderHints(const v1::RecordOrderRequest&, Wanted&);

Answer<v1::CatalogueItem> CreateCatalogueItem(const v1::CreateCatalogueItemRequest&, Context&,
                                              State&);
Answer<v1::CatalogueItem> UpdateCatalogueItem(const v1::UpdateCatalogueItemRequest&, Context&,
                                              State&);
void CreateCatalogueItemHints(const v1::CreateCatalogueItemRequest&, Wanted&);
void UpdateCatalogueItemHints(const v1::UpdateCatalogueItemRequest&, Wanted&);

// The hints of every verb on one opportunity, and on one quote.
template <class Request>
void OpportunityHints(const Request& request, Wanted& wanted) {
  wanted.Row<v1::Opportunity>(request.id());
}
template <class Request>
void QuoteHints(const Request& request, Wanted& wanted) {
  wanted.Row<v1::Quote>(request.id());
}

}  // namespace tandem::opportunity
