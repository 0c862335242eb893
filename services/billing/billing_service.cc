#include "services/billing/billing_service.h"

#include <memory>
#include <utility>

#include "platform/base/currency.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide.h"
#include "services/billing/billing_handler.h"
#include "services/billing/billing_settings.h"
#include "services/billing/billing_store.h"

namespace tandem::billing {
namespace {

constexpr char kName[] = "billing";

class BillingPart final : public rpc::Part {
 public:
  BillingPart(std::unique_ptr<rpc::Core> core, int read_threads)
      : core_(std::move(core)), handler_(core_->writer(), core_->reader(), read_threads) {}

  absl::string_view name() const override { return kName; }
  rpc::Core& core() override { return *core_; }
  std::vector<grpc::Service*> grpc_services() override { return {&handler_}; }

 private:
  std::unique_ptr<rpc::Core> core_;
  BillingHandler handler_;
};

absl::StatusOr<v1::CompanyProfile> CompanyFrom(const settings::Values& values,
                                               const BillingSettings& keys) {
  v1::CompanyProfile company = DefaultCompany();
  const std::string& currency = values[keys.currency];
  if (!IsKnownCurrency(currency)) {
    return InvalidField("billing.default_currency", "MONEY_CURRENCY_UNKNOWN",
                        "the default currency is none of ISO 4217");
  }
  TANDEM_ASSIGN_OR_RETURN(const int64_t limit,
                          ParseMicros(values[keys.credit_limit], "billing.default_credit_limit"));
  if (limit < 0 || limit > kMaxMicros) {
    return InvalidField("billing.default_credit_limit", "CREDIT_LIMIT_INVALID",
                        "the default credit limit is 0 to 10^12");
  }
  company.set_currency(currency);
  SetMoney(limit, currency, company.mutable_credit_limit());
  company.set_unlimited_credit(values[keys.unlimited_credit]);
  company.mutable_payment_terms()->set_net_days(static_cast<int32_t>(values[keys.net_days]));
  return company;
}

absl::Status BringCompany(const v1::CompanyProfile& company, store::Writer& writer) {
  store::Command command;
  command.method = "tandem.billing.PutCompany";
  command.decide = [&company](Context& context, State& state) -> absl::StatusOr<std::string> {
    TANDEM_RETURN_IF_ERROR(PutCompany(company, context, state).status());
    return std::string();
  };
  return writer.Call(std::move(command)).status();
}

}  // namespace

rpc::MakePart DeclareBilling(settings::Schema& schema) {
  const BillingSettings keys(schema);
  return [keys](const rpc::PartContext& context) -> absl::StatusOr<std::unique_ptr<rpc::Part>> {
    int threads = 2;
    v1::CompanyProfile company = DefaultCompany();
    if (context.settings != nullptr) {
      threads = static_cast<int>(context.settings->Get(keys.read_threads));
      TANDEM_ASSIGN_OR_RETURN(company, CompanyFrom(*context.settings, keys));
    }
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<rpc::Core> core,
                            rpc::Core::Open(context, kName, BillingTables(), Migrations()));
    TANDEM_RETURN_IF_ERROR(BringCompany(company, core->writer()));
    return std::make_unique<BillingPart>(std::move(core), threads);
  };
}

}  // namespace tandem::billing
