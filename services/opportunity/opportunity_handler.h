// The gRPC methods of OpportunityService: each is a decision run by the writer, or a read.
#pragma once

#include "platform/rpc/commands.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"
#include "tandem/opportunity/v1/opportunity_service.grpc.pb.h"

namespace tandem::opportunity {

class OpportunityHandler final : public v1::OpportunityService::CallbackService {
 public:
  OpportunityHandler(store::Writer& writer, store::Reader& reader, int read_threads);

  grpc::ServerUnaryReactor* GetOpportunity(grpc::CallbackServerContext* context,
                                           const v1::GetOpportunityRequest* request,
                                           v1::Opportunity* answer) override;
  grpc::ServerUnaryReactor* BatchGetOpportunities(
      grpc::CallbackServerContext* context, const v1::BatchGetOpportunitiesRequest* request,
      v1::BatchGetOpportunitiesResponse* answer) override;
  grpc::ServerUnaryReactor* ListOpportunities(grpc::CallbackServerContext* context,
                                              const v1::ListOpportunitiesRequest* request,
                                              v1::ListOpportunitiesResponse* answer) override;
  grpc::ServerUnaryReactor* CreateOpportunity(grpc::CallbackServerContext* context,
                                              const v1::CreateOpportunityRequest* request,
                                              v1::Opportunity* answer) override;
  grpc::ServerUnaryReactor* BatchCreateOpportunities(
      grpc::CallbackServerContext* context, const v1::BatchCreateOpportunitiesRequest* request,
      v1::BatchCreateOpportunitiesResponse* answer) override;
  grpc::ServerUnaryReactor* UpdateOpportunity(grpc::CallbackServerContext* context,
                                              const v1::UpdateOpportunityRequest* request,
                                              v1::Opportunity* answer) override;
  grpc::ServerUnaryReactor* MoveStage(grpc::CallbackServerContext* context,
                                      const v1::MoveStageRequest* request,
                                      v1::Opportunity* answer) override;
  grpc::ServerUnaryReactor* WinOpportunity(grpc::CallbackServerContext* context,
                                           const v1::WinOpportunityRequest* request,
                                           v1::Opportunity* answer) override;
  grpc::ServerUnaryReactor* LoseOpportunity(grpc::CallbackServerContext* context,
                                            const v1::LoseOpportunityRequest* request,
                                            v1::Opportunity* answer) override;
  grpc::ServerUnaryReactor* ReopenOpportunity(grpc::CallbackServerContext* context,
                                              const v1::ReopenOpportunityRequest* request,
                                              v1::Opportunity* answer) override;
  grpc::ServerUnaryReactor* GetPipeline(grpc::CallbackServerContext* context,
                                        const v1::GetPipelineRequest* request,
                                        v1::Pipeline* answer) override;
  grpc::ServerUnaryReactor* BatchGetPipelines(grpc::CallbackServerContext* context,
                                              const v1::BatchGetPipelinesRequest* request,
                                              v1::BatchGetPipelinesResponse* answer) override;
  grpc::ServerUnaryReactor* ListPipelines(grpc::CallbackServerContext* context,
                                          const v1::ListPipelinesRequest* request,
                                          v1::ListPipelinesResponse* answer) override;
  grpc::ServerUnaryReactor* CreatePipeline(grpc::CallbackServerContext* context,
                                           const v1::CreatePipelineRequest* request,
                                           v1::Pipeline* answer) override;
  grpc::ServerUnaryReactor* UpdatePipeline(grpc::CallbackServerContext* context,
                                           const v1::UpdatePipelineRequest* request,
                                           v1::Pipeline* answer) override;
  grpc::ServerUnaryReactor* GetActivity(grpc::CallbackServerContext* context,
                                        const v1::GetActivityRequest* request,
                                        v1::Activity* answer) override;
  grpc::ServerUnaryReactor* BatchGetActivities(grpc::CallbackServerContext* context,
                                               const v1::BatchGetActivitiesRequest* request,
                                               v1::BatchGetActivitiesResponse* answer) override;
  grpc::ServerUnaryReactor* ListActivities(grpc::CallbackServerContext* context,
                                           const v1::ListActivitiesRequest* request,
                                           v1::ListActivitiesResponse* answer) override;
  grpc::ServerUnaryReactor* CreateActivity(grpc::CallbackServerContext* context,
                                           const v1::CreateActivityRequest* request,
                                           v1::Activity* answer) override;
  grpc::ServerUnaryReactor* BatchCreateActivities(
      grpc::CallbackServerContext* context, const v1::BatchCreateActivitiesRequest* request,
      v1::BatchCreateActivitiesResponse* answer) override;
  grpc::ServerUnaryReactor* UpdateActivity(grpc::CallbackServerContext* context,
                                           const v1::UpdateActivityRequest* request,
                                           v1::Activity* answer) override;
  grpc::ServerUnaryReactor* DeleteActivity(grpc::CallbackServerContext* context,
                                           const v1::DeleteActivityRequest* request,
                                           google::protobuf::Empty* answer) override;
  grpc::ServerUnaryReactor* GetQuote(grpc::CallbackServerContext* context,
                                     const v1::GetQuoteRequest* request,
                                     v1::Quote* answer) override;
  grpc::ServerUnaryReactor* BatchGetQuotes(grpc::CallbackServerContext* context,
                                           const v1::BatchGetQuotesRequest* request,
                                           v1::BatchGetQuotesResponse* answer) override;
  grpc::ServerUnaryReactor* ListQuotes(grpc::CallbackServerContext* context,
                                       const v1::ListQuotesRequest* request,
                                       v1::ListQuotesResponse* answer) override;
  grpc::ServerUnaryReactor* CreateQuote(grpc::CallbackServerContext* context,
                                        const v1::CreateQuoteRequest* request,
                                        v1::Quote* answer) override;
  grpc::ServerUnaryReactor* BatchCreateQuotes(grpc::CallbackServerContext* context,
                                              const v1::BatchCreateQuotesRequest* request,
                                              v1::BatchCreateQuotesResponse* answer) override;
  grpc::ServerUnaryReactor* UpdateQuote(grpc::CallbackServerContext* context,
                                        const v1::UpdateQuoteRequest* request,
                                        v1::Quote* answer) override;
  grpc::ServerUnaryReactor* IssueQuote(grpc::CallbackServerContext* context,
                                       const v1::IssueQuoteRequest* request,
                                       v1::Quote* answer) override;
  grpc::ServerUnaryReactor* ReviseQuote(grpc::CallbackServerContext* context,
                                        const v1::ReviseQuoteRequest* request,
                                        v1::Quote* answer) override;
  grpc::ServerUnaryReactor* AcceptQuote(grpc::CallbackServerContext* context,
                                        const v1::AcceptQuoteRequest* request,
                                        v1::Quote* answer) override;
  grpc::ServerUnaryReactor* BatchAcceptQuotes(grpc::CallbackServerContext* context,
                                              const v1::BatchAcceptQuotesRequest* request,
                                              v1::BatchAcceptQuotesResponse* answer) override;
  grpc::ServerUnaryReactor* DeclineQuote(grpc::CallbackServerContext* context,
                                         const v1::DeclineQuoteRequest* request,
                                         v1::Quote* answer) override;
  grpc::ServerUnaryReactor* WithdrawQuote(grpc::CallbackServerContext* context,
                                          const v1::WithdrawQuoteRequest* request,
                                          v1::Quote* answer) override;
  grpc::ServerUnaryReactor* ExpireQuotes(grpc::CallbackServerContext* context,
                                         const v1::ExpireQuotesRequest* request,
                                         v1::ExpireQuotesResponse* answer) override;
  grpc::ServerUnaryReactor* RecordOrder(grpc::CallbackServerContext* context,
                                        const v1::RecordOrderRequest* request,
                                        v1::Quote* answer) override;
  grpc::ServerUnaryReactor* BatchRecordOrders(grpc::CallbackServerContext* context,
                                              const v1::BatchRecordOrdersRequest* request,
                                              v1::BatchRecordOrdersResponse* answer) override;
  grpc::ServerUnaryReactor* GetCatalogueItem(grpc::CallbackServerContext* context,
                                             const v1::GetCatalogueItemRequest* request,
                                             v1::CatalogueItem* answer) override;
  grpc::ServerUnaryReactor* BatchGetCatalogueItems(
      grpc::CallbackServerContext* context, const v1::BatchGetCatalogueItemsRequest* request,
      v1::BatchGetCatalogueItemsResponse* answer) override;
  grpc::ServerUnaryReactor* ListCatalogueItems(grpc::CallbackServerContext* context,
                                               const v1::ListCatalogueItemsRequest* request,
                                               v1::ListCatalogueItemsResponse* answer) override;
  grpc::ServerUnaryReactor* CreateCatalogueItem(grpc::CallbackServerContext* context,
                                                const v1::CreateCatalogueItemRequest* request,
                                                v1::CatalogueItem* answer) override;
  grpc::ServerUnaryReactor* BatchCreateCatalogueItems(
      grpc::CallbackServerContext* context, const v1::BatchCreateCatalogueItemsRequest* request,
      v1::BatchCreateCatalogueItemsResponse* answer) override;
  grpc::ServerUnaryReactor* UpdateCatalogueItem(grpc::CallbackServerContext* context,
                                                const v1::UpdateCatalogueItemRequest* request,
                                                v1::CatalogueItem* answer) override;
  grpc::ServerUnaryReactor* BatchUpdateCatalogueItems(
      grpc::CallbackServerContext* context, const v1::BatchUpdateCatalogueItemsRequest* request,
      v1::BatchUpdateCatalogueItemsResponse* answer) override;
  grpc::ServerUnaryReactor* GetOpportunityResults(grpc::CallbackServerContext* context,
                                                  const v1::GetOpportunityResultsRequest* request,
                                                  v1::OpportunityResults* answer) override;
  grpc::ServerUnaryReactor* ListOpportunityResults(
      grpc::CallbackServerContext* context, const v1::ListOpportunityResultsRequest* request,
      v1::ListOpportunityResultsResponse* answer) override;
  grpc::ServerUnaryReactor* ListOrderResults(grpc::CallbackServerContext* context,
                                             const v1::ListOrderResultsRequest* request,
                                             v1::ListOrderResultsResponse* answer) override;
  grpc::ServerUnaryReactor* ListCustomerFacts(grpc::CallbackServerContext* context,
                                              const v1::ListCustomerFactsRequest* request,
                                              v1::ListCustomerFactsResponse* answer) override;

 private:
  rpc::Commands commands_;
  rpc::Reads reads_;
};

}  // namespace tandem::opportunity
