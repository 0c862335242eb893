#include "services/order/order_store.h"

#include "order_migrations.h"
#include "platform/bus/runner.h"
#include "services/order/order_decide.h"
#include "tandem/operations/v1/counter.pb.h"
#include "tandem/order/v1/facts.pb.h"
#include "tandem/order/v1/order.pb.h"

namespace tandem::order {
namespace {

// States 1 and 2 are PLACED and CONFIRMED; hold reason 2 is ACCOUNT_BLOCKED. Each reads at most
// kAccountOrdersMax + 1 orders, so that the caller learns that there are more.
constexpr char kUnheldOfAccountSql[] =
    "SELECT id FROM orders WHERE payer_account_id = $1 AND state IN (1, 2) AND NOT EXISTS "
    "(SELECT 1 FROM orders_holds h WHERE h.parent = orders.id AND h.reason = 2) "
    "ORDER BY id LIMIT 1001";
constexpr char kUnheldOfPayerSql[] =
    "SELECT id FROM orders WHERE payer_customer_id = $1 AND payer_account_id = '' "
    "AND state IN (1, 2) AND NOT EXISTS "
    "(SELECT 1 FROM orders_holds h WHERE h.parent = orders.id AND h.reason = 2) "
    "ORDER BY id LIMIT 1001";
constexpr char kHeldOfAccountSql[] =
    "SELECT id FROM orders WHERE payer_account_id = $1 AND state IN (1, 2) AND EXISTS "
    "(SELECT 1 FROM orders_holds h WHERE h.parent = orders.id AND h.reason = 2) "
    "ORDER BY id LIMIT 1001";
constexpr char kHeldOfPayerSql[] =
    "SELECT id FROM orders WHERE payer_customer_id = $1 AND payer_account_id = '' "
    "AND state IN (1, 2) AND EXISTS "
    "(SELECT 1 FROM orders_holds h WHERE h.parent = orders.id AND h.reason = 2) "
    "ORDER BY id LIMIT 1001";

// Orders with a hold that a master may lift: PRODUCT_UNKNOWN 5, PRODUCT_DISCONTINUED 6,
// TAX_NOT_DETERMINED 7, UNIT_NOT_CONVERTIBLE 9; CUSTOMER_BLOCKED 3, CUSTOMER_UNKNOWN 4,
// CURRENCY_MISMATCH 10. At most kHeldOrdersMax.
constexpr char kHeldForProductSql[] =
    "SELECT DISTINCT h.parent FROM orders_holds h JOIN orders_lines l ON l.parent = h.parent "
    "AND l.line_number = h.line_number WHERE l.product_id = $1 AND h.reason IN (5, 6, 7, 9) "
    "ORDER BY h.parent LIMIT 10000";
constexpr char kHeldForCustomerSql[] =
    "SELECT DISTINCT h.parent FROM orders_holds h JOIN orders o ON o.id = h.parent "
    "WHERE h.reason IN (3, 4, 10) AND (o.sold_to_customer_id = $1 OR o.bill_to_customer_id = $1 "
    "OR o.payer_customer_id = $1) ORDER BY h.parent LIMIT 10000";
constexpr char kHeldForTaxClassSql[] =
    "SELECT DISTINCT h.parent FROM orders_holds h JOIN orders o ON o.id = h.parent "
    "LEFT JOIN orders_lines l ON l.parent = h.parent AND l.line_number = h.line_number "
    "WHERE h.reason = 7 AND (l.tax_class = $1 OR o.freight_tax_class = $1) "
    "ORDER BY h.parent LIMIT 10000";

}  // namespace

std::vector<store::TableSpec> OrderTables() {
  std::vector<store::TableSpec> tables = bus::SubscriptionTables();
  // What arbitrates comes first: facts, then orders, then the counter that every new order wants.
  // Facts, orders and the counter are never erased, and all but orders are read with every order:
  // they are remembered.
  tables.push_back(
      {v1::AccountFact::descriptor(), "account_facts", {}, 10, store::Remembered::kByAll});
  tables.push_back({v1::CustomerFact::descriptor(),
                    "customer_facts",
                    {},
                    20,
                    store::Remembered::kByAll,
                    {{"account_id", v1::AccountFact::descriptor()}},
                    /*texts_in_row=*/true});
  tables.push_back({v1::ProductFact::descriptor(),
                    "product_facts",
                    {},
                    30,
                    store::Remembered::kByAll,
                    {{"tax_class", v1::TaxRateFact::descriptor()}}});
  tables.push_back(
      {v1::TaxRateFact::descriptor(), "tax_rate_facts", {}, 40, store::Remembered::kByAll});
  tables.push_back({v1::QuoteOrder::descriptor(), "quote_orders", {}, 50});
  tables.push_back({v1::Order::descriptor(),
                    "orders",
                    {{kUnheldOfAccount, kUnheldOfAccountSql},
                     {kUnheldOfPayer, kUnheldOfPayerSql},
                     {kHeldOfAccount, kHeldOfAccountSql},
                     {kHeldOfPayer, kHeldOfPayerSql},
                     {kHeldForProduct, kHeldForProductSql},
                     {kHeldForCustomer, kHeldForCustomerSql},
                     {kHeldForTaxClass, kHeldForTaxClassSql}},
                    60,
                    store::Remembered::kByAll,
                    {},
                    /*texts_in_row=*/true});
  tables.push_back(
      {operations::v1::Counter::descriptor(), "counters", {}, 900, store::Remembered::kByAll});
  return tables;
}

const std::vector<store::Migration>& Migrations() { return OrderMigrations(); }

}  // namespace tandem::order
