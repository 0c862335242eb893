// What is done, or to be done, for a customer or an opportunity.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/field_behavior.h"
#include "platform/base/field_mask.h"
#include "platform/base/status.h"
#include "services/opportunity/opportunity_decide.h"
#include "services/opportunity/opportunity_decide_check.h"
#include "tandem/opportunity/v1/events.pb.h"

namespace tandem::opportunity {
namespace {

// What must hold of an activity; its customer follows from its opportunity where none is said.
absl::Status CheckActivity(const State& state, v1::Activity* activity) {
  if (IsBlank(activity->subject())) {
    return InvalidField("activity.subject", "ACTIVITY_SUBJECT_MISSING",
                        "An activity says what it is about.");
  }
  TANDEM_RETURN_IF_ERROR(
      CheckDate(activity->has_due_date(), activity->due_date(), "activity.due_date"));
  TANDEM_RETURN_IF_ERROR(
      CheckDate(activity->has_done_date(), activity->done_date(), "activity.done_date"));
  if (activity->opportunity_id().empty()) return absl::OkStatus();
  const v1::Opportunity* opportunity = state.Find<v1::Opportunity>(activity->opportunity_id());
  if (opportunity == nullptr) {
    return NotNow("ACTIVITY_OPPORTUNITY_UNKNOWN",
                  absl::StrCat("There is no opportunity '", activity->opportunity_id(), "'."),
                  "activity.opportunity_id");
  }
  if (activity->customer_id().empty()) activity->set_customer_id(opportunity->customer_id());
  return absl::OkStatus();
}

}  // namespace

Answer<v1::Activity> CreateActivity(const v1::CreateActivityRequest& request, Context& context,
                                    State& state) {
  v1::Activity activity = request.activity();
  ClearOutputOnly(&activity);
  const std::string id =
      request.activity_id().empty() ? context.ids.Next("act_") : request.activity_id();
  activity.set_id(id);
  const bool gone = state.Find<v1::DeletedRecord>(id) != nullptr;
  if (state.Find<v1::Activity>(id) != nullptr || gone) {
    return Refuse(absl::StatusCode::kAlreadyExists, "ACTIVITY_ALREADY_EXISTS",
                  absl::StrCat("There is, or was, an activity ", id, "."), "activity_id");
  }
  TANDEM_RETURN_IF_ERROR(CheckActivity(state, &activity));
  state.Insert(std::move(activity));
  v1::ActivityEvent event;
  event.mutable_activity_created();
  state.Emit<v1::Activity>(context, id, std::move(event));
  return state.Answer<v1::Activity>(id);
}

Answer<v1::Activity> UpdateActivity(const v1::UpdateActivityRequest& request, Context& context,
                                    State& state) {
  const std::string& id = request.activity().id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Activity* known,
                          FindKnown<v1::Activity>("ACTIVITY", id, request, state));
  v1::Activity changed = *known;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.activity(), &changed));
  TANDEM_RETURN_IF_ERROR(CheckActivity(state, &changed));
  if (Same(changed, *known)) return state.Answer<v1::Activity>(id);
  *state.Edit<v1::Activity>(id) = std::move(changed);
  v1::ActivityEvent event;
  event.mutable_activity_updated();
  state.Emit<v1::Activity>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Activity>(id);
}

Answer<google::protobuf::Empty> DeleteActivity(const v1::DeleteActivityRequest& request,
                                               Context& context, State& state) {
  const std::string& id = request.id();
  if (state.Find<v1::DeletedRecord>(id) != nullptr) return google::protobuf::Empty();
  TANDEM_RETURN_IF_ERROR(FindKnown<v1::Activity>("ACTIVITY", id, request, state).status());
  state.Erase<v1::Activity>(id);
  v1::ActivityEvent event;
  event.mutable_activity_deleted();
  state.Emit<v1::Activity>(context, id, std::move(event));
  v1::DeletedRecord record;
  record.set_id(id);
  state.Insert(std::move(record));
  return google::protobuf::Empty();
}

}  // namespace tandem::opportunity
