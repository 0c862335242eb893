// Order to cash under every order of delivery: the same scripts under many seeds, and with the
// events of every two types held back in both orders. TANDEM_TEST_SEED runs one seed,
// TANDEM_TEST_RUNS another number of them. World checks after each run what must hold;
// a script without a race must also end the same every time.
#include "bus-adapters/order_to_cash/world.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>

#include "absl/strings/str_cat.h"

namespace tandem::order_to_cash {
namespace {

using Script = std::function<void(World&)>;
constexpr int kSeeds = 300;
// By their numbers in DOMAIN section 4; 1 makes the order.
constexpr int kFirstReaction = 2, kLastReaction = 18;

uint64_t FirstSeed() {
  const char* given = std::getenv("TANDEM_TEST_SEED");
  return given != nullptr ? std::stoull(given) : 1;
}
int Seeds(int most) {
  const char* runs = std::getenv("TANDEM_TEST_RUNS");
  if (runs != nullptr) return std::stoi(runs);
  return std::getenv("TANDEM_TEST_SEED") != nullptr ? 1 : most;
}

void Setting(World& world) {
  world.Buyer(1, "1000");
  world.Product("prd_a");
  world.Product("prd_b");
  world.Stock("prd_a", "10");
  world.Stock("prd_b", "10");
}

// Runs the script under each seed, half of them with eager people; `check` sees each end.
void Everywhere(const Script& script, const Script& check, int seeds = kSeeds) {
  for (int i = 0; i < Seeds(seeds); ++i) {
    Manner manner;
    manner.seed = FirstSeed() + static_cast<uint64_t>(i);
    manner.eager_people = manner.seed % 2 == 0;
    SCOPED_TRACE(absl::StrCat("TANDEM_TEST_SEED=", manner.seed));
    World world(manner);
    Setting(world);
    script(world);
    world.Run();
    check(world);
    if (testing::Test::HasFailure()) return;
  }
}

// The script's end is the same under each seed; it is handed to `check` too.
void EndsTheSame(const Script& script, const Script& check) {
  std::string first;
  Everywhere(script, [&](World& world) {
    if (first.empty()) first = world.Digest();
    EXPECT_EQ(world.Digest(), first);
    check(world);
  });
}

// Every two types of events that the script makes, in both orders: one comes last, the other
// second to last, as far as they wait for each other at all. What met on the way is added to `met`.
void EveryPairEndsTheSame(const Script& script, World::Pairs* met) {
  std::set<std::string> types = {""};
  std::string first;
  const auto run = [&](const Manner& manner) {
    SCOPED_TRACE(absl::StrCat("seed: ", manner.seed, ", late: ", manner.late,
                              ", latest: ", manner.latest, ", eager: ", manner.eager_people));
    World world(manner);
    Setting(world);
    script(world);
    world.Run();
    if (first.empty()) first = world.Digest();
    EXPECT_EQ(world.Digest(), first);
    types.insert(world.types().begin(), world.types().end());
    met->insert(world.met().begin(), world.met().end());
  };
  for (int round = 0; round < 2; ++round) {  // the first learns the types
    const std::set<std::string> known = types;
    for (const std::string& late : known) {
      for (const std::string& latest : known) {
        if (late == latest && !late.empty()) continue;
        for (bool eager : {false, true}) {
          run({.seed = 1, .eager_people = eager, .late = late, .latest = latest});
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
  for (int i = 0; i < Seeds(kSeeds / 3); ++i) {  // and whatever else may meet
    const uint64_t seed = FirstSeed() + static_cast<uint64_t>(i);
    run({.seed = seed, .eager_people = seed % 2 == 0, .late = "", .latest = ""});
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(types.size(), 4u);
}

Script Is(int order, const std::string& state) {
  return [order, state](World& world) { EXPECT_EQ(world.StateOf(order), state); };
}
Script Ended() {
  return [](World& world) {
    EXPECT_TRUE(world.StateOf(1) == "CLOSED" || world.StateOf(1) == "CANCELLED")
        << world.StateOf(1);
  };
}

void Plain(World& world) { world.Place(1, 1, {"prd_a 3 10", "prd_b 2 5.55"}); }
void InTwoParts(World& world) {
  world.Place(1, 1, {"prd_a 14 3.33", "prd_b 2 5.55"});
  world.Receive("prd_a", "4");
}
void HeldAndReleased(World& world) {
  Plain(world);
  world.Hold(1);
  world.Release(1);
}
void BlockedAndUnblocked(World& world) {
  Plain(world);
  world.Block(1);
  world.Unblock(1);
}
void ReturnedWhenPaid(World& world) {
  Plain(world);
  world.ReturnOneWhenPaid(1);
}
void Bounced(World& world) {
  Plain(world);
  world.Bounce(1);
}
void RoomAfterPayment(World& world) {
  world.Buyer(2, "100");
  world.Place(1, 2, {"prd_a 3 20"});
  world.Place(2, 2, {"prd_a 3 25"});
  world.Place(3, 2, {"prd_b 1 50"});
}

TEST(AnOrder, ClosesWhenShippedBilledAndPaid) { EndsTheSame(Plain, Is(1, "CLOSED")); }

TEST(AnOrder, IsDeliveredInPartsAsGoodsArrive) { EndsTheSame(InTwoParts, Is(1, "CLOSED")); }

TEST(AnOrder, ThatIsHeldAndReleasedAtAnyStepEndsAsIfNothingWas) {
  EndsTheSame(HeldAndReleased, Is(1, "CLOSED"));
}

TEST(AnOrder, ThatStaysHeldShipsNothingMore) {
  Everywhere(
      [](World& world) {
        Plain(world);
        world.Hold(1);
      },
      [](World& world) {
        EXPECT_TRUE(world.StateOf(1) == "CLOSED" || world.StateOf(1) == "PLACED" ||
                    world.StateOf(1) == "CONFIRMED");
      });
}

TEST(AnOrder, OfABlockedAccountWaitsAndGoesOnAfterwards) {
  EndsTheSame(BlockedAndUnblocked, Is(1, "CLOSED"));
}

TEST(AnOrder, OfAnAccountBlockedTwiceGoesOnAfterwards) {
  EndsTheSame(
      [](World& world) {
        BlockedAndUnblocked(world);
        world.Block(1);
        world.Unblock(1);
      },
      Is(1, "CLOSED"));
}

TEST(AnOrder, CancelledAtAnyStepIsCancelledOrWasShipped) {
  Everywhere(
      [](World& world) {
        Plain(world);
        world.Cancel(1);
      },
      Ended());
}

TEST(AnOrder, CancelledWhilePartsShipKeepsWhatHasLeft) {
  Everywhere(
      [](World& world) {
        world.Place(1, 1, {"prd_a 14 3.33", "prd_b 12 5.55"});
        world.Cancel(1);
        world.Receive("prd_a", "4");
        world.Receive("prd_b", "2");
      },
      Ended());
}

TEST(AnOrder, CancelledHeldAndBlockedInOneMessLeavesNothingBehind) {
  Everywhere(
      [](World& world) {
        Plain(world);
        world.Hold(1);
        world.Block(1);
        world.Cancel(1);
        world.Release(1);
        world.Unblock(1);
      },
      Ended());
}

TEST(AnOrder, NobodyShipsIsCancelledForCertain) {
  EndsTheSame(
      [](World& world) {
        world.NobodyShips();
        Plain(world);
        world.Cancel(1);
      },
      Is(1, "CANCELLED"));
}

TEST(AReturn, IsCreditedOnce) { EndsTheSame(ReturnedWhenPaid, Is(1, "CLOSED")); }

TEST(AReturn, MayComeBeforeTheInvoiceOrThePayment) {
  Everywhere(
      [](World& world) {
        Plain(world);
        world.ReturnOne(1);
        world.ReturnOne(1);
      },
      Is(1, "CLOSED"));
}

TEST(ABouncedPayment, IsPaidAgainAndTheOrderCloses) { EndsTheSame(Bounced, Is(1, "CLOSED")); }

TEST(RefusedCredit, IsGivenWhenAPaymentMakesRoom) {
  EndsTheSame(RoomAfterPayment, [](World& world) { EXPECT_EQ(world.Orders("CLOSED"), 3); });
}

TEST(RefusedCredit, LeavesAnOrderThatCanBeCancelled) {
  Everywhere(
      [](World& world) {
        RoomAfterPayment(world);
        world.Cancel(2);
        world.Cancel(3);
      },
      [](World& world) { EXPECT_EQ(world.Orders("CLOSED") + world.Orders("CANCELLED"), 3); });
}

TEST(NoBackorder, CancelsAnOrderThatIsShort) {
  EndsTheSame(
      [](World& world) {
        world.Place(1, 1, {"prd_a 11 1", "prd_b 1 1"},
                    "backorder_policy: BACKORDER_POLICY_NO_BACKORDER");
      },
      Is(1, "CANCELLED"));
}

TEST(CompleteDelivery, WaitsForAllOfTheOrder) {
  EndsTheSame(
      [](World& world) {
        world.Place(1, 1, {"prd_a 12 1", "prd_b 1 1"}, "delivery_policy: DELIVERY_POLICY_COMPLETE");
        world.Receive("prd_a", "2");
      },
      Is(1, "CLOSED"));
}

TEST(AnAcceptedQuote, BecomesOneOrder) {
  Everywhere([](World& world) { world.AcceptQuote(1, 1, "prd_a", "3"); },
             [](World& world) {
               EXPECT_EQ(world.Orders("CLOSED"), 1);
               EXPECT_EQ(world.recorded_calls().size(), 2u);  // PromoteCustomer, RecordOrder
             });
}

void QuotedBeforeTheProductIsKnown(World& world) {
  world.ProductUnknownToOrders("prd_new");
  world.Stock("prd_new", "2");
  world.AcceptQuote(1, 1, "prd_new", "3");
  world.LearnProduct("prd_new");
  world.Receive("prd_new", "1");
}

TEST(AnAcceptedQuote, ForAProductNotKnownYetIsAmendedWhenItIs) {
  EndsTheSame(QuotedBeforeTheProductIsKnown,
              [](World& world) { EXPECT_EQ(world.Orders("CLOSED"), 1); });
}

TEST(RefusedCredit, IsGivenByAnAuthorisedPerson) {
  EndsTheSame(
      [](World& world) {
        world.Buyer(2, "0");
        world.Place(1, 2, {"prd_a 3 20"});
        world.Override(1);
        world.LiftLimit(2);  // where the word came before the order, it was not heard
      },
      Is(1, "CLOSED"));
}

// Anything that people may do, in any order; in the end every obstacle is taken away, and every
// order must come to its end.
void Anything(World& world, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&random](int n) { return static_cast<int>(random() % n); };
  world.Buyer(2, "60");
  world.Buyer(3, "100");
  world.ProductUnknownToOrders("prd_new");
  world.Stock("prd_new", "1");
  int orders = 0, quotes = 0;
  for (int step = 0; step < 12; ++step) {
    const int order = 1 + pick(orders + 1);
    const int buyer = 1 + pick(3);
    const std::string some = absl::StrCat(1 + pick(8));
    switch (pick(13)) {
      case 0:
      case 1:
      case 2:
        world.Place(++orders, buyer,
                    {absl::StrCat("prd_a ", some, " 3.33"), absl::StrCat("prd_b ", some, " 7")},
                    pick(4) == 0   ? "backorder_policy: BACKORDER_POLICY_NO_BACKORDER"
                    : pick(4) == 0 ? "delivery_policy: DELIVERY_POLICY_COMPLETE"
                    : pick(4) == 0 ? "priority: 5"
                                   : "");
        break;
      case 3:
        world.AcceptQuote(++quotes, buyer, pick(2) == 0 ? "prd_a" : "prd_new", some);
        break;
      case 4:
      case 5:
        world.Cancel(order);
        break;
      case 6:
        world.Hold(order);
        break;
      case 7:
        world.Release(order);
        break;
      case 8:
        world.Block(buyer);
        break;
      case 9:
        world.Unblock(buyer);
        break;
      case 10:
        world.Receive(pick(2) == 0 ? "prd_a" : "prd_b", some);
        break;
      case 11:
        world.ReturnSomeOne();
        break;
      default:
        world.BounceSome();
        if (pick(2) == 0) world.Override(order);
    }
  }
  for (int order = 1; order <= orders; ++order) world.Release(order);
  for (int buyer = 1; buyer <= 3; ++buyer) world.Unblock(buyer);
  for (int buyer = 1; buyer <= 3; ++buyer) world.LiftLimit(buyer);
  world.LearnProduct("prd_new");
  for (const char* product : {"prd_a", "prd_b", "prd_new"}) world.Receive(product, "200");
}

TEST(Anything, ThatPeopleMayDoLeavesEveryOrderAtItsEnd) {
  for (int i = 0; i < Seeds(600); ++i) {
    Manner manner;
    manner.seed = FirstSeed() + static_cast<uint64_t>(i);
    manner.eager_people = manner.seed % 4 == 0;
    SCOPED_TRACE(absl::StrCat("TANDEM_TEST_SEED=", manner.seed));
    World world(manner);
    Setting(world);
    Anything(world, manner.seed);
    world.Run();
    EXPECT_EQ(world.Orders("PLACED") + world.Orders("CONFIRMED"), 0) << world.Digest();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(SixtyFourBuyers, OfTenUnitsShareFiftyFourWithoutOversellingOne) {
  Everywhere(
      [](World& world) {
        world.Product("prd_c");
        for (int buyer = 2; buyer <= 65; ++buyer) world.Buyer(buyer, "");
        for (int buyer = 2; buyer <= 65; ++buyer) {
          world.Place(buyer, buyer, {"prd_c 1 10"});
          if (buyer == 20) world.Receive("prd_c", "10");
        }
        world.Receive("prd_c", "44");
      },
      [](World& world) {
        EXPECT_EQ(world.Orders("CLOSED"), 54);
        EXPECT_EQ(world.Orders("CONFIRMED"), 10);  // they wait for more
        EXPECT_EQ(world.Available("prd_c"), 0);
        EXPECT_EQ(world.Reserved("prd_c"), 0);
      },
      20);
}

TEST(SixtyFourBuyers, OfWhomSomeCancelLeaveTheirGoodsToTheOthers) {
  Everywhere(
      [](World& world) {
        world.Product("prd_c");
        world.NobodyShips();
        for (int buyer = 2; buyer <= 33; ++buyer) world.Buyer(buyer, "");
        for (int buyer = 2; buyer <= 33; ++buyer) world.Place(buyer, buyer, {"prd_c 10 1"});
        world.Receive("prd_c", "54");
        for (int buyer = 2; buyer <= 33; buyer += 2) world.Cancel(buyer);
      },
      [](World& world) {
        EXPECT_EQ(world.Orders("CANCELLED"), 16);
        EXPECT_EQ(world.Orders("CONFIRMED"), 16);
        EXPECT_EQ(world.Reserved("prd_c"), 54);
        EXPECT_EQ(world.Available("prd_c"), 0);
      },
      30);
}

// Cancellations whose end does not depend on who is first: nobody ships, or it is cancelled in the
// moment in which it ships.
void Cancelled(World& world) {
  world.NobodyShips();
  Plain(world);
  world.Cancel(1);
}
void CancelledWhenReserved(World& world) {
  world.NobodyShips();
  InTwoParts(world);
  world.Cancel(1, Moment::kReserved);
}
void CancelledWhenHeld(World& world) {
  world.NobodyShips();
  Plain(world);
  world.Hold(1);
  world.Cancel(1, Moment::kHeld);
  world.Release(1);
}
void HeldWhenCancelled(World& world) {
  Cancelled(world);
  world.Hold(1);
  world.Release(1);
}
void CancelledInABlock(World& world) {
  world.NobodyShips();
  Plain(world);
  world.Block(1);
  world.Cancel(1);
  world.Unblock(1);
}
void Refused(World& world) {
  world.Buyer(2, "50");
  world.Place(1, 2, {"prd_a 3 20"});
}
void CancelledWhenRefused(World& world) {
  Refused(world);
  world.Cancel(1, Moment::kRefused);
}
void CancelledHeldAndRefused(World& world) {
  Refused(world);
  world.Hold(1);
  world.Cancel(1);
  world.Release(1);
  world.Block(2);
  world.Unblock(2);
}
void CancelledAndRoomMade(World& world) {
  world.NobodyShips();
  Refused(world);
  world.Cancel(1);
  world.LiftLimit(2);
}
void RefusedHeldAndBlocked(World& world) {
  Refused(world);
  world.Hold(1);
  world.Block(2);
  world.Release(1);
  world.LiftLimit(2);
  world.Unblock(2);
}
void CancelledAsItShips(World& world) {  // 10 of 14
  world.NobodyShips();
  world.Place(1, 1, {"prd_a 14 3.33", "prd_b 2 5.55"});
  world.Cancel(1, Moment::kAsItShips);
}
void CancelledAsAllOfItShips(World& world) {
  world.NobodyShips();
  Plain(world);
  world.Cancel(1, Moment::kAsItShips);
}
void CancelledAsItShipsAndHeld(World& world) {
  CancelledAsItShips(world);
  world.Hold(1);
  world.Release(1);
}
void CancelledAsItShipsAndBlocked(World& world) {
  CancelledAsItShips(world);
  world.Block(1);
  world.Unblock(1);
}
void CancelledAsItShipsBouncedAndReturned(World& world) {
  CancelledAsItShips(world);
  world.Bounce(1);
  world.ReturnOneWhenPaid(1);
}
void CancelledAsItShipsAndReturnedAtOnce(World& world) {
  world.NobodyPays();  // what there is to pay depends on what was credited by then
  CancelledAsItShips(world);
  world.ReturnOne(1);
  world.Hold(1);
  world.Release(1);
}
void ReturnedAtOnce(World& world) {
  world.NobodyPays();
  InTwoParts(world);
  world.ReturnOne(1);
  world.Hold(1);
  world.Block(1);
  world.Release(1);
  world.Unblock(1);
}
void OutOfStock(World& world) {
  world.Place(1, 1, {"prd_a 11 1", "prd_b 1 1"}, "backorder_policy: BACKORDER_POLICY_NO_BACKORDER");
}
void OutOfStockHeldAndBlocked(World& world) {
  OutOfStock(world);
  world.Hold(1);
  world.Block(1);
  world.Release(1);
  world.Unblock(1);
}
void OutOfStockAndRefused(World& world) {
  world.Buyer(2, "5");
  world.Place(1, 2, {"prd_a 11 1"}, "backorder_policy: BACKORDER_POLICY_NO_BACKORDER");
  world.LiftLimit(2);
}
void QuotedAndCancelled(World& world) {
  world.NobodyShips();
  world.ProductUnknownToOrders("prd_new");
  world.Stock("prd_new", "2");
  world.AcceptQuote(1, 1, "prd_new", "3");
  world.LearnProduct("prd_new");
  world.Cancel(0);
}
void CancelledAndLearned(World& world) {
  world.NobodyShips();
  world.ProductUnknownToOrders("prd_new");
  world.Stock("prd_new", "2");
  world.AcceptQuote(1, 1, "prd_new", "3");
  world.Cancel(0);
  world.LearnProduct("prd_new");
}
// The price is known at once, the tax on it when the product is.
void QuotedAndRefused(World& world, const std::string& limit) {
  world.Buyer(2, limit);
  world.ProductUnknownToOrders("prd_new");
  world.Stock("prd_new", "3");
  world.AcceptQuote(1, 2, "prd_new", "3");
  world.LearnProduct("prd_new");
  world.LiftLimit(2, Moment::kRefused);
  world.ReturnSomeOne(Moment::kPaid);
}
void QuotedAndRefusedAtOnce(World& world) { QuotedAndRefused(world, "20"); }
void QuotedAndRefusedTheTax(World& world) { QuotedAndRefused(world, "32"); }
void HeldInTwoParts(World& world) {
  InTwoParts(world);
  world.Hold(1);
  world.Release(1);
}
void ReturnedBetweenParts(World& world) {
  world.NobodyPays();
  world.Place(1, 1, {"prd_a 14 10"});  // so that any part of it bears a round tax
  world.ReturnOne(1);
  world.Receive("prd_a", "4");
  world.ReturnOne(1);
}

// Why two reactions to one order cannot meet with the first delivered first; "" where they can.
std::string Impossible(int first, int second) {
  struct Rule {
    std::set<int> first, second;
    const char* why;
  };
  static const Rule kRules[] = {
      {{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17},
       {2},
       "nothing of an order is there before it is placed"},
      {{2}, {3, 4, 5, 9, 11, 13, 14, 15, 17}, "it comes of the calls of the order's placing"},
      {{8}, {9}, "stock is released because the order asked for it"},
      {{9}, {8}, "an order asks for its release once"},
      {{12, 13, 14, 16, 17}, {8}, "an order that knows that it shipped is not cancelled"},
      {{8}, {13, 14, 17}, "what was shipped of a cancelled order is recorded behind its request"},
      {{10}, {6, 7, 8, 11, 12, 13}, "an order is over when all of this is behind it"},
      {{11, 13}, {10}, "an order is over when all of this is behind it"},
      {{5},
       {7},
       "a held order takes no goods before it is amended by what it waited for; and what "
       "is left of a cancelled one is amended after inventory's last word"},
      {{7},
       {5},
       "a held order takes no goods before it is amended by what it waited for; and what "
       "is left of a cancelled one is amended after inventory's last word"},
      {{9}, {5}, "a released demand takes nothing more"},
  };
  if (first == second) return "one topic holds them in the order in which they happened";
  for (const Rule& rule : kRules) {
    if (rule.first.contains(first) && rule.second.contains(second)) return rule.why;
  }
  return "";
}

// Who of two reactions came first, over all scripts: an x where the row's came before the column's,
// a dot where it cannot, a question mark where it could and never did.
std::string Matrix(const World::Pairs& met) {
  const auto number = [](int n) { return absl::StrCat(n < 10 ? " " : "", n, " "); };
  std::string out = "   ";
  for (int n = kFirstReaction; n <= kLastReaction; ++n) absl::StrAppend(&out, number(n));
  for (int first = kFirstReaction; first <= kLastReaction; ++first) {
    absl::StrAppend(&out, "\n", number(first));
    for (int second = kFirstReaction; second <= kLastReaction; ++second) {
      absl::StrAppend(&out, met.contains({first, second})       ? " x "
                            : Impossible(first, second).empty() ? " ? "
                                                                : " . ");
    }
  }
  return out + "\n";
}

TEST(EveryTwoReactions, InBothOrdersEndTheSame) {
  const std::pair<const char*, Script> kScripts[] = {
      {"Plain", Plain},
      {"InTwoParts", InTwoParts},
      {"HeldAndReleased", HeldAndReleased},
      {"BlockedAndUnblocked", BlockedAndUnblocked},
      {"ReturnedWhenPaid", ReturnedWhenPaid},
      {"ReturnedAtOnce", ReturnedAtOnce},
      {"Bounced", Bounced},
      {"RoomAfterPayment", RoomAfterPayment},
      {"RefusedHeldAndBlocked", RefusedHeldAndBlocked},
      {"QuotedBeforeTheProductIsKnown", QuotedBeforeTheProductIsKnown},
      {"QuotedAndRefusedAtOnce", QuotedAndRefusedAtOnce},
      {"QuotedAndRefusedTheTax", QuotedAndRefusedTheTax},
      {"CancelledAndLearned", CancelledAndLearned},
      {"HeldInTwoParts", HeldInTwoParts},
      {"ReturnedBetweenParts", ReturnedBetweenParts},
      {"QuotedAndCancelled", QuotedAndCancelled},
      {"Cancelled", Cancelled},
      {"CancelledWhenReserved", CancelledWhenReserved},
      {"CancelledWhenHeld", CancelledWhenHeld},
      {"HeldWhenCancelled", HeldWhenCancelled},
      {"CancelledInABlock", CancelledInABlock},
      {"CancelledWhenRefused", CancelledWhenRefused},
      {"CancelledHeldAndRefused", CancelledHeldAndRefused},
      {"CancelledAndRoomMade", CancelledAndRoomMade},
      {"CancelledAsItShips", CancelledAsItShips},
      {"CancelledAsAllOfItShips", CancelledAsAllOfItShips},
      {"CancelledAsItShipsAndHeld", CancelledAsItShipsAndHeld},
      {"CancelledAsItShipsAndBlocked", CancelledAsItShipsAndBlocked},
      {"CancelledAsItShipsBouncedAndReturned", CancelledAsItShipsBouncedAndReturned},
      {"CancelledAsItShipsAndReturnedAtOnce", CancelledAsItShipsAndReturnedAtOnce},
      {"OutOfStock", OutOfStock},
      {"OutOfStockHeldAndBlocked", OutOfStockHeldAndBlocked},
      {"OutOfStockAndRefused", OutOfStockAndRefused},
  };
  World::Pairs met;
  for (const auto& [name, script] : kScripts) {
    SCOPED_TRACE(name);
    EveryPairEndsTheSame(script, &met);
    if (testing::Test::HasFailure()) return;
  }
  std::cout << Matrix(met);
  for (int first = kFirstReaction; first <= kLastReaction; ++first) {
    for (int second = kFirstReaction; second <= kLastReaction; ++second) {
      if (first == second) continue;
      const std::string why = Impossible(first, second);
      EXPECT_EQ(met.contains({first, second}), why.empty())
          << first << " before " << second << ": " << (why.empty() ? "no script does it" : why);
    }
  }
}

}  // namespace
}  // namespace tandem::order_to_cash
