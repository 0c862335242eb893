// Opportunities from opening to the end, and the pipelines they go through.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/field_behavior.h"
#include "platform/base/field_mask.h"
#include "platform/base/fixed.h"
#include "platform/base/status.h"
#include "services/opportunity/opportunity_decide.h"
#include "services/opportunity/opportunity_decide_check.h"
#include "services/opportunity/opportunity_decide_results.h"
#include "tandem/opportunity/v1/events.pb.h"

namespace tandem::opportunity {
namespace {

constexpr char kEntity[] = "OPPORTUNITY";

const v1::PipelineStage* StageOf(const v1::Pipeline& pipeline, absl::string_view stage) {
  for (const v1::PipelineStage& each : pipeline.stages()) {
    if (each.stage() == stage) return &each;
  }
  return nullptr;
}

absl::Status StageUnknown(absl::string_view stage, absl::string_view pipeline,
                          absl::string_view field) {
  return InvalidField(field, "OPPORTUNITY_STAGE_UNKNOWN",
                      absl::StrCat("The pipeline ", pipeline, " has no stage '", stage, "'."));
}

absl::Status CheckProbability(const google::type::Decimal& probability, absl::string_view field,
                              absl::string_view reason) {
  if (FractionFromProto(probability, field).ok()) return absl::OkStatus();
  return InvalidField(field, reason, "A probability is a fraction from 0 to 1.");
}

// What must hold of an opportunity by itself.
absl::Status CheckOpportunity(const v1::Opportunity& opportunity) {
  if (IsBlank(opportunity.name())) {
    return InvalidField("opportunity.name", "OPPORTUNITY_NAME_MISSING",
                        "An opportunity has a name.");
  }
  TANDEM_RETURN_IF_ERROR(
      CheckAmount(opportunity.has_amount(), opportunity.amount(), "opportunity.amount"));
  TANDEM_RETURN_IF_ERROR(CheckAmount(opportunity.has_forecast_amount(),
                                     opportunity.forecast_amount(), "opportunity.forecast_amount"));
  TANDEM_RETURN_IF_ERROR(
      CheckDate(opportunity.has_close_date(), opportunity.close_date(), "opportunity.close_date"));
  return CheckProbability(opportunity.probability(), "opportunity.probability",
                          "OPPORTUNITY_PROBABILITY_INVALID");
}

void TakeProbability(const v1::PipelineStage& stage, v1::Opportunity* opportunity) {
  opportunity->clear_probability();
  if (stage.has_probability()) *opportunity->mutable_probability() = stage.probability();
}

v1::Opportunity Tell(const std::string& id, v1::OpportunityEvent event, Context& context,
                     State& state) {
  state.Emit<v1::Opportunity>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Opportunity>(id);
}

absl::Status Fixed(absl::string_view field, absl::string_view why) {
  return NotNow("OPPORTUNITY_FIELD_FIXED", why, absl::StrCat("opportunity.", field));
}

absl::Status CheckPipeline(const v1::Pipeline& pipeline) {
  std::set<absl::string_view> keys;
  for (int i = 0; i < pipeline.stages_size(); ++i) {
    const std::string path = absl::StrCat("pipeline.stages[", i, "]");
    if (pipeline.stages(i).stage().empty() || !keys.insert(pipeline.stages(i).stage()).second) {
      return InvalidField(path + ".stage", "PIPELINE_STAGE_DUPLICATE",
                          "Every stage has a key of its own.");
    }
    TANDEM_RETURN_IF_ERROR(CheckProbability(pipeline.stages(i).probability(), path + ".probability",
                                            "PIPELINE_PROBABILITY_INVALID"));
  }
  if (!keys.empty()) return absl::OkStatus();
  return InvalidField("pipeline.stages", "PIPELINE_STAGES_MISSING",
                      "A pipeline has at least one stage.");
}

}  // namespace

Answer<v1::Opportunity> CreateOpportunity(const v1::CreateOpportunityRequest& request,
                                          Context& context, State& state) {
  v1::Opportunity opportunity = request.opportunity();
  ClearOutputOnly(&opportunity);
  const std::string id =
      request.opportunity_id().empty() ? context.ids.Next("opp_") : request.opportunity_id();
  opportunity.set_id(id);
  if (opportunity.pipeline().empty()) opportunity.set_pipeline(kStandardPipeline);
  const v1::Pipeline* pipeline = state.Find<v1::Pipeline>(opportunity.pipeline());
  const v1::CustomerFact* customer = state.Find<v1::CustomerFact>(opportunity.customer_id());
  if (state.Find<v1::Opportunity>(id) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "OPPORTUNITY_ALREADY_EXISTS",
                  absl::StrCat("There is an opportunity ", id, "."), "opportunity_id");
  }
  TANDEM_RETURN_IF_ERROR(CheckOpportunity(opportunity));
  if (!opportunity.primary_quote_id().empty()) {
    return NotNow("OPPORTUNITY_QUOTE_UNKNOWN", "A new opportunity has no quote yet.",
                  "opportunity.primary_quote_id");
  }
  if (customer == nullptr || customer->deleted()) {
    return NotNow("OPPORTUNITY_CUSTOMER_UNKNOWN",
                  absl::StrCat("No customer '", opportunity.customer_id(), "' is known here yet."),
                  "opportunity.customer_id");
  }
  if (customer->archived()) {
    return NotNow("OPPORTUNITY_CUSTOMER_ARCHIVED",
                  absl::StrCat("The customer ", customer->customer_number(), " is archived."),
                  "opportunity.customer_id");
  }
  if (pipeline == nullptr || pipeline->stages().empty()) {
    return NotNow("OPPORTUNITY_PIPELINE_UNKNOWN",
                  absl::StrCat("There is no pipeline '", opportunity.pipeline(), "'."),
                  "opportunity.pipeline");
  }
  if (opportunity.stage().empty()) opportunity.set_stage(pipeline->stages(0).stage());
  const v1::PipelineStage* stage = StageOf(*pipeline, opportunity.stage());
  if (stage == nullptr) {
    return StageUnknown(opportunity.stage(), pipeline->id(), "opportunity.stage");
  }
  if (!opportunity.has_probability()) TakeProbability(*stage, &opportunity);
  if (opportunity.forecast_category() == v1::FORECAST_CATEGORY_UNSPECIFIED) {
    opportunity.set_forecast_category(v1::FORECAST_CATEGORY_PIPELINE);
  }
  opportunity.set_state(v1::OPPORTUNITY_STATE_OPEN);
  state.Insert(std::move(opportunity));
  v1::OpportunityEvent event;
  event.mutable_opportunity_created();
  state.Emit<v1::Opportunity>(context, id, std::move(event));
  return state.Answer<v1::Opportunity>(id);
}

void CreateOpportunityHints(const v1::CreateOpportunityRequest& request, Wanted& wanted) {
  const v1::Opportunity& opportunity = request.opportunity();
  wanted.Row<v1::Opportunity>(request.opportunity_id());
  wanted.Row<v1::CustomerFact>(opportunity.customer_id());
  wanted.Row<v1::Pipeline>(opportunity.pipeline().empty() ? kStandardPipeline
                                                          : opportunity.pipeline());
}

Answer<v1::Opportunity> UpdateOpportunity(const v1::UpdateOpportunityRequest& request,
                                          Context& context, State& state) {
  const std::string& id = request.opportunity().id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Opportunity* known,
                          FindKnown<v1::Opportunity>(kEntity, id, request, state));
  v1::Opportunity changed = *known;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.opportunity(), &changed));
  if (ReplacesAll(request.update_mask())) {  // what is fixed and unset stays
    if (changed.customer_id().empty()) changed.set_customer_id(known->customer_id());
    if (changed.pipeline().empty()) changed.set_pipeline(known->pipeline());
    if (changed.stage().empty()) changed.set_stage(known->stage());
  }
  if (changed.forecast_category() == v1::FORECAST_CATEGORY_UNSPECIFIED) {
    changed.set_forecast_category(v1::FORECAST_CATEGORY_PIPELINE);
  }
  if (Same(changed, *known)) return state.Answer<v1::Opportunity>(id);
  if (known->state() != v1::OPPORTUNITY_STATE_OPEN) return Closed(*known);
  if (changed.customer_id() != known->customer_id()) {
    return Fixed("customer_id", "An opportunity stays with its customer.");
  }
  if (changed.pipeline() != known->pipeline()) {
    return Fixed("pipeline", "An opportunity stays in its pipeline.");
  }
  if (changed.stage() != known->stage()) return Fixed("stage", "MoveStage changes the stage.");
  TANDEM_RETURN_IF_ERROR(CheckOpportunity(changed));
  if (changed.primary_quote_id() != known->primary_quote_id() &&
      !changed.primary_quote_id().empty()) {
    const v1::Quote* quote = state.Find<v1::Quote>(changed.primary_quote_id());
    if (quote == nullptr || quote->opportunity_id() != id) {
      return NotNow(
          "OPPORTUNITY_QUOTE_UNKNOWN",
          absl::StrCat("The opportunity has no quote '", changed.primary_quote_id(), "'."),
          "opportunity.primary_quote_id");
    }
  }
  *state.Edit<v1::Opportunity>(id) = std::move(changed);
  v1::OpportunityEvent event;
  event.mutable_opportunity_updated();
  return Tell(id, std::move(event), context, state);
}

void UpdateOpportunityHints(const v1::UpdateOpportunityRequest& request, Wanted& wanted) {
  wanted.Row<v1::Opportunity>(request.opportunity().id());
  wanted.Row<v1::Quote>(request.opportunity().primary_quote_id());
}

Answer<v1::Opportunity> MoveStage(const v1::MoveStageRequest& request, Context& context,
                                  State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Opportunity* known,
                          FindKnown<v1::Opportunity>(kEntity, id, request, state));
  if (known->stage() == request.stage()) return state.Answer<v1::Opportunity>(id);
  if (known->state() != v1::OPPORTUNITY_STATE_OPEN) return Closed(*known);
  const v1::Pipeline* pipeline = state.Find<v1::Pipeline>(known->pipeline());
  const v1::PipelineStage* stage =
      pipeline == nullptr ? nullptr : StageOf(*pipeline, request.stage());
  if (stage == nullptr) return StageUnknown(request.stage(), known->pipeline(), "stage");
  v1::OpportunityEvent event;
  event.mutable_opportunity_stage_moved()->set_from_stage(known->stage());
  event.mutable_opportunity_stage_moved()->set_to_stage(request.stage());
  v1::Opportunity* opportunity = state.Edit<v1::Opportunity>(id);
  opportunity->set_stage(request.stage());
  TakeProbability(*stage, opportunity);
  return Tell(id, std::move(event), context, state);
}

Answer<v1::Opportunity> WinOpportunity(const v1::WinOpportunityRequest& request, Context& context,
                                       State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Opportunity* known,
                          FindKnown<v1::Opportunity>(kEntity, id, request, state));
  TANDEM_RETURN_IF_ERROR(
      CheckDate(request.has_closed_date(), request.closed_date(), "closed_date"));
  const v1::Quote* quote = state.Find<v1::Quote>(request.quote_id());
  const bool accepted =
      quote != nullptr && quote->opportunity_id() == id &&
      (quote->state() == v1::QUOTE_STATE_ACCEPTED || quote->state() == v1::QUOTE_STATE_ORDERED);
  if (known->state() == v1::OPPORTUNITY_STATE_WON) {
    const bool same = request.quote_id() == known->won_quote_id() &&
                      (request.order_id().empty() || request.order_id() == known->order_id());
    if (same) return state.Answer<v1::Opportunity>(id);
  }
  if (known->state() != v1::OPPORTUNITY_STATE_OPEN) return Closed(*known);
  if (request.quote_id().empty() ? request.order_id().empty() : !accepted) {
    return NotNow("OPPORTUNITY_NO_EVIDENCE",
                  "An opportunity is won by an accepted quote of it, or by an order.");
  }
  const std::string order_id =
      request.order_id().empty() && quote != nullptr ? quote->order_id() : request.order_id();
  const google::type::Date* date = request.has_closed_date() ? &request.closed_date() : nullptr;
  if (date == nullptr && quote != nullptr && quote->has_acceptance_date()) {
    date = &quote->acceptance_date();
  }
  if (!order_id.empty()) {
    TANDEM_RETURN_IF_ERROR(TieOrder(order_id, quote == nullptr ? "" : quote->order_number(),
                                    request.quote_id(), id, state));
  }
  Win(id, request.quote_id(), order_id, date, context, state);
  return state.Answer<v1::Opportunity>(id);
}

Answer<v1::Opportunity> LoseOpportunity(const v1::LoseOpportunityRequest& request, Context& context,
                                        State& state) {
  const std::string& id = request.id();
  state.Load<v1::Quote>(kQuotesOfOpportunity, id);
  TANDEM_ASSIGN_OR_RETURN(const v1::Opportunity* known,
                          FindKnown<v1::Opportunity>(kEntity, id, request, state));
  TANDEM_RETURN_IF_ERROR(
      CheckDate(request.has_closed_date(), request.closed_date(), "closed_date"));
  if (known->state() == v1::OPPORTUNITY_STATE_LOST) return state.Answer<v1::Opportunity>(id);
  if (known->state() != v1::OPPORTUNITY_STATE_OPEN) return Closed(*known);
  if (IsBlank(request.reason())) {
    return InvalidField("reason", "OPPORTUNITY_REASON_MISSING", "A loss has a reason.");
  }
  std::vector<std::string> open;
  for (const v1::Quote* quote : state.All<v1::Quote>()) {
    if (quote->opportunity_id() == id &&
        (quote->state() == v1::QUOTE_STATE_DRAFT || quote->state() == v1::QUOTE_STATE_ISSUED)) {
      open.push_back(quote->id());
    }
  }
  v1::Opportunity* opportunity = state.Edit<v1::Opportunity>(id);
  opportunity->set_state(v1::OPPORTUNITY_STATE_LOST);
  opportunity->set_lost_reason(request.reason());
  if (!request.competitor().empty()) opportunity->set_competitor(request.competitor());
  if (request.has_closed_date()) *opportunity->mutable_closed_date() = request.closed_date();
  v1::OpportunityEvent event;
  event.mutable_opportunity_lost()->set_reason(request.reason());
  event.mutable_opportunity_lost()->set_competitor(request.competitor());
  v1::Opportunity answer = Tell(id, std::move(event), context, state);
  for (const std::string& quote_id : open) {
    v1::Quote* quote = state.Edit<v1::Quote>(quote_id);
    quote->set_state(v1::QUOTE_STATE_WITHDRAWN);
    quote->set_closed_reason("The opportunity was lost.");
    v1::QuoteEvent withdrawn;
    withdrawn.mutable_quote_withdrawn()->set_reason(quote->closed_reason());
    state.Emit<v1::Quote>(context, quote_id, std::move(withdrawn), /*with_previous=*/true);
  }
  return answer;
}

void LoseOpportunityHints(const v1::LoseOpportunityRequest& request, Wanted& wanted) {
  wanted.Row<v1::Opportunity>(request.id());
  wanted.Set<v1::Quote>(kQuotesOfOpportunity, request.id());
}

Answer<v1::Opportunity> ReopenOpportunity(const v1::ReopenOpportunityRequest& request,
                                          Context& context, State& state) {
  const std::string& id = request.id();
  state.Load<v1::OrderResult>(kResultsOfOpportunity, id);
  TANDEM_ASSIGN_OR_RETURN(const v1::Opportunity* known,
                          FindKnown<v1::Opportunity>(kEntity, id, request, state));
  if (known->state() == v1::OPPORTUNITY_STATE_OPEN) return state.Answer<v1::Opportunity>(id);
  if (IsBlank(request.reason())) {
    return InvalidField("reason", "OPPORTUNITY_REASON_MISSING",
                        "An opportunity is reopened for a reason.");
  }
  if (known->state() == v1::OPPORTUNITY_STATE_WON) {
    // An accepted quote always becomes an order, so one without an order yet has one.
    const v1::OrderResult* order = state.Find<v1::OrderResult>(known->order_id());
    bool standing = order == nullptr || !order->cancelled();
    for (const v1::OrderResult* each : state.All<v1::OrderResult>()) {
      standing |= each->opportunity_id() == id && !each->cancelled();
    }
    if (standing) {
      return NotNow("OPPORTUNITY_HAS_ORDER",
                    "A won opportunity is reopened only if its order was cancelled before "
                    "anything was shipped.");
    }
  }
  v1::Opportunity* opportunity = state.Edit<v1::Opportunity>(id);
  opportunity->set_state(v1::OPPORTUNITY_STATE_OPEN);
  opportunity->set_reopen_reason(request.reason());
  opportunity->clear_won_quote_id();
  opportunity->clear_order_id();
  opportunity->clear_closed_date();
  opportunity->clear_lost_reason();
  v1::OpportunityEvent event;
  event.mutable_opportunity_reopened()->set_reason(request.reason());
  return Tell(id, std::move(event), context, state);
}

void ReopenOpportunityHints(const v1::ReopenOpportunityRequest& request, Wanted& wanted) {
  wanted.Row<v1::Opportunity>(request.id());
  wanted.Set<v1::OrderResult>(kResultsOfOpportunity, request.id());
}

Answer<v1::Pipeline> CreatePipeline(const v1::CreatePipelineRequest& request, Context& context,
                                    State& state) {
  const std::string& id = request.pipeline_id();
  v1::Pipeline pipeline = request.pipeline();
  ClearOutputOnly(&pipeline);
  pipeline.set_id(id);
  if (state.Find<v1::Pipeline>(id) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "PIPELINE_ALREADY_EXISTS",
                  absl::StrCat("There is a pipeline ", id, "."), "pipeline_id");
  }
  TANDEM_RETURN_IF_ERROR(CheckPipeline(pipeline));
  state.Insert(std::move(pipeline));
  v1::PipelineEvent event;
  event.mutable_pipeline_created();
  state.Emit<v1::Pipeline>(context, id, std::move(event));
  return state.Answer<v1::Pipeline>(id);
}

Answer<v1::Pipeline> UpdatePipeline(const v1::UpdatePipelineRequest& request, Context& context,
                                    State& state) {
  const std::string& id = request.pipeline().id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Pipeline* known,
                          FindKnown<v1::Pipeline>("PIPELINE", id, request, state));
  v1::Pipeline changed = *known;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.pipeline(), &changed));
  TANDEM_RETURN_IF_ERROR(CheckPipeline(changed));
  if (Same(changed, *known)) return state.Answer<v1::Pipeline>(id);
  *state.Edit<v1::Pipeline>(id) = std::move(changed);
  v1::PipelineEvent event;
  event.mutable_pipeline_updated();
  state.Emit<v1::Pipeline>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Pipeline>(id);
}

}  // namespace tandem::opportunity
