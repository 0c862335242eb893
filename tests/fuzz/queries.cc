#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/check.h"
#include "platform/base/field_behavior.h"
#include "platform/base/field_mask.h"
#include "platform/base/hash.h"
#include "platform/base/status.h"
#include "platform/rpc/filter.h"
#include "platform/rpc/filter_sql.h"
#include "platform/rpc/order_by.h"
#include "platform/rpc/page_token.h"
#include "platform/rpc/validate.h"
#include "tandem/order/v1/order.pb.h"
#include "tests/fuzz/targets.h"

namespace tandem::fuzz {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using order::v1::Order;

const Order& Sample() {
  static const auto* order = [] {
    auto* made = new Order;
    made->set_id("ord_01jd8zk3v0qweyrt56789m0000");
    made->set_currency("EUR");
    made->mutable_order_date()->set_year(2025);
    made->mutable_order_date()->set_month(1);
    made->mutable_order_date()->set_day(31);
    made->mutable_create_time()->set_seconds(1'700'000'000);
    auto* line = made->add_lines();
    line->set_line_number(1);
    line->set_product_id("prd_01jd8zk3v0qweyrt56789m0000");
    line->mutable_quantity()->mutable_value()->set_value("12.5");
    line->mutable_unit_price()->set_units(7);
    return made;
  }();
  return *order;
}

// A column for every field, of its kind.
rpc::ColumnMapper Columns() {
  return [](absl::string_view path) -> std::optional<rpc::ColumnRef> {
    const rpc::ResolvedField found = rpc::ResolveField(*Order::descriptor(), path);
    if (!found.field.has_value()) return std::nullopt;
    return rpc::ColumnRef{"c", found.field->kind, found.field->has_presence,
                          found.field->repeated ? "EXISTS (SELECT 1 WHERE {})" : ""};
  };
}

// A refusal says why, of the field it is about.
void CheckRefusal(const absl::Status& status, absl::string_view field) {
  TANDEM_CHECK(!ReasonOf(status).empty(), status.ToString());
  TANDEM_CHECK(status.code() != absl::StatusCode::kInternal, status.ToString());
  TANDEM_CHECK(FieldOf(status) == field, status.ToString());
}

}  // namespace

void Filter(absl::string_view input) {
  const auto filter = rpc::ParseFilter(input, *Order::descriptor());
  if (!filter.ok()) return CheckRefusal(filter.status(), "filter");
  TANDEM_CHECK(input.size() <= rpc::kFilterMaxBytes && filter->terms <= rpc::kFilterMaxTerms,
               "a filter keeps its limits");
  rpc::Matches(*filter, Sample());
  rpc::Matches(*filter, Order());
  const auto sql = rpc::ToSql(*filter, Columns());
  if (!sql.ok()) return CheckRefusal(sql.status(), "filter");
  TANDEM_CHECK(sql->next == 1 + static_cast<int>(sql->values.size()), "a value each");
}

void OrderByText(absl::string_view input) {
  const auto order = rpc::OrderBy::Parse(input, *Order::descriptor(), Columns());
  if (!order.ok()) return CheckRefusal(order.status(), "order_by");
  const std::string canonical = order->Canonical();  // ends with a comma
  const auto again = rpc::OrderBy::Parse(absl::string_view(canonical.data(), canonical.size() - 1),
                                         *Order::descriptor(), Columns());
  // The id, which is added, may be one field too many.
  TANDEM_CHECK(again.ok() ? again->Sql() == order->Sql()
                          : ReasonOf(again.status()) == "ORDER_BY_TOO_MANY_FIELDS",
               "its own text is the same order");
  TANDEM_CHECK(order->After(order->CursorOf(Sample())).ok(), "a row has a place in it");
}

// The first byte says whether the rest is a token, or the values of a row that become one.
void PageToken(absl::string_view input) {
  static const rpc::PageTokens tokens{rpc::PageTokenKey{1, 2, 3}};
  const rpc::PageQuery query{"m", "f", "o", ""};
  constexpr int64_t kNow = 1'700'000'000'000'000;
  if (input.empty() || input[0] % 2 == 0) {
    const absl::string_view token = input.empty() ? input : input.substr(1);
    const auto opened = tokens.Open(token, query, kNow);
    TANDEM_CHECK(!opened.ok(), "a token that nobody sealed opens");
    return CheckRefusal(opened.status(), "page_token");
  }
  std::vector<rpc::SqlValue> row;
  for (absl::string_view rest = input.substr(1);
       !rest.empty() && row.size() < rpc::kPageTokenMaxValues;) {
    const size_t size = std::min<size_t>(rest.size(), static_cast<uint8_t>(rest[0]) + size_t{1});
    if (size % 2 == 0) {
      row.emplace_back(std::string(rest.substr(1, size - 1)));
    } else {
      row.emplace_back(static_cast<int64_t>(size) * -7'919);
    }
    rest.remove_prefix(size);
  }
  const auto sealed = tokens.Seal(row, query, kNow);
  if (!sealed.ok()) return;
  const auto opened = tokens.Open(*sealed, query, kNow);
  TANDEM_CHECK(opened.ok() && *opened == row, "a row comes back as it went");
  TANDEM_CHECK(!tokens.Open(*sealed, {"n", "f", "o", ""}, kNow).ok(), "of another query");
}

// The first line names the request's type, or else picks one; the rest is the request.
void Request(absl::string_view input) {
  static const auto* types = [] {
    auto* all = new std::vector<const Descriptor*>;
    for (const char* name :
         {"tandem.customer.v1.CustomerService", "tandem.opportunity.v1.OpportunityService",
          "tandem.order.v1.OrderService", "tandem.inventory.v1.InventoryService",
          "tandem.billing.v1.BillingService"}) {
      const auto* service =
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
      TANDEM_CHECK(service != nullptr, name);
      for (int i = 0; i < service->method_count(); ++i) {
        all->push_back(service->method(i)->input_type());
      }
    }
    return all;
  }();
  static const auto* validator = [] {
    auto made = rpc::Validator::Compile(*types);
    TANDEM_CHECK(made.ok(), made.status().ToString());
    return new rpc::Validator(*std::move(made));
  }();
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(input, absl::MaxSplits('\n', 1));
  const Descriptor* type = (*types)[StableHash64(parts.first) % types->size()];
  for (const Descriptor* known : *types) {
    if (known->full_name() == parts.first) type = known;
  }
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
  std::unique_ptr<Message> request(prototype->New());
  if (!request->ParseFromArray(parts.second.data(), static_cast<int>(parts.second.size()))) return;
  ClearOutputOnly(request.get());
  const absl::Status status = validator->Check(*request);
  if (!status.ok()) {
    TANDEM_CHECK(!ReasonOf(status).empty() && !FieldOf(status).empty(), status.ToString());
    TANDEM_CHECK(status.code() != absl::StatusCode::kInternal, status.ToString());
  }
  const FieldDescriptor* mask = type->FindFieldByName("update_mask");
  const FieldDescriptor* resource = type->field_count() > 0 ? type->field(0) : nullptr;
  if (mask == nullptr || resource == nullptr || resource->message_type() == nullptr ||
      resource->is_repeated()) {
    return;
  }
  const Message& from = request->GetReflection()->GetMessage(*request, resource);
  std::unique_ptr<Message> to(from.New());
  ApplyUpdateMask(static_cast<const google::protobuf::FieldMask&>(
                      request->GetReflection()->GetMessage(*request, mask)),
                  from, to.get())
      .IgnoreError();
}

}  // namespace tandem::fuzz
