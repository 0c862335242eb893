// Every part of Tandem, as `tandem start` hosts them: the one place where the system is put
// together.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "platform/rpc/service.h"
#include "platform/settings/schema.h"

namespace tandem::cli {

std::vector<std::pair<std::string, rpc::MakePart>> DeclareAllParts(settings::Schema& schema);

}  // namespace tandem::cli
