#include "platform/bus/event_meta.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace tandem::bus {

events::v1::EventMeta MetaOf(const events::v1::EventEnvelope& event) {
  using google::protobuf::internal::WireFormatLite;
  constexpr uint32_t kMeta = WireFormatLite::MakeTag(1, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  google::protobuf::io::CodedInputStream in(
      reinterpret_cast<const uint8_t*>(event.payload().data()),
      static_cast<int>(event.payload().size()));
  events::v1::EventMeta meta;
  uint32_t size = 0;
  if (in.ReadTag() != kMeta || !in.ReadVarint32(&size)) return meta;
  const auto limit = in.PushLimit(static_cast<int>(size));
  if (!meta.MergePartialFromCodedStream(&in)) meta.Clear();
  in.PopLimit(limit);
  return meta;
}

std::string CorrelationOf(const events::v1::EventEnvelope& event) {
  const events::v1::EventMeta meta = MetaOf(event);
  return meta.correlation_id().empty() ? event.id() : meta.correlation_id();
}

}  // namespace tandem::bus
