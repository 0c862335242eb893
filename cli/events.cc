#include "cli/events.h"

#include <grpcpp/channel.h>

#include <atomic>
#include <iostream>
#include <mutex>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/output.h"
#include "google/protobuf/util/json_util.h"
#include "platform/rpc/client.h"
#include "tandem/events/v1/event_service.grpc.pb.h"

namespace tandem::cli {
namespace {

using events::v1::EventEnvelope;

// The payload as JSON, where this program knows its type.
std::string PayloadJson(const EventEnvelope& event) {
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      event.event_message());
  if (type == nullptr) return "{}";
  std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!message->ParseFromString(event.payload()) ||
      !google::protobuf::util::MessageToJsonString(*message, &json, options).ok()) {
    return "{}";
  }
  return json;
}

void PrintEvent(const EventEnvelope& event, Output output) {
  if (output == Output::kJson) {
    std::cout << "{\"source\":\"" << event.source() << "\",\"position\":" << event.position()
              << ",\"id\":\"" << event.id() << "\",\"type\":\"" << event.type()
              << "\",\"subject\":\"" << event.subject() << "\",\"event\":" << PayloadJson(event)
              << "}\n";
  } else {
    const absl::Time time = absl::FromUnixSeconds(event.event_time().seconds()) +
                            absl::Nanoseconds(event.event_time().nanos());
    std::cout << event.source() << " " << event.position() << "  "
              << absl::FormatTime("%H:%M:%E3S", time, absl::UTCTimeZone()) << "  " << event.type()
              << "  " << event.subject() << "\n";
  }
  std::cout << std::flush;
}

class Tail {
 public:
  explicit Tail(const Arguments& arguments) : arguments_(arguments) {
    int64_t limit = 0;
    if (absl::SimpleAtoi(arguments.Flag("limit"), &limit) && limit > 0) left_ = limit;
  }

  absl::Status Watch(const std::string& source) {
    auto stub = events::v1::EventService::NewStub(
        ChannelTo(arguments_, source.substr(source.rfind('/') + 1)));
    events::v1::WatchEventsRequest request;
    request.set_source(source);
    int64_t after = -1;
    if (absl::SimpleAtoi(arguments_.Flag("after", "-1"), &after)) request.set_after_position(after);
    if (!arguments_.Flag("type").empty()) request.add_types(arguments_.Flag("type"));
    request.set_subject(arguments_.Flag("subject"));
    grpc::ClientContext context;
    auto reader = stub->WatchEvents(&context, request);
    events::v1::WatchEventsResponse answer;
    while (reader->Read(&answer)) {
      std::lock_guard<std::mutex> lock(mutex_);
      for (const EventEnvelope& event : answer.events()) {
        if (left_ == 0) break;
        PrintEvent(event, arguments_.output);
        if (left_ > 0) --left_;
      }
      if (left_ == 0) {
        context.TryCancel();
        return absl::OkStatus();
      }
    }
    return rpc::FromGrpc(reader->Finish());
  }

 private:
  const Arguments& arguments_;
  std::mutex mutex_;
  int64_t left_ = -1;  // without --limit, for ever
};

}  // namespace

int TailEvents(const Arguments& arguments) {
  Tail tail(arguments);
  if (const std::string source = arguments.Flag("source"); !source.empty()) {
    absl::Status status = tail.Watch(source);
    return status.ok() ? 0 : Complain(status);
  }
  std::atomic<int> code{0};
  std::vector<std::thread> threads;
  for (const char* part : {"customer", "opportunity", "order", "inventory", "billing"}) {
    threads.emplace_back([&tail, &code, part] {
      absl::Status status = tail.Watch(absl::StrCat("/tandem/", part));
      if (!status.ok()) code = Complain(status);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return code;
}

}  // namespace tandem::cli
