// A loopback proxy that does to a connection what networks do: cuts, delays, stalls, swallows and
// limits it, at once or at a chosen message, so that a test can lose a connection at every
// statement of a conversation in turn.
//
//   CutProxy proxy(server.port(), CutProxy::Framing::kPostgres);
//   store.Open(database.Dsn(proxy.port()));
//   proxy.OnMessage(CutProxy::AfterClientMessage(n));  // the server acts on it, nobody hears of it
//
// All methods may be called from any thread, at any time. Commands take effect before they return.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/support/message_splitter.h"

namespace tandem::test {

class CutProxy {
 public:
  using Framing = test::Framing;
  enum class Direction { kToServer, kToClient };

  // A whole message about to be passed on.
  struct Message {
    Direction direction;
    char type;       // PostgreSQL's ('Q', 'P', 'B', 'E', 'S', 'C', 'Z' …); 0 for its start-up
                     // packets and for other framings
    int64_t number;  // 1, 2, … in this direction since the rule was set, start-up packets apart
    absl::string_view bytes;
  };
  enum class Verdict {
    kPass,
    kCutBefore,  // the connection is lost with this message in flight
    kCutAfter,   // its receiver gets this message, and then the connection is lost
    kStall,      // this message and all after it wait for Resume()
  };
  using Rule = std::function<Verdict(const Message&)>;

  // Listens on a free port at once; the server need not be there yet.
  explicit CutProxy(uint16_t server_port, Framing framing = Framing::kBytes);
  ~CutProxy();  // resets what is open
  CutProxy(const CutProxy&) = delete;
  CutProxy& operator=(const CutProxy&) = delete;

  uint16_t port() const;

  // At chosen messages. The rule is asked for every message, on the proxy's thread, until it
  // answers something else than kPass; then it is forgotten.
  void OnMessage(Rule rule);
  static Rule BeforeClientMessage(int64_t number);
  static Rule AfterClientMessage(int64_t number);  // executed, unanswered
  static Rule BeforeServerMessage(int64_t number);
  bool Triggered() const;  // whether the rule set last has acted

  // Messages from clients since the last OnMessage (or since the start): run the conversation once
  // uncut to learn how many moments there are.
  int64_t client_messages() const;

  // At once, for all connections open now.
  void Cut();  // reset, both ways
  // Until said otherwise, for connections open now and later.
  void Refuse(bool refuse);  // new connections are reset; those open stay
  void Stall();              // nothing moves, nothing is lost
  void BlackHole();          // what is sent is swallowed, ends are not told: a dead cable
  void Resume();             // ends Stall and BlackHole; what a black hole swallowed is lost,
                             // so its connections are reset
  void Delay(absl::Duration each_way);
  void Limit(int64_t bytes_per_second);  // per connection and direction; 0 is no limit

  int connections() const;  // open now
  int accepted() const;     // since the start

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace tandem::test
