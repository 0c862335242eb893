// Crowds that want the same goods, at two replicas of inventory on one PostgreSQL: nothing is sold
// twice, what is short waits in its turn, and nothing waits that could have been served, at every
// reading, whatever is cancelled, held, received or killed meanwhile.
#include "tests/journeys/buyers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "platform/base/fixed.h"
#include "platform/base/quantity.h"
#include "platform/base/uuid.h"
#include "tandem/inventory/v1/inventory_service.pb.h"

namespace tandem::test {
namespace {

namespace inv = inventory::v1;

constexpr int kSeeds = 10;
constexpr char kPart[] = "inventory";
constexpr char kUnit[] = "C62";

int64_t Pieces(const type::v1::Quantity& quantity) {
  const auto parsed = FromProto(quantity, "");
  EXPECT_TRUE(parsed.ok() && parsed->micros % kMicrosPerUnit == 0) << quantity.ShortDebugString();
  return parsed.ok() ? parsed->micros / kMicrosPerUnit : -1;
}

struct Line {
  std::string product;
  int64_t pieces = 0;
};

struct BuyersOrder {
  std::string id = NewId("ord_");
  std::vector<Line> lines;
  inv::BackorderPolicy policy = inv::BACKORDER_POLICY_BACKORDER;
  bool cancelled = false;
  // Between these it entered the queue.
  absl::Time asked, answered;
  inv::Demand demand;  // as it was read last

  int64_t reserved() const {
    int64_t sum = 0;
    for (const inv::DemandLine& line : demand.lines()) sum += Pieces(line.reserved());
    return sum;
  }
};

// One moment of the database: everything that may never be seen of these products' stock. Who was
// held meanwhile may rightly find itself overtaken.
std::string WhatIsWrong(const std::vector<std::string>& products, bool some_were_held) {
  const std::string in = absl::StrCat("('", absl::StrJoin(products, "', '"), "')");
  return absl::StrCat(
      "WITH s AS (SELECT * FROM stocks WHERE product_id IN ", in,
      "), l AS (SELECT l.*, d.sequence, d.state, d.held = 0 AND d.out_of_stock = 0 AND "
      "l.backordered_micros > 0 AS waits FROM demands_lines l "
      "JOIN demands d ON d.order_id = l.parent WHERE l.product_id IN ",
      in,
      ") SELECT string_agg(what, '; ') FROM ("
      "SELECT 'oversold: ' || id AS what FROM s WHERE reserved_micros > on_hand_micros - "
      "blocked_micros OR least(on_hand_micros, reserved_micros, available_micros, "
      "backordered_micros) < 0 OR available_micros <> on_hand_micros - blocked_micros - "
      "reserved_micros"
      " UNION ALL SELECT 'not what its orders hold: ' || id FROM s WHERE reserved_micros <> "
      "(SELECT coalesce(sum(reserved_micros), 0) FROM l WHERE l.product_id = s.product_id) OR "
      "backordered_micros <> (SELECT coalesce(sum(backordered_micros), 0) FROM l WHERE "
      "l.product_id = s.product_id)"
      " UNION ALL SELECT 'not the sum of its moves: ' || id FROM s WHERE (on_hand_micros, "
      "move_count, move_count) <> (SELECT coalesce(sum(delta_micros), 0), count(*), "
      "coalesce(max(number), 0) FROM stock_moves m WHERE m.product_id = s.product_id)"
      " UNION ALL SELECT 'waits for what there is: ' || l.parent FROM l JOIN s USING (product_id) "
      "WHERE l.waits AND s.available_micros > 0"
      " UNION ALL SELECT 'overtaken: ' || old.parent || ' by ' || young.parent FROM l old JOIN l "
      "young USING (product_id) WHERE old.waits AND young.reserved_micros > 0 AND old.sequence < "
      "young.sequence AND ",
      some_were_held ? "false" : "true",
      " UNION ALL SELECT 'negative: ' || parent FROM l WHERE least(open_micros, reserved_micros, "
      "backordered_micros) < 0 OR reserved_micros + backordered_micros > open_micros"
      ") wrong");
}

class BuyersOfStock : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { replicas_ = new Replicas({kPart}); }
  static void TearDownTestSuite() {
    EXPECT_EQ(replicas_->Deadlocks(kPart), 0) << "replicas wait for each other in a circle";
    delete replicas_;
  }

  // A product that nobody else wants.
  std::string NewProduct(Client& client) {
    inv::CreateProductRequest request;
    request.set_request_id(UuidV4());
    request.set_product_id(NewId("prd_"));
    inv::Product* product = request.mutable_product();
    product->set_sku(request.product_id());
    product->set_kind(inv::PRODUCT_KIND_GOODS);
    product->set_base_unit(kUnit);
    return client.Call<inv::Product>(request).id();
  }

  void Receive(Client& client, const std::string& product, int64_t pieces) {
    inv::ReceiveStockRequest request;
    request.set_request_id(UuidV4());
    request.set_product_id(product);
    SetQuantity(pieces * kMicrosPerUnit, kUnit, request.mutable_quantity());
    client.Call<inv::Stock>(request);
  }

  inv::Stock StockOf(Client& client, const std::string& product) {
    inv::GetStockRequest request;
    request.set_id(absl::StrCat(product, "/MAIN"));
    return client.Call<inv::Stock>(request);
  }

  void Record(Client& client, const BuyersOrder& order) {
    inv::RecordDemandRequest request;
    request.set_request_id(UuidV4());
    request.set_order_id(order.id);
    request.set_revision(1);
    request.set_backorder_policy(order.policy);
    for (const Line& line : order.lines) {
      inv::RecordDemandLine* wanted = request.add_lines();
      wanted->set_line_number(request.lines_size());
      wanted->set_product_id(line.product);
      SetQuantity(line.pieces * kMicrosPerUnit, kUnit, wanted->mutable_quantity());
    }
    client.Call<inv::Demand>(request);
  }

  // Some ask twice, and hear the same.
  void Reserve(Client& client, const BuyersOrder& order) {
    inv::ReserveStockRequest request;
    request.set_request_id(UuidV4());
    request.set_order_id(order.id);
    request.set_revision(1);
    const int first = client.AnyReplica();
    const auto answer = client.Call<inv::Demand>(request, first);
    if (!client.OneIn(8)) return;
    const auto again = client.Call<inv::Demand>(request, 1 - first);
    EXPECT_EQ(again.SerializeAsString(), answer.SerializeAsString());
  }

  // Into the schedule and into the queue; for some the wish for stock comes before the record.
  void Enter(Client& client, BuyersOrder& order) {
    const bool wish_first = client.OneIn(8);
    wish_first ? Reserve(client, order) : Record(client, order);
    order.asked = absl::Now();
    wish_first ? Record(client, order) : Reserve(client, order);
    order.answered = absl::Now();
  }

  void Cancel(Client& client, const BuyersOrder& order) {
    inv::ReleaseStockRequest request;
    request.set_request_id(UuidV4());
    request.set_order_id(order.id);
    client.Call<inv::Demand>(request);
  }

  void Hold(Client& client, const BuyersOrder& order) {
    inv::HoldDemandRequest request;
    request.set_order_id(order.id);
    client.Call<inv::Demand>(request);
  }

  void Resume(Client& client, const BuyersOrder& order) {
    inv::ResumeDemandRequest request;
    request.set_order_id(order.id);
    client.Call<inv::Demand>(request);
  }

  void Read(Client& client, std::vector<BuyersOrder>& orders) {
    inv::BatchGetDemandsRequest request;
    for (const BuyersOrder& order : orders) request.add_ids(order.id);
    auto answer = client.Call<inv::BatchGetDemandsResponse>(request);
    ASSERT_EQ(answer.demands_size(), static_cast<int>(orders.size()));
    for (int i = 0; i < answer.demands_size(); ++i) {
      orders[static_cast<size_t>(i)].demand = std::move(*answer.mutable_demands(i));
    }
  }

  // In the order of the queue.
  std::vector<const BuyersOrder*> Queue(const std::vector<BuyersOrder>& orders) {
    std::vector<const BuyersOrder*> queue;
    for (const BuyersOrder& order : orders) {
      if (order.demand.state() == inv::DEMAND_STATE_RELEASED) queue.push_back(&order);
    }
    std::sort(queue.begin(), queue.end(), [](const BuyersOrder* a, const BuyersOrder* b) {
      return a->demand.sequence() < b->demand.sequence();
    });
    return queue;
  }

  // Who had their answer before another asked are before that one in the queue.
  void ExpectFirstComeFirstServed(const std::vector<BuyersOrder>& orders) {
    std::set<int64_t> places;
    for (const BuyersOrder& early : orders) {
      if (early.demand.sequence() == 0) continue;  // cancelled before it had a place
      EXPECT_TRUE(places.insert(early.demand.sequence()).second) << "two have one place";
      for (const BuyersOrder& late : orders) {
        if (early.answered >= late.asked || late.demand.sequence() == 0) continue;
        EXPECT_LT(early.demand.sequence(), late.demand.sequence())
            << early.id << " was in the queue before " << late.id << " came";
      }
    }
  }

  void ExpectStock(Client& client, const std::string& product, int64_t on_hand, int64_t reserved,
                   int64_t backordered) {
    for (int which = 0; which < kReplicas; ++which) {
      inv::GetStockRequest request;
      request.set_id(absl::StrCat(product, "/MAIN"));
      const auto stock = client.Call<inv::Stock>(request, which);
      EXPECT_EQ(Pieces(stock.on_hand()), on_hand) << product;
      EXPECT_EQ(Pieces(stock.reserved()), reserved) << product;
      EXPECT_EQ(Pieces(stock.available()), on_hand - reserved) << product;
      EXPECT_EQ(Pieces(stock.backordered()), backordered) << product;
    }
  }

  // On hand is the sum of the moves, as the API tells both.
  void ExpectSumOfMoves(Client& client, const std::string& product) {
    inv::ListStockMovesRequest request;
    request.set_page_size(1000);
    request.set_filter(absl::StrCat("product_id = \"", product, "\""));
    int64_t sum = 0;
    const auto moves = client.Call<inv::ListStockMovesResponse>(request);
    for (const inv::StockMove& move : moves.stock_moves()) sum += Pieces(move.delta());
    EXPECT_EQ(moves.next_page_token(), "");
    EXPECT_EQ(sum, Pieces(StockOf(client, product).on_hand())) << product;
  }

  // Readers of both replicas and of the database itself.
  class Readers {
   public:
    Readers(const std::vector<std::string>& products, uint64_t seed, bool some_were_held = false) {
      for (int which = 0; which < kReplicas; ++which) {
        auto client = std::make_shared<Client>(*replicas_, kPart, seed);
        inv::BatchGetStocksRequest request;
        for (const std::string& product : products) request.add_ids(product + "/MAIN");
        watches_.push_back(std::make_unique<Watch>([client, request, which]() -> std::string {
          inv::BatchGetStocksResponse answer;
          const absl::Status status = client->AskOnce(request, &answer, which);
          if (absl::IsUnavailable(status)) return "";  // killed
          if (!status.ok()) return status.ToString();
          for (const inv::Stock& stock : answer.stocks()) {
            const int64_t on_hand = Pieces(stock.on_hand()), reserved = Pieces(stock.reserved());
            if (reserved < 0 || reserved > on_hand || Pieces(stock.backordered()) < 0 ||
                Pieces(stock.available()) != on_hand - Pieces(stock.blocked()) - reserved) {
              return stock.ShortDebugString();
            }
          }
          return "";
        }));
      }
      watches_.push_back(std::make_unique<Watch>(
          SqlLook(replicas_->Dsn(kPart), WhatIsWrong(products, some_were_held))));
    }
    ~Readers() {
      for (auto& watch : watches_) {
        EXPECT_EQ(watch->Stop(), "");
        EXPECT_GT(watch->readings(), 0);
      }
    }

   private:
    std::vector<std::unique_ptr<Watch>> watches_;
  };

  void TenUnits(uint64_t seed, inv::BackorderPolicy policy, bool kill);
  void ThousandUnits(uint64_t seed, bool kill);

  static inline Replicas* replicas_ = nullptr;
};

void BuyersOfStock::TenUnits(uint64_t seed, inv::BackorderPolicy policy, bool kill) {
  constexpr int64_t kUnits = 10;
  Client desk(*replicas_, kPart, seed);
  const std::string product = NewProduct(desk);
  Receive(desk, product, kUnits);
  std::vector<BuyersOrder> orders(kBuyers);
  for (BuyersOrder& order : orders) {
    order.policy = policy;
    order.lines = {{product, 1}};
  }
  auto readers = std::make_unique<Readers>(std::vector{product}, seed);
  Crowd(*replicas_, kPart, seed, kill, kBuyers,
        [&](Client& client, int i) { Enter(client, orders[static_cast<size_t>(i)]); });

  Read(desk, orders);
  ExpectFirstComeFirstServed(orders);
  std::vector<const BuyersOrder*> queue = Queue(orders);
  ASSERT_EQ(queue.size(), static_cast<size_t>(kBuyers));
  const auto expect_served = [&](const std::set<const BuyersOrder*>& served) {
    Read(desk, orders);
    for (size_t place = 0; place < queue.size(); ++place) {
      EXPECT_EQ(queue[place]->reserved(), served.contains(queue[place])) << "place " << place;
    }
    const auto n = static_cast<int64_t>(served.size());
    ExpectStock(desk, product, n, n, kBuyers - n);
  };
  std::set<const BuyersOrder*> served(queue.begin(), queue.begin() + kUnits);
  expect_served(served);
  const int64_t rest = kBuyers - kUnits;

  if (policy == inv::BACKORDER_POLICY_NO_BACKORDER) {
    for (size_t place = 0; place < queue.size(); ++place) {
      EXPECT_EQ(queue[place]->demand.out_of_stock(), place >= kUnits) << "place " << place;
    }
    // They end, and the receipt that follows finds nobody.
    AllAtOnce(static_cast<int>(rest), [&](int i) {
      Client client(*replicas_, kPart, seed * 1000 + static_cast<uint64_t>(i));
      Cancel(client, *queue[static_cast<size_t>(kUnits + i)]);
    });
    Receive(desk, product, rest);
    ExpectStock(desk, product, kBuyers, kUnits, 0);
    ExpectSumOfMoves(desk, product);
    return;
  }

  // Two of those who wait are held, and passed over by a receipt of a part.
  readers.reset();
  readers = std::make_unique<Readers>(std::vector{product}, seed, /*some_were_held=*/true);
  const BuyersOrder* held[] = {queue[kUnits + 1], queue[kUnits + 4]};
  for (const BuyersOrder* order : held) Hold(desk, *order);
  constexpr int64_t kPartOfIt = 20;
  Receive(desk, product, kPartOfIt);
  for (size_t place = kUnits; place < kUnits + kPartOfIt + 2; ++place) {
    if (queue[place] != held[0] && queue[place] != held[1]) served.insert(queue[place]);
  }
  expect_served(served);
  // They kept their place: the next to come are theirs.
  for (const BuyersOrder* order : held) Resume(desk, *order);
  expect_served(served);
  Receive(desk, product, 1);
  served.insert(held[0]);
  expect_served(served);
  Receive(desk, product, rest - kPartOfIt - 1);
  served.insert(queue.begin(), queue.end());
  expect_served(served);
  ExpectSumOfMoves(desk, product);
}

void BuyersOfStock::ThousandUnits(uint64_t seed, bool kill) {
  constexpr int64_t kUnits = 1000;
  constexpr size_t kProducts = 5;
  constexpr int kOrdersEach = 2;
  constexpr int kDeliveries = 4;  // a product; a third of everything comes while the crowd buys
  Client desk(*replicas_, kPart, seed);
  std::vector<std::string> products;
  std::vector<int64_t> cuts = {0, kUnits};
  for (size_t i = 0; i < kProducts; ++i) products.push_back(NewProduct(desk));
  while (cuts.size() < kProducts + 1) {
    const int64_t cut = desk.Number(1, kUnits / 10 - 1) * 10;
    if (std::find(cuts.begin(), cuts.end(), cut) == cuts.end()) cuts.push_back(cut);
  }
  std::sort(cuts.begin(), cuts.end());
  std::map<std::string, int64_t> on_hand, later, wanted;
  for (size_t i = 0; i < kProducts; ++i) {
    on_hand[products[i]] = cuts[i + 1] - cuts[i];
    later[products[i]] = on_hand[products[i]] / 3;
    Receive(desk, products[i], on_hand[products[i]] - later[products[i]]);
  }

  std::vector<BuyersOrder> orders(kBuyers * kOrdersEach);
  for (BuyersOrder& order : orders) {
    std::vector<std::string> choice = products;
    std::shuffle(choice.begin(), choice.end(), desk.random());
    choice.resize(static_cast<size_t>(desk.Number(1, 3)));
    for (const std::string& product : choice) {
      order.lines.push_back({product, desk.Number(1, 14)});
    }
  }
  std::vector<const BuyersOrder*> cancelled_by_others;
  for (size_t n = 0; n < orders.size(); n += 16) {
    orders[n].cancelled = true;
    cancelled_by_others.push_back(&orders[n]);
  }
  {
    Readers readers(products, seed);
    // Behind the buyers: one who brings goods, one who cancels orders whose buyers are still busy.
    Crowd(*replicas_, kPart, seed, kill, kBuyers + 2, [&](Client& client, int i) {
      if (i == kBuyers) {
        for (int delivery = 0; delivery < kDeliveries; ++delivery) {
          for (const auto& [product, pieces] : later) {
            const int64_t so_far = pieces * delivery / kDeliveries;
            const int64_t now = pieces * (delivery + 1) / kDeliveries - so_far;
            if (now > 0) Receive(client, product, now);
          }
        }
      } else if (i == kBuyers + 1) {
        for (const BuyersOrder* order : cancelled_by_others) Cancel(client, *order);
      } else {
        for (int n = 0; n < kOrdersEach; ++n) {
          BuyersOrder& order = orders[static_cast<size_t>(i * kOrdersEach + n)];
          Enter(client, order);
          if (order.cancelled || !client.OneIn(8)) continue;
          order.cancelled = true;
          Cancel(client, order);
        }
      }
    });
    Read(desk, orders);
    ExpectFirstComeFirstServed(orders);
    for (const BuyersOrder& order : orders) {
      EXPECT_EQ(order.demand.state(),
                order.cancelled ? inv::DEMAND_STATE_CLOSED : inv::DEMAND_STATE_RELEASED);
      EXPECT_TRUE(!order.cancelled || order.reserved() == 0) << order.id;
      for (const Line& line : order.lines) {
        if (!order.cancelled) wanted[line.product] += line.pieces;
      }
    }
    // Nothing is short that could have been served.
    for (const std::string& product : products) {
      const int64_t reserved = std::min(on_hand[product], wanted[product]);
      ExpectStock(desk, product, on_hand[product], reserved, wanted[product] - reserved);
    }
    // In the order of the queue each took what was left.
    std::map<std::string, int64_t> left = on_hand;
    for (const BuyersOrder* order : Queue(orders)) {
      for (const inv::DemandLine& line : order->demand.lines()) {
        const int64_t got = std::min(left[line.product_id()], Pieces(line.open()));
        EXPECT_EQ(Pieces(line.reserved()), got) << order->id << " of " << line.product_id();
        left[line.product_id()] -= got;
      }
    }
    // What is missing comes for all products at once, and serves everybody.
    AllAtOnce(kProducts, [&](int i) {
      Client client(*replicas_, kPart, seed + static_cast<uint64_t>(i));
      const std::string& product = products[static_cast<size_t>(i)];
      const int64_t missing = wanted[product] - on_hand[product];
      if (missing > 0) Receive(client, product, missing);
    });
  }
  Read(desk, orders);
  int64_t short_before = 0;
  for (const std::string& product : products) {
    const int64_t total = std::max(on_hand[product], wanted[product]);
    ExpectStock(desk, product, total, wanted[product], 0);
    ExpectSumOfMoves(desk, product);
    short_before += total - on_hand[product];
  }
  EXPECT_GT(short_before, 0) << "nothing was short: the seed tests nothing";
  for (const BuyersOrder* order : Queue(orders)) {
    for (const inv::DemandLine& line : order->demand.lines()) {
      EXPECT_EQ(Pieces(line.reserved()), Pieces(line.open()));
    }
  }
}

TEST_F(BuyersOfStock, Of10UnitsTenAreServedAndTheRestInTheirTurn) {
  for (const uint64_t seed : Seeds(kSeeds)) {
    SCOPED_TRACE(absl::StrCat("TANDEM_TEST_SEED=", seed));
    TenUnits(seed, inv::BACKORDER_POLICY_BACKORDER, /*kill=*/seed % 10 == 3);
    if (HasFailure()) break;
  }
}

TEST_F(BuyersOfStock, Of10UnitsWithoutBackorderTenAreServedAndTheRestEnd) {
  for (const uint64_t seed : Seeds(kSeeds)) {
    SCOPED_TRACE(absl::StrCat("TANDEM_TEST_SEED=", seed));
    TenUnits(seed, inv::BACKORDER_POLICY_NO_BACKORDER, /*kill=*/seed % 10 == 6);
    if (HasFailure()) break;
  }
}

TEST_F(BuyersOfStock, Of1000UnitsNothingIsShortThatCouldHaveBeenServed) {
  for (const uint64_t seed : Seeds(kSeeds)) {
    SCOPED_TRACE(absl::StrCat("TANDEM_TEST_SEED=", seed));
    ThousandUnits(seed, /*kill=*/seed % 10 == 8);
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace tandem::test
