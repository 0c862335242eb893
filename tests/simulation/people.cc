#include "tests/simulation/people.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/etag.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "services/inventory/inventory_decide_figures.h"
#include "tandem/billing/v1/billing_service.pb.h"
#include "tandem/customer/v1/customer_service.pb.h"
#include "tandem/inventory/v1/inventory_service.pb.h"
#include "tandem/opportunity/v1/opportunity_service.pb.h"
#include "tandem/order/v1/facts.pb.h"
#include "tandem/order/v1/order_service.pb.h"
#include "tests/simulation/amounts.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {
namespace {

using google::protobuf::Message;
using inventory::MicrosOf;

constexpr char kCurrency[] = "EUR";

google::type::Date Day(int month, int day) {
  google::type::Date date;
  date.set_year(2026);
  date.set_month(month);
  date.set_day(day);
  return date;
}
google::type::Date SomeDay(World& world) { return Day(1, world.chance().Between(1, 28)); }

// Prices that round badly: 3.335, 0.07, 1999.995.
google::type::Money SomePrice(World& world) {
  constexpr int64_t kPrices[] = {3'335'000,   70'000,        10'000'000, 12'345'678,
                                 999'990'000, 1'999'995'000, 333'333,    5'555'000};
  return MoneyOf(kPrices[world.chance().Below(8)], kCurrency);
}
std::string SomeDiscount(World& world) {
  constexpr const char* kDiscounts[] = {"", "", "", "", "0.05", "0.333333", "0.125", "1"};
  return kDiscounts[world.chance().Below(8)];
}

// Those of a type that satisfy a condition, one by chance; null where there is none.
template <class T, class Condition>
const T* Some(World& world, Part part, Condition condition) {
  std::vector<const T*> found;
  State& state = world.StateOf(part);
  state.Begin();
  for (const T* each : state.All<T>()) {
    if (condition(*each)) found.push_back(each);
  }
  if (found.empty()) return nullptr;
  // More often the latest: there something is going on.
  const int n = static_cast<int>(found.size());
  const int at = world.chance().Percent(50) ? world.chance().Below(n)
                                            : n - 1 - world.chance().Below(std::min(n, 4));
  return found[static_cast<size_t>(at)];
}
template <class T>
const T* Some(World& world, Part part) {
  return Some<T>(world, part, [](const T&) { return true; });
}

// --- Orders

const order::v1::Order* SomeOrder(World& world, bool open = true) {
  return Some<order::v1::Order>(world, kOrder, [open](const order::v1::Order& order) {
    return !open || order.state() == order::v1::ORDER_STATE_PLACED ||
           order.state() == order::v1::ORDER_STATE_CONFIRMED;
  });
}

void Place(World& world) {
  const auto* customer = Some<order::v1::CustomerFact>(world, kOrder);
  if (customer == nullptr) return;
  order::v1::PlaceOrderRequest request;
  if (world.chance().Percent(50)) request.set_order_id(world.NewId("ord_"));
  order::v1::Order* order = request.mutable_order();
  order->set_sold_to_customer_id(customer->id());
  *order->mutable_order_date() = SomeDay(world);
  order->set_customer_reference(absl::StrCat("PO-", world.NextNumber()));
  order->set_currency(kCurrency);
  if (world.chance().Percent(15)) {
    order->set_backorder_policy(order::v1::BACKORDER_POLICY_NO_BACKORDER);
  }
  if (world.chance().Percent(15)) order->set_delivery_policy(order::v1::DELIVERY_POLICY_COMPLETE);
  if (world.chance().Percent(15)) order->set_priority(world.chance().Between(-1, 2));
  for (int lines = world.chance().Between(1, 3); lines > 0; --lines) {
    const auto* product = Some<order::v1::ProductFact>(world, kOrder);
    if (product == nullptr) return;
    auto* line = order->add_lines();
    line->set_product_id(product->id());
    SetQuantity(world.chance().Between(1, 9) * kMicrosPerUnit, "C62", line->mutable_quantity());
    if (world.chance().Percent(85)) *line->mutable_unit_price() = SomePrice(world);
    line->mutable_discount()->set_value(SomeDiscount(world));
  }
  if (world.chance().Percent(10)) {
    *order->mutable_freight()->mutable_net() = MoneyOf(4'990'000, kCurrency);
    order->mutable_freight()->set_tax_class("STANDARD");
  }
  world.Ask(request);
}

void Cancel(World& world) {
  const auto* order = SomeOrder(world);
  if (order == nullptr) return;
  order::v1::CancelOrderRequest request;
  request.set_order_id(order->id());
  world.Ask(request);
}

void Hold(World& world) {
  const auto* order = SomeOrder(world);
  if (order == nullptr) return;
  order::v1::HoldOrderRequest request;
  request.set_order_id(order->id());
  request.set_reason(order::v1::HOLD_REASON_MANUAL);
  world.Ask(request);
}

void Release(World& world) {
  const auto* order = Some<order::v1::Order>(
      world, kOrder, [](const order::v1::Order& each) { return each.holds_size() > 0; });
  if (order == nullptr) return;
  order::v1::ReleaseOrderRequest request;
  request.set_order_id(order->id());
  request.set_reason(order->holds(0).reason());
  request.set_line_number(order->holds(0).line_number());
  world.Ask(request);
}

// --- The warehouse

void Receive(World& world) {
  const auto* product = Some<inventory::v1::Product>(world, kInventory);
  if (product == nullptr) return;
  inventory::v1::ReceiveStockRequest request;
  request.set_product_id(product->id());
  SetQuantity(world.chance().Between(1, world.temper().scarce ? 8 : 40) * kMicrosPerUnit, "C62",
              request.mutable_quantity());
  request.set_reason("receipt");
  world.Ask(request);
}

void Adjust(World& world) {
  const auto* stock = Some<inventory::v1::Stock>(world, kInventory);
  if (stock == nullptr) return;
  inventory::v1::AdjustStockRequest request;
  request.set_product_id(stock->product_id());
  request.set_warehouse(stock->warehouse());
  request.set_reason("count");
  SetQuantity(world.chance().Between(-3, 5) * kMicrosPerUnit, "C62", request.mutable_quantity());
  if (world.chance().Percent(30)) {
    SetQuantity(world.chance().Between(-2, 2) * kMicrosPerUnit, "C62",
                request.mutable_blocked_quantity());
  }
  world.Ask(request);
}

void Handle(World& world) {
  using inventory::v1::Shipment;
  const Shipment* shipment = Some<Shipment>(world, kInventory, [](const Shipment& each) {
    return each.state() < inventory::v1::SHIPMENT_STATE_SHIPPED;
  });
  if (shipment == nullptr) return;
  const std::string id = shipment->id();
  const inventory::v1::ShipmentState state = shipment->state();
  const int choice = world.chance().Below(10);
  if (state == inventory::v1::SHIPMENT_STATE_PACKED && choice > 6) return;  // it waits
  if (choice < 5 || state == inventory::v1::SHIPMENT_STATE_PACKED) {
    inventory::v1::ShipShipmentRequest request;
    request.set_shipment_id(id);
    *request.mutable_ship_date() = Day(2, world.chance().Between(1, 28));
    world.Ask(request);
  } else if (choice < 7 || state == inventory::v1::SHIPMENT_STATE_PICKING) {
    inventory::v1::PickShipmentRequest request;
    request.set_shipment_id(id);
    for (const auto& line : shipment->lines()) {
      auto* picked = request.add_lines();
      picked->set_line_number(line.line_number());
      *picked->mutable_quantity() = line.quantity();
    }
    world.Ask(request);
  } else if (state == inventory::v1::SHIPMENT_STATE_PICKED) {
    inventory::v1::PackShipmentRequest request;
    request.set_shipment_id(id);
    world.Ask(request);
  } else {
    inventory::v1::StartPickingRequest request;
    request.set_shipment_id(id);
    world.Ask(request);
  }
}

void Return(World& world) {
  using inventory::v1::Shipment;
  const Shipment* shipment = Some<Shipment>(world, kInventory, [](const Shipment& each) {
    return each.state() == inventory::v1::SHIPMENT_STATE_SHIPPED;
  });
  if (shipment == nullptr) return;
  inventory::v1::ReturnShipmentRequest request;
  request.set_shipment_id(shipment->id());
  request.set_return_id(absl::StrCat("ret_", world.NextNumber()));
  *request.mutable_return_date() = Day(3, world.chance().Between(1, 28));
  for (const auto& line : shipment->lines()) {
    const int64_t left = MicrosOf(line.shipped()) - MicrosOf(line.returned());
    if (left < kMicrosPerUnit) continue;
    auto* back = request.add_lines();
    back->set_line_number(line.line_number());
    SetQuantity(world.chance().Between(1, static_cast<int>(left / kMicrosPerUnit)) * kMicrosPerUnit,
                "C62", back->mutable_quantity());
    back->set_disposition(
        static_cast<inventory::v1::ReturnDisposition>(world.chance().Between(1, 3)));
  }
  if (request.lines_size() > 0) world.Ask(request);
}

// --- Money

void Pay(World& world) {
  using billing::v1::Invoice;
  const Invoice* invoice = Some<Invoice>(
      world, kBilling, [](const Invoice& each) { return Money(each.open_amount()) > 0; });
  billing::v1::RecordPaymentRequest request;
  request.set_payment_id(world.NewId("pay_"));
  *request.mutable_payment_date() = Day(3, world.chance().Between(1, 28));
  if (invoice == nullptr || world.chance().Percent(10)) {  // on account, or for an order
    const auto* order = SomeOrder(world, false);
    if (order == nullptr || order->payer_account_id().empty()) return;
    request.set_account_id(order->payer_account_id());
    if (world.chance().Percent(50)) request.set_order_id(order->id());
    *request.mutable_amount() = MoneyOf(world.chance().Between(1, 9000) * kCent, kCurrency);
  } else {
    request.set_account_id(invoice->account_id());
    request.add_invoice_ids(invoice->id());
    int64_t amount = Money(invoice->open_amount());
    const int how = world.chance().Below(10);
    if (how < 3 && amount > kCent) {
      amount =
          (1 + world.chance().Below(static_cast<int>(std::min<int64_t>(amount / kCent, 1 << 30)))) *
          kCent;
    }
    if (how == 9) amount += 100 * kCent;
    *request.mutable_amount() = MoneyOf(amount, kCurrency);
  }
  world.Ask(request);
}

void Apply(World& world) {
  using billing::v1::Invoice;
  using billing::v1::Payment;
  const Payment* payment = Some<Payment>(world, kBilling, [](const Payment& each) {
    return each.state() == billing::v1::PAYMENT_STATE_RECEIVED && Money(each.unapplied()) > 0;
  });
  if (payment == nullptr) return;
  const Invoice* invoice = Some<Invoice>(world, kBilling, [payment](const Invoice& each) {
    return each.account_id() == payment->account_id() && Money(each.open_amount()) > 0;
  });
  if (invoice == nullptr) return;
  billing::v1::ApplyPaymentRequest request;
  request.set_payment_id(payment->id());
  auto* part = request.add_applications();
  part->set_invoice_id(invoice->id());
  *part->mutable_amount() =
      MoneyOf(std::min(Money(payment->unapplied()), Money(invoice->open_amount())), kCurrency);
  world.Ask(request);
}

void Reverse(World& world) {
  using billing::v1::Payment;
  const Payment* payment = Some<Payment>(world, kBilling, [](const Payment& each) {
    return each.state() == billing::v1::PAYMENT_STATE_RECEIVED;
  });
  if (payment == nullptr) return;
  billing::v1::ReversePaymentRequest request;
  request.set_payment_id(payment->id());
  request.set_reason("no cover");
  *request.mutable_reversal_date() = Day(4, 1);
  world.Ask(request);
}

void Allow(World& world) {
  using billing::v1::Invoice;
  const Invoice* invoice = Some<Invoice>(world, kBilling);
  if (invoice == nullptr) return;
  billing::v1::PostCreditNoteRequest request;
  request.set_invoice_id(invoice->id());
  request.set_reason(billing::v1::CREDIT_NOTE_REASON_ALLOWANCE);
  *request.mutable_credit_date() = Day(3, world.chance().Between(1, 28));
  const auto& line = invoice->lines(world.chance().Below(invoice->lines_size()));
  const int64_t left = (Money(line.net()) - Money(line.credited())) / kCent;
  if (left < 1) return;
  auto* allowed = request.add_lines();
  allowed->set_line_number(line.line_number());
  *allowed->mutable_net() = MoneyOf(
      (1 + world.chance().Below(static_cast<int>(std::min<int64_t>(left, 1 << 30)))) * kCent,
      kCurrency);
  world.Ask(request);
}

void ChangeCredit(World& world) {
  const auto* account = Some<billing::v1::DebtorAccount>(world, kBilling);
  if (account == nullptr) return;
  const int how = world.chance().Below(10);
  if (how < 4) {
    billing::v1::SetCreditRequest request;
    request.set_account_id(account->id());
    if (world.chance().Percent(25)) {
      request.mutable_credit_policy()->set_kind(billing::v1::CREDIT_POLICY_KIND_UNLIMITED);
    } else {
      request.mutable_credit_policy()->set_kind(billing::v1::CREDIT_POLICY_KIND_LIMITED);
      *request.mutable_credit_policy()->mutable_limit() =
          MoneyOf(world.chance().Between(0, 4000) * kMicrosPerUnit, kCurrency);
    }
    world.Ask(request);
  } else if (how < 6) {
    billing::v1::BlockAccountRequest request;
    request.set_account_id(account->id());
    request.set_kind(static_cast<billing::v1::BlockKind>(world.chance().Between(1, 3)));
    request.set_reason("dispute");
    world.Ask(request);
  } else if (how < 9) {
    const auto* blocked = Some<billing::v1::DebtorAccount>(
        world, kBilling, [](const billing::v1::DebtorAccount& each) {
          return each.order_block().on() || each.delivery_block().on();
        });
    if (blocked == nullptr) return;
    billing::v1::UnblockAccountRequest request;
    request.set_account_id(blocked->id());
    request.set_kind(blocked->order_block().on() ? billing::v1::BLOCK_KIND_ORDER
                                                 : billing::v1::BLOCK_KIND_DELIVERY);
    world.Ask(request);
  } else if (world.chance().Percent(40)) {
    billing::v1::OpenAccountRequest request;
    request.set_account_id(world.NewId("acc_"));
    request.set_customer_id(account->customer_id());
    request.set_currency(kCurrency);
    world.Ask(request);
  } else {
    billing::v1::CloseAccountRequest request;
    request.set_account_id(account->id());
    world.Ask(request);
  }
}

void Override(World& world) {
  using billing::v1::CreditCommitment;
  const CreditCommitment* waiting = Some<CreditCommitment>(
      world, kBilling, [](const CreditCommitment& each) { return each.has_waiting(); });
  if (waiting == nullptr) return;
  billing::v1::OverrideCreditRequest request;
  request.set_order_id(waiting->order_id());
  *request.mutable_amount() = waiting->waiting().asked();
  request.set_reason("good customer");
  request.set_authorised_by("Ms Stern");
  world.Ask(request);
}

// --- Sales

void Sell(World& world) {
  using opportunity::v1::Opportunity;
  using opportunity::v1::Quote;
  const int how = world.chance().Below(20);
  const Quote* issued = Some<Quote>(world, kOpportunity, [](const Quote& each) {
    return each.state() == opportunity::v1::QUOTE_STATE_ISSUED;
  });
  const Quote* draft = Some<Quote>(world, kOpportunity, [](const Quote& each) {
    return each.state() == opportunity::v1::QUOTE_STATE_DRAFT;
  });
  const Opportunity* open = Some<Opportunity>(world, kOpportunity, [](const Opportunity& each) {
    return each.state() == opportunity::v1::OPPORTUNITY_STATE_OPEN;
  });
  if (how < 2 || (how < 5 && open == nullptr)) {
    const auto* customer = Some<opportunity::v1::CustomerFact>(world, kOpportunity);
    if (customer == nullptr) return;
    opportunity::v1::CreateOpportunityRequest request;
    request.set_opportunity_id(world.NewId("opp_"));
    request.mutable_opportunity()->set_name("Deal");
    request.mutable_opportunity()->set_customer_id(customer->id());
    world.Ask(request);
  } else if (how < 5 || (how < 11 && draft == nullptr && issued == nullptr)) {
    const auto* item = Some<opportunity::v1::CatalogueItem>(world, kOpportunity);
    const auto* customer = Some<opportunity::v1::CustomerFact>(world, kOpportunity);
    if (item == nullptr || customer == nullptr) return;
    opportunity::v1::CreateQuoteRequest request;
    request.set_quote_id(world.NewId("quo_"));
    Quote* quote = request.mutable_quote();
    *quote->mutable_quote_date() = Day(1, 10);
    quote->set_currency(kCurrency);
    if (open != nullptr && world.chance().Percent(60)) {
      quote->set_opportunity_id(open->id());
    } else {
      quote->set_customer_id(customer->id());
    }
    auto* line = quote->add_lines();
    line->set_catalogue_item_id(item->id());
    SetQuantity(world.chance().Between(1, 6) * kMicrosPerUnit, "C62", line->mutable_quantity());
    *line->mutable_unit_price() = SomePrice(world);
    line->mutable_discount()->set_value(SomeDiscount(world));
    world.Ask(request);
  } else if (how < 8 && draft != nullptr) {
    if (world.chance().Percent(15)) {
      opportunity::v1::WithdrawQuoteRequest request;
      request.set_id(draft->id());
      world.Ask(request);
    } else if (world.chance().Percent(20)) {
      opportunity::v1::UpdateQuoteRequest request;
      request.mutable_quote()->set_id(draft->id());
      request.mutable_quote()->set_notes(absl::StrCat("note ", world.NextNumber()));
      request.mutable_update_mask()->add_paths("notes");
      world.Ask(request);
    } else {
      opportunity::v1::IssueQuoteRequest request;
      request.set_id(draft->id());
      *request.mutable_valid_until() = Day(1, 20);
      world.Ask(request);
    }
  } else if (how < 14 && issued != nullptr) {
    if (how < 12) {
      opportunity::v1::AcceptQuoteRequest request;
      request.set_id(issued->id());
      request.set_quote_version(issued->quote_version());
      *request.mutable_acceptance_date() = Day(1, world.chance().Percent(90) ? 15 : 25);
      world.Ask(request);
    } else if (how == 12) {
      opportunity::v1::ReviseQuoteRequest request;
      request.set_id(issued->id());
      request.set_new_quote_id(world.NewId("quo_"));
      world.Ask(request);
    } else if (world.chance().Percent(50)) {
      opportunity::v1::DeclineQuoteRequest request;
      request.set_id(issued->id());
      request.set_reason("price");
      world.Ask(request);
    } else {
      opportunity::v1::WithdrawQuoteRequest request;
      request.set_id(issued->id());
      world.Ask(request);
    }
  } else if (how == 14) {
    opportunity::v1::ExpireQuotesRequest request;
    *request.mutable_as_of() = Day(1, world.chance().Percent(30) ? 25 : 19);
    world.Ask(request);
  } else if (how == 15 && open != nullptr) {
    opportunity::v1::MoveStageRequest request;
    request.set_id(open->id());
    request.set_stage(world.chance().Percent(50) ? "proposal" : "qualification");
    world.Ask(request);
  } else if (how == 16 && open != nullptr) {
    const auto* order = SomeOrder(world, false);
    if (order == nullptr || world.chance().Percent(40)) {
      opportunity::v1::UpdateOpportunityRequest request;
      request.mutable_opportunity()->set_id(open->id());
      request.mutable_opportunity()->set_next_step(absl::StrCat("call ", world.NextNumber()));
      request.mutable_update_mask()->add_paths("next_step");
      world.Ask(request);
      return;
    }
    opportunity::v1::WinOpportunityRequest request;
    request.set_id(open->id());
    request.set_order_id(order->id());
    *request.mutable_closed_date() = Day(1, 20);
    world.Ask(request);
  } else if (how == 17 && open != nullptr) {
    opportunity::v1::LoseOpportunityRequest request;
    request.set_id(open->id());
    request.set_reason("price");
    *request.mutable_closed_date() = Day(1, 20);
    world.Ask(request);
  } else if (how >= 18) {
    const Opportunity* closed = Some<Opportunity>(world, kOpportunity, [](const Opportunity& each) {
      return each.state() != opportunity::v1::OPPORTUNITY_STATE_OPEN;
    });
    if (closed == nullptr) return;
    opportunity::v1::ReopenOpportunityRequest request;
    request.set_id(closed->id());
    request.set_reason("again");
    world.Ask(request);
  }
}

// --- Masters

bool Same(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return a.seconds() == b.seconds() && a.nanos() == b.nanos();
}

// An update with the etag of another version is refused; one that names what only the server writes
// leaves it.
template <class Request, class Resource>
void Update(World& world, Part part, Resource changed, Resource* (Request::*resource)(),
            const std::string& id, int64_t version, const std::string& path) {
  Request request;
  *(request.*resource)() = std::move(changed);
  request.mutable_update_mask()->add_paths(path);
  const bool names_state = world.chance().Percent(30);
  if (names_state) {
    request.mutable_update_mask()->add_paths("state");
    request.mutable_update_mask()->add_paths("create_time");
  }
  const bool stale = version > 1 && world.chance().Percent(25);
  if (stale) request.set_etag(EtagOf(version - 1));
  State& state = world.StateOf(part);
  state.Begin();
  const Resource before = *state.Find<Resource>(id);
  const std::optional<std::string> answer = world.Ask(request);
  state.Begin();
  const Resource* now = state.Find<Resource>(id);
  if (stale && answer.has_value()) {
    world.auditor().Violate(
        absl::StrCat("an update with an old etag is accepted: ", request.ShortDebugString()));
  }
  if (names_state && now != nullptr &&
      (now->state() != before.state() || !Same(now->create_time(), before.create_time()))) {
    world.auditor().Violate(
        absl::StrCat("a caller wrote what is the server's: ", request.ShortDebugString()));
  }
}

void EditCustomer(World& world) {
  using customer::v1::Customer;
  const int how = world.chance().Below(20);
  const Customer* customer = Some<Customer>(world, kCustomer);
  if (how < 3 || customer == nullptr) {
    customer::v1::CreateCustomerRequest request;
    request.set_customer_id(world.NewId("cus_"));
    request.mutable_customer()->set_display_name(absl::StrCat("Buyer ", world.NextNumber()));
    if (world.chance().Percent(30)) {
      request.mutable_customer()->set_state(customer::v1::CUSTOMER_STATE_CUSTOMER);
    }
    world.Ask(request);
    return;
  }
  const std::string id = customer->id();
  if (how < 12) {
    Customer changed;
    changed.set_id(id);
    changed.set_display_name(absl::StrCat("Buyer ", world.NextNumber()));
    Update(world, kCustomer, std::move(changed),
           &customer::v1::UpdateCustomerRequest::mutable_customer, id,
           world.StateOf(kCustomer).Version<Customer>(id), "display_name");
  } else if (how < 14) {
    customer::v1::PromoteCustomerRequest request;
    request.set_id(id);
    world.Ask(request);
  } else if (how < 15) {
    customer::v1::DeactivateCustomerRequest request;
    request.set_id(id);
    world.Ask(request);
  } else if (how < 18) {
    const Customer* inactive =
        Some<Customer>(world, kCustomer, [](const Customer& each) { return each.inactive(); });
    customer::v1::ReactivateCustomerRequest request;
    request.set_id(inactive == nullptr ? id : inactive->id());
    world.Ask(request);
  } else if (how < 19) {
    if (world.chance().Percent(60)) return;
    customer::v1::ArchiveCustomerRequest request;
    request.set_id(id);
    world.Ask(request);
  } else {
    // One that nobody can have offered anything yet.
    const Customer* prospect = Some<Customer>(world, kCustomer, [&world](const Customer& each) {
      State& sales = world.StateOf(kOpportunity);
      return each.state() == customer::v1::CUSTOMER_STATE_PROSPECT &&
             sales.Find<opportunity::v1::CustomerFact>(each.id()) == nullptr;
    });
    std::string deleted = prospect == nullptr ? "" : prospect->id();
    if (deleted.empty()) {
      customer::v1::CreateCustomerRequest entered;  // in error
      deleted = world.NewId("cus_");
      entered.set_customer_id(deleted);
      entered.mutable_customer()->set_display_name("Nobody");
      if (!world.Ask(entered).has_value()) return;
    }
    customer::v1::DeleteCustomerRequest request;
    request.set_id(deleted);
    world.Ask(request);
  }
}

void EditProduct(World& world) {
  using inventory::v1::Product;
  const int how = world.chance().Below(10);
  const Product* product = Some<Product>(world, kInventory);
  if (how < 1 || product == nullptr) {
    inventory::v1::CreateProductRequest request;
    request.set_product_id(world.NewId("prd_"));
    request.mutable_product()->set_sku(absl::StrCat("SKU-", world.NextNumber()));
    request.mutable_product()->set_base_unit("C62");
    request.mutable_product()->set_tax_class(world.chance().Percent(60) ? "STANDARD" : "REDUCED");
    world.Ask(request);
    return;
  }
  const std::string id = product->id();
  if (how < 6) {
    Product changed;
    changed.set_id(id);
    changed.set_category(absl::StrCat("category ", world.NextNumber()));
    Update(world, kInventory, std::move(changed),
           &inventory::v1::UpdateProductRequest::mutable_product, id,
           world.StateOf(kInventory).Version<Product>(id), "category");
  } else if (how < 7) {
    inventory::v1::DiscontinueProductRequest request;
    request.set_id(id);
    world.Ask(request);
  } else if (how < 9) {
    const Product* gone = Some<Product>(world, kInventory, [](const Product& each) {
      return each.state() == inventory::v1::PRODUCT_STATE_DISCONTINUED;
    });
    if (gone == nullptr) return;
    inventory::v1::ReinstateProductRequest request;
    request.set_id(gone->id());
    world.Ask(request);
  } else {
    State& stock = world.StateOf(kInventory);
    const Product* unused = Some<Product>(world, kInventory, [&stock](const Product& each) {
      return each.state() != inventory::v1::PRODUCT_STATE_ARCHIVED &&
             stock.Find<inventory::v1::Stock>(inventory::StockId(each.id(), "MAIN")) == nullptr;
    });
    if (unused == nullptr) return;
    if (unused->state() == inventory::v1::PRODUCT_STATE_ACTIVE) {
      inventory::v1::DiscontinueProductRequest request;
      request.set_id(unused->id());
      world.Ask(request);
    } else {
      inventory::v1::ArchiveProductRequest request;
      request.set_id(unused->id());
      world.Ask(request);
    }
  }
}

void CreateTaxCode(World& world, const char* id, const char* tax_class, const char* rate) {
  billing::v1::CreateTaxCodeRequest request;
  request.set_tax_code_id(id);
  request.mutable_tax_code()->set_tax_class(tax_class);
  request.mutable_tax_code()->mutable_rate()->set_value(rate);
  world.Ask(request);
}

}  // namespace

void SetUp(World& world) {
  CreateTaxCode(world, "DE19", "STANDARD", "0.19");
  CreateTaxCode(world, "DE7", "REDUCED", "0.07");
  opportunity::v1::CreatePipelineRequest pipeline;
  pipeline.set_pipeline_id("standard");
  for (const char* stage : {"qualification", "proposal"}) {
    pipeline.mutable_pipeline()->add_stages()->set_stage(stage);
  }
  world.Ask(pipeline);
  for (int n = 1; n <= world.temper().products; ++n) {
    inventory::v1::CreateProductRequest request;
    request.set_product_id(world.NewId("prd_"));
    request.mutable_product()->set_sku(absl::StrCat("SKU-0", n));
    request.mutable_product()->set_base_unit("C62");
    request.mutable_product()->set_tax_class(n % 3 == 0 ? "REDUCED" : "STANDARD");
    *request.mutable_product()->mutable_list_price()->mutable_amount() = SomePrice(world);
    world.Ask(request);
    Receive(world);
  }
  for (int n = 1; n <= world.temper().customers; ++n) {
    customer::v1::CreateCustomerRequest request;
    request.set_customer_id(world.NewId("cus_"));
    request.mutable_customer()->set_display_name(absl::StrCat("Buyer 0", n));
    if (n > 1) request.mutable_customer()->set_state(customer::v1::CUSTOMER_STATE_CUSTOMER);
    world.Ask(request);
  }
  for (int i = 0; i < 100 && Sync(world); ++i) {
  }
}

void Act(World& world) {
  const Temper& temper = world.temper();
  const struct {
    int weight;
    void (*act)(World&);
  } kActs[] = {
      {temper.orders_weight * 3, Place},        {temper.orders_weight / 3, Cancel},
      {temper.orders_weight / 3, Hold},         {temper.orders_weight / 2, Release},
      {temper.orders_weight, Receive},          {temper.orders_weight / 4, Adjust},
      {temper.orders_weight * 4, Handle},       {temper.orders_weight, Return},
      {temper.orders_weight * 3, Pay},          {temper.orders_weight / 3, Apply},
      {temper.orders_weight / 2, Reverse},      {temper.orders_weight / 2, ChangeCredit},
      {temper.orders_weight / 4, Allow},        {temper.orders_weight / 2, Override},
      {temper.quotes_weight * 8, Sell},         {temper.masters_weight * 2, EditCustomer},
      {temper.masters_weight * 2, EditProduct},
  };
  int sum = 0;
  for (const auto& each : kActs) sum += each.weight;
  int at = world.chance().Below(sum);
  for (const auto& each : kActs) {
    if (at < each.weight) return each.act(world);
    at -= each.weight;
  }
}

// The two sync adapters in small: what the owner has, the copy gets. (The engine itself, with
// conflicts and unknown outcomes, has its own simulation.)
bool Sync(World& world) {
  State& crm = world.StateOf(kCustomer);
  State& erp = world.StateOf(kBilling);
  crm.Begin();
  erp.Begin();
  for (const auto* from : crm.All<customer::v1::Customer>()) {
    if (from->state() != customer::v1::CUSTOMER_STATE_CUSTOMER) continue;
    const auto* to = erp.Find<billing::v1::Customer>(from->id());
    billing::v1::Customer wanted;
    wanted.set_id(from->id());
    wanted.set_customer_number(from->customer_number());
    wanted.set_display_name(from->display_name());
    wanted.set_status(from->inactive() ? billing::v1::CUSTOMER_STATUS_INACTIVE
                                       : billing::v1::CUSTOMER_STATUS_CUSTOMER);
    wanted.set_archived(from->archived());
    if (to == nullptr) {
      billing::v1::CreateCustomerRequest request;
      request.set_customer_id(from->id());
      wanted.clear_id();
      *request.mutable_customer() = wanted;
      request.mutable_customer()->set_currency(kCurrency);
      auto* policy = request.mutable_customer()->mutable_credit_policy();
      if (world.temper().tight_credit) {
        policy->set_kind(billing::v1::CREDIT_POLICY_KIND_LIMITED);
        *policy->mutable_limit() = MoneyOf(300 * kMicrosPerUnit, kCurrency);
      } else {
        policy->set_kind(billing::v1::CREDIT_POLICY_KIND_UNLIMITED);
      }
      return world.Ask(request).has_value();
    }
    if (to->display_name() == wanted.display_name() && to->status() == wanted.status() &&
        to->archived() == wanted.archived()) {
      continue;
    }
    billing::v1::UpdateCustomerRequest request;
    *request.mutable_customer() = wanted;
    for (const char* path : {"display_name", "status", "archived"}) {
      request.mutable_update_mask()->add_paths(path);
    }
    return world.Ask(request).has_value();
  }
  State& sales = world.StateOf(kOpportunity);
  State& stock = world.StateOf(kInventory);
  sales.Begin();
  stock.Begin();
  for (const auto* from : stock.All<inventory::v1::Product>()) {
    const std::string id = absl::StrCat("cat_", from->id().substr(4));
    const auto* to = sales.Find<opportunity::v1::CatalogueItem>(id);
    const auto state = static_cast<opportunity::v1::CatalogueItemState>(from->state());
    if (to != nullptr && to->category() == from->category() && to->state() == state) continue;
    opportunity::v1::CatalogueItem wanted;
    wanted.set_product_id(from->id());
    wanted.set_sku(from->sku());
    wanted.set_base_unit(from->base_unit());
    wanted.set_tax_class(from->tax_class());
    wanted.set_category(from->category());
    wanted.set_state(state);
    if (from->has_list_price()) {
      *wanted.mutable_list_price()->mutable_amount() = from->list_price().amount();
    }
    if (to == nullptr) {
      opportunity::v1::CreateCatalogueItemRequest request;
      request.set_catalogue_item_id(id);
      *request.mutable_catalogue_item() = wanted;
      return world.Ask(request).has_value();
    }
    opportunity::v1::UpdateCatalogueItemRequest request;
    *request.mutable_catalogue_item() = wanted;
    request.mutable_catalogue_item()->set_id(id);
    request.mutable_update_mask()->add_paths("category");
    request.mutable_update_mask()->add_paths("state");
    return world.Ask(request).has_value();
  }
  return false;
}

}  // namespace tandem::simulation
