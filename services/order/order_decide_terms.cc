#include "services/order/order_decide_terms.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/order/order_decide_document.h"
#include "tandem/order/v1/facts.pb.h"

namespace tandem::order {
namespace {

absl::Status Wrong(absl::string_view reason, absl::string_view message, absl::string_view field) {
  return Refuse(absl::StatusCode::kFailedPrecondition, reason, message, field);
}

// The rate of a tax class; false when there is none.
bool DetermineTax(const State& state, const std::string& tax_class, std::string* code,
                  google::type::Decimal* rate) {
  if (tax_class.empty()) return false;
  const v1::TaxRateFact* fact = state.Find<v1::TaxRateFact>(tax_class);
  if (fact != nullptr && !fact->tax_code().empty()) {
    *code = fact->tax_code();
    *rate = fact->rate();
    return true;
  }
  if (tax_class != kOutsideScope) return false;
  *code = kOutsideScope;
  *rate = DecimalToProto(0);
  return true;
}

// Micros of the product's base unit.
absl::StatusOr<int64_t> ToBase(const v1::ProductFact& product, const Quantity& quantity) {
  if (quantity.unit == product.base_unit()) return quantity.micros;
  for (const v1::ProductFactUnit& unit : product.units()) {
    if (unit.unit() == quantity.unit && unit.numerator() > 0 && unit.denominator() > 0) {
      return ConvertQuantity(quantity.micros, unit.numerator(), unit.denominator());
    }
  }
  return InvalidField("", "QUANTITY_NOT_CONVERTIBLE", "The product has no such unit.");
}

// The ordered net from quantity, price and discount; absent when the units do not fit (yet).
absl::Status DetermineNet(const v1::ProductFact* product, const v1::Order& order,
                          absl::string_view path, v1::OrderLine* line, bool* units_fit) {
  TANDEM_ASSIGN_OR_RETURN(Quantity quantity, FromProto(line->quantity(), path));
  TANDEM_ASSIGN_OR_RETURN(Quantity per, FromProto(line->price_per(), path));
  if (per.unit != quantity.unit) {
    absl::StatusOr<int64_t> base_quantity = absl::InternalError("unknown");
    absl::StatusOr<int64_t> base_per = base_quantity;
    if (product != nullptr) {
      base_quantity = ToBase(*product, quantity);
      base_per = ToBase(*product, per);
    }
    *units_fit = base_quantity.ok() && base_per.ok();
    if (!*units_fit) return absl::OkStatus();
    quantity.micros = *base_quantity;
    per.micros = *base_per;
  }
  TANDEM_ASSIGN_OR_RETURN(int64_t price, MicrosFromProto(line->unit_price(), order.currency(),
                                                         absl::StrCat(path, ".unit_price")));
  TANDEM_ASSIGN_OR_RETURN(int64_t discount,
                          FractionFromProto(line->discount(), absl::StrCat(path, ".discount")));
  TANDEM_ASSIGN_OR_RETURN(int64_t net,
                          LineNet(quantity.micros, price, per.micros, discount, order.currency()));
  SetMoney(net, order.currency(), line->mutable_ordered_net());
  return absl::OkStatus();
}

}  // namespace

bool IsMasterHold(v1::HoldReason reason) {
  return IsFactMissing(reason) || reason == v1::HOLD_REASON_CUSTOMER_BLOCKED ||
         reason == v1::HOLD_REASON_PRODUCT_DISCONTINUED;
}

bool IsFactMissing(v1::HoldReason reason) {
  switch (reason) {
    case v1::HOLD_REASON_CUSTOMER_UNKNOWN:
    case v1::HOLD_REASON_PRODUCT_UNKNOWN:
    case v1::HOLD_REASON_TAX_NOT_DETERMINED:
    case v1::HOLD_REASON_UNIT_NOT_CONVERTIBLE:
    case v1::HOLD_REASON_CURRENCY_MISMATCH:
      return true;
    default:
      return false;
  }
}

void DetermineParties(const State& state, v1::Order* order, std::vector<Problem>* problems) {
  v1::BillTo* bill_to = order->mutable_bill_to();
  if (bill_to->customer_id().empty()) bill_to->set_customer_id(order->sold_to_customer_id());
  if (order->payer_customer_id().empty()) order->set_payer_customer_id(bill_to->customer_id());

  bool unknown = false;
  std::string blocked;
  auto find = [&](const std::string& id) -> const v1::CustomerFact* {
    const v1::CustomerFact* fact = state.Find<v1::CustomerFact>(id);
    if (fact == nullptr || !fact->known()) {
      unknown = true;
      return nullptr;
    }
    if (fact->blocked()) blocked = absl::StrCat(fact->display_name(), ": ", fact->block_reason());
    return fact;
  };
  const v1::CustomerFact* sold_to = find(order->sold_to_customer_id());
  const v1::CustomerFact* bill_customer = bill_to->customer_id() == order->sold_to_customer_id()
                                              ? sold_to
                                              : find(bill_to->customer_id());
  const v1::CustomerFact* payer = order->payer_customer_id() == bill_to->customer_id()
                                      ? bill_customer
                                      : find(order->payer_customer_id());
  if (sold_to != nullptr) {
    if (order->sold_to_customer_number().empty()) {
      order->set_sold_to_customer_number(sold_to->customer_number());
    }
    if (order->sold_to_name().empty()) order->set_sold_to_name(sold_to->display_name());
    v1::ShipTo* ship_to = order->mutable_ship_to();
    if (ship_to->name().empty()) ship_to->set_name(order->sold_to_name());
    if (!ship_to->has_address() && sold_to->has_ship_to_address()) {
      *ship_to->mutable_address() = sold_to->ship_to_address();
    }
    if (order->delivery_policy() == v1::DELIVERY_POLICY_UNSPECIFIED) {
      order->set_delivery_policy(sold_to->delivery_policy());
    }
  }
  if (bill_customer != nullptr) {
    if (bill_to->name().empty()) {
      bill_to->set_name(bill_customer->legal_name().empty() ? bill_customer->display_name()
                                                            : bill_customer->legal_name());
    }
    if (!bill_to->has_address() && bill_customer->has_bill_to_address()) {
      *bill_to->mutable_address() = bill_customer->bill_to_address();
    }
    if (bill_to->tax_id().empty()) bill_to->set_tax_id(bill_customer->tax_id());
  }
  if (unknown) {
    problems->push_back({v1::HOLD_REASON_CUSTOMER_UNKNOWN, 0,
                         Wrong("ORDER_CUSTOMER_UNKNOWN", "The customer is not known here.",
                               "order.sold_to_customer_id")});
  }
  if (!blocked.empty()) {
    problems->push_back({v1::HOLD_REASON_CUSTOMER_BLOCKED, 0,
                         Wrong("ORDER_CUSTOMER_BLOCKED", absl::StrCat("No new orders of ", blocked),
                               "order.sold_to_customer_id")});
  }

  if (order->payer_account_id().empty() && payer != nullptr) {
    order->set_payer_account_id(payer->account_id());
  }
  const v1::AccountFact* account = state.Find<v1::AccountFact>(order->payer_account_id());
  if (account == nullptr) return;  // none yet: credit waits for it
  if (account->blocked() || account->closed()) {
    problems->push_back(
        {v1::HOLD_REASON_ACCOUNT_BLOCKED, 0,
         Wrong("ORDER_CUSTOMER_BLOCKED",
               absl::StrCat("The payer's account is ", account->closed() ? "closed" : "blocked",
                            ": ", account->block_reason()),
               "order.payer_account_id")});
  }
  if (account->currency().empty()) return;
  if (order->currency().empty()) order->set_currency(account->currency());
  if (order->currency() != account->currency()) {
    problems->push_back({v1::HOLD_REASON_CURRENCY_MISMATCH, 0,
                         Wrong("ORDER_CURRENCY_MISMATCH",
                               absl::StrCat("The payer's account is in ", account->currency(),
                                            ", the order in ", order->currency(), "."),
                               "order.currency")});
  }
}

absl::Status DetermineLine(const State& state, const v1::Order& order, absl::string_view path,
                           v1::OrderLine* line, std::vector<Problem>* problems) {
  const bool quoted = !order.quote_id().empty();
  const v1::ProductFact* product = state.Find<v1::ProductFact>(line->product_id());
  auto problem = [&](v1::HoldReason hold, absl::string_view reason, absl::string_view message,
                     absl::string_view field) {
    problems->push_back(
        {hold, line->line_number(), Wrong(reason, message, absl::StrCat(path, ".", field))});
  };

  int64_t ordered = Micros(line->quantity());
  std::string unit = line->quantity().unit();
  bool units_fit = true;
  if (product == nullptr) {
    problem(v1::HOLD_REASON_PRODUCT_UNKNOWN, "ORDER_PRODUCT_UNKNOWN",
            absl::StrCat("The product ", line->product_id(), " is not known here."), "product_id");
  } else {
    if (line->sku().empty()) line->set_sku(product->sku());
    if (line->description().empty()) line->set_description(product->name());
    line->set_tax_class(product->tax_class());
    if (product->state() != v1::PRODUCT_FACT_STATE_ACTIVE) {
      problem(v1::HOLD_REASON_PRODUCT_DISCONTINUED, "ORDER_PRODUCT_DISCONTINUED",
              absl::StrCat(product->sku(), " is discontinued."), "product_id");
    }
    absl::StatusOr<int64_t> base = ToBase(*product, {ordered, unit});
    if (base.ok()) {
      ordered = *base;
      unit = product->base_unit();
    } else {
      units_fit = false;
    }
  }

  if (line->has_unit_price()) {
    if (line->price_source() == v1::PRICE_SOURCE_UNSPECIFIED) {
      line->set_price_source(quoted ? v1::PRICE_SOURCE_QUOTE : v1::PRICE_SOURCE_GIVEN);
    }
    if (!line->has_price_per()) {
      SetQuantity(kMicrosPerUnit, line->quantity().unit(), line->mutable_price_per());
    }
  } else if (quoted) {
    if (!line->has_ordered_net()) {
      return InvalidField(absl::StrCat(path, ".unit_price"), "ORDER_PRICE_MISSING",
                          "A quote's line brings its agreed price or net.");
    }
    line->set_price_source(v1::PRICE_SOURCE_QUOTE);
  } else if (product != nullptr && product->has_list_price() &&
             product->list_price().currency_code() == order.currency()) {
    *line->mutable_unit_price() = product->list_price();
    line->set_price_source(v1::PRICE_SOURCE_LIST_PRICE);
    if (product->has_list_price_per()) {
      *line->mutable_price_per() = product->list_price_per();
    } else {
      SetQuantity(kMicrosPerUnit, product->base_unit(), line->mutable_price_per());
    }
  } else if (product != nullptr) {
    problem(v1::HOLD_REASON_UNSPECIFIED, "ORDER_PRICE_MISSING",
            absl::StrCat(product->sku(), " has no price in ", order.currency(), "."), "unit_price");
  }
  if (line->has_unit_price() && !line->has_ordered_net()) {
    bool price_fits = true;
    TANDEM_RETURN_IF_ERROR(DetermineNet(product, order, path, line, &price_fits));
    if (!price_fits && product != nullptr) units_fit = false;
  }
  if (product != nullptr && line->has_price_per()) {
    // In the base unit where that is exact, as everything the line is billed by.
    const Quantity per{Micros(line->price_per()), line->price_per().unit()};
    absl::StatusOr<int64_t> base_per = ToBase(*product, per);
    if (base_per.ok()) SetQuantity(*base_per, product->base_unit(), line->mutable_price_per());
  }
  if (!units_fit) {
    problem(v1::HOLD_REASON_UNIT_NOT_CONVERTIBLE, "ORDER_UNIT_NOT_CONVERTIBLE",
            absl::StrCat("The quantity cannot be expressed exactly in ", product->base_unit(),
                         ", the unit of ", product->sku(), "."),
            "quantity");
  }
  if (product != nullptr &&
      !DetermineTax(state, line->tax_class(), line->mutable_tax_code(), line->mutable_tax_rate())) {
    problem(v1::HOLD_REASON_TAX_NOT_DETERMINED, "ORDER_TAX_NOT_DETERMINED",
            absl::StrCat("There is no tax code for the tax class '", line->tax_class(), "' of ",
                         product->sku(), "."),
            "product_id");
  }

  Figures figures;  // nothing has happened to the line yet
  figures.ordered = ordered;
  line->mutable_ordered()->set_unit(unit);
  figures.WriteTo(line);
  for (google::type::Money* money :
       {line->mutable_billed_net(), line->mutable_invoiced_net(), line->mutable_credited_net()}) {
    SetMoney(0, order.currency(), money);
  }
  return absl::OkStatus();
}

void DetermineFreight(const State& state, v1::Order* order, std::vector<Problem>* problems) {
  if (!order->has_freight()) return;
  v1::FreightCharge* freight = order->mutable_freight();
  if (!DetermineTax(state, freight->tax_class(), freight->mutable_tax_code(),
                    freight->mutable_tax_rate())) {
    problems->push_back({v1::HOLD_REASON_TAX_NOT_DETERMINED, freight->line_number(),
                         Wrong("ORDER_TAX_NOT_DETERMINED",
                               absl::StrCat("There is no tax code for the tax class '",
                                            freight->tax_class(), "' of the freight."),
                               "order.freight.tax_class")});
  }
}

}  // namespace tandem::order
