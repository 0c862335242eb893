// Who gets what: the queue, and under random operations what must hold after every one of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "google/protobuf/util/message_differencer.h"
#include "services/inventory/inventory_test_desk.h"

namespace tandem::inventory {
namespace {

using google::protobuf::util::MessageDifferencer;

std::string OrderId(int i) { return absl::StrCat("ord_", i / 10, i % 10); }

TEST(Queue, TheLastTenUnitsGoToTheFirstTenOf64Buyers) {
  Desk desk;
  desk.Product("prd_a");
  desk.Receive("prd_a", "10");
  for (int i = 0; i < 64; ++i) {
    const v1::Demand demand = desk.Order(OrderId(i), {"prd_a 1"});
    EXPECT_EQ(demand.outcome(), i < 10 ? v1::DEMAND_OUTCOME_RESERVED : v1::DEMAND_OUTCOME_SHORT);
  }
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-10=0, 54 wait");
  desk.Receive("prd_a", "54");
  EXPECT_EQ(desk.Stock("prd_a"), "64-0-64=0, 0 wait");
  ASSERT_EQ(desk.events.size(), 1u + 2 * 54);
  for (int i = 10; i < 64; ++i) {  // told in the order of the queue
    EXPECT_EQ(desk.messages[1 + 2 * (i - 10)].entity_id, OrderId(i));
    EXPECT_EQ(desk.events[1 + 2 * (i - 10)], "StockReserved");
  }
}

TEST(Queue, UnderNoBackorder54Of64BuyersAreOutOfStock) {
  Desk desk;
  desk.Product("prd_a");
  desk.Receive("prd_a", "10");
  int out = 0;
  for (int i = 0; i < 64; ++i) {
    out += desk.Order(OrderId(i), {"prd_a 1"}, "backorder_policy: BACKORDER_POLICY_NO_BACKORDER")
               .out_of_stock();
  }
  EXPECT_EQ(out, 54);
  desk.Receive("prd_a", "54");
  EXPECT_EQ(desk.Stock("prd_a"), "64-0-10=54, 54 wait");
}

TEST(Queue, HigherPriorityIsServedFirstAndTakesNothingAway) {
  Desk desk;
  desk.Product("prd_a");
  desk.Receive("prd_a", "2");
  desk.Order("ord_1", {"prd_a 4"});
  desk.Order("ord_2", {"prd_a 2"}, "priority: 5");
  EXPECT_EQ(desk.Lines("ord_1"), "2+2");
  desk.Receive("prd_a", "3");
  EXPECT_EQ(desk.Lines("ord_2"), "2+0");
  EXPECT_EQ(desk.Lines("ord_1"), "3+1");
}

TEST(Queue, ASmallOrderDoesNotOvertakeALargeOneThatWaits) {
  Desk desk;
  desk.Product("prd_a");
  desk.Order("ord_1", {"prd_a 5"});
  desk.Receive("prd_a", "3");
  desk.Order("ord_2", {"prd_a 1"});
  EXPECT_EQ(desk.Lines("ord_1"), "3+2");
  EXPECT_EQ(desk.Lines("ord_2"), "0+1");
}

// What must hold after every command, recomputed from nothing but the rows and the moves.
class Auditor {
 public:
  explicit Auditor(Desk& desk) : desk_(desk) {}

  void Check() {
    for (const EmittedEvent& event : desk_.messages) told_[event.entity_id] = event;
    std::map<std::string, int64_t> reserved, backordered, allocated, on_hand, blocked;
    std::map<std::string, bool> waits;
    for (const v1::Demand* demand : desk_.state.All<v1::Demand>()) {
      std::map<int32_t, int64_t> planned, shipped, returned;
      for (const std::string& id : demand->shipment_ids())
        CheckShipment(id, planned, shipped, returned);
      for (const v1::DemandLine& line : demand->lines()) {
        const int64_t open = MicrosOf(line.open());
        EXPECT_EQ(open,
                  MicrosOf(line.ordered()) - MicrosOf(line.shipped()) - MicrosOf(line.released()));
        EXPECT_GE(MicrosOf(line.allocated()), 0);
        EXPECT_LE(MicrosOf(line.allocated()), MicrosOf(line.reserved()));
        EXPECT_GE(MicrosOf(line.backordered()), 0);
        EXPECT_LE(MicrosOf(line.reserved()) + MicrosOf(line.backordered()), open);
        EXPECT_EQ(shipped[line.line_number()], MicrosOf(line.shipped()));
        EXPECT_EQ(returned[line.line_number()], MicrosOf(line.returned()));
        if (demand->delivery_policy() == v1::DELIVERY_POLICY_PARTIAL) {
          EXPECT_EQ(planned[line.line_number()], MicrosOf(line.reserved()));
        }
        if (line.unstocked() || line.unplaceable()) continue;
        const std::string stock = StockId(line.product_id(), line.warehouse());
        reserved[stock] += MicrosOf(line.reserved());
        backordered[stock] += MicrosOf(line.backordered());
        allocated[stock] += MicrosOf(line.allocated());
        waits[stock] |= demand->state() == v1::DEMAND_STATE_RELEASED && !demand->held() &&
                        !demand->out_of_stock() && MicrosOf(line.backordered()) > 0;
      }
      CheckTold(*demand, demand->order_id());
    }
    for (const v1::StockMove* move : desk_.state.All<v1::StockMove>()) {
      const std::string stock = StockId(move->product_id(), move->warehouse());
      on_hand[stock] += MicrosOf(move->delta());
      blocked[stock] += MicrosOf(move->blocked_delta());
    }
    for (const v1::Stock* stock : desk_.state.All<v1::Stock>()) {
      const std::string& id = stock->id();
      EXPECT_EQ(MicrosOf(stock->on_hand()), on_hand[id]) << id;
      EXPECT_EQ(MicrosOf(stock->blocked()), blocked[id]) << id;
      EXPECT_EQ(MicrosOf(stock->reserved()), reserved[id]) << id;
      EXPECT_EQ(MicrosOf(stock->backordered()), backordered[id]) << id;
      EXPECT_EQ(MicrosOf(stock->allocated()), allocated[id]) << id;
      const int64_t available = on_hand[id] - blocked[id] - reserved[id];
      EXPECT_EQ(MicrosOf(stock->available()), available) << id;
      EXPECT_GE(available, 0) << id;
      EXPECT_GE(blocked[id], 0) << id;
      EXPECT_FALSE(available > 0 && waits[id]) << id << ": short of what could have been served";
    }
  }

 private:
  void CheckShipment(const std::string& id, std::map<int32_t, int64_t>& planned,
                     std::map<int32_t, int64_t>& shipped, std::map<int32_t, int64_t>& returned) {
    const v1::Shipment* shipment = desk_.state.Find<v1::Shipment>(id);
    ASSERT_NE(shipment, nullptr) << id;
    for (const v1::ShipmentLine& line : shipment->lines()) {
      if (shipment->state() < v1::SHIPMENT_STATE_SHIPPED) {
        planned[line.line_number()] += MicrosOf(line.quantity());
      }
      shipped[line.line_number()] += MicrosOf(line.shipped());
      returned[line.line_number()] += MicrosOf(line.returned());
      EXPECT_LE(MicrosOf(line.returned()), MicrosOf(line.shipped()));
    }
    CheckTold(*shipment, id);
  }

  // The last event about an entity shows it as it is: nothing changes in silence.
  template <class T>
  void CheckTold(const T& row, const std::string& id) {
    auto event = told_.find(id);
    ASSERT_NE(event, told_.end()) << id;
    const auto* field = event->second.event->GetDescriptor()->field(1);
    T told = static_cast<const T&>(
        event->second.event->GetReflection()->GetMessage(*event->second.event, field));
    EXPECT_EQ(event->second.entity_version, desk_.state.Version<T>(id)) << id;
    T now = desk_.state.Answer<T>(id);
    EXPECT_TRUE(MessageDifferencer::Equals(told, now)) << id << " was told as\n"
                                                       << told.DebugString() << "but is\n"
                                                       << now.DebugString();
    (void)row;
  }

  Desk& desk_;
  std::map<std::string, EmittedEvent> told_;
};

class RandomShop {
 public:
  RandomShop(Desk& desk, uint64_t seed) : desk_(desk), random_(seed) {
    for (const char* id : {"prd_a", "prd_b", "prd_c"}) desk_.Product(id);
    desk_.Product("prd_s", "kind: PRODUCT_KIND_SERVICE");
  }

  void Step() {
    const std::string order = OrderId(Below(kOrders));
    switch (Below(14)) {
      case 0:
      case 1:
        Record(order);
        break;
      case 2:
      case 3:
        desk_.Reserve(order, revision_[order]);
        break;
      case 4:
        desk_.Hold(order, ++version_[order]);
        break;
      case 5:
      case 6:
        desk_.Resume(order, ++version_[order]);
        break;
      case 7:
        if (Below(3) == 0) desk_.Release(order);
        break;
      case 8:
        desk_.Receive(Product(), absl::StrCat(1 + Below(9)));
        break;
      case 9:
        desk_.Adjust(Product(), absl::StrCat(Below(9) - 5), absl::StrCat(Below(5) - 2));
        break;
      case 10:
        desk_.Do(StartPicking, absl::StrCat("shipment_id: '", Shipment(order), "'"));
        break;
      case 11:
        desk_.Pick(Shipment(order));
        break;
      case 12:
        desk_.Ship(Shipment(order));
        break;
      case 13: {
        const char* dispositions[] = {"RESTOCK", "SCRAP", "INSPECT"};
        desk_.Return(Shipment(order), absl::StrCat("ret_", ++returns_), absl::StrCat(1 + Below(3)),
                     dispositions[Below(3)]);
        break;
      }
    }
  }

 private:
  static constexpr int kOrders = 24;

  int Below(int n) { return static_cast<int>(random_() % n); }
  std::string Product() { return std::string("prd_") + "abc"[Below(3)]; }
  std::string Shipment(const std::string& order) {
    const v1::Demand demand = desk_.Demand(order);
    if (demand.shipment_ids().empty()) return "shp_none";
    return demand.shipment_ids(Below(demand.shipment_ids_size()));
  }
  // Recorded anew with other quantities, now and then under an old revision; line n is always of
  // the same product.
  void Record(const std::string& order) {
    std::vector<std::string> lines;
    const int count = 1 + Below(4);
    for (int i = 0; i < count; ++i) {
      lines.push_back(absl::StrCat("prd_", std::string(1, "abas"[i]), " ", Below(7)));
    }
    std::string more = absl::StrCat("priority: ", Below(3), " order_version: ", version_[order],
                                    " held: ", Below(4) == 0 ? "true" : "false");
    if (std::hash<std::string>()(order) % 4 == 0) {
      more += " backorder_policy: BACKORDER_POLICY_NO_BACKORDER";
    }
    if (std::hash<std::string>()(order) % 4 == 1) {
      more += " delivery_policy: DELIVERY_POLICY_COMPLETE";
    }
    desk_.Record(order, lines, ++revision_[order] - (Below(5) == 0 ? 1 : 0), more);
  }

  Desk& desk_;
  std::mt19937_64 random_;
  std::map<std::string, int64_t> revision_, version_;
  int returns_ = 0;
};

TEST(Queue, HoldsItsPromisesUnderRandomOperations) {
  const char* given = std::getenv("TANDEM_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20140506;
  for (uint64_t round = 0; round < 6; ++round) {
    SCOPED_TRACE(absl::StrCat("seed ", seed + round));
    Desk desk;
    RandomShop shop(desk, seed + round);
    Auditor auditor(desk);
    for (int i = 0; i < 400; ++i) {
      shop.Step();
      auditor.Check();
      if (testing::Test::HasFailure()) {
        FAIL() << "after step " << i << " of seed " << seed + round << ": "
               << testing::PrintToString(desk.events);
      }
    }
  }
}

}  // namespace
}  // namespace tandem::inventory
