// The CRM's copy of the products, and what sales says of them. Any field may be edited here; what
// the ERP owns, product_sync puts back.
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/country.h"
#include "platform/base/field_behavior.h"
#include "platform/base/field_mask.h"
#include "platform/base/fixed.h"
#include "platform/base/gtin.h"
#include "platform/base/locale.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/unit.h"
#include "services/opportunity/opportunity_decide.h"
#include "services/opportunity/opportunity_decide_check.h"
#include "tandem/opportunity/v1/events.pb.h"

namespace tandem::opportunity {
namespace {

using Texts = google::protobuf::Map<std::string, std::string>;

absl::Status CheckLanguages(const Texts& texts, absl::string_view field) {
  for (const auto& [language, text] : texts) {
    if (IsLanguageTag(language)) continue;
    return InvalidField(absl::StrCat(field, "[", language, "]"), "CATALOGUE_ITEM_LANGUAGE_INVALID",
                        "A language is a tag of BCP 47.");
  }
  return absl::OkStatus();
}

absl::Status UnitUnknown(absl::string_view field, absl::string_view unit) {
  return InvalidField(field, "CATALOGUE_ITEM_UNIT_UNKNOWN",
                      absl::StrCat("'", unit, "' is no unit of Recommendation 20."));
}

absl::Status CheckMeasure(bool has, const type::v1::Quantity& quantity, absl::string_view field) {
  return has ? FromProto(quantity, field).status() : absl::OkStatus();
}

absl::Status CheckPositive(bool has, const google::type::Decimal& decimal,
                           absl::string_view field) {
  if (!has) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const int64_t micros, DecimalFromProto(decimal, field));
  if (micros > 0) return absl::OkStatus();
  return InvalidField(field, "DECIMAL_OUT_OF_RANGE", "The number is above 0.");
}

// The units it is told in, and those that refer to them.
absl::Status CheckUnits(const v1::CatalogueItem& item) {
  if (!IsKnownUnit(item.base_unit())) {
    return UnitUnknown("catalogue_item.base_unit", item.base_unit());
  }
  std::set<absl::string_view> units = {item.base_unit()};
  for (int i = 0; i < item.units_size(); ++i) {
    const std::string path = absl::StrCat("catalogue_item.units[", i, "]");
    const v1::CatalogueItemUnit& unit = item.units(i);
    if (!IsKnownUnit(unit.unit())) return UnitUnknown(path + ".unit", unit.unit());
    if (!units.insert(unit.unit()).second) {
      return InvalidField(path + ".unit", "CATALOGUE_ITEM_UNIT_DUPLICATE",
                          "Every unit stands there once, the base unit not at all.");
    }
    if (unit.numerator() <= 0 || unit.denominator() <= 0) {
      return InvalidField(path, "CATALOGUE_ITEM_UNIT_NOT_CONVERTIBLE",
                          "A conversion is a fraction above 0.");
    }
  }
  auto convertible = [&units](absl::string_view unit, absl::string_view field) {
    if (units.contains(unit)) return absl::OkStatus();
    return InvalidField(field, "CATALOGUE_ITEM_UNIT_NOT_CONVERTIBLE",
                        absl::StrCat("The item has no unit '", unit, "'."));
  };
  if (!item.sales_unit().empty()) {
    TANDEM_RETURN_IF_ERROR(convertible(item.sales_unit(), "catalogue_item.sales_unit"));
  }
  if (item.list_price().has_per()) {
    constexpr absl::string_view kPer = "catalogue_item.list_price.per";
    TANDEM_RETURN_IF_ERROR(PositiveFromProto(item.list_price().per(), kPer).status());
    TANDEM_RETURN_IF_ERROR(convertible(item.list_price().per().unit(), kPer));
  }
  return absl::OkStatus();
}

absl::Status CheckOffered(const v1::Offered& offered) {
  TANDEM_RETURN_IF_ERROR(
      CheckDate(offered.has_from(), offered.from(), "catalogue_item.offered.from"));
  TANDEM_RETURN_IF_ERROR(CheckDate(offered.has_to(), offered.to(), "catalogue_item.offered.to"));
  if (!offered.has_from() || !offered.has_to() || DaysOf(offered.from()) <= DaysOf(offered.to())) {
    return absl::OkStatus();
  }
  return InvalidField("catalogue_item.offered", "CATALOGUE_ITEM_OFFER_INVALID",
                      "An offer does not end before it begins.");
}

// What must hold of an item as a whole, whoever wrote it.
absl::Status CheckItem(const v1::CatalogueItem& item) {
  if (IsBlank(item.sku())) {
    return InvalidField("catalogue_item.sku", "CATALOGUE_ITEM_SKU_MISSING", "An item has a SKU.");
  }
  TANDEM_RETURN_IF_ERROR(CheckLanguages(item.names(), "catalogue_item.names"));
  TANDEM_RETURN_IF_ERROR(CheckLanguages(item.descriptions(), "catalogue_item.descriptions"));
  TANDEM_RETURN_IF_ERROR(CheckLanguages(item.sales_texts(), "catalogue_item.sales_texts"));
  TANDEM_RETURN_IF_ERROR(CheckUnits(item));
  TANDEM_RETURN_IF_ERROR(CheckMeasure(item.has_weight(), item.weight(), "catalogue_item.weight"));
  TANDEM_RETURN_IF_ERROR(CheckMeasure(item.has_volume(), item.volume(), "catalogue_item.volume"));
  TANDEM_RETURN_IF_ERROR(CheckPositive(item.has_order_multiple(), item.order_multiple(),
                                       "catalogue_item.order_multiple"));
  TANDEM_RETURN_IF_ERROR(CheckPositive(item.has_order_minimum(), item.order_minimum(),
                                       "catalogue_item.order_minimum"));
  TANDEM_RETURN_IF_ERROR(CheckAmount(item.has_list_price(), item.list_price().amount(),
                                     "catalogue_item.list_price.amount"));
  if (!item.origin_country_code().empty() && !IsKnownCountry(item.origin_country_code())) {
    return InvalidField(
        "catalogue_item.origin_country_code", "CATALOGUE_ITEM_COUNTRY_UNKNOWN",
        absl::StrCat("'", item.origin_country_code(), "' is no country of ISO 3166-1."));
  }
  if (!item.gtin().empty() && !IsValidGtin(item.gtin())) {
    return InvalidField("catalogue_item.gtin", "CATALOGUE_ITEM_GTIN_INVALID",
                        "A GTIN has 8, 12, 13 or 14 digits, the last a check digit.");
  }
  return CheckOffered(item.offered());
}

// Gives the SKU to the item, unless another has it.
absl::Status TakeSku(const std::string& sku, const std::string& id, State& state) {
  v1::CatalogueSku* key = state.Edit<v1::CatalogueSku>(sku);
  if (key == nullptr) {
    v1::CatalogueSku first;
    first.set_sku(sku);
    first.set_catalogue_item_id(id);
    state.Insert(std::move(first));
    return absl::OkStatus();
  }
  if (!key->catalogue_item_id().empty() && key->catalogue_item_id() != id) {
    return Refuse(absl::StatusCode::kAlreadyExists, "CATALOGUE_ITEM_SKU_TAKEN",
                  absl::StrCat("Another item has the SKU ", sku, "."), "catalogue_item.sku");
  }
  key->set_catalogue_item_id(id);
  return absl::OkStatus();
}

}  // namespace

Answer<v1::CatalogueItem> CreateCatalogueItem(const v1::CreateCatalogueItemRequest& request,
                                              Context& context, State& state) {
  v1::CatalogueItem item = request.catalogue_item();
  ClearOutputOnly(&item);
  const std::string id =
      request.catalogue_item_id().empty() ? context.ids.Next("cat_") : request.catalogue_item_id();
  item.set_id(id);
  if (state.Find<v1::CatalogueItem>(id) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "CATALOGUE_ITEM_ALREADY_EXISTS",
                  absl::StrCat("There is an item ", id, "."), "catalogue_item_id");
  }
  if (item.kind() == v1::CATALOGUE_ITEM_KIND_UNSPECIFIED) {
    item.set_kind(v1::CATALOGUE_ITEM_KIND_GOODS);
  }
  if (item.state() == v1::CATALOGUE_ITEM_STATE_UNSPECIFIED) {
    item.set_state(v1::CATALOGUE_ITEM_STATE_ACTIVE);
  }
  TANDEM_RETURN_IF_ERROR(CheckItem(item));
  TANDEM_RETURN_IF_ERROR(TakeSku(item.sku(), id, state));
  state.Insert(std::move(item));
  v1::CatalogueItemEvent event;
  event.mutable_catalogue_item_created();
  state.Emit<v1::CatalogueItem>(context, id, std::move(event));
  return state.Answer<v1::CatalogueItem>(id);
}

void CreateCatalogueItemHints(const v1::CreateCatalogueItemRequest& request, Wanted& wanted) {
  wanted.Row<v1::CatalogueItem>(request.catalogue_item_id());
  wanted.Row<v1::CatalogueSku>(request.catalogue_item().sku());
}

Answer<v1::CatalogueItem> UpdateCatalogueItem(const v1::UpdateCatalogueItemRequest& request,
                                              Context& context, State& state) {
  const std::string& id = request.catalogue_item().id();
  TANDEM_ASSIGN_OR_RETURN(const v1::CatalogueItem* known,
                          FindKnown<v1::CatalogueItem>("CATALOGUE_ITEM", id, request, state));
  v1::CatalogueItem changed = *known;
  TANDEM_RETURN_IF_ERROR(
      ApplyUpdateMask(request.update_mask(), request.catalogue_item(), &changed));
  if (changed.kind() == v1::CATALOGUE_ITEM_KIND_UNSPECIFIED) changed.set_kind(known->kind());
  if (changed.state() == v1::CATALOGUE_ITEM_STATE_UNSPECIFIED) changed.set_state(known->state());
  if (Same(changed, *known)) return state.Answer<v1::CatalogueItem>(id);
  TANDEM_RETURN_IF_ERROR(CheckItem(changed));
  if (changed.sku() != known->sku()) {
    TANDEM_RETURN_IF_ERROR(TakeSku(changed.sku(), id, state));
    if (v1::CatalogueSku* old = state.Edit<v1::CatalogueSku>(known->sku())) {
      old->clear_catalogue_item_id();
    }
  }
  *state.Edit<v1::CatalogueItem>(id) = std::move(changed);
  v1::CatalogueItemEvent event;
  event.mutable_catalogue_item_updated();
  state.Emit<v1::CatalogueItem>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::CatalogueItem>(id);
}

void UpdateCatalogueItemHints(const v1::UpdateCatalogueItemRequest& request, Wanted& wanted) {
  wanted.Row<v1::CatalogueItem>(request.catalogue_item().id());
}

}  // namespace tandem::opportunity
