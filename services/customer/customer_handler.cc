#include "services/customer/customer_handler.h"

#include <memory>
#include <utility>

#include "platform/base/status_macros.h"
#include "services/customer/customer_decide.h"
#include "services/customer/customer_decide_check.h"
#include "services/customer/customer_store.h"

namespace tandem::customer {
namespace {

constexpr char kService[] = "tandem.customer.v1.CustomerService";

}  // namespace

using Call = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

CustomerHandler::CustomerHandler(store::Writer& writer, store::Reader& reader, int read_threads)
    : commands_(writer, kService), reads_(reader, kService, read_threads) {}

Reactor* CustomerHandler::GetCustomer(Call* context, const v1::GetCustomerRequest* request,
                                      v1::Customer* answer) {
  return reads_.Get(context, request, answer, "CUSTOMER");
}

Reactor* CustomerHandler::BatchGetCustomers(Call* context,
                                            const v1::BatchGetCustomersRequest* request,
                                            v1::BatchGetCustomersResponse* answer) {
  return reads_.BatchGet(context, request, answer, "CUSTOMER");
}

Reactor* CustomerHandler::ListCustomers(Call* context, const v1::ListCustomersRequest* request,
                                        v1::ListCustomersResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* CustomerHandler::CreateCustomer(Call* context, const v1::CreateCustomerRequest* request,
                                         v1::Customer* answer) {
  return commands_.Run(context, request, answer, tandem::customer::CreateCustomer,
                       CreateCustomerHints);
}

Reactor* CustomerHandler::BatchCreateCustomers(Call* context,
                                               const v1::BatchCreateCustomersRequest* request,
                                               v1::BatchCreateCustomersResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::customer::CreateCustomer,
                            CreateCustomerHints);
}

Reactor* CustomerHandler::UpdateCustomer(Call* context, const v1::UpdateCustomerRequest* request,
                                         v1::Customer* answer) {
  return commands_.Run(context, request, answer, tandem::customer::UpdateCustomer,
                       UpdateCustomerHints);
}

Reactor* CustomerHandler::BatchUpdateCustomers(Call* context,
                                               const v1::BatchUpdateCustomersRequest* request,
                                               v1::BatchUpdateCustomersResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::customer::UpdateCustomer,
                            UpdateCustomerHints);
}

Reactor* CustomerHandler::PromoteCustomer(Call* context, const v1::PromoteCustomerRequest* request,
                                          v1::Customer* answer) {
  return commands_.Run(context, request, answer, tandem::customer::PromoteCustomer,
                       CustomerHints<v1::PromoteCustomerRequest>);
}

Reactor* CustomerHandler::BatchPromoteCustomers(Call* context,
                                                const v1::BatchPromoteCustomersRequest* request,
                                                v1::BatchPromoteCustomersResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::customer::PromoteCustomer,
                            CustomerHints<v1::PromoteCustomerRequest>);
}

Reactor* CustomerHandler::DeactivateCustomer(Call* context,
                                             const v1::DeactivateCustomerRequest* request,
                                             v1::Customer* answer) {
  return commands_.Run(context, request, answer, tandem::customer::DeactivateCustomer,
                       CustomerHints<v1::DeactivateCustomerRequest>);
}

Reactor* CustomerHandler::ReactivateCustomer(Call* context,
                                             const v1::ReactivateCustomerRequest* request,
                                             v1::Customer* answer) {
  return commands_.Run(context, request, answer, tandem::customer::ReactivateCustomer,
                       CustomerHints<v1::ReactivateCustomerRequest>);
}

Reactor* CustomerHandler::ArchiveCustomer(Call* context, const v1::ArchiveCustomerRequest* request,
                                          v1::Customer* answer) {
  return commands_.Run(context, request, answer, tandem::customer::ArchiveCustomer,
                       CustomerHints<v1::ArchiveCustomerRequest>);
}

Reactor* CustomerHandler::DeleteCustomer(Call* context, const v1::DeleteCustomerRequest* request,
                                         google::protobuf::Empty* answer) {
  return commands_.Run(context, request, answer, tandem::customer::DeleteCustomer,
                       DeleteCustomerHints);
}

Reactor* CustomerHandler::GetContact(Call* context, const v1::GetContactRequest* request,
                                     v1::Contact* answer) {
  return reads_.Get(context, request, answer, "CONTACT");
}

Reactor* CustomerHandler::BatchGetContacts(Call* context,
                                           const v1::BatchGetContactsRequest* request,
                                           v1::BatchGetContactsResponse* answer) {
  return reads_.BatchGet(context, request, answer, "CONTACT");
}

Reactor* CustomerHandler::ListContacts(Call* context, const v1::ListContactsRequest* request,
                                       v1::ListContactsResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* CustomerHandler::CreateContact(Call* context, const v1::CreateContactRequest* request,
                                        v1::Contact* answer) {
  return commands_.Run(context, request, answer, tandem::customer::CreateContact,
                       CreateContactHints);
}

Reactor* CustomerHandler::BatchCreateContacts(Call* context,
                                              const v1::BatchCreateContactsRequest* request,
                                              v1::BatchCreateContactsResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::customer::CreateContact,
                            CreateContactHints);
}

Reactor* CustomerHandler::UpdateContact(Call* context, const v1::UpdateContactRequest* request,
                                        v1::Contact* answer) {
  return commands_.Run(context, request, answer, tandem::customer::UpdateContact,
                       UpdateContactHints);
}

Reactor* CustomerHandler::BatchUpdateContacts(Call* context,
                                              const v1::BatchUpdateContactsRequest* request,
                                              v1::BatchUpdateContactsResponse* answer) {
  return commands_.RunBatch(context, request, answer, tandem::customer::UpdateContact,
                            UpdateContactHints);
}

Reactor* CustomerHandler::DeleteContact(Call* context, const v1::DeleteContactRequest* request,
                                        google::protobuf::Empty* answer) {
  return commands_.Run(context, request, answer, tandem::customer::DeleteContact,
                       DeleteContactHints);
}

Reactor* CustomerHandler::GetCreditStanding(Call* context,
                                            const v1::GetCreditStandingRequest* request,
                                            v1::CreditStanding* answer) {
  return reads_.Run(context, *request, [request, answer](store::Reader& reader) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<v1::CreditStanding> standing,
                            reader.GetOne<v1::CreditStanding>(request->id()));
    if (standing == nullptr) return NotFound("CREDIT_STANDING", request->id());
    *answer = std::move(*standing);
    return request->has_as_of() ? AddOverdue(reader, request->as_of(), answer) : absl::OkStatus();
  });
}

Reactor* CustomerHandler::ListCreditStandings(Call* context,
                                              const v1::ListCreditStandingsRequest* request,
                                              v1::ListCreditStandingsResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* CustomerHandler::GetDealingsHistory(Call* context,
                                             const v1::GetDealingsHistoryRequest* request,
                                             v1::DealingsHistory* answer) {
  return reads_.Get(context, request, answer, "DEALINGS_HISTORY");
}

Reactor* CustomerHandler::ListDealingsHistories(Call* context,
                                                const v1::ListDealingsHistoriesRequest* request,
                                                v1::ListDealingsHistoriesResponse* answer) {
  return reads_.List(context, request, answer);
}

Reactor* CustomerHandler::ListDealingsDocuments(Call* context,
                                                const v1::ListDealingsDocumentsRequest* request,
                                                v1::ListDealingsDocumentsResponse* answer) {
  return reads_.List(context, request, answer);
}

}  // namespace tandem::customer
