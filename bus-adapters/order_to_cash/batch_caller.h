// Makes calls through the batch methods of the parts, found by their descriptors: ReserveStock is
// made through BatchReserveStock, PostInvoice through BatchPostInvoices.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bus-adapters/order_to_cash/rounds.h"

namespace grpc {
class Channel;
}

namespace tandem::order_to_cash {

class BatchCaller {
 public:
  explicit BatchCaller(
      std::function<std::shared_ptr<grpc::Channel>(absl::string_view part)> channel);

  // All batches at once.
  std::vector<Outcome> Make(const std::vector<const Call*>& calls);

 private:
  const std::function<std::shared_ptr<grpc::Channel>(absl::string_view)> channel_;
};

}  // namespace tandem::order_to_cash
