// What an event's payload says of its causes: the EventMeta that every event message begins with.
#pragma once

#include <string>

#include "tandem/events/v1/event.pb.h"

namespace tandem::bus {

// Reads no more of the payload than that. Empty where the payload is none.
events::v1::EventMeta MetaOf(const events::v1::EventEnvelope& event);

// The first event of the chain of causes that the event belongs to; the event itself where its meta
// says none.
std::string CorrelationOf(const events::v1::EventEnvelope& event);

}  // namespace tandem::bus
