// The hot inner parts, without database, broker or network: mapping rows, decisions, envelopes,
// filters, the synchronisation's step. `bench_inner --benchmark_filter=…` as Google Benchmark has
// it.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "bus-adapters/master_data/step.h"
#include "google/protobuf/text_format.h"
#include "platform/base/state.h"
#include "platform/base/uuid.h"
#include "platform/bus/envelope.h"
#include "platform/rpc/columns.h"
#include "platform/rpc/filter.h"
#include "platform/rpc/filter_sql.h"
#include "platform/store/columns.h"
#include "services/order/order_decide.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::bench {
namespace {

using order::v1::Order;
using order::v1::PlaceOrderRequest;

[[noreturn]] void Give(const absl::Status& status) {
  std::cerr << status << "\n";
  std::exit(1);
}

template <class T>
T Text(absl::string_view text) {
  T message;
  if (!google::protobuf::TextFormat::ParseFromString(std::string(text), &message)) {
    Give(absl::InvalidArgumentError(std::string(text)));
  }
  return message;
}

PlaceOrderRequest TwoLines() {
  auto request = Text<PlaceOrderRequest>(R"pb(
    order {
      sold_to_customer_id: "cus_01h00000000000000000000001"
      order_date { year: 2014 month: 5 day: 6 }
      requested_date { year: 2014 month: 5 day: 20 }
      currency: "USD"
      lines {
        line_number: 1
        product_id: "prd_01h00000000000000000000001"
        quantity {
          value { value: "3" }
          unit: "C62"
        }
        unit_price { currency_code: "USD" units: 18 }
      }
      lines {
        line_number: 2
        product_id: "prd_01h00000000000000000000002"
        quantity {
          value { value: "5" }
          unit: "C62"
        }
        unit_price { currency_code: "USD" units: 21 nanos: 500000000 }
      }
    })pb");
  request.set_request_id(UuidV4());
  return request;
}

// The order service's facts that the request needs, all loaded.
void GiveFacts(State& state) {
  state.TreatUnknownAsAbsent();
  state.Given(Text<order::v1::CustomerFact>(R"pb(
    id: "cus_01h00000000000000000000001"
    known: true
    customer_number: "C-1"
    display_name: "Alfreds Futterkiste"
    legal_name: "Alfreds Futterkiste GmbH"
    ship_to_address {
      lines: "Obere Str. 57"
      city: "Berlin"
      postal_code: "12209"
      country_code: "DE"
    }
    bill_to_address {
      lines: "Obere Str. 57"
      city: "Berlin"
      postal_code: "12209"
      country_code: "DE"
    }
    account_id: "acc_01h00000000000000000000001"
    source_version: 1)pb"));
  state.Given(Text<order::v1::AccountFact>(R"pb(
    id: "acc_01h00000000000000000000001"
    customer_id: "cus_01h00000000000000000000001"
    currency: "USD"
    source_version: 1)pb"));
  state.Given(Text<order::v1::TaxRateFact>(R"pb(
    tax_class: "STANDARD"
    tax_code: "DE19"
    rate { value: "0.19" }
    source_version: 1)pb"));
  for (int i = 1; i <= 2; ++i) {
    auto product = Text<order::v1::ProductFact>(R"pb(
      name: "Chai"
      state: PRODUCT_FACT_STATE_ACTIVE
      base_unit: "C62"
      tax_class: "STANDARD"
      source_version: 1)pb");
    product.set_id(absl::StrCat("prd_01h0000000000000000000000", i));
    product.set_sku(absl::StrCat("SKU-", i));
    state.Given(std::move(product));
  }
}

Order Decided() {
  State state;
  GiveFacts(state);
  Context context;
  context.ids = IdSource(1'000'000, 1, 1);
  context.now_micros = 1'000'000;
  state.Begin();
  auto order = order::PlaceOrder(TwoLines(), context, state);
  if (!order.ok()) Give(order.status());
  return *order;
}

void DecidePlaceOrder(benchmark::State& run) {
  State state;
  GiveFacts(state);
  const PlaceOrderRequest request = TwoLines();
  for (auto _ : run) {
    Context context;
    context.ids = IdSource(1'000'000, 1, 1);
    state.Begin();  // drops what the one before did
    auto order = order::PlaceOrder(request, context, state);
    if (!order.ok()) Give(order.status());
    benchmark::DoNotOptimize(order);
  }
}
BENCHMARK(DecidePlaceOrder);

void RowOfOrder(benchmark::State& run) {
  std::vector<store::RepeatedField> repeated;
  const auto columns = store::Columns::OfMessage(Order::descriptor(), true, &repeated);
  std::vector<std::pair<const store::RepeatedField*, store::Columns>> children;
  for (const auto& field : repeated) {
    if (field.path.empty()) {
      children.emplace_back(&field, store::Columns::OfElement(field.field));
    }
  }
  const Order order = Decided();
  for (auto _ : run) {
    std::vector<store::Value> values;
    values.reserve(columns.size());
    absl::Status status = columns.Encode(order, &values);
    for (const auto& [field, child] : children) {
      const int size = order.GetReflection()->FieldSize(order, field->field);
      for (int i = 0; i < size && status.ok(); ++i) {
        values.clear();
        status = child.EncodeElement(order, i, &values);
      }
    }
    if (!status.ok()) Give(status);
    benchmark::DoNotOptimize(values);
  }
}
BENCHMARK(RowOfOrder);

void OrderOfRow(benchmark::State& run) {
  std::vector<store::RepeatedField> repeated;
  const auto columns = store::Columns::OfMessage(Order::descriptor(), true, &repeated);
  std::vector<store::Value> values;
  if (absl::Status status = columns.Encode(Decided(), &values); !status.ok()) Give(status);
  for (auto _ : run) {
    Order order;
    if (absl::Status status = columns.Decode(values, &order); !status.ok()) Give(status);
    benchmark::DoNotOptimize(order);
  }
}
BENCHMARK(OrderOfRow);

store::JournalRow Row() {
  order::v1::OrderEvent event;
  *event.mutable_order() = Decided();
  event.mutable_order_placed();
  store::JournalRow row;
  row.position = 123'456;
  row.id = "evt_01h00000000000000000000001";
  row.topic = "tandem.order.order.v1";
  row.aggregatetype = "order";
  row.aggregateid = row.routing_key = event.order().id();
  row.entity_version = 1;
  row.type = "tandem.order.v1.OrderPlaced";
  row.event_message = "tandem.order.v1.OrderEvent";
  row.lane = store::LaneOf(row.routing_key);
  row.lane_previous = 123'400;
  row.time_micros = 1'700'000'000'000'000;
  row.payload = event.SerializeAsString();
  return row;
}

constexpr char kIncarnation[] = "0123456789abcdef0123456789abcdef";

void EnvelopeToHeaders(benchmark::State& run) {
  const store::JournalRow row = Row();
  for (auto _ : run) {
    auto headers = bus::HeadersOf(bus::EnvelopeOf(row, "/tandem/order", kIncarnation));
    benchmark::DoNotOptimize(headers);
  }
  run.counters["payload_bytes"] = static_cast<double>(row.payload.size());
}
BENCHMARK(EnvelopeToHeaders);

void HeadersToEnvelope(benchmark::State& run) {
  const store::JournalRow row = Row();
  const auto headers = bus::HeadersOf(bus::EnvelopeOf(row, "/tandem/order", kIncarnation));
  for (auto _ : run) {
    auto event = bus::FromRecord(headers, row.topic, row.routing_key, row.payload);
    if (!event.ok()) Give(event.status());
    benchmark::DoNotOptimize(event);
  }
}
BENCHMARK(HeadersToEnvelope);

constexpr char kFilter[] =
    "state = ORDER_STATE_PLACED AND net_total > 100.00 AND NOT sold_to_name = \"Nord*\"";

void FilterToSql(benchmark::State& run) {
  const store::TableSpec table{Order::descriptor(), "orders", {}, 1};
  const rpc::ColumnMapper columns = rpc::ColumnsOf(table);
  for (auto _ : run) {
    auto filter = rpc::ParseFilter(kFilter, *Order::descriptor());
    if (!filter.ok()) Give(filter.status());
    auto sql = rpc::ToSql(*filter, columns);
    if (!sql.ok()) Give(sql.status());
    benchmark::DoNotOptimize(sql);
  }
}
BENCHMARK(FilterToSql);

void FilterMatches(benchmark::State& run) {
  auto filter = rpc::ParseFilter(kFilter, *Order::descriptor());
  if (!filter.ok()) Give(filter.status());
  const Order order = Decided();
  for (auto _ : run) benchmark::DoNotOptimize(rpc::Matches(*filter, order));
}
BENCHMARK(FilterMatches);

master_data::v1::State CopyOf(int version, absl::string_view phone) {
  master_data::v1::State state;
  state.set_foreign_id("cus_01h00000000000000000000001");
  state.mutable_version()->set_token(absl::StrCat("\"", version, "\""));
  state.mutable_version()->set_order(version);
  state.set_change_id(absl::StrCat("evt_", version));
  for (int i = 0; i < 20; ++i) {
    auto* group = state.add_groups();
    group->set_name(i == 0 ? "phone" : absl::StrCat("field_", i));
    group->mutable_value()->set_present(true);
    group->mutable_value()->set_common(i == 0 ? std::string(phone) : absl::StrCat("value ", i));
  }
  return state;
}

// An edit of one of twenty fields arrives at a record of which the other side knows nothing yet.
void StepOfAnEdit(benchmark::State& run) {
  std::vector<master_data::SystemRules> systems(2);
  systems[0].name = "crm";
  systems[1].name = "erp";
  std::vector<master_data::GroupRule> groups = {master_data::Existence("crm"),
                                                master_data::Shared("phone", {"crm", "erp"})};
  for (int i = 1; i < 20; ++i) {
    groups.push_back(master_data::Owned(absl::StrCat("field_", i), "crm"));
  }
  auto rules = master_data::EntityRules::Create("customer", std::move(systems), std::move(groups));
  if (!rules.ok()) Give(rules.status());
  auto arrived = [](int version, absl::string_view phone) {
    master_data::Input input;
    input.time_micros = version;
    input.fresh_id = absl::StrCat("fresh", version);
    input.what = master_data::StateArrived{"crm", CopyOf(version, phone)};
    return input;
  };
  master_data::v1::AgreedRecord record;
  record.set_id("rec_1");
  record = master_data::Step(*rules, record, arrived(1, "+49 30 1")).record;
  const master_data::Input edit = arrived(2, "+49 30 2");
  for (auto _ : run) {
    auto outcome = master_data::Step(*rules, record, edit);
    benchmark::DoNotOptimize(outcome);
  }
}
BENCHMARK(StepOfAnEdit);

}  // namespace
}  // namespace tandem::bench
