#include "services/opportunity/opportunity_decide_pricing.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/opportunity/opportunity_decide_check.h"
#include "tandem/opportunity/v1/catalogue_item.pb.h"
#include "tandem/opportunity/v1/facts.pb.h"

namespace tandem::opportunity {
namespace {

bool IsOffered(const v1::CatalogueItem& item, int32_t day) {
  if (item.state() == v1::CATALOGUE_ITEM_STATE_DISCONTINUED ||
      item.state() == v1::CATALOGUE_ITEM_STATE_ARCHIVED) {
    return false;
  }
  if (!item.has_offered()) return true;
  const v1::Offered& offered = item.offered();
  return offered.on() && (!offered.has_from() || day >= DaysOf(offered.from())) &&
         (!offered.has_to() || day <= DaysOf(offered.to()));
}

// The item's name in the customer's language, else in English, else in the first there is.
std::string NameOf(const v1::CatalogueItem& item, absl::string_view language) {
  for (absl::string_view tag : {language, absl::string_view("en")}) {
    auto name = item.names().find(std::string(tag));
    if (name != item.names().end()) return name->second;
  }
  std::string first;
  for (const auto& [tag, name] : item.names()) {
    if (first.empty() || tag < first) first = tag;
  }
  return first.empty() ? item.sku() : item.names().at(first);
}

// A quantity in the item's base unit.
absl::StatusOr<int64_t> InBaseUnit(const v1::CatalogueItem& item, const Quantity& quantity,
                                   absl::string_view field) {
  if (quantity.unit == item.base_unit()) return quantity.micros;
  for (const v1::CatalogueItemUnit& unit : item.units()) {
    if (unit.unit() != quantity.unit) continue;
    absl::StatusOr<int64_t> base =
        ConvertQuantity(quantity.micros, unit.numerator(), unit.denominator());
    if (base.ok()) return base;
  }
  return NotNow("QUOTE_UNIT_NOT_CONVERTIBLE",
                absl::StrCat(FormatQuantity(quantity.micros, quantity.unit), " of ", item.sku(),
                             " cannot be told in ", item.base_unit(), "."),
                field);
}

absl::Status Missing(const std::string& path, absl::string_view sku) {
  return NotNow("QUOTE_PRICE_MISSING",
                absl::StrCat("There is no price for ", sku, " in the quote's currency."),
                path + ".unit_price");
}

// A price that is neither negative nor in another currency; the first one gives the currency.
absl::StatusOr<int64_t> PriceIn(const google::type::Money& money, const std::string& field,
                                v1::Quote* quote) {
  TANDEM_ASSIGN_OR_RETURN(const Amount price, FromProto(money, field));
  if (price.micros < 0) {
    return InvalidField(field, "QUOTE_PRICE_INVALID",
                        "A price is 0 or more; what lowers an offer is a discount.");
  }
  if (quote->currency().empty()) quote->set_currency(price.currency);
  if (price.currency != quote->currency()) {
    return InvalidField(
        field, "QUOTE_CURRENCY_MISMATCH",
        absl::StrCat("The quote is in ", quote->currency(), ", not in ", price.currency, "."));
  }
  return price.micros;
}

class LinePricer {
 public:
  LinePricer(const State& state, Pricing pricing, v1::Quote* quote)
      : state_(state), pricing_(pricing), quote_(quote) {
    const v1::CustomerFact* customer = state.Find<v1::CustomerFact>(quote->customer_id());
    if (customer != nullptr) language_ = customer->language();
  }

  absl::Status Price(const std::string& path, v1::QuoteLine* line) {
    const v1::CatalogueItem* item = state_.Find<v1::CatalogueItem>(line->catalogue_item_id());
    if (item == nullptr || !IsOffered(*item, DaysOf(quote_->quote_date()))) {
      if (pricing_ == Pricing::kRevise) return absl::OkStatus();
      return NotNow(
          "QUOTE_PRODUCT_NOT_OFFERED",
          absl::StrCat("The item ", item == nullptr ? line->catalogue_item_id() : item->sku(),
                       " is not offered on that day."),
          path + ".catalogue_item_id");
    }
    TANDEM_RETURN_IF_ERROR(Describe(*item, path, line));
    TANDEM_ASSIGN_OR_RETURN(const Quantity quantity,
                            PositiveFromProto(line->quantity(), path + ".quantity"));
    TANDEM_ASSIGN_OR_RETURN(const int64_t base, InBaseUnit(*item, quantity, path + ".quantity"));
    TANDEM_ASSIGN_OR_RETURN(const int64_t discount,
                            FractionFromProto(line->discount(), path + ".discount"));
    *line->mutable_quantity() = ToProto(quantity);
    *line->mutable_discount() = DecimalToProto(discount);
    line->clear_net();
    Quantity per{kMicrosPerUnit, quantity.unit};
    int64_t price = 0;
    if (line->has_unit_price()) {
      TANDEM_ASSIGN_OR_RETURN(price, PriceIn(line->unit_price(), path + ".unit_price", quote_));
      if (line->has_price_per()) {
        TANDEM_ASSIGN_OR_RETURN(per, PositiveFromProto(line->price_per(), path + ".price_per"));
      }
      *line->mutable_price_per() = ToProto(per);
      line->set_price_source(v1::PRICE_SOURCE_GIVEN);
    } else {
      line->clear_price_source();
      line->clear_price_per();
      const google::type::Money& list = item->list_price().amount();
      const bool priced = item->has_list_price() && (quote_->currency().empty() ||
                                                     list.currency_code() == quote_->currency());
      if (!priced) {
        return pricing_ == Pricing::kIssue ? Missing(path, item->sku()) : absl::OkStatus();
      }
      TANDEM_ASSIGN_OR_RETURN(price, PriceIn(list, path + ".unit_price", quote_));
      per.unit = item->base_unit();
      if (item->list_price().has_per()) {
        TANDEM_ASSIGN_OR_RETURN(per,
                                PositiveFromProto(item->list_price().per(), path + ".price_per"));
      }
      if (pricing_ == Pricing::kIssue) {
        SetMoney(price, quote_->currency(), line->mutable_unit_price());
        *line->mutable_price_per() = ToProto(per);
        line->set_price_source(v1::PRICE_SOURCE_LIST_PRICE);
      }
    }
    TANDEM_ASSIGN_OR_RETURN(const int64_t base_per, InBaseUnit(*item, per, path + ".price_per"));
    TANDEM_ASSIGN_OR_RETURN(const int64_t net,
                            LineNet(base, price, base_per, discount, quote_->currency()));
    SetMoney(net, quote_->currency(), line->mutable_net());
    return absl::OkStatus();
  }

 private:
  absl::Status Describe(const v1::CatalogueItem& item, const std::string& path,
                        v1::QuoteLine* line) {
    if (item.product_id().empty() && pricing_ == Pricing::kIssue) {
      return NotNow("QUOTE_PRODUCT_NOT_LINKED",
                    absl::StrCat("The ERP does not have ", item.sku(), " yet."),
                    path + ".catalogue_item_id");
    }
    line->set_product_id(item.product_id());
    line->set_sku(item.sku());
    line->set_tax_class(item.tax_class());
    if (line->description().empty()) line->set_description(NameOf(item, language_));
    return CheckDate(line->has_requested_date(), line->requested_date(), path + ".requested_date");
  }

  const State& state_;
  const Pricing pricing_;
  v1::Quote* const quote_;
  std::string language_;
};

// Lines without a number take the next ones.
absl::Status NumberLines(v1::Quote* quote) {
  int32_t highest = 0;
  for (const v1::QuoteLine& line : quote->lines()) {
    highest = std::max(highest, line.line_number());
  }
  std::set<int32_t> numbers;
  for (int i = 0; i < quote->lines_size(); ++i) {
    v1::QuoteLine* line = quote->mutable_lines(i);
    if (line->line_number() == 0) line->set_line_number(++highest);
    if (!numbers.insert(line->line_number()).second) {
      return InvalidField(absl::StrCat("quote.lines[", i, "].line_number"),
                          "QUOTE_LINE_NUMBER_DUPLICATE",
                          absl::StrCat("There are two lines ", line->line_number(), "."));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PriceQuote(const State& state, Pricing pricing, v1::Quote* quote) {
  TANDEM_RETURN_IF_ERROR(NumberLines(quote));
  // Given prices first: they say the currency that list prices must be in.
  for (int i = 0; i < quote->lines_size(); ++i) {
    if (!quote->lines(i).has_unit_price()) continue;
    TANDEM_RETURN_IF_ERROR(PriceIn(quote->lines(i).unit_price(),
                                   absl::StrCat("quote.lines[", i, "].unit_price"), quote)
                               .status());
  }
  LinePricer pricer(state, pricing, quote);
  for (int i = 0; i < quote->lines_size(); ++i) {
    TANDEM_RETURN_IF_ERROR(
        pricer.Price(absl::StrCat("quote.lines[", i, "]"), quote->mutable_lines(i)));
  }
  int64_t total = 0;
  for (const v1::QuoteLine& line : quote->lines()) {
    if (!line.has_net()) continue;
    TANDEM_ASSIGN_OR_RETURN(const int64_t net,
                            MicrosFromProto(line.net(), quote->currency(), "quote.lines.net"));
    TANDEM_ASSIGN_OR_RETURN(total, AddMoney(total, net));
  }
  if (quote->has_freight()) {
    TANDEM_ASSIGN_OR_RETURN(const int64_t net,
                            PriceIn(quote->freight().net(), "quote.freight.net", quote));
    TANDEM_ASSIGN_OR_RETURN(const int64_t rounded, RoundToMinor(net, quote->currency()));
    if (rounded != net) {
      return InvalidField("quote.freight.net", "QUOTE_PRICE_INVALID",
                          "A freight charge is in whole minor units.");
    }
    TANDEM_ASSIGN_OR_RETURN(total, AddMoney(total, net));
  }
  quote->clear_net_total();
  if (!quote->currency().empty()) SetMoney(total, quote->currency(), quote->mutable_net_total());
  return absl::OkStatus();
}

}  // namespace tandem::opportunity
