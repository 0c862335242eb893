// The connector to one of Tandem's own systems: what all of them have in common, over the standard
// and batch methods of their APIs and the events of their journals. What is particular to one
// (names, field groups, quirks) is its own file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bus-adapters/connectors/field_map.h"
#include "bus-adapters/master_data/connector.h"
#include "google/protobuf/descriptor.h"

namespace grpc {
class Channel;
}

namespace tandem::connectors {

using ChannelTo = std::function<std::shared_ptr<grpc::Channel>(absl::string_view part)>;

// A system of Tandem, as data.
struct TandemSystem {
  std::string part;  // "billing", and its name in the rules
  const google::protobuf::ServiceDescriptor* service = nullptr;
  const google::protobuf::Descriptor* resource = nullptr;
  const google::protobuf::Descriptor* event = nullptr;  // of its topic
  std::string noun, nouns;                              // "Customer", "Customers": of its methods
  std::string id_prefix;                                // "cus_"
  // The refusal of a create that says the id is taken, not some number.
  std::string already_exists;
  // The event type that says the copy is gone; empty: none does.
  std::string deleted_event;
  FieldMap fields;
  // By identifier group, the field to look copies up by.
  std::vector<std::pair<std::string, std::string>> identifiers;
  // What becomes of a copy that is to be deleted, where there is no Delete method: this flag is
  // set, and the deletion refused, for a person to see. Empty: only refused.
  std::string retire_flag;
};

// `actor` is who asks, for the systems' journals.
std::unique_ptr<master_data::Connector> MakeTandemConnector(TandemSystem system, ChannelTo channel,
                                                            std::string actor);

}  // namespace tandem::connectors
