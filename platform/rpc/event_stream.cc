#include "platform/rpc/event_stream.h"

#include <grpcpp/server_context.h>

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/envelope.h"
#include "platform/rpc/call_checks.h"
#include "platform/rpc/grpc_status.h"
#include "tandem/events/v1/event_service.grpc.pb.h"

namespace tandem::rpc {
namespace {

namespace v1 = events::v1;

constexpr int kPageMax = 1000;
constexpr absl::Duration kHeartbeat = absl::Seconds(15);
constexpr absl::Duration kPoll = absl::Seconds(1);

void StampNow(google::protobuf::Timestamp* time) {
  const int64_t micros = absl::ToUnixMicros(absl::Now());
  time->set_seconds(micros / 1'000'000);
  time->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
}

}  // namespace

// Synchronous methods: gRPC gives them threads of their own, apart from the callback ones.
struct EventStream::Rep final : public v1::EventService::Service {
  explicit Rep(std::vector<JournalSource> s) : sources(std::move(s)) {}

  absl::StatusOr<std::unique_ptr<store::JournalReader>> Open(const std::string& name) {
    if (name.empty() && sources.size() == 1) return sources[0].open();
    for (const JournalSource& source : sources) {
      if (source.source == name) return source.open();
    }
    return Refuse(
        absl::StatusCode::kNotFound, "EVENT_SOURCE_UNKNOWN",
        absl::StrCat("there is no journal ", name.empty() ? "(none named)" : name, " here"),
        "source");
  }

  absl::Status Arrived(const grpc::ServerContext& context,
                       const google::protobuf::Message& request) {
    TANDEM_RETURN_IF_ERROR(CheckCall(DefaultCallChecks(), context));
    TANDEM_RETURN_IF_ERROR(CheckRequestSize(request, kRequestBytesMax));
    return validator.Check(request);
  }

  absl::Status Watch(grpc::ServerContext* context, const v1::WatchEventsRequest& request,
                     grpc::ServerWriter<v1::WatchEventsResponse>* writer) {
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<store::JournalReader> journal, Open(request.source()));
    TANDEM_ASSIGN_OR_RETURN(int64_t head, journal->Head());
    if (!request.incarnation().empty() && request.incarnation() != journal->incarnation()) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "EVENT_INCARNATION_CHANGED",
                    absl::StrCat("the journal is of incarnation ", journal->incarnation()),
                    "incarnation");
    }
    if (request.after_position() > head) {
      return Refuse(absl::StatusCode::kOutOfRange, "EVENT_POSITION_AHEAD",
                    absl::StrCat("the journal ends at ", head), "after_position");
    }
    int64_t position = request.after_position() < 0 ? head : request.after_position();
    absl::Time next_beat = absl::InfinitePast();  // the first answer says where the stream stands
    while (!context->IsCancelled() && !stopping) {
      store::JournalQuery query;
      query.after_position = position;
      query.limit = kPageMax;
      TANDEM_ASSIGN_OR_RETURN(std::vector<store::JournalRow> rows, journal->Read(query));
      v1::WatchEventsResponse answer;
      for (const store::JournalRow& row : rows) {
        position = row.position;
        if (!request.topic().empty() && row.topic != request.topic()) continue;
        if (!request.subject().empty() && row.aggregateid != request.subject()) continue;
        if (!request.types().empty() && std::find(request.types().begin(), request.types().end(),
                                                  row.type) == request.types().end()) {
          continue;
        }
        *answer.add_events() = bus::EnvelopeOf(row, journal->source(), journal->incarnation());
      }
      if (!answer.events().empty() || absl::Now() >= next_beat) {
        answer.set_position(position);
        answer.set_incarnation(journal->incarnation());
        StampNow(answer.mutable_server_time());
        if (!writer->Write(answer)) return absl::CancelledError("the reader has gone");
        next_beat = absl::Now() + kHeartbeat;
      }
      if (rows.size() < kPageMax) {
        TANDEM_RETURN_IF_ERROR(journal->WaitBeyond(position, kPoll).status());
      }
    }
    if (stopping) {
      return Refuse(absl::StatusCode::kUnavailable, "SERVER_STOPPING", "the server is stopping");
    }
    return absl::OkStatus();
  }

  grpc::Status WatchEvents(grpc::ServerContext* context, const v1::WatchEventsRequest* request,
                           grpc::ServerWriter<v1::WatchEventsResponse>* writer) override {
    if (streams.fetch_add(1) >= kEventStreamsMax) {
      streams.fetch_sub(1);
      return ToGrpc(Refuse(absl::StatusCode::kResourceExhausted, "EVENT_STREAMS_FULL",
                           "too many event streams are open"));
    }
    absl::Status status = Arrived(*context, *request);
    if (status.ok()) status = Watch(context, *request, writer);
    streams.fetch_sub(1);
    return ToGrpc(status);
  }

  absl::Status Read(const v1::ReadEventsRequest& request, v1::ReadEventsResponse* answer) {
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<store::JournalReader> journal, Open(request.source()));
    store::JournalQuery query;
    query.after_position = request.after_position();
    query.limit = request.page_size() == 0 ? kPageMax : std::min(request.page_size(), kPageMax);
    query.topic = request.topic();
    query.lane = request.has_lane() && !request.topic().empty() ? request.lane() : -1;
    query.types.assign(request.types().begin(), request.types().end());
    query.subject = request.subject();
    TANDEM_ASSIGN_OR_RETURN(int64_t head, journal->Head());
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::JournalRow> rows, journal->Read(query));
    for (const store::JournalRow& row : rows) {
      *answer->add_events() = bus::EnvelopeOf(row, journal->source(), journal->incarnation());
    }
    const bool page_full = rows.size() == static_cast<size_t>(query.limit);
    answer->set_position(page_full ? rows.back().position
                                   : std::max(head, request.after_position()));
    answer->set_incarnation(journal->incarnation());
    answer->set_head(head);
    return absl::OkStatus();
  }

  grpc::Status ReadEvents(grpc::ServerContext* context, const v1::ReadEventsRequest* request,
                          v1::ReadEventsResponse* answer) override {
    absl::Status status = Arrived(*context, *request);
    return ToGrpc(status.ok() ? Read(*request, answer) : status);
  }

  absl::Status Heads(const v1::GetHeadsRequest& request, v1::GetHeadsResponse* answer) {
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<store::JournalReader> journal, Open(request.source()));
    TANDEM_ASSIGN_OR_RETURN(int64_t head, journal->Head());
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::LaneHeadRow> lanes, journal->LaneHeads());
    answer->set_source(journal->source());
    answer->set_incarnation(journal->incarnation());
    answer->set_head(head);
    for (const store::LaneHeadRow& row : lanes) {
      v1::LaneHead* lane = answer->add_lanes();
      lane->set_topic(row.topic);
      lane->set_lane(row.lane);
      lane->set_position(row.position);
    }
    return absl::OkStatus();
  }

  grpc::Status GetHeads(grpc::ServerContext* context, const v1::GetHeadsRequest* request,
                        v1::GetHeadsResponse* answer) override {
    absl::Status status = Arrived(*context, *request);
    return ToGrpc(status.ok() ? Heads(*request, answer) : status);
  }

  std::vector<JournalSource> sources;
  const Validator validator = ValidatorOf(v1::EventService::service_full_name());
  std::atomic<int> streams{0};
  std::atomic<bool> stopping{false};
};

EventStream::EventStream(std::vector<JournalSource> sources)
    : rep_(std::make_unique<Rep>(std::move(sources))) {}
EventStream::~EventStream() { Stop(); }
grpc::Service* EventStream::service() { return rep_.get(); }
void EventStream::Stop() { rep_->stopping = true; }

}  // namespace tandem::rpc
