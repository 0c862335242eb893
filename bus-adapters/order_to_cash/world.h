// Order to cash in memory, for tests: the decisions of order, inventory and billing over three
// states, the reactions between them, and people who place, cancel, hold, ship and pay meanwhile.
//
// Events of one topic and key arrive in order. Everything else comes in an order that the seed
// chooses: topics against each other, the calls of one event against other events, what people do
// against what is under way, and calls that are made again at once or at any later time. A repeated
// call must change nothing; a call that is refused is a failure of the test.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tandem::order_to_cash {

struct Manner {
  uint64_t seed = 1;
  bool eager_people = false;  // what people can do they do before anything is delivered
  std::string late;           // events of this type arrive when nothing else is left to arrive,
  std::string latest;         // but of these
};

// When someone does something to an order: whenever it comes to it, or not before its stock is
// reserved, its credit refused or all of it paid (by the books: the order may not know it yet), or
// it is held by hand; or in the moment in which goods of it leave: then inventory hears of that
// first.
enum class Moment { kAny, kReserved, kRefused, kHeld, kPaid, kAsItShips };

class World {
 public:
  explicit World(Manner manner);
  ~World();

  // Beforehand: masters and stock. The limit is in USD, "" for none.
  void Buyer(int buyer, const std::string& limit);
  void Product(const std::string& id);
  void ProductUnknownToOrders(const std::string& id);  // until LearnProduct
  void Stock(const std::string& product, const std::string& quantity);

  // What people will do, in this order, each at some moment. Lines are "prd_a 3 10": product,
  // quantity, price. The order 0 is the one that came of a quote. They take no for an answer: a
  // blocked buyer orders nothing, a cancelled order is not held.
  void Place(int order, int buyer, const std::vector<std::string>& lines,
             const std::string& more = "");
  void AcceptQuote(int quote, int buyer, const std::string& product, const std::string& quantity);
  void Cancel(int order, Moment moment = Moment::kAny);
  void Hold(int order);
  void Release(int order);
  void Block(int buyer);
  void Unblock(int buyer);
  void LearnProduct(const std::string& id);
  void LiftLimit(int buyer, Moment moment = Moment::kAny);
  void Override(int order);
  void Receive(const std::string& product, const std::string& quantity);
  // These wait until they can be done: something of the order shipped; and paid, by the books.
  void ReturnOne(int order);
  void ReturnOneWhenPaid(int order);
  void Bounce(int order);
  // These do nothing when nothing was shipped, or paid, by then.
  void ReturnSomeOne(Moment moment = Moment::kAny);  // the moment is the only order's
  void BounceSome();
  // Of their own accord, whenever they can, the warehouse ships what is planned and not held, and
  // the buyers pay each open invoice.
  void NobodyPays() { pays_ = false; }
  void NobodyShips() { ships_ = false; }

  // Until nothing is left to deliver or to do; then checks what must hold of any end.
  void Run();

  // Everything that must not depend on the order of delivery: states, figures, amounts.
  std::string Digest();
  std::string StateOf(int order);                // "CLOSED", "CANCELLED"...
  int Orders(const std::string& state);          // how many end so
  int64_t Reserved(const std::string& product);  // whole units
  int64_t Available(const std::string& product);
  std::multiset<std::string> recorded_calls() const;  // of services that are not played here
  const std::set<std::string>& types() const;         // of events that were reacted to

  // The pairs of reactions, by their numbers in DOMAIN section 4, of which the first was delivered
  // before the second for the same order (or its account) although it might have been the other
  // way round: both were there to be delivered, or one topic holds both in the order in which
  // people made them happen.
  using Pairs = std::set<std::pair<int, int>>;
  const Pairs& met() const;

 private:
  struct Parts;
  void Then(std::function<void()> step, std::function<bool()> when = nullptr);
  void Audit();

  std::unique_ptr<Parts> parts_;
  bool pays_ = true;
  bool ships_ = true;
};

}  // namespace tandem::order_to_cash
