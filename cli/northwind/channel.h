// The way to a part of Tandem, by name ("billing").
#pragma once

#include <functional>
#include <memory>

#include "absl/strings/string_view.h"

namespace grpc {
class Channel;
}

namespace tandem::northwind {

using ChannelTo = std::function<std::shared_ptr<grpc::Channel>(absl::string_view part)>;

}  // namespace tandem::northwind
