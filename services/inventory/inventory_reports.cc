#include "services/inventory/inventory_reports.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/date.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/inventory/inventory_decide_figures.h"

namespace tandem::inventory {
namespace {

using google::protobuf::Message;

// Of one answer: 1,000 products in a hundred warehouses each.
constexpr int kStocksMax = 100'000;
constexpr int kPageDefault = 50;
constexpr int kPageMax = 1000;

// "product_id IN ($1, …)", with one of few numbers of parameters, so that few statements are
// prepared: the last id stands in for the rest.
std::string InProducts(const std::vector<std::string>& ids, std::vector<store::Value>* params) {
  size_t size = 1;
  while (size < ids.size()) size *= 2;
  std::string text = "product_id IN (";
  for (size_t i = 0; i < size; ++i) {
    params->emplace_back(ids[std::min(i, ids.size() - 1)]);
    absl::StrAppend(&text, i == 0 ? "$" : ", $", params->size());
  }
  return text + ")";
}

void AddStock(const v1::Stock& stock, v1::Availability* sum) {
  AddTo(sum->mutable_on_hand(), MicrosOf(stock.on_hand()));
  AddTo(sum->mutable_blocked(), MicrosOf(stock.blocked()));
  AddTo(sum->mutable_reserved(), MicrosOf(stock.reserved()));
  AddTo(sum->mutable_available(), MicrosOf(stock.available()));
  AddTo(sum->mutable_backordered(), MicrosOf(stock.backordered()));
  *sum->add_stocks() = stock;
}

// A line that cannot be served may be in a unit of its own, so units are kept apart. Held is BIGINT
// 0 or 1. SUM of BIGINT is NUMERIC in PostgreSQL, so it is cast back.
constexpr char kScheduleSql[] =
    "SELECT l.product_id, l.warehouse, l.week, l.open_unit, "
    "CAST(SUM(l.open_micros) AS BIGINT), CAST(SUM(l.open_micros * d.held) AS BIGINT), "
    "CAST(SUM(l.reserved_micros) AS BIGINT), CAST(SUM(l.backordered_micros) AS BIGINT), COUNT(*) "
    "FROM demands_lines l JOIN demands d ON d.order_id = l.parent "
    "WHERE l.open_micros > 0 AND ($1 = '' OR l.product_id = $1) "
    "AND ($2 = '' OR l.warehouse = $2) AND l.week >= $3 AND ($4 = '' OR l.week <= $4) "
    "AND (l.product_id, l.warehouse, l.week, l.open_unit) > ($5, $6, $7, $8) "
    "GROUP BY l.product_id, l.warehouse, l.week, l.open_unit "
    "ORDER BY l.product_id, l.warehouse, l.week, l.open_unit LIMIT $9";

struct Cursor {
  std::string product_id, warehouse, week, unit;
};

std::string QueryOf(const v1::ListDemandScheduleRequest& request) {
  return absl::StrCat(request.product_id(), "|", request.warehouse(), "|", request.from_week(), "|",
                      request.to_week());
}

absl::StatusOr<Cursor> CursorOf(const v1::ListDemandScheduleRequest& request) {
  if (request.page_token().empty()) return Cursor();
  std::string text;
  std::vector<std::string> parts;
  if (absl::WebSafeBase64Unescape(request.page_token(), &text)) {
    parts = absl::StrSplit(text, '\n');
  }
  if (parts.size() != 5) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID", "not a token of this method");
  }
  if (parts[0] != QueryOf(request)) {
    return InvalidField("page_token", "PAGE_TOKEN_QUERY_CHANGED", "the token is of another query");
  }
  return Cursor{parts[1], parts[2], parts[3], parts[4]};
}

}  // namespace

absl::Status ReadAvailability(store::Reader& reader, const v1::BatchGetAvailabilityRequest& request,
                              v1::BatchGetAvailabilityResponse* answer) {
  const std::vector<std::string> ids(request.product_ids().begin(), request.product_ids().end());
  if (ids.empty()) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Message>> products,
                          reader.Get(v1::Product::descriptor(), ids));
  store::ListQuery query;
  query.where = InProducts(ids, &query.params);
  if (!request.warehouse().empty()) {
    query.params.emplace_back(request.warehouse());
    absl::StrAppend(&query.where, " AND warehouse = $", query.params.size());
  }
  query.limit = kStocksMax;
  TANDEM_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Message>> rows,
                          reader.List(v1::Stock::descriptor(), query));
  std::multimap<std::string, const v1::Stock*> stocks;
  for (const std::unique_ptr<Message>& row : rows) {
    const auto* stock = static_cast<const v1::Stock*>(row.get());
    stocks.emplace(stock->product_id(), stock);
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    v1::Availability* sum = answer->add_availabilities();
    sum->set_product_id(ids[i]);
    const auto [begin, end] = stocks.equal_range(ids[i]);
    const std::string unit = begin != end ? begin->second->on_hand().unit()
                             : products[i] != nullptr
                                 ? static_cast<const v1::Product&>(*products[i]).base_unit()
                                 : "";
    for (type::v1::Quantity* figure :
         {sum->mutable_on_hand(), sum->mutable_blocked(), sum->mutable_reserved(),
          sum->mutable_available(), sum->mutable_backordered()}) {
      SetQuantity(0, unit, figure);
    }
    for (auto it = begin; it != end; ++it) AddStock(*it->second, sum);
  }
  return absl::OkStatus();
}

absl::Status ReadDemandSchedule(store::Reader& reader, const v1::ListDemandScheduleRequest& request,
                                v1::ListDemandScheduleResponse* answer) {
  if (request.page_size() < 0) {
    return InvalidField("page_size", "PAGE_SIZE_INVALID", "a page has 0 rows or more");
  }
  for (const auto& [week, field] :
       {std::pair(&request.from_week(), "from_week"), std::pair(&request.to_week(), "to_week")}) {
    if (!week->empty()) TANDEM_RETURN_IF_ERROR(ParseIsoWeek(*week, field).status());
  }
  TANDEM_ASSIGN_OR_RETURN(Cursor after, CursorOf(request));
  const int size =
      request.page_size() == 0 ? kPageDefault : std::min<int>(request.page_size(), kPageMax);
  TANDEM_ASSIGN_OR_RETURN(
      store::Result result,
      reader.Select(
          {kScheduleSql,
           {request.product_id(), request.warehouse(), request.from_week(), request.to_week(),
            after.product_id, after.warehouse, after.week, after.unit, int64_t{size} + 1}}));
  const bool more = result.rows.size() > static_cast<size_t>(size);
  if (more) result.rows.pop_back();
  for (const store::Row& row : result.rows) {
    v1::DemandScheduleEntry* entry = answer->add_entries();
    const std::string& unit = std::get<std::string>(row[3]);
    entry->set_product_id(std::get<std::string>(row[0]));
    entry->set_warehouse(std::get<std::string>(row[1]));
    entry->set_week(std::get<std::string>(row[2]));
    SetQuantity(std::get<int64_t>(row[4]), unit, entry->mutable_open());
    SetQuantity(std::get<int64_t>(row[5]), unit, entry->mutable_held());
    SetQuantity(std::get<int64_t>(row[6]), unit, entry->mutable_reserved());
    SetQuantity(std::get<int64_t>(row[7]), unit, entry->mutable_backordered());
    entry->set_line_count(std::get<int64_t>(row[8]));
  }
  if (more) {
    const v1::DemandScheduleEntry& last = *answer->entries().rbegin();
    answer->set_next_page_token(absl::WebSafeBase64Escape(
        absl::StrCat(QueryOf(request), "\n", last.product_id(), "\n", last.warehouse(), "\n",
                     last.week(), "\n", last.open().unit())));
  }
  return absl::OkStatus();
}

}  // namespace tandem::inventory
