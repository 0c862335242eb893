// A customer's people.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/etag.h"
#include "platform/base/field_mask.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/customer/customer_decide.h"
#include "services/customer/customer_decide_check.h"
#include "tandem/customer/v1/events.pb.h"

namespace tandem::customer {

Answer<v1::Contact> CreateContact(const v1::CreateContactRequest& request, Context& context,
                                  State& state) {
  v1::Contact contact = request.contact();
  const std::string id =
      request.contact_id().empty() ? context.ids.Next("con_") : request.contact_id();
  contact.set_id(id);
  const v1::Customer* customer = state.Find<v1::Customer>(contact.customer_id());
  const bool gone = state.Find<v1::DeletedRecord>(id) != nullptr;
  if (state.Find<v1::Contact>(id) != nullptr || gone) {
    return Refuse(absl::StatusCode::kAlreadyExists, "CONTACT_ALREADY_EXISTS",
                  absl::StrCat("There is, or was, a contact ", id, "."), "contact_id");
  }
  TANDEM_RETURN_IF_ERROR(CheckContact(contact));
  if (customer == nullptr) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "CONTACT_CUSTOMER_UNKNOWN",
                  absl::StrCat("There is no customer '", contact.customer_id(), "'."),
                  "contact.customer_id");
  }
  if (customer->archived()) return Archived(*customer);
  state.Insert(std::move(contact));
  v1::ContactEvent event;
  event.mutable_contact_created();
  state.Emit<v1::Contact>(context, id, std::move(event));
  return state.Answer<v1::Contact>(id);
}

void CreateContactHints(const v1::CreateContactRequest& request, Wanted& wanted) {
  wanted.Row<v1::Customer>(request.contact().customer_id());
  wanted.Row<v1::Contact>(request.contact_id());
  wanted.Row<v1::DeletedRecord>(request.contact_id());
}

Answer<v1::Contact> UpdateContact(const v1::UpdateContactRequest& request, Context& context,
                                  State& state) {
  const std::string& id = request.contact().id();
  const v1::Contact* known = state.Find<v1::Contact>(id);
  if (known == nullptr) return NotFound("CONTACT", id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Contact>(id)));
  v1::Contact changed = *known;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.contact(), &changed));
  if (changed.customer_id() != known->customer_id()) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "CONTACT_FIELD_FIXED",
                  "A contact stays with its customer.", "contact.customer_id");
  }
  TANDEM_RETURN_IF_ERROR(CheckContact(changed));
  if (Same(changed, *known)) return state.Answer<v1::Contact>(id);
  *state.Edit<v1::Contact>(id) = std::move(changed);
  v1::ContactEvent event;
  event.mutable_contact_updated();
  state.Emit<v1::Contact>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Contact>(id);
}

void UpdateContactHints(const v1::UpdateContactRequest& request, Wanted& wanted) {
  wanted.Row<v1::Contact>(request.contact().id());
}

Answer<google::protobuf::Empty> DeleteContact(const v1::DeleteContactRequest& request,
                                              Context& context, State& state) {
  const std::string& id = request.id();
  if (state.Find<v1::DeletedRecord>(id) != nullptr) return google::protobuf::Empty();
  if (state.Find<v1::Contact>(id) == nullptr) return NotFound("CONTACT", id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Contact>(id)));
  state.Erase<v1::Contact>(id);
  v1::ContactEvent event;
  event.mutable_contact_deleted();
  state.Emit<v1::Contact>(context, id, std::move(event));
  v1::DeletedRecord record;
  record.set_id(id);
  state.Insert(std::move(record));
  state.Touch<v1::DeletedRecord>(id);
  return google::protobuf::Empty();
}

void DeleteContactHints(const v1::DeleteContactRequest& request, Wanted& wanted) {
  wanted.Row<v1::Contact>(request.id());
  wanted.Row<v1::DeletedRecord>(request.id());
}

}  // namespace tandem::customer
