// Order to cash from outside: the order is placed, and what follows is learned from the event
// streams, as an integrator would: planned and confirmed, it is shipped; invoiced, it is paid; when
// it is closed, the chain is done.
#include <cstdio>
#include <iostream>
#include <map>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "bench/load/histogram.h"
#include "bench/load/modes.h"
#include "bench/load/pace.h"
#include "bench/load/requests.h"

namespace tandem::bench {
namespace {

constexpr char kPlace[] = "/tandem.order.v1.OrderService/PlaceOrder";
constexpr char kShip[] = "/tandem.inventory.v1.InventoryService/ShipShipment";
constexpr char kPay[] = "/tandem.billing.v1.BillingService/RecordPayment";
constexpr char kPlanned[] = "tandem.inventory.v1.ShipmentPlanned";
constexpr char kConfirmed[] = "tandem.order.v1.OrderConfirmed";
constexpr char kInvoiced[] = "tandem.billing.v1.InvoicePosted";
constexpr char kClosed[] = "tandem.order.v1.OrderClosed";
constexpr double kPatienceSeconds = 120;  // for the chains under way when the time is up

enum Stage { kIsPlaced, kIsPlanned, kIsConfirmed, kIsShipped, kIsInvoiced, kIsPaid, kIsClosed };
constexpr const char* kStages[] = {"placed",   "planned", "confirmed", "shipped",
                                   "invoiced", "paid",    "closed"};

struct Chain {
  size_t request = 0;
  int64_t intended = 0;
  std::string shipment;
  bool confirmed = false, shipping = false, paying = false;
};

class Chains {
 public:
  Chains(const Flags& flags, std::vector<Request> places, std::vector<Request> ships,
         std::vector<Request> pays)
      : places_(std::move(places)), ships_(std::move(ships)), pays_(std::move(pays)), pace_(flags) {
    for (const char* part : {"order", "inventory", "billing"}) {
      auto& caller = callers_[flags.Text(part)];  // one for all where all parts are one process
      if (caller == nullptr) caller = std::make_shared<Caller>(flags.Text(part));
      parts_[part] = caller.get();
    }
  }

  int Run() {
    const auto follow = [&](const char* part, const std::vector<std::string>& types) {
      return parts_[part]->Follow(absl::StrCat("/tandem/", part), types,
                                  [this](const events::v1::EventEnvelope& event) { See(event); });
    };
    if (!follow("order", {kConfirmed, kClosed}) || !follow("inventory", {kPlanned}) ||
        !follow("billing", {kInvoiced})) {
      std::cerr << "no event stream\n";
      return 1;
    }
    pace_.Run([this](int64_t i, int64_t intended) { Place(i, intended); });
    const int64_t left = pace_.Drain(kPatienceSeconds);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      chains_.clear();  // nobody begins anything for them any more
    }
    callers_.clear();
    Print(left);
    return 0;
  }

 private:
  void Place(int64_t i, int64_t intended) {
    const size_t request = static_cast<size_t>(i) % places_.size();
    const std::string order = NewOrderId();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      Chain& chain = chains_[order];
      chain.request = request;
      chain.intended = intended;
    }
    Ask("order", kPlace, places_[request], order, "", kIsPlaced);
  }

  void Ask(const char* part, const char* method, const Request& request, const std::string& order,
           const std::string& shipment, Stage stage) {
    parts_[part]->Send(method, request.Fill({0, order, shipment}),
                       [this, order, stage](const grpc::Status& status, const grpc::ByteBuffer&) {
                         bool ended = false;
                         {
                           std::lock_guard<std::mutex> lock(mutex_);
                           if (status.ok()) {
                             ++answered_[stage];
                             Note(order, stage);
                           } else {
                             if (refused_++ == 0) {
                               std::cerr << "refused, " << kStages[stage] << ": "
                                         << status.error_message() << "\n";
                             }
                             ended = chains_.erase(order) > 0;
                           }
                         }
                         if (ended) pace_.Done();
                       });
  }

  void Note(const std::string& order, Stage stage) {
    const auto found = chains_.find(order);
    if (found == chains_.end()) return;
    const int64_t now = NowNanos();
    if (pace_.Within(now)) latency_[stage].Add((now - found->second.intended) / 1000);
  }

  void See(const events::v1::EventEnvelope& event) {
    const std::string& order = event.routing_key();
    const Request* call = nullptr;
    Stage next = kIsShipped;
    std::string shipment;
    bool closed = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      const auto found = chains_.find(order);
      if (found == chains_.end()) return;  // an earlier run's
      Chain& chain = found->second;
      if (event.type() == kPlanned) {
        Note(order, kIsPlanned);
        chain.shipment = event.subject();
      } else if (event.type() == kConfirmed) {
        Note(order, kIsConfirmed);
        chain.confirmed = true;
      } else if (event.type() == kInvoiced && !chain.paying) {
        Note(order, kIsInvoiced);
        chain.paying = true;
        call = &pays_[chain.request % pays_.size()];
        next = kIsPaid;
      } else if (event.type() == kClosed) {
        Note(order, kIsClosed);
        const int64_t now = NowNanos();
        value_ += places_[chain.request].value;
        ++closed_;
        if (pace_.Within(now)) {
          ++within_;
          const auto second = static_cast<size_t>((now - pace_.begin_nanos()) / 1'000'000'000);
          if (by_second_.size() <= second) by_second_.resize(second + 1);
          ++by_second_[second];
        }
        chains_.erase(found);
        closed = true;
      }
      if (!closed && chain.confirmed && !chain.shipment.empty() && !chain.shipping) {
        chain.shipping = true;
        shipment = chain.shipment;
        call = &ships_.front();
        next = kIsShipped;
      }
    }
    if (closed) {
      pace_.Done();
    } else if (call != nullptr && next == kIsShipped) {
      Ask("inventory", kShip, *call, order, shipment, kIsShipped);
    } else if (call != nullptr) {
      Ask("billing", kPay, *call, order, "", kIsPaid);
    }
  }

  void Print(int64_t left) {
    std::string stages, seconds;
    for (int stage = kIsPlaced; stage <= kIsClosed; ++stage) {
      absl::StrAppend(&stages, stage == 0 ? "" : ", ", "\"", kStages[stage],
                      "\": ", latency_[stage].Json());
    }
    for (int64_t count : by_second_) {
      absl::StrAppend(&seconds, seconds.empty() ? "" : ", ", count);
    }
    std::printf(
        "{\"sent\": %lld, \"accepted\": %lld, \"shipped\": %lld, \"paid\": %lld, \"closed\": "
        "%lld, \"refused\": %lld, \"unanswered\": %lld, \"value\": %lld, \"within\": %lld, "
        "\"seconds\": %.6f, \"per_second\": %.3f, \"latency\": %s, \"stages\": {%s}, "
        "\"by_second\": [%s]}\n",
        static_cast<long long>(pace_.began()), static_cast<long long>(answered_[kIsPlaced]),
        static_cast<long long>(answered_[kIsShipped]), static_cast<long long>(answered_[kIsPaid]),
        static_cast<long long>(closed_), static_cast<long long>(refused_),
        static_cast<long long>(left), static_cast<long long>(value_),
        static_cast<long long>(within_), pace_.seconds(),
        static_cast<double>(within_) / pace_.seconds(), latency_[kIsClosed].Json().c_str(),
        stages.c_str(), seconds.c_str());
  }

  const std::vector<Request> places_, ships_, pays_;
  Pace pace_;
  std::map<std::string, Caller*> parts_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, Chain> chains_;  // by order
  Histogram latency_[kIsClosed + 1];
  int64_t answered_[kIsClosed + 1] = {};
  int64_t refused_ = 0, closed_ = 0, within_ = 0, value_ = 0;
  std::vector<int64_t> by_second_;
  std::map<std::string, std::shared_ptr<Caller>> callers_;  // the last: their threads use the rest
};

}  // namespace

int ChainMode(const Flags& flags) {
  std::vector<Request> requests[3];
  const char* names[] = {"places", "ships", "pays"};
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<std::vector<Request>> read = ReadRequests(flags.Text(names[i]));
    if (!read.ok()) {
      std::cerr << read.status() << "\n";
      return 2;
    }
    requests[i] = *std::move(read);
  }
  return Chains(flags, std::move(requests[0]), std::move(requests[1]), std::move(requests[2]))
      .Run();
}

}  // namespace tandem::bench
