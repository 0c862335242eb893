// A connector: all that is known of one system, behind four verbs. The runner never learns more of
// a system than this; a test's fake is one more.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "bus-adapters/master_data/rules.h"
#include "bus-adapters/master_data/step.h"
#include "platform/bus/subscription.h"
#include "tandem/master_data/v1/record.pb.h"
#include "tandem/master_data/v1/sync.pb.h"

namespace tandem::master_data {

// A page of a system's copies.
struct Page {
  std::vector<v1::State> states;
  std::string next;  // the cursor of the next page; empty after the last
};

// What came of a push. `state`: the copy after it, where the system told.
struct PushResult {
  PushOutcome outcome = PushOutcome::kUnknown;
  std::optional<v1::State> state;
  v1::Version written;     // kOk without state
  std::string foreign_id;  // where the system gave another than ours
  std::string reason;      // of anything but kOk
};

// By what copies are looked up: an id, or else strong identifiers, of which each may fit.
struct LookupKey {
  std::string foreign_id;
  std::vector<v1::GroupValue> identifiers;
};

// In a State that a connector gives, a parent's value has the system's own id as its form and
// nothing as its common form; in a push, the parent's id in this system is its form.
class Connector {
 public:
  virtual ~Connector() = default;

  // What it can do, and how far its answers can be trusted.
  struct Description {
    SystemRules rules;
    // A create is made under the id we choose. Otherwise what is new there while one is under way
    // waits for its answer.
    bool takes_our_ids = true;
    // The topics of its events on the bus; none: it is only polled.
    std::string source;
    std::vector<std::string> topics;
  };
  virtual const Description& Describe() const = 0;

  // The copy that an event shows.
  virtual absl::StatusOr<v1::State> FromEvent(const bus::Envelope& event) const = 0;
  // A page of all copies, from the start with an empty cursor.
  virtual absl::StatusOr<Page> Pull(const std::string& cursor) = 0;
  // Writes, each by itself; a result for each, in order.
  virtual std::vector<PushResult> Push(const std::vector<const v1::CallUnderWay*>& pushes) = 0;
  // Copies by key; an answer for each, in order: none, one, or several that fit. From any thread.
  virtual std::vector<absl::StatusOr<std::vector<v1::State>>> Lookup(
      const std::vector<LookupKey>& keys) = 0;
};

}  // namespace tandem::master_data
