// A feed over another process's EventService: what Kafka's feed fills its gaps from, and the bus of
// a part that runs apart from its sources without Kafka.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/bus/feed.h"

namespace grpc {
class Channel;
}

namespace tandem::rpc {

std::unique_ptr<bus::Feed> MakeEventSourceFeed(std::string source,
                                               std::shared_ptr<grpc::Channel> channel);

}  // namespace tandem::rpc
