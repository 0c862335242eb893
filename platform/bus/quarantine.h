// The quarantine of one reader: lists, explains, retries and skips (DESIGN section 4). A retry
// applies the waiting events of a key in order, each in a transaction of its own with its leaving,
// so that a key whose events come meanwhile keeps its order.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/bus/runner.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"
#include "tandem/operations/v1/quarantine.pb.h"

namespace tandem::bus {

class Quarantine {
 public:
  Quarantine(std::string reader, store::Writer& writer, store::Reader& rows,
             std::vector<const Runner*> runners);

  const std::string& reader() const { return reader_; }

  // Keys by id, behind `after`, at most `max`.
  absl::StatusOr<std::vector<operations::v1::QuarantinedKey>> List(const std::string& after,
                                                                   int max) const;
  // NOT_FOUND QUARANTINED_KEY_NOT_FOUND, as for all that follow.
  absl::StatusOr<operations::v1::QuarantinedKey> Get(const std::string& id) const;
  absl::StatusOr<std::vector<operations::v1::QuarantinedEvent>> Events(const std::string& id,
                                                                       int max) const;
  // How many events were applied. An event that is refused again stays, with those behind it: look
  // at the key. With `skip_first` the first event is dropped for good before.
  absl::StatusOr<int> Retry(const std::string& id, bool skip_first);

 private:
  absl::Status ApplyFirst(const operations::v1::QuarantinedEvent& first, bool skip);

  std::string reader_;
  store::Writer& writer_;
  store::Reader& rows_;
  std::vector<const Runner*> runners_;
};

}  // namespace tandem::bus
