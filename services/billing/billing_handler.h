// BillingService over gRPC: each method is a decision run by the writer, or a read.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "platform/rpc/commands.h"
#include "tandem/billing/v1/billing_service.grpc.pb.h"

namespace tandem::billing {

class BillingHandler final : public v1::BillingService::CallbackService {
 public:
  BillingHandler(store::Writer& writer, store::Reader& reader, int read_threads);

  using Reactor = grpc::ServerUnaryReactor;
  using Call = grpc::CallbackServerContext;

  Reactor* GetCustomer(Call* call, const v1::GetCustomerRequest* request,
                       v1::Customer* answer) override;
  Reactor* BatchGetCustomers(Call* call, const v1::BatchGetCustomersRequest* request,
                             v1::BatchGetCustomersResponse* answer) override;
  Reactor* ListCustomers(Call* call, const v1::ListCustomersRequest* request,
                         v1::ListCustomersResponse* answer) override;
  Reactor* CreateCustomer(Call* call, const v1::CreateCustomerRequest* request,
                          v1::Customer* answer) override;
  Reactor* UpdateCustomer(Call* call, const v1::UpdateCustomerRequest* request,
                          v1::Customer* answer) override;
  Reactor* BatchCreateCustomers(Call* call, const v1::BatchCreateCustomersRequest* request,
                                v1::BatchCreateCustomersResponse* answer) override;
  Reactor* BatchUpdateCustomers(Call* call, const v1::BatchUpdateCustomersRequest* request,
                                v1::BatchUpdateCustomersResponse* answer) override;
  Reactor* GetDebtorAccount(Call* call, const v1::GetDebtorAccountRequest* request,
                            v1::DebtorAccount* answer) override;
  Reactor* BatchGetDebtorAccounts(Call* call, const v1::BatchGetDebtorAccountsRequest* request,
                                  v1::BatchGetDebtorAccountsResponse* answer) override;
  Reactor* ListDebtorAccounts(Call* call, const v1::ListDebtorAccountsRequest* request,
                              v1::ListDebtorAccountsResponse* answer) override;
  Reactor* GetAccountExposure(Call* call, const v1::GetAccountExposureRequest* request,
                              v1::AccountExposure* answer) override;
  Reactor* BatchGetAccountExposures(Call* call, const v1::BatchGetAccountExposuresRequest* request,
                                    v1::BatchGetAccountExposuresResponse* answer) override;
  Reactor* ListAccountExposures(Call* call, const v1::ListAccountExposuresRequest* request,
                                v1::ListAccountExposuresResponse* answer) override;
  Reactor* OpenAccount(Call* call, const v1::OpenAccountRequest* request,
                       v1::DebtorAccount* answer) override;
  Reactor* BatchOpenAccounts(Call* call, const v1::BatchOpenAccountsRequest* request,
                             v1::BatchOpenAccountsResponse* answer) override;
  Reactor* SetCredit(Call* call, const v1::SetCreditRequest* request,
                     v1::DebtorAccount* answer) override;
  Reactor* BatchSetCredit(Call* call, const v1::BatchSetCreditRequest* request,
                          v1::BatchSetCreditResponse* answer) override;
  Reactor* SetPaymentTerms(Call* call, const v1::SetPaymentTermsRequest* request,
                           v1::DebtorAccount* answer) override;
  Reactor* BlockAccount(Call* call, const v1::BlockAccountRequest* request,
                        v1::DebtorAccount* answer) override;
  Reactor* UnblockAccount(Call* call, const v1::UnblockAccountRequest* request,
                          v1::DebtorAccount* answer) override;
  Reactor* CloseAccount(Call* call, const v1::CloseAccountRequest* request,
                        v1::DebtorAccount* answer) override;
  Reactor* GetCreditCommitment(Call* call, const v1::GetCreditCommitmentRequest* request,
                               v1::CreditCommitment* answer) override;
  Reactor* BatchGetCreditCommitments(Call* call,
                                     const v1::BatchGetCreditCommitmentsRequest* request,
                                     v1::BatchGetCreditCommitmentsResponse* answer) override;
  Reactor* ListCreditCommitments(Call* call, const v1::ListCreditCommitmentsRequest* request,
                                 v1::ListCreditCommitmentsResponse* answer) override;
  Reactor* ReserveCredit(Call* call, const v1::ReserveCreditRequest* request,
                         v1::ReserveCreditResponse* answer) override;
  Reactor* BatchReserveCredit(Call* call, const v1::BatchReserveCreditRequest* request,
                              v1::BatchReserveCreditResponse* answer) override;
  Reactor* ReleaseCredit(Call* call, const v1::ReleaseCreditRequest* request,
                         v1::CreditCommitment* answer) override;
  Reactor* BatchReleaseCredit(Call* call, const v1::BatchReleaseCreditRequest* request,
                              v1::BatchReleaseCreditResponse* answer) override;
  Reactor* OverrideCredit(Call* call, const v1::OverrideCreditRequest* request,
                          v1::CreditCommitment* answer) override;
  Reactor* GetInvoice(Call* call, const v1::GetInvoiceRequest* request,
                      v1::Invoice* answer) override;
  Reactor* BatchGetInvoices(Call* call, const v1::BatchGetInvoicesRequest* request,
                            v1::BatchGetInvoicesResponse* answer) override;
  Reactor* ListInvoices(Call* call, const v1::ListInvoicesRequest* request,
                        v1::ListInvoicesResponse* answer) override;
  Reactor* PostInvoice(Call* call, const v1::PostInvoiceRequest* request,
                       v1::Invoice* answer) override;
  Reactor* BatchPostInvoices(Call* call, const v1::BatchPostInvoicesRequest* request,
                             v1::BatchPostInvoicesResponse* answer) override;
  Reactor* GetCreditNote(Call* call, const v1::GetCreditNoteRequest* request,
                         v1::CreditNote* answer) override;
  Reactor* BatchGetCreditNotes(Call* call, const v1::BatchGetCreditNotesRequest* request,
                               v1::BatchGetCreditNotesResponse* answer) override;
  Reactor* ListCreditNotes(Call* call, const v1::ListCreditNotesRequest* request,
                           v1::ListCreditNotesResponse* answer) override;
  Reactor* PostCreditNote(Call* call, const v1::PostCreditNoteRequest* request,
                          v1::CreditNote* answer) override;
  Reactor* BatchPostCreditNotes(Call* call, const v1::BatchPostCreditNotesRequest* request,
                                v1::BatchPostCreditNotesResponse* answer) override;
  Reactor* GetPayment(Call* call, const v1::GetPaymentRequest* request,
                      v1::Payment* answer) override;
  Reactor* BatchGetPayments(Call* call, const v1::BatchGetPaymentsRequest* request,
                            v1::BatchGetPaymentsResponse* answer) override;
  Reactor* ListPayments(Call* call, const v1::ListPaymentsRequest* request,
                        v1::ListPaymentsResponse* answer) override;
  Reactor* RecordPayment(Call* call, const v1::RecordPaymentRequest* request,
                         v1::Payment* answer) override;
  Reactor* BatchRecordPayments(Call* call, const v1::BatchRecordPaymentsRequest* request,
                               v1::BatchRecordPaymentsResponse* answer) override;
  Reactor* ApplyPayment(Call* call, const v1::ApplyPaymentRequest* request,
                        v1::Payment* answer) override;
  Reactor* ReversePayment(Call* call, const v1::ReversePaymentRequest* request,
                          v1::Payment* answer) override;
  Reactor* GetTaxCode(Call* call, const v1::GetTaxCodeRequest* request,
                      v1::TaxCode* answer) override;
  Reactor* BatchGetTaxCodes(Call* call, const v1::BatchGetTaxCodesRequest* request,
                            v1::BatchGetTaxCodesResponse* answer) override;
  Reactor* ListTaxCodes(Call* call, const v1::ListTaxCodesRequest* request,
                        v1::ListTaxCodesResponse* answer) override;
  Reactor* CreateTaxCode(Call* call, const v1::CreateTaxCodeRequest* request,
                         v1::TaxCode* answer) override;
  Reactor* BatchCreateTaxCodes(Call* call, const v1::BatchCreateTaxCodesRequest* request,
                               v1::BatchCreateTaxCodesResponse* answer) override;
  Reactor* UpdateTaxCode(Call* call, const v1::UpdateTaxCodeRequest* request,
                         v1::TaxCode* answer) override;
  Reactor* GetLedgerEntry(Call* call, const v1::GetLedgerEntryRequest* request,
                          v1::LedgerEntry* answer) override;
  Reactor* BatchGetLedgerEntries(Call* call, const v1::BatchGetLedgerEntriesRequest* request,
                                 v1::BatchGetLedgerEntriesResponse* answer) override;
  Reactor* ListLedgerEntries(Call* call, const v1::ListLedgerEntriesRequest* request,
                             v1::ListLedgerEntriesResponse* answer) override;
  Reactor* GetTrialBalance(Call* call, const v1::GetTrialBalanceRequest* request,
                           v1::TrialBalance* answer) override;
  Reactor* GetDebtorBalances(Call* call, const v1::GetDebtorBalancesRequest* request,
                             v1::DebtorBalances* answer) override;
  Reactor* GetAccountingPeriod(Call* call, const v1::GetAccountingPeriodRequest* request,
                               v1::AccountingPeriod* answer) override;
  Reactor* BatchGetAccountingPeriods(Call* call,
                                     const v1::BatchGetAccountingPeriodsRequest* request,
                                     v1::BatchGetAccountingPeriodsResponse* answer) override;
  Reactor* ListAccountingPeriods(Call* call, const v1::ListAccountingPeriodsRequest* request,
                                 v1::ListAccountingPeriodsResponse* answer) override;
  Reactor* ClosePeriod(Call* call, const v1::ClosePeriodRequest* request,
                       v1::AccountingPeriod* answer) override;
  Reactor* ReopenPeriod(Call* call, const v1::ReopenPeriodRequest* request,
                        v1::AccountingPeriod* answer) override;

 private:
  rpc::Commands commands_;
  rpc::Reads reads_;
};

}  // namespace tandem::billing
