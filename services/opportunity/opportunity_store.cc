#include "services/opportunity/opportunity_store.h"

#include "opportunity_migrations.h"
#include "services/opportunity/opportunity_decide.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::opportunity {
namespace {

constexpr char kQuotesOfOpportunitySql[] = "SELECT id FROM quotes WHERE opportunity_id = $1";
// State 2 is ISSUED; 10,000,000 is kDueKeyBase and 1,000 kExpireMax: the oldest first.
constexpr char kQuotesDueBeforeSql[] =
    "SELECT id FROM quotes WHERE state = 2 AND CAST(valid_until_days + 10000000 AS TEXT) < $1 "
    "ORDER BY valid_until_days, id LIMIT 1000";
constexpr char kResultsOfOpportunitySql[] =
    "SELECT id FROM order_results WHERE opportunity_id = $1";
static_assert(v1::QUOTE_STATE_ISSUED == 2 && kDueKeyBase == 10'000'000 && kExpireMax == 1000);

}  // namespace

std::vector<store::TableSpec> OpportunityTables() {
  return {
      {operations::v1::Counter::descriptor(), "counters", {}, 10},
      {v1::Pipeline::descriptor(), "pipelines", {}, 20},
      {v1::CustomerFact::descriptor(), "customer_facts", {}, 30},
      {v1::CatalogueSku::descriptor(), "catalogue_skus", {}, 40},
      {v1::CatalogueItem::descriptor(), "catalogue_items", {}, 50},
      {v1::Opportunity::descriptor(), "opportunities", {}, 60},
      {v1::Quote::descriptor(),
       "quotes",
       {{kQuotesOfOpportunity, kQuotesOfOpportunitySql}, {kQuotesDueBefore, kQuotesDueBeforeSql}},
       70},
      {v1::Activity::descriptor(), "activities", {}, 80},
      {v1::DeletedRecord::descriptor(), "deleted_records", {}, 90},
      {v1::OpportunityResults::descriptor(), "opportunity_results", {}, 100},
      {v1::OrderResult::descriptor(),
       "order_results",
       {{kResultsOfOpportunity, kResultsOfOpportunitySql}},
       110,
       store::Remembered::kByAll},
      {v1::ResultDocument::descriptor(), "result_documents", {}, 120, store::Remembered::kByAll},
  };
}

const std::vector<store::Migration>& Migrations() { return OpportunityMigrations(); }

}  // namespace tandem::opportunity
