// Reading and writing the agreed record's parts by name. The lists in it stay sorted.
#pragma once

#include <absl/strings/string_view.h>

#include "tandem/master_data/v1/record.pb.h"

namespace tandem::master_data {

// A link group's `settled` after a refusal: brought to no revision.
inline constexpr int64_t kSettledNone = -1;
// A link group's `settled` while it is not decided what is shown: its owner's copy has not been
// seen.
inline constexpr int64_t kSettledLater = -2;

const v1::FieldGroup* FindGroup(const v1::AgreedRecord& record, absl::string_view name);
v1::FieldGroup* MutableGroup(v1::AgreedRecord* record, absl::string_view name);

const v1::Link* FindLink(const v1::AgreedRecord& record, absl::string_view system);
v1::Link* MutableLink(v1::AgreedRecord* record, absl::string_view system);

const v1::LinkGroup* FindGroup(const v1::Link& link, absl::string_view name);
v1::LinkGroup* MutableGroup(v1::Link* link, absl::string_view name);

const v1::Conflict* FindConflict(const v1::AgreedRecord& record, absl::string_view system,
                                 absl::string_view group);

// The value in the form of the system that showed it.
const std::string& FormOf(const v1::Value& value);
bool SameForm(const v1::Value& a, const v1::Value& b);
bool SameCommon(const v1::Value& a, const v1::Value& b);

// True where the record exists by agreement.
bool Exists(const v1::AgreedRecord& record);
// True where the link's copy was seen last as being there.
bool IsThere(const v1::Link& link);

// The number that the answer to the link's call names: the call's, or that of the read which a push
// waits for. 0 where no call is under way.
int64_t NumberUnderWay(const v1::Link& link);

// What a runner routes a state of an unknown id by. While a create is under way in a system, an
// unknown id of it may be the one just created: it waits. Otherwise it is looked for by crosswalk
// and strong identifier, and founds a record where none is found.
enum class Route { kWait, kFindOrFound };
Route RouteUnknownId(bool create_under_way_in_system);
// True where `link` has a create under way: what the runner counts for RouteUnknownId.
bool CreateUnderWay(const v1::Link& link);

}  // namespace tandem::master_data
