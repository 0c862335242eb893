#include "bus-adapters/order_to_cash/order_to_cash_part.h"

#include "bus-adapters/order_to_cash/batch_caller.h"
#include "bus-adapters/order_to_cash/reactions.h"
#include "bus-adapters/order_to_cash/rounds.h"
#include "platform/base/status_macros.h"
#include "platform/bus/runner.h"

namespace tandem::order_to_cash {
namespace {

constexpr char kName[] = "order_to_cash";

struct Subscription {
  const char* source;
  std::vector<std::string> topics;
};

std::vector<Subscription> Subscriptions() {
  return {
      {"/tandem/opportunity", {"tandem.opportunity.quote.v1"}},
      {"/tandem/order", {"tandem.order.order.v1"}},
      {"/tandem/inventory", {"tandem.inventory.demand.v1", "tandem.inventory.shipment.v1"}},
      {"/tandem/billing",
       {"tandem.billing.credit_commitment.v1", "tandem.billing.invoice.v1",
        "tandem.billing.credit_note.v1", "tandem.billing.debtor_account.v1"}},
  };
}

class OrderToCash final : public rpc::Part {
 public:
  OrderToCash(std::unique_ptr<rpc::Core> core, const rpc::PartContext& context)
      : core_(std::move(core)), caller_(context.channel) {}

  absl::string_view name() const override { return kName; }
  rpc::Core& core() override { return *core_; }
  std::vector<grpc::Service*> grpc_services() override { return {}; }

  std::vector<bus::RemoteConsumer> remote_consumers() override {
    std::vector<bus::RemoteConsumer> consumers;
    for (const Subscription& subscription : Subscriptions()) {
      bus::RemoteConsumer consumer;
      consumer.reader = kName;
      consumer.source = subscription.source;
      consumer.topics = subscription.topics;
      consumer.key = KeyOf;
      consumer.handle = [this](absl::Span<const bus::Envelope* const> events) {
        return RunRounds(events, KeyOf, React, [this](const std::vector<const Call*>& calls) {
          return caller_.Make(calls);
        });
      };
      consumers.push_back(std::move(consumer));
    }
    return consumers;
  }

 private:
  std::unique_ptr<rpc::Core> core_;
  BatchCaller caller_;
};

}  // namespace

rpc::MakePart DeclareOrderToCash(settings::Schema&) {
  return [](const rpc::PartContext& context) -> absl::StatusOr<std::unique_ptr<rpc::Part>> {
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<rpc::Core> core,
                            rpc::Core::Open(context, kName, bus::SubscriptionTables(), {}));
    return std::make_unique<OrderToCash>(std::move(core), context);
  };
}

}  // namespace tandem::order_to_cash
