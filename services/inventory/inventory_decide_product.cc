// The product master. What the CRM owns of it (descriptions, sales unit, the offer) is edited by
// the same commands: product_sync undoes what it must.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "platform/base/country.h"
#include "platform/base/date.h"
#include "platform/base/etag.h"
#include "platform/base/field_mask.h"
#include "platform/base/fixed.h"
#include "platform/base/gtin.h"
#include "platform/base/locale.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/unit.h"
#include "services/inventory/inventory_decide.h"
#include "services/inventory/inventory_decide_figures.h"
#include "tandem/inventory/v1/events.pb.h"

namespace tandem::inventory {
namespace {

using google::protobuf::util::MessageDifferencer;

absl::Status CheckUnit(absl::string_view unit, absl::string_view field) {
  if (IsKnownUnit(unit)) return absl::OkStatus();
  return InvalidField(field, "PRODUCT_UNIT_UNKNOWN",
                      absl::StrCat("'", unit, "' is no unit of UN/ECE Recommendation 20"));
}

bool HasUnit(const v1::Product& product, absl::string_view unit) {
  return unit == product.base_unit() ||
         std::any_of(product.units().begin(), product.units().end(),
                     [&](const v1::ProductUnit& u) { return u.unit() == unit; });
}

absl::Status CheckUnits(const v1::Product& product) {
  TANDEM_RETURN_IF_ERROR(CheckUnit(product.base_unit(), "product.base_unit"));
  std::set<std::string> seen = {product.base_unit()};
  for (int i = 0; i < product.units_size(); ++i) {
    const std::string field = absl::StrCat("product.units[", i, "]");
    TANDEM_RETURN_IF_ERROR(CheckUnit(product.units(i).unit(), field));
    if (!seen.insert(product.units(i).unit()).second) {
      return InvalidField(field, "PRODUCT_UNIT_DUPLICATE", "each unit once, the base unit apart");
    }
    if (product.units(i).numerator() < 1 || product.units(i).denominator() < 1) {
      return InvalidField(field, "PRODUCT_UNIT_NOT_CONVERTIBLE", "both numbers are above 0");
    }
  }
  if (!product.sales_unit().empty() && !HasUnit(product, product.sales_unit())) {
    return InvalidField("product.sales_unit", "PRODUCT_UNIT_NOT_CONVERTIBLE",
                        "not one of the product's units");
  }
  return absl::OkStatus();
}

// Weight and volume: in a known unit, which need not be one of the product's.
absl::Status CheckMeasure(const type::v1::Quantity& measure, absl::string_view field) {
  TANDEM_ASSIGN_OR_RETURN(Quantity quantity, FromProto(measure, field));
  if (quantity.micros >= 0) return absl::OkStatus();
  return InvalidField(field, "QUANTITY_NOT_POSITIVE", "a measure is 0 or more");
}

absl::Status CheckInProductUnit(const type::v1::Quantity& given, const v1::Product& product,
                                absl::string_view field) {
  TANDEM_ASSIGN_OR_RETURN(std::optional<int64_t> micros, InBaseUnit(given, product, field));
  if (micros.has_value()) return absl::OkStatus();
  return InvalidField(field, "PRODUCT_UNIT_NOT_CONVERTIBLE",
                      absl::StrCat("not a quantity in ", product.base_unit(),
                                   " or in another unit of the product"));
}

absl::Status CheckPrices(const v1::Product& product) {
  if (product.has_list_price()) {
    TANDEM_ASSIGN_OR_RETURN(Amount amount,
                            FromProto(product.list_price().amount(), "product.list_price.amount"));
    if (amount.micros < 0) {
      return InvalidField("product.list_price.amount", "MONEY_OUT_OF_RANGE",
                          "a price is 0 or more");
    }
    if (product.list_price().has_per()) {
      TANDEM_RETURN_IF_ERROR(
          PositiveFromProto(product.list_price().per(), "product.list_price.per").status());
      TANDEM_RETURN_IF_ERROR(
          CheckInProductUnit(product.list_price().per(), product, "product.list_price.per"));
    }
  }
  if (!product.has_standard_cost()) return absl::OkStatus();
  return FromProto(product.standard_cost(), "product.standard_cost").status();
}

template <class Map>
absl::Status CheckLanguages(const Map& texts, absl::string_view field) {
  for (const auto& [language, text] : texts) {
    if (IsLanguageTag(language)) continue;
    return InvalidField(field, "PRODUCT_LANGUAGE_INVALID",
                        absl::StrCat("'", language, "' is no language tag of BCP 47"));
  }
  return absl::OkStatus();
}

absl::Status CheckOffer(const v1::Offered& offered) {
  int32_t from = kMinDate;
  int32_t to = kMaxDate;
  if (offered.has_from()) {
    TANDEM_ASSIGN_OR_RETURN(from, DateFromProto(offered.from(), "product.offered.from"));
  }
  if (offered.has_to()) {
    TANDEM_ASSIGN_OR_RETURN(to, DateFromProto(offered.to(), "product.offered.to"));
  }
  if (from <= to) return absl::OkStatus();
  return InvalidField("product.offered.to", "PRODUCT_OFFER_INVALID", "it ends before it begins");
}

absl::Status CheckProduct(const v1::Product& product) {
  if (product.sku().empty()) {
    return InvalidField("product.sku", "REQUIRED_FIELD_MISSING", "a product has a SKU");
  }
  TANDEM_RETURN_IF_ERROR(CheckUnits(product));
  if (!product.gtin().empty() && !IsValidGtin(product.gtin())) {
    return InvalidField("product.gtin", "PRODUCT_GTIN_INVALID",
                        "8, 12, 13 or 14 digits, the last a check digit");
  }
  if (!product.origin_country_code().empty() && !IsKnownCountry(product.origin_country_code())) {
    return InvalidField("product.origin_country_code", "PRODUCT_COUNTRY_UNKNOWN",
                        "not a code of ISO 3166-1 alpha-2");
  }
  TANDEM_RETURN_IF_ERROR(CheckLanguages(product.names(), "product.names"));
  TANDEM_RETURN_IF_ERROR(CheckLanguages(product.descriptions(), "product.descriptions"));
  TANDEM_RETURN_IF_ERROR(CheckPrices(product));
  if (product.has_weight()) {
    TANDEM_RETURN_IF_ERROR(CheckMeasure(product.weight(), "product.weight"));
  }
  if (product.has_volume()) {
    TANDEM_RETURN_IF_ERROR(CheckMeasure(product.volume(), "product.volume"));
  }
  if (product.has_safety_stock()) {
    TANDEM_RETURN_IF_ERROR(
        CheckInProductUnit(product.safety_stock(), product, "product.safety_stock"));
  }
  if (product.has_reorder_point()) {
    TANDEM_RETURN_IF_ERROR(
        CheckInProductUnit(product.reorder_point(), product, "product.reorder_point"));
  }
  if (product.has_order_multiple()) {
    TANDEM_RETURN_IF_ERROR(
        DecimalFromProto(product.order_multiple(), "product.order_multiple").status());
  }
  if (product.has_order_minimum()) {
    TANDEM_RETURN_IF_ERROR(
        DecimalFromProto(product.order_minimum(), "product.order_minimum").status());
  }
  if (product.has_offered()) TANDEM_RETURN_IF_ERROR(CheckOffer(product.offered()));
  if (product.variant_of() == product.id()) {
    return InvalidField("product.variant_of", "PRODUCT_VARIANT_OF_ITSELF",
                        "a product is no variant of itself");
  }
  if (product.replaced_by() == product.id()) {
    return InvalidField("product.replaced_by", "PRODUCT_REPLACED_BY_ITSELF",
                        "a product does not replace itself");
  }
  return absl::OkStatus();
}

absl::Status TakeSku(const v1::Product& product, State& state) {
  const v1::ProductSku* taken = state.Find<v1::ProductSku>(product.sku());
  if (taken != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "PRODUCT_SKU_TAKEN",
                  absl::StrCat("SKU ", product.sku(), " is that of ", taken->product_id()),
                  "product.sku");
  }
  v1::ProductSku row;
  row.set_sku(product.sku());
  row.set_product_id(product.id());
  state.Insert(std::move(row));
  state.Touch<v1::ProductSku>(product.sku());
  return absl::OkStatus();
}

absl::Status CheckNotArchived(const v1::Product& product) {
  if (product.state() != v1::PRODUCT_STATE_ARCHIVED) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "PRODUCT_ARCHIVED",
                "an archived product is not changed");
}

// What other records are written in terms of cannot change once there are such records.
absl::Status CheckFixed(const v1::Product& before, const v1::Product& after, const State& state) {
  const char* field = before.sku() != after.sku()               ? "product.sku"
                      : before.kind() != after.kind()           ? "product.kind"
                      : before.base_unit() != after.base_unit() ? "product.base_unit"
                                                                : nullptr;
  if (field == nullptr) return absl::OkStatus();
  for (const v1::Stock* stock : state.All<v1::Stock>()) {
    if (stock->product_id() != before.id()) continue;
    return Refuse(absl::StatusCode::kFailedPrecondition, "PRODUCT_FIELD_FIXED",
                  "fixed since there was stock or a reservation", field);
  }
  return absl::OkStatus();
}

// The product to change, if the request's etag lets it be.
absl::StatusOr<v1::Product*> ForChange(const std::string& id, const std::string& etag,
                                       State& state) {
  if (state.Find<v1::Product>(id) == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, "PRODUCT_NOT_FOUND", absl::StrCat("no product ", id),
                  "id");
  }
  TANDEM_RETURN_IF_ERROR(CheckEtag(etag, state.Version<v1::Product>(id)));
  return state.Edit<v1::Product>(id);
}

Answer<v1::Product> Told(v1::ProductEvent event, const std::string& id, Context& context,
                         State& state) {
  state.Emit<v1::Product>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Product>(id);
}

}  // namespace

Answer<v1::Product> CreateProduct(const v1::CreateProductRequest& request, Context& context,
                                  State& state) {
  v1::Product product = request.product();
  product.set_id(request.product_id().empty() ? context.ids.Next("prd_") : request.product_id());
  product.set_state(v1::PRODUCT_STATE_ACTIVE);
  if (product.kind() == v1::PRODUCT_KIND_UNSPECIFIED) product.set_kind(v1::PRODUCT_KIND_GOODS);
  product.clear_create_time();
  product.clear_update_time();
  product.clear_etag();
  const std::string id = product.id();
  if (state.Find<v1::Product>(id) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "PRODUCT_ALREADY_EXISTS",
                  absl::StrCat("there is a product ", id), "product_id");
  }
  TANDEM_RETURN_IF_ERROR(CheckProduct(product));
  TANDEM_RETURN_IF_ERROR(TakeSku(product, state));
  state.Insert(std::move(product));
  v1::ProductEvent event;
  event.mutable_product_created();
  state.Emit<v1::Product>(context, id, std::move(event));
  return state.Answer<v1::Product>(id);
}

void CreateProductHints(const v1::CreateProductRequest& request, Wanted& wanted) {
  wanted.Row<v1::Product>(request.product_id());
  wanted.Row<v1::ProductSku>(request.product().sku());
}

Answer<v1::Product> UpdateProduct(const v1::UpdateProductRequest& request, Context& context,
                                  State& state) {
  const std::string& id = request.product().id();
  TANDEM_ASSIGN_OR_RETURN(v1::Product * product, ForChange(id, request.etag(), state));
  TANDEM_RETURN_IF_ERROR(CheckNotArchived(*product));
  const v1::Product before = *product;
  v1::Product after = before;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.product(), &after));
  if (after.kind() == v1::PRODUCT_KIND_UNSPECIFIED) after.set_kind(v1::PRODUCT_KIND_GOODS);
  if (MessageDifferencer::Equals(before, after)) return state.Answer<v1::Product>(id);
  TANDEM_RETURN_IF_ERROR(CheckProduct(after));
  if (before.sku() != after.sku() || before.kind() != after.kind() ||
      before.base_unit() != after.base_unit()) {
    state.Load<v1::Stock>(kStocksOfProduct, id);
  }
  TANDEM_RETURN_IF_ERROR(CheckFixed(before, after, state));
  if (before.sku() != after.sku()) {
    TANDEM_RETURN_IF_ERROR(TakeSku(after, state));
    state.Erase<v1::ProductSku>(before.sku());
  }
  *product = std::move(after);
  v1::ProductEvent event;
  event.mutable_product_updated();
  return Told(std::move(event), id, context, state);
}

void UpdateProductHints(const v1::UpdateProductRequest& request, Wanted& wanted) {
  QueueHints(wanted);
  wanted.Row<v1::Product>(request.product().id());
}

Answer<v1::Product> DiscontinueProduct(const v1::DiscontinueProductRequest& request,
                                       Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(v1::Product * product, ForChange(request.id(), request.etag(), state));
  TANDEM_RETURN_IF_ERROR(CheckNotArchived(*product));
  if (request.replaced_by() == request.id()) {
    return InvalidField("replaced_by", "PRODUCT_REPLACED_BY_ITSELF",
                        "a product does not replace itself");
  }
  if (product->state() == v1::PRODUCT_STATE_DISCONTINUED &&
      product->replaced_by() == request.replaced_by()) {
    return state.Answer<v1::Product>(request.id());
  }
  product->set_state(v1::PRODUCT_STATE_DISCONTINUED);
  product->set_replaced_by(request.replaced_by());
  v1::ProductEvent event;
  event.mutable_product_discontinued()->set_replaced_by(request.replaced_by());
  return Told(std::move(event), request.id(), context, state);
}

Answer<v1::Product> ReinstateProduct(const v1::ReinstateProductRequest& request, Context& context,
                                     State& state) {
  TANDEM_ASSIGN_OR_RETURN(v1::Product * product, ForChange(request.id(), request.etag(), state));
  TANDEM_RETURN_IF_ERROR(CheckNotArchived(*product));
  if (product->state() == v1::PRODUCT_STATE_ACTIVE) return state.Answer<v1::Product>(request.id());
  product->set_state(v1::PRODUCT_STATE_ACTIVE);
  product->clear_replaced_by();
  v1::ProductEvent event;
  event.mutable_product_reinstated();
  return Told(std::move(event), request.id(), context, state);
}

Answer<v1::Product> ArchiveProduct(const v1::ArchiveProductRequest& request, Context& context,
                                   State& state) {
  TANDEM_ASSIGN_OR_RETURN(v1::Product * product, ForChange(request.id(), request.etag(), state));
  if (product->state() == v1::PRODUCT_STATE_ARCHIVED)
    return state.Answer<v1::Product>(request.id());
  if (product->state() != v1::PRODUCT_STATE_DISCONTINUED) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "PRODUCT_NOT_DISCONTINUED",
                  "discontinue it first");
  }
  state.Load<v1::Stock>(kStocksOfProduct, request.id());
  for (const v1::Stock* stock : state.All<v1::Stock>()) {
    if (stock->product_id() != request.id() || MicrosOf(stock->on_hand()) == 0) continue;
    return Refuse(
        absl::StatusCode::kFailedPrecondition, "PRODUCT_HAS_STOCK",
        absl::StrCat(stock->warehouse(), " has ",
                     FormatQuantity(MicrosOf(stock->on_hand()), stock->on_hand().unit())));
  }
  state.Load<v1::Demand>(kDemandsOpen, request.id());
  for (const v1::Demand* demand : state.All<v1::Demand>()) {
    for (const v1::DemandLine& line : demand->lines()) {
      if (line.product_id() != request.id() || MicrosOf(line.open()) == 0) continue;
      return Refuse(absl::StatusCode::kFailedPrecondition, "PRODUCT_HAS_OPEN_LINES",
                    absl::StrCat("order ", demand->order_id(), " waits for it"));
    }
  }
  product->set_state(v1::PRODUCT_STATE_ARCHIVED);
  v1::ProductEvent event;
  event.mutable_product_archived();
  return Told(std::move(event), request.id(), context, state);
}

}  // namespace tandem::inventory
