#include "platform/rpc/event_source.h"

#include "absl/time/clock.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/client.h"
#include "tandem/events/v1/event_service.grpc.pb.h"

namespace tandem::rpc {
namespace {

namespace v1 = events::v1;
using Stub = v1::EventService::Stub;

class EventSourceFeed final : public bus::Feed {
 public:
  EventSourceFeed(std::string source, std::shared_ptr<grpc::Channel> channel)
      : source_(std::move(source)), stub_(v1::EventService::NewStub(channel)) {}

  absl::Status Start(int64_t looked_at) override {
    position_ = looked_at;
    return absl::OkStatus();
  }

  absl::StatusOr<bus::FeedBatch> Next(int max, absl::Duration timeout) override {
    const absl::Time end = absl::Now() + timeout;
    while (true) {
      v1::ReadEventsRequest request;
      request.set_source(source_);
      request.set_after_position(position_);
      request.set_page_size(max);
      TANDEM_ASSIGN_OR_RETURN(v1::ReadEventsResponse answer,
                              Call(*stub_, &Stub::ReadEvents, request));
      if (!answer.events().empty()) {
        bus::FeedBatch batch;
        for (bus::Envelope& event : *answer.mutable_events())
          batch.events.push_back(std::move(event));
        position_ = batch.looked_at = batch.events.back().position();
        return batch;
      }
      if (absl::Now() >= end) return bus::FeedBatch();
      absl::SleepFor(absl::Milliseconds(50));  // nothing to wait on: the source is another process
    }
  }

  void Settled() override {}

  absl::StatusOr<std::vector<bus::Envelope>> Fill(const bus::LaneId& lane, int64_t after,
                                                  int max) override {
    v1::ReadEventsRequest request;
    request.set_source(source_);
    request.set_after_position(after);
    request.set_page_size(max);
    request.set_topic(lane.topic);
    request.set_lane(lane.lane);
    TANDEM_ASSIGN_OR_RETURN(v1::ReadEventsResponse answer,
                            Call(*stub_, &Stub::ReadEvents, request));
    return std::vector<bus::Envelope>(std::make_move_iterator(answer.mutable_events()->begin()),
                                      std::make_move_iterator(answer.mutable_events()->end()));
  }

  absl::StatusOr<bus::SourceHeads> Heads() override {
    v1::GetHeadsRequest request;
    request.set_source(source_);
    TANDEM_ASSIGN_OR_RETURN(v1::GetHeadsResponse answer, Call(*stub_, &Stub::GetHeads, request));
    bus::SourceHeads heads;
    heads.incarnation = answer.incarnation();
    heads.head = answer.head();
    for (const v1::LaneHead& lane : answer.lanes()) {
      heads.lanes[{lane.topic(), lane.lane()}] = lane.position();
    }
    return heads;
  }

  bool may_lose() const override { return false; }

 private:
  std::string source_;
  std::unique_ptr<Stub> stub_;
  int64_t position_ = 0;
};

}  // namespace

std::unique_ptr<bus::Feed> MakeEventSourceFeed(std::string source,
                                               std::shared_ptr<grpc::Channel> channel) {
  return std::make_unique<EventSourceFeed>(std::move(source), std::move(channel));
}

}  // namespace tandem::rpc
