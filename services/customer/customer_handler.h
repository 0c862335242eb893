// The gRPC methods of CustomerService: each is a decision run by the writer, or a read.
#pragma once

#include "platform/rpc/commands.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"
#include "tandem/customer/v1/customer_service.grpc.pb.h"

namespace tandem::customer {

class CustomerHandler final : public v1::CustomerService::CallbackService {
 public:
  CustomerHandler(store::Writer& writer, store::Reader& reader, int read_threads);

  grpc::ServerUnaryReactor* GetCustomer(grpc::CallbackServerContext* context,
                                        const v1::GetCustomerRequest* request,
                                        v1::Customer* answer) override;
  grpc::ServerUnaryReactor* BatchGetCustomers(grpc::CallbackServerContext* context,
                                              const v1::BatchGetCustomersRequest* request,
                                              v1::BatchGetCustomersResponse* answer) override;
  grpc::ServerUnaryReactor* ListCustomers(grpc::CallbackServerContext* context,
                                          const v1::ListCustomersRequest* request,
                                          v1::ListCustomersResponse* answer) override;
  grpc::ServerUnaryReactor* CreateCustomer(grpc::CallbackServerContext* context,
                                           const v1::CreateCustomerRequest* request,
                                           v1::Customer* answer) override;
  grpc::ServerUnaryReactor* BatchCreateCustomers(grpc::CallbackServerContext* context,
                                                 const v1::BatchCreateCustomersRequest* request,
                                                 v1::BatchCreateCustomersResponse* answer) override;
  grpc::ServerUnaryReactor* UpdateCustomer(grpc::CallbackServerContext* context,
                                           const v1::UpdateCustomerRequest* request,
                                           v1::Customer* answer) override;
  grpc::ServerUnaryReactor* BatchUpdateCustomers(grpc::CallbackServerContext* context,
                                                 const v1::BatchUpdateCustomersRequest* request,
                                                 v1::BatchUpdateCustomersResponse* answer) override;
  grpc::ServerUnaryReactor* PromoteCustomer(grpc::CallbackServerContext* context,
                                            const v1::PromoteCustomerRequest* request,
                                            v1::Customer* answer) override;
  grpc::ServerUnaryReactor* BatchPromoteCustomers(
      grpc::CallbackServerContext* context, const v1::BatchPromoteCustomersRequest* request,
      v1::BatchPromoteCustomersResponse* answer) override;
  grpc::ServerUnaryReactor* DeactivateCustomer(grpc::CallbackServerContext* context,
                                               const v1::DeactivateCustomerRequest* request,
                                               v1::Customer* answer) override;
  grpc::ServerUnaryReactor* ReactivateCustomer(grpc::CallbackServerContext* context,
                                               const v1::ReactivateCustomerRequest* request,
                                               v1::Customer* answer) override;
  grpc::ServerUnaryReactor* ArchiveCustomer(grpc::CallbackServerContext* context,
                                            const v1::ArchiveCustomerRequest* request,
                                            v1::Customer* answer) override;
  grpc::ServerUnaryReactor* DeleteCustomer(grpc::CallbackServerContext* context,
                                           const v1::DeleteCustomerRequest* request,
                                           google::protobuf::Empty* answer) override;
  grpc::ServerUnaryReactor* GetContact(grpc::CallbackServerContext* context,
                                       const v1::GetContactRequest* request,
                                       v1::Contact* answer) override;
  grpc::ServerUnaryReactor* BatchGetContacts(grpc::CallbackServerContext* context,
                                             const v1::BatchGetContactsRequest* request,
                                             v1::BatchGetContactsResponse* answer) override;
  grpc::ServerUnaryReactor* ListContacts(grpc::CallbackServerContext* context,
                                         const v1::ListContactsRequest* request,
                                         v1::ListContactsResponse* answer) override;
  grpc::ServerUnaryReactor* CreateContact(grpc::CallbackServerContext* context,
                                          const v1::CreateContactRequest* request,
                                          v1::Contact* answer) override;
  grpc::ServerUnaryReactor* BatchCreateContacts(grpc::CallbackServerContext* context,
                                                const v1::BatchCreateContactsRequest* request,
                                                v1::BatchCreateContactsResponse* answer) override;
  grpc::ServerUnaryReactor* UpdateContact(grpc::CallbackServerContext* context,
                                          const v1::UpdateContactRequest* request,
                                          v1::Contact* answer) override;
  grpc::ServerUnaryReactor* BatchUpdateContacts(grpc::CallbackServerContext* context,
                                                const v1::BatchUpdateContactsRequest* request,
                                                v1::BatchUpdateContactsResponse* answer) override;
  grpc::ServerUnaryReactor* DeleteContact(grpc::CallbackServerContext* context,
                                          const v1::DeleteContactRequest* request,
                                          google::protobuf::Empty* answer) override;
  grpc::ServerUnaryReactor* GetCreditStanding(grpc::CallbackServerContext* context,
                                              const v1::GetCreditStandingRequest* request,
                                              v1::CreditStanding* answer) override;
  grpc::ServerUnaryReactor* ListCreditStandings(grpc::CallbackServerContext* context,
                                                const v1::ListCreditStandingsRequest* request,
                                                v1::ListCreditStandingsResponse* answer) override;
  grpc::ServerUnaryReactor* GetDealingsHistory(grpc::CallbackServerContext* context,
                                               const v1::GetDealingsHistoryRequest* request,
                                               v1::DealingsHistory* answer) override;
  grpc::ServerUnaryReactor* ListDealingsHistories(
      grpc::CallbackServerContext* context, const v1::ListDealingsHistoriesRequest* request,
      v1::ListDealingsHistoriesResponse* answer) override;
  grpc::ServerUnaryReactor* ListDealingsDocuments(
      grpc::CallbackServerContext* context, const v1::ListDealingsDocumentsRequest* request,
      v1::ListDealingsDocumentsResponse* answer) override;

 private:
  rpc::Commands commands_;
  rpc::Reads reads_;
};

}  // namespace tandem::customer
