#include "services/billing/billing_decide_company.h"

#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_account.h"
#include "services/billing/billing_decide_check.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {
namespace {

constexpr absl::string_view kCompany = "company";

}  // namespace

v1::CompanyProfile DefaultCompany() {
  v1::CompanyProfile company;
  company.set_id(std::string(kCompany));
  company.set_currency("USD");
  SetMoney(10'000 * kMicrosPerUnit, "USD", company.mutable_credit_limit());
  company.mutable_payment_terms()->set_net_days(30);
  return company;
}

v1::CompanyProfile CompanyOf(State& state) {
  const auto* company = state.Find<v1::CompanyProfile>(kCompany);
  return company == nullptr ? DefaultCompany() : *company;
}

absl::StatusOr<v1::CompanyProfile> PutCompany(const v1::CompanyProfile& company, Context& context,
                                              State& state) {
  v1::CompanyProfile wanted = company;
  TANDEM_RETURN_IF_ERROR(CheckTerms(wanted.mutable_payment_terms()));
  wanted.set_id(std::string(kCompany));
  const auto* known = state.Find<v1::CompanyProfile>(kCompany);
  if (known == nullptr) {
    state.Insert(wanted);
    state.Touch<v1::CompanyProfile>(kCompany);
  } else if (!Same(*known, wanted)) {
    *state.Edit<v1::CompanyProfile>(kCompany) = wanted;
    state.Touch<v1::CompanyProfile>(kCompany);
  }
  if (state.Find<v1::TaxCode>(kOutsideScope) == nullptr) {
    v1::TaxCode code;
    code.set_id(std::string(kOutsideScope));
    code.set_tax_class(std::string(kOutsideScope));
    *code.mutable_rate() = DecimalToProto(0);
    code.set_text("Outside the scope of tax");
    state.Insert(std::move(code));
    v1::TaxCodeEvent event;
    event.mutable_tax_code_created();
    state.Emit<v1::TaxCode>(context, kOutsideScope, std::move(event));
  }
  return wanted;
}

}  // namespace tandem::billing
