// Small questions that every decision of billing asks the same way. Pure.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "google/type/money.pb.h"

namespace tandem::billing {

// NOT_FOUND <ENTITY>_NOT_FOUND, naming the id.
absl::Status NotFound(absl::string_view entity, absl::string_view id);

// Whether two messages of one type say the same.
bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b);

// The micros of an amount that was checked before it was stored; 0 for none.
int64_t MicrosOf(const google::type::Money& money);

}  // namespace tandem::billing
