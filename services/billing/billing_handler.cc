#include "services/billing/billing_handler.h"

#include "platform/base/status_macros.h"
#include "services/billing/billing_decide.h"
#include "services/billing/billing_reports.h"

namespace tandem::billing {

using Reactor = grpc::ServerUnaryReactor;
using Call = grpc::CallbackServerContext;

BillingHandler::BillingHandler(store::Writer& writer, store::Reader& reader, int read_threads)
    : commands_(writer, v1::BillingService::service_full_name()),
      reads_(reader, v1::BillingService::service_full_name(), read_threads) {}

Reactor* BillingHandler::GetCustomer(Call* call, const v1::GetCustomerRequest* request,
                                     v1::Customer* answer) {
  return reads_.Get(call, request, answer, "CUSTOMER");
}

Reactor* BillingHandler::BatchGetCustomers(Call* call, const v1::BatchGetCustomersRequest* request,
                                           v1::BatchGetCustomersResponse* answer) {
  return reads_.BatchGet(call, request, answer, "CUSTOMER");
}

Reactor* BillingHandler::ListCustomers(Call* call, const v1::ListCustomersRequest* request,
                                       v1::ListCustomersResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::CreateCustomer(Call* call, const v1::CreateCustomerRequest* request,
                                        v1::Customer* answer) {
  return commands_.Run(call, request, answer, billing::CreateCustomer, CreateCustomerHints);
}

Reactor* BillingHandler::UpdateCustomer(Call* call, const v1::UpdateCustomerRequest* request,
                                        v1::Customer* answer) {
  return commands_.Run(call, request, answer, billing::UpdateCustomer, UpdateCustomerHints);
}

Reactor* BillingHandler::BatchCreateCustomers(Call* call,
                                              const v1::BatchCreateCustomersRequest* request,
                                              v1::BatchCreateCustomersResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::CreateCustomer, CreateCustomerHints);
}

Reactor* BillingHandler::BatchUpdateCustomers(Call* call,
                                              const v1::BatchUpdateCustomersRequest* request,
                                              v1::BatchUpdateCustomersResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::UpdateCustomer, UpdateCustomerHints);
}

Reactor* BillingHandler::GetDebtorAccount(Call* call, const v1::GetDebtorAccountRequest* request,
                                          v1::DebtorAccount* answer) {
  return reads_.Get(call, request, answer, "DEBTOR_ACCOUNT");
}

Reactor* BillingHandler::BatchGetDebtorAccounts(Call* call,
                                                const v1::BatchGetDebtorAccountsRequest* request,
                                                v1::BatchGetDebtorAccountsResponse* answer) {
  return reads_.BatchGet(call, request, answer, "DEBTOR_ACCOUNT");
}

Reactor* BillingHandler::ListDebtorAccounts(Call* call,
                                            const v1::ListDebtorAccountsRequest* request,
                                            v1::ListDebtorAccountsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::GetAccountExposure(Call* call,
                                            const v1::GetAccountExposureRequest* request,
                                            v1::AccountExposure* answer) {
  return reads_.Get(call, request, answer, "ACCOUNT_EXPOSURE");
}

Reactor* BillingHandler::BatchGetAccountExposures(
    Call* call, const v1::BatchGetAccountExposuresRequest* request,
    v1::BatchGetAccountExposuresResponse* answer) {
  return reads_.BatchGet(call, request, answer, "ACCOUNT_EXPOSURE");
}

Reactor* BillingHandler::ListAccountExposures(Call* call,
                                              const v1::ListAccountExposuresRequest* request,
                                              v1::ListAccountExposuresResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::OpenAccount(Call* call, const v1::OpenAccountRequest* request,
                                     v1::DebtorAccount* answer) {
  return commands_.Run(call, request, answer, billing::OpenAccount, OpenAccountHints);
}

Reactor* BillingHandler::BatchOpenAccounts(Call* call, const v1::BatchOpenAccountsRequest* request,
                                           v1::BatchOpenAccountsResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::OpenAccount, OpenAccountHints);
}

Reactor* BillingHandler::SetCredit(Call* call, const v1::SetCreditRequest* request,
                                   v1::DebtorAccount* answer) {
  return commands_.Run(call, request, answer, billing::SetCredit, SetCreditHints);
}

Reactor* BillingHandler::BatchSetCredit(Call* call, const v1::BatchSetCreditRequest* request,
                                        v1::BatchSetCreditResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::SetCredit, SetCreditHints);
}

Reactor* BillingHandler::SetPaymentTerms(Call* call, const v1::SetPaymentTermsRequest* request,
                                         v1::DebtorAccount* answer) {
  return commands_.Run(call, request, answer, billing::SetPaymentTerms, SetPaymentTermsHints);
}

Reactor* BillingHandler::BlockAccount(Call* call, const v1::BlockAccountRequest* request,
                                      v1::DebtorAccount* answer) {
  return commands_.Run(call, request, answer, billing::BlockAccount, BlockAccountHints);
}

Reactor* BillingHandler::UnblockAccount(Call* call, const v1::UnblockAccountRequest* request,
                                        v1::DebtorAccount* answer) {
  return commands_.Run(call, request, answer, billing::UnblockAccount, UnblockAccountHints);
}

Reactor* BillingHandler::CloseAccount(Call* call, const v1::CloseAccountRequest* request,
                                      v1::DebtorAccount* answer) {
  return commands_.Run(call, request, answer, billing::CloseAccount, CloseAccountHints);
}

Reactor* BillingHandler::GetCreditCommitment(Call* call,
                                             const v1::GetCreditCommitmentRequest* request,
                                             v1::CreditCommitment* answer) {
  return reads_.Get(call, request, answer, "CREDIT_COMMITMENT");
}

Reactor* BillingHandler::BatchGetCreditCommitments(
    Call* call, const v1::BatchGetCreditCommitmentsRequest* request,
    v1::BatchGetCreditCommitmentsResponse* answer) {
  return reads_.BatchGet(call, request, answer, "CREDIT_COMMITMENT");
}

Reactor* BillingHandler::ListCreditCommitments(Call* call,
                                               const v1::ListCreditCommitmentsRequest* request,
                                               v1::ListCreditCommitmentsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::ReserveCredit(Call* call, const v1::ReserveCreditRequest* request,
                                       v1::ReserveCreditResponse* answer) {
  return commands_.Run(call, request, answer, billing::ReserveCredit, ReserveCreditHints);
}

Reactor* BillingHandler::BatchReserveCredit(Call* call,
                                            const v1::BatchReserveCreditRequest* request,
                                            v1::BatchReserveCreditResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::ReserveCredit, ReserveCreditHints);
}

Reactor* BillingHandler::ReleaseCredit(Call* call, const v1::ReleaseCreditRequest* request,
                                       v1::CreditCommitment* answer) {
  return commands_.Run(call, request, answer, billing::ReleaseCredit, ReleaseCreditHints);
}

Reactor* BillingHandler::BatchReleaseCredit(Call* call,
                                            const v1::BatchReleaseCreditRequest* request,
                                            v1::BatchReleaseCreditResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::ReleaseCredit, ReleaseCreditHints);
}

Reactor* BillingHandler::OverrideCredit(Call* call, const v1::OverrideCreditRequest* request,
                                        v1::CreditCommitment* answer) {
  return commands_.Run(call, request, answer, billing::OverrideCredit, OverrideCreditHints);
}

Reactor* BillingHandler::GetInvoice(Call* call, const v1::GetInvoiceRequest* request,
                                    v1::Invoice* answer) {
  return reads_.Get(call, request, answer, "INVOICE");
}

Reactor* BillingHandler::BatchGetInvoices(Call* call, const v1::BatchGetInvoicesRequest* request,
                                          v1::BatchGetInvoicesResponse* answer) {
  return reads_.BatchGet(call, request, answer, "INVOICE");
}

Reactor* BillingHandler::ListInvoices(Call* call, const v1::ListInvoicesRequest* request,
                                      v1::ListInvoicesResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::PostInvoice(Call* call, const v1::PostInvoiceRequest* request,
                                     v1::Invoice* answer) {
  return commands_.Run(call, request, answer, billing::PostInvoice, PostInvoiceHints);
}

Reactor* BillingHandler::BatchPostInvoices(Call* call, const v1::BatchPostInvoicesRequest* request,
                                           v1::BatchPostInvoicesResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::PostInvoice, PostInvoiceHints);
}

Reactor* BillingHandler::GetCreditNote(Call* call, const v1::GetCreditNoteRequest* request,
                                       v1::CreditNote* answer) {
  return reads_.Get(call, request, answer, "CREDIT_NOTE");
}

Reactor* BillingHandler::BatchGetCreditNotes(Call* call,
                                             const v1::BatchGetCreditNotesRequest* request,
                                             v1::BatchGetCreditNotesResponse* answer) {
  return reads_.BatchGet(call, request, answer, "CREDIT_NOTE");
}

Reactor* BillingHandler::ListCreditNotes(Call* call, const v1::ListCreditNotesRequest* request,
                                         v1::ListCreditNotesResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::PostCreditNote(Call* call, const v1::PostCreditNoteRequest* request,
                                        v1::CreditNote* answer) {
  return commands_.Run(call, request, answer, billing::PostCreditNote, PostCreditNoteHints);
}

Reactor* BillingHandler::BatchPostCreditNotes(Call* call,
                                              const v1::BatchPostCreditNotesRequest* request,
                                              v1::BatchPostCreditNotesResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::PostCreditNote, PostCreditNoteHints);
}

Reactor* BillingHandler::GetPayment(Call* call, const v1::GetPaymentRequest* request,
                                    v1::Payment* answer) {
  return reads_.Get(call, request, answer, "PAYMENT");
}

Reactor* BillingHandler::BatchGetPayments(Call* call, const v1::BatchGetPaymentsRequest* request,
                                          v1::BatchGetPaymentsResponse* answer) {
  return reads_.BatchGet(call, request, answer, "PAYMENT");
}

Reactor* BillingHandler::ListPayments(Call* call, const v1::ListPaymentsRequest* request,
                                      v1::ListPaymentsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::RecordPayment(Call* call, const v1::RecordPaymentRequest* request,
                                       v1::Payment* answer) {
  return commands_.Run(call, request, answer, billing::RecordPayment, RecordPaymentHints);
}

Reactor* BillingHandler::BatchRecordPayments(Call* call,
                                             const v1::BatchRecordPaymentsRequest* request,
                                             v1::BatchRecordPaymentsResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::RecordPayment, RecordPaymentHints);
}

Reactor* BillingHandler::ApplyPayment(Call* call, const v1::ApplyPaymentRequest* request,
                                      v1::Payment* answer) {
  return commands_.Run(call, request, answer, billing::ApplyPayment, ApplyPaymentHints);
}

Reactor* BillingHandler::ReversePayment(Call* call, const v1::ReversePaymentRequest* request,
                                        v1::Payment* answer) {
  return commands_.Run(call, request, answer, billing::ReversePayment, ReversePaymentHints);
}

Reactor* BillingHandler::GetTaxCode(Call* call, const v1::GetTaxCodeRequest* request,
                                    v1::TaxCode* answer) {
  return reads_.Get(call, request, answer, "TAX_CODE");
}

Reactor* BillingHandler::BatchGetTaxCodes(Call* call, const v1::BatchGetTaxCodesRequest* request,
                                          v1::BatchGetTaxCodesResponse* answer) {
  return reads_.BatchGet(call, request, answer, "TAX_CODE");
}

Reactor* BillingHandler::ListTaxCodes(Call* call, const v1::ListTaxCodesRequest* request,
                                      v1::ListTaxCodesResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::CreateTaxCode(Call* call, const v1::CreateTaxCodeRequest* request,
                                       v1::TaxCode* answer) {
  return commands_.Run(call, request, answer, billing::CreateTaxCode, CreateTaxCodeHints);
}

Reactor* BillingHandler::BatchCreateTaxCodes(Call* call,
                                             const v1::BatchCreateTaxCodesRequest* request,
                                             v1::BatchCreateTaxCodesResponse* answer) {
  return commands_.RunBatch(call, request, answer, billing::CreateTaxCode, CreateTaxCodeHints);
}

Reactor* BillingHandler::UpdateTaxCode(Call* call, const v1::UpdateTaxCodeRequest* request,
                                       v1::TaxCode* answer) {
  return commands_.Run(call, request, answer, billing::UpdateTaxCode, UpdateTaxCodeHints);
}

Reactor* BillingHandler::GetLedgerEntry(Call* call, const v1::GetLedgerEntryRequest* request,
                                        v1::LedgerEntry* answer) {
  return reads_.Get(call, request, answer, "LEDGER_ENTRY");
}

Reactor* BillingHandler::BatchGetLedgerEntries(Call* call,
                                               const v1::BatchGetLedgerEntriesRequest* request,
                                               v1::BatchGetLedgerEntriesResponse* answer) {
  return reads_.BatchGet(call, request, answer, "LEDGER_ENTRY");
}

Reactor* BillingHandler::ListLedgerEntries(Call* call, const v1::ListLedgerEntriesRequest* request,
                                           v1::ListLedgerEntriesResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::GetTrialBalance(Call* call, const v1::GetTrialBalanceRequest* request,
                                         v1::TrialBalance* answer) {
  return reads_.Run(call, *request, [request, answer](store::Reader& reader) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(*answer, ReadTrialBalance(*request, reader));
    return absl::OkStatus();
  });
}

Reactor* BillingHandler::GetDebtorBalances(Call* call, const v1::GetDebtorBalancesRequest* request,
                                           v1::DebtorBalances* answer) {
  return reads_.Run(call, *request, [request, answer](store::Reader& reader) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(*answer, ReadDebtorBalances(*request, reader));
    return absl::OkStatus();
  });
}

Reactor* BillingHandler::GetAccountingPeriod(Call* call,
                                             const v1::GetAccountingPeriodRequest* request,
                                             v1::AccountingPeriod* answer) {
  return reads_.Get(call, request, answer, "ACCOUNTING_PERIOD");
}

Reactor* BillingHandler::BatchGetAccountingPeriods(
    Call* call, const v1::BatchGetAccountingPeriodsRequest* request,
    v1::BatchGetAccountingPeriodsResponse* answer) {
  return reads_.BatchGet(call, request, answer, "ACCOUNTING_PERIOD");
}

Reactor* BillingHandler::ListAccountingPeriods(Call* call,
                                               const v1::ListAccountingPeriodsRequest* request,
                                               v1::ListAccountingPeriodsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* BillingHandler::ClosePeriod(Call* call, const v1::ClosePeriodRequest* request,
                                     v1::AccountingPeriod* answer) {
  return commands_.Run(call, request, answer, billing::ClosePeriod, ClosePeriodHints);
}

Reactor* BillingHandler::ReopenPeriod(Call* call, const v1::ReopenPeriodRequest* request,
                                      v1::AccountingPeriod* answer) {
  return commands_.Run(call, request, answer, billing::ReopenPeriod, ReopenPeriodHints);
}

}  // namespace tandem::billing
