#include "services/opportunity/opportunity_handler.h"

#include "services/opportunity/opportunity_decide.h"

namespace tandem::opportunity {
namespace {

constexpr char kService[] = "tandem.opportunity.v1.OpportunityService";

}  // namespace

using Call = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

OpportunityHandler::OpportunityHandler(store::Writer& writer, store::Reader& reader,
                                       int read_threads)
    : commands_(writer, kService), reads_(reader, kService, read_threads) {}

Reactor* OpportunityHandler::GetOpportunity(Call* context, const v1::GetOpportunityRequest* request,
                                            v1::Opportunity* answer) {
  return reads_.Get(context, request, answer, "OPPORTUNITY");
}

Reactor* OpportunityHandler::BatchGetOpportunities(Call* context,
                                                   const v1::BatchGetOpportunitiesRequest* request,
                                                   v1::BatchGetOpportunitiesResponse* answer) {
  return reads_.BatchGet(context, request, answer, "OPPORTUNITY");
}

Reactor* OpportunityHandler::ListOpportunities(Call* context,
                                               const v1::ListOpportunitiesRequest* request,
                                               v1::ListOpportunitiesResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* OpportunityHandler::CreateOpportunity(Call* context,
                                               const v1::CreateOpportunityRequest* request,
                                               v1::Opportunity* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::CreateOpportunity,
                       CreateOpportunityHints);
}

Reactor* OpportunityHandler::BatchCreateOpportunities(
    Call* context, const v1::BatchCreateOpportunitiesRequest* request,
    v1::BatchCreateOpportunitiesResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::opportunity::CreateOpportunity,
                            CreateOpportunityHints);
}

Reactor* OpportunityHandler::UpdateOpportunity(Call* context,
                                               const v1::UpdateOpportunityRequest* request,
                                               v1::Opportunity* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::UpdateOpportunity,
                       UpdateOpportunityHints);
}

Reactor* OpportunityHandler::MoveStage(Call* context, const v1::MoveStageRequest* request,
                                       v1::Opportunity* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::MoveStage,
                       OpportunityHints<v1::MoveStageRequest>);
}

Reactor* OpportunityHandler::WinOpportunity(Call* context, const v1::WinOpportunityRequest* request,
                                            v1::Opportunity* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::WinOpportunity,
                       OpportunityHints<v1::WinOpportunityRequest>);
}

Reactor* OpportunityHandler::LoseOpportunity(Call* context,
                                             const v1::LoseOpportunityRequest* request,
                                             v1::Opportunity* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::LoseOpportunity,
                       LoseOpportunityHints);
}

Reactor* OpportunityHandler::ReopenOpportunity(Call* context,
                                               const v1::ReopenOpportunityRequest* request,
                                               v1::Opportunity* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::ReopenOpportunity,
                       ReopenOpportunityHints);
}

Reactor* OpportunityHandler::GetPipeline(Call* context, const v1::GetPipelineRequest* request,
                                         v1::Pipeline* answer) {
  return reads_.Get(context, request, answer, "PIPELINE");
}

Reactor* OpportunityHandler::BatchGetPipelines(Call* context,
                                               const v1::BatchGetPipelinesRequest* request,
                                               v1::BatchGetPipelinesResponse* answer) {
  return reads_.BatchGet(context, request, answer, "PIPELINE");
}

Reactor* OpportunityHandler::ListPipelines(Call* context, const v1::ListPipelinesRequest* request,
                                           v1::ListPipelinesResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* OpportunityHandler::CreatePipeline(Call* context, const v1::CreatePipelineRequest* request,
                                            v1::Pipeline* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::CreatePipeline);
}

Reactor* OpportunityHandler::UpdatePipeline(Call* context, const v1::UpdatePipelineRequest* request,
                                            v1::Pipeline* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::UpdatePipeline);
}

Reactor* OpportunityHandler::GetActivity(Call* context, const v1::GetActivityRequest* request,
                                         v1::Activity* answer) {
  return reads_.Get(context, request, answer, "ACTIVITY");
}

Reactor* OpportunityHandler::BatchGetActivities(Call* context,
                                                const v1::BatchGetActivitiesRequest* request,
                                                v1::BatchGetActivitiesResponse* answer) {
  return reads_.BatchGet(context, request, answer, "ACTIVITY");
}

Reactor* OpportunityHandler::ListActivities(Call* context, const v1::ListActivitiesRequest* request,
                                            v1::ListActivitiesResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* OpportunityHandler::CreateActivity(Call* context, const v1::CreateActivityRequest* request,
                                            v1::Activity* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::CreateActivity);
}

Reactor* OpportunityHandler::BatchCreateActivities(Call* context,
                                                   const v1::BatchCreateActivitiesRequest* request,
                                                   v1::BatchCreateActivitiesResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::opportunity::CreateActivity);
}

Reactor* OpportunityHandler::UpdateActivity(Call* context, const v1::UpdateActivityRequest* request,
                                            v1::Activity* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::UpdateActivity);
}

Reactor* OpportunityHandler::DeleteActivity(Call* context, const v1::DeleteActivityRequest* request,
                                            google::protobuf::Empty* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::DeleteActivity);
}

Reactor* OpportunityHandler::GetQuote(Call* context, const v1::GetQuoteRequest* request,
                                      v1::Quote* answer) {
  return reads_.Get(context, request, answer, "QUOTE");
}

Reactor* OpportunityHandler::BatchGetQuotes(Call* context, const v1::BatchGetQuotesRequest* request,
                                            v1::BatchGetQuotesResponse* answer) {
  return reads_.BatchGet(context, request, answer, "QUOTE");
}

Reactor* OpportunityHandler::ListQuotes(Call* context, const v1::ListQuotesRequest* request,
                                        v1::ListQuotesResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* OpportunityHandler::CreateQuote(Call* context, const v1::CreateQuoteRequest* request,
                                         v1::Quote* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::CreateQuote,
                       CreateQuoteHints);
}

Reactor* OpportunityHandler::BatchCreateQuotes(Call* context,
                                               const v1::BatchCreateQuotesRequest* request,
                                               v1::BatchCreateQuotesResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::opportunity::CreateQuote,
                            CreateQuoteHints);
}

Reactor* OpportunityHandler::UpdateQuote(Call* context, const v1::UpdateQuoteRequest* request,
                                         v1::Quote* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::UpdateQuote,
                       UpdateQuoteHints);
}

Reactor* OpportunityHandler::IssueQuote(Call* context, const v1::IssueQuoteRequest* request,
                                        v1::Quote* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::IssueQuote,
                       QuoteHints<v1::IssueQuoteRequest>);
}

Reactor* OpportunityHandler::ReviseQuote(Call* context, const v1::ReviseQuoteRequest* request,
                                         v1::Quote* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::ReviseQuote,
                       QuoteHints<v1::ReviseQuoteRequest>);
}

Reactor* OpportunityHandler::AcceptQuote(Call* context, const v1::AcceptQuoteRequest* request,
                                         v1::Quote* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::AcceptQuote,
                       QuoteHints<v1::AcceptQuoteRequest>);
}

Reactor* OpportunityHandler::BatchAcceptQuotes(Call* context,
                                               const v1::BatchAcceptQuotesRequest* request,
                                               v1::BatchAcceptQuotesResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::opportunity::AcceptQuote,
                            QuoteHints<v1::AcceptQuoteRequest>);
}

Reactor* OpportunityHandler::DeclineQuote(Call* context, const v1::DeclineQuoteRequest* request,
                                          v1::Quote* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::DeclineQuote,
                       QuoteHints<v1::DeclineQuoteRequest>);
}

Reactor* OpportunityHandler::WithdrawQuote(Call* context, const v1::WithdrawQuoteRequest* request,
                                           v1::Quote* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::WithdrawQuote,
                       QuoteHints<v1::WithdrawQuoteRequest>);
}

Reactor* OpportunityHandler::ExpireQuotes(Call* context, const v1::ExpireQuotesRequest* request,
                                          v1::ExpireQuotesResponse* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::ExpireQuotes);
}

Reactor* OpportunityHandler::RecordOrder(Call* context, const v1::RecordOrderRequest* request,
                                         v1::Quote* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::RecordOrder,
                       RecordOrderHints);
}

Reactor* OpportunityHandler::BatchRecordOrders(Call* context,
                                               const v1::BatchRecordOrdersRequest* request,
                                               v1::BatchRecordOrdersResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::opportunity::RecordOrder,
                            RecordOrderHints);
}

Reactor* OpportunityHandler::GetCatalogueItem(Call* context,
                                              const v1::GetCatalogueItemRequest* request,
                                              v1::CatalogueItem* answer) {
  return reads_.Get(context, request, answer, "CATALOGUE_ITEM");
}

Reactor* OpportunityHandler::BatchGetCatalogueItems(
    Call* context, const v1::BatchGetCatalogueItemsRequest* request,
    v1::BatchGetCatalogueItemsResponse* answer) {
  return reads_.BatchGet(context, request, answer, "CATALOGUE_ITEM");
}

Reactor* OpportunityHandler::ListCatalogueItems(Call* context,
                                                const v1::ListCatalogueItemsRequest* request,
                                                v1::ListCatalogueItemsResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* OpportunityHandler::CreateCatalogueItem(Call* context,
                                                 const v1::CreateCatalogueItemRequest* request,
                                                 v1::CatalogueItem* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::CreateCatalogueItem,
                       CreateCatalogueItemHints);
}

Reactor* OpportunityHandler::BatchCreateCatalogueItems(
    Call* context, const v1::BatchCreateCatalogueItemsRequest* request,
    v1::BatchCreateCatalogueItemsResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::opportunity::CreateCatalogueItem,
                            CreateCatalogueItemHints);
}

Reactor* OpportunityHandler::UpdateCatalogueItem(Call* context,
                                                 const v1::UpdateCatalogueItemRequest* request,
                                                 v1::CatalogueItem* answer) {
  return commands_.Run(context, request, answer, tandem::opportunity::UpdateCatalogueItem,
                       UpdateCatalogueItemHints);
}

Reactor* OpportunityHandler::BatchUpdateCatalogueItems(
    Call* context, const v1::BatchUpdateCatalogueItemsRequest* request,
    v1::BatchUpdateCatalogueItemsResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::opportunity::UpdateCatalogueItem,
                            UpdateCatalogueItemHints);
}

Reactor* OpportunityHandler::GetOpportunityResults(Call* context,
                                                   const v1::GetOpportunityResultsRequest* request,
                                                   v1::OpportunityResults* answer) {
  return reads_.Get(context, request, answer, "OPPORTUNITY_RESULTS");
}

Reactor* OpportunityHandler::ListOpportunityResults(
    Call* context, const v1::ListOpportunityResultsRequest* request,
    v1::ListOpportunityResultsResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* OpportunityHandler::ListOrderResults(Call* context,
                                              const v1::ListOrderResultsRequest* request,
                                              v1::ListOrderResultsResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* OpportunityHandler::ListCustomerFacts(Call* context,
                                               const v1::ListCustomerFactsRequest* request,
                                               v1::ListCustomerFactsResponse* answer) {
  return reads_.List(context, request, answer);
}

}  // namespace tandem::opportunity
