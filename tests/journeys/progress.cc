#include "tests/journeys/progress.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tandem/events/v1/event_service.pb.h"

namespace tandem::test {
namespace {

namespace v1 = events::v1;
using google::protobuf::MessageLite;

constexpr absl::Duration kAnswers = absl::Seconds(2);

bool Ask(grpc::Channel& channel, const char* method, const MessageLite& request,
         MessageLite* answer) {
  const std::string path = absl::StrCat("/tandem.events.v1.EventService/", method);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kAnswers));
  return grpc::internal::BlockingUnaryCall<MessageLite, MessageLite, MessageLite, MessageLite>(
             &channel,
             grpc::internal::RpcMethod(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC),
             &context, request, answer)
      .ok();
}

}  // namespace

Progress::Progress(const std::map<std::string, std::string>& addresses, absl::Duration every)
    : every_(every) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  for (const char* name : {"customer", "opportunity", "order", "inventory", "billing"}) {
    services_.push_back(
        {name, grpc::CreateCustomChannel(addresses.at(name), grpc::InsecureChannelCredentials(),
                                         arguments)});
  }
}

Progress::~Progress() = default;

int64_t Progress::Events() {
  const bool ask = absl::Now() >= next_;
  int64_t sum = 0;
  for (Service& service : services_) {
    v1::GetHeadsRequest request;
    v1::GetHeadsResponse answer;
    request.set_source(absl::StrCat("/tandem/", service.name));
    if (ask && Ask(*service.channel, "GetHeads", request, &answer)) service.head = answer.head();
    sum += service.head;
  }
  if (ask) next_ = absl::Now() + every_;
  return sum;
}

std::string Progress::LastEvents() {
  std::string text;
  for (Service& service : services_) {
    v1::ReadEventsRequest request;
    v1::ReadEventsResponse answer;
    request.set_source(absl::StrCat("/tandem/", service.name));
    request.set_after_position(std::max<int64_t>(service.head - 1, 0));
    absl::StrAppend(&text, text.empty() ? "" : ", ", service.name, " ");
    if (!Ask(*service.channel, "ReadEvents", request, &answer)) {
      absl::StrAppend(&text, "away");
    } else if (answer.events().empty()) {
      absl::StrAppend(&text, service.head);
    } else {
      const v1::EventEnvelope& last = *answer.events().rbegin();
      absl::StrAppend(&text, last.position(), " ", last.type().substr(last.type().rfind('.') + 1));
    }
  }
  return text;
}

std::vector<double> Spread(size_t count, double from, double to, std::mt19937_64& random) {
  std::uniform_real_distribution<double> within(0, 1);
  std::vector<double> moments;
  for (size_t i = 0; i < count; ++i) {
    moments.push_back(from + (to - from) * (static_cast<double>(i) + within(random)) /
                                 static_cast<double>(count));
  }
  return moments;
}

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  uint64_t value = otherwise;
  if (const char* text = std::getenv(name)) (void)absl::SimpleAtoi(text, &value);
  return value;
}

}  // namespace tandem::test
