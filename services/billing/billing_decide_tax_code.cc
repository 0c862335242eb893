#include "services/billing/billing_decide_tax_code.h"

#include "platform/base/etag.h"
#include "platform/base/field_mask.h"
#include "platform/base/fixed.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {
namespace {

// Checks the code, and writes its rate in its shortest form. Two codes in use for one class would
// leave it open which one counts.
absl::Status CheckCode(v1::TaxCode* code, State& state) {
  const absl::StatusOr<int64_t> rate = FractionFromProto(code->rate(), "tax_code.rate");
  if (!rate.ok()) {
    return InvalidField("tax_code.rate", "TAX_RATE_INVALID",
                        "a tax rate is a fraction between 0 and 1");
  }
  *code->mutable_rate() = DecimalToProto(*rate);
  if (code->tax_class().empty() || code->retired()) return absl::OkStatus();
  state.Load<v1::TaxCode>(kOfTaxClass, code->tax_class());
  for (const v1::TaxCode* other : state.All<v1::TaxCode>()) {
    if (other->tax_class() == code->tax_class() && other->id() != code->id() && !other->retired()) {
      absl::Status status = Refuse(absl::StatusCode::kAlreadyExists, "TAX_CLASS_TAKEN",
                                   "another tax code is for that class", "tax_code.tax_class");
      AddMetadata(&status, "tax_code", other->id());
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::TaxCode> CreateTaxCode(const v1::CreateTaxCodeRequest& request, Context& context,
                                          State& state) {
  v1::TaxCode code = request.tax_code();
  if (!request.tax_code_id().empty()) code.set_id(request.tax_code_id());
  if (code.id().empty()) {
    return InvalidField("tax_code_id", "TAX_CODE_MISSING", "a tax code needs its code");
  }
  if (state.Find<v1::TaxCode>(code.id()) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "TAX_CODE_ALREADY_EXISTS",
                  "there is such a tax code", "tax_code_id");
  }
  code.clear_etag();
  code.clear_create_time();
  code.clear_update_time();
  TANDEM_RETURN_IF_ERROR(CheckCode(&code, state));
  const std::string id = code.id();
  state.Insert(std::move(code));
  v1::TaxCodeEvent event;
  event.mutable_tax_code_created();
  state.Emit<v1::TaxCode>(context, id, std::move(event));
  return state.Answer<v1::TaxCode>(id);
}

void CreateTaxCodeHints(const v1::CreateTaxCodeRequest& request, Wanted& wanted) {
  wanted.Row<v1::TaxCode>(request.tax_code_id().empty() ? request.tax_code().id()
                                                        : request.tax_code_id());
}

absl::StatusOr<v1::TaxCode> UpdateTaxCode(const v1::UpdateTaxCodeRequest& request, Context& context,
                                          State& state) {
  const std::string& id = request.tax_code().id();
  const auto* known = state.Find<v1::TaxCode>(id);
  if (known == nullptr) return NotFound("TAX_CODE", id);
  const int64_t version = state.Version<v1::TaxCode>(id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), version));
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.tax_code().etag(), version));
  v1::TaxCode changed = *known;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.tax_code(), &changed));
  TANDEM_RETURN_IF_ERROR(CheckCode(&changed, state));
  if (Same(changed, *known)) return state.Answer<v1::TaxCode>(id);
  *state.Edit<v1::TaxCode>(id) = changed;
  v1::TaxCodeEvent event;
  event.mutable_tax_code_updated();
  state.Emit<v1::TaxCode>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::TaxCode>(id);
}

void UpdateTaxCodeHints(const v1::UpdateTaxCodeRequest& request, Wanted& wanted) {
  wanted.Row<v1::TaxCode>(request.tax_code().id());
}

}  // namespace tandem::billing
