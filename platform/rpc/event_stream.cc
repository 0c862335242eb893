#include "platform/rpc/event_stream.h"

#include <grpcpp/server_context.h>

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/envelope.h"
#include "platform/rpc/admission.h"
#include "platform/rpc/call_checks.h"
#include "platform/rpc/grpc_status.h"
#include "platform/rpc/journal_pool.h"
#include "tandem/events/v1/event_service.grpc.pb.h"

namespace tandem::rpc {
namespace {

namespace v1 = events::v1;

constexpr int kPageMax = 1000;
constexpr absl::Duration kHeartbeat = absl::Seconds(15);
constexpr absl::Duration kPoll = absl::Seconds(1);
// How long a call waits for a reader, and a stream, which has waited for events before.
constexpr absl::Duration kCallPatience = absl::Seconds(2);
constexpr absl::Duration kStreamPatience = absl::Seconds(20);
constexpr absl::Duration kRetryAfter = absl::Milliseconds(200);

// One more of something that is bounded, for as long as it lives.
class Place {
 public:
  Place(std::atomic<int>* taken, int max) : taken_(taken), had_(taken->fetch_add(1) < max) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { taken_->fetch_sub(1); }
  bool had() const { return had_; }

 private:
  std::atomic<int>* const taken_;
  const bool had_;
};

void StampNow(google::protobuf::Timestamp* time) {
  const int64_t micros = absl::ToUnixMicros(absl::Now());
  time->set_seconds(micros / 1'000'000);
  time->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
}

}  // namespace

// Synchronous methods: gRPC gives them threads of their own, apart from the callback ones.
struct EventStream::Rep final : public v1::EventService::Service {
  struct Journal {
    std::string source;
    std::unique_ptr<JournalPool> pool;
  };

  explicit Rep(std::vector<JournalSource> sources) {
    for (JournalSource& source : sources) {
      journals.push_back(
          {std::move(source.source), std::make_unique<JournalPool>(std::move(source.open))});
    }
  }

  absl::StatusOr<JournalPool*> Find(const std::string& name) {
    if (name.empty() && journals.size() == 1) return journals[0].pool.get();
    for (const Journal& journal : journals) {
      if (journal.source == name) return journal.pool.get();
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

  // Where the stream begins: behind `after_position`, or at the journal's end.
  static absl::Status Begin(const v1::WatchEventsRequest& request, store::JournalReader& journal,
                            int64_t* position) {
    TANDEM_ASSIGN_OR_RETURN(const int64_t head, journal.Head());
    if (!request.incarnation().empty() && request.incarnation() != journal.incarnation()) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "EVENT_INCARNATION_CHANGED",
                    absl::StrCat("the journal is of incarnation ", journal.incarnation()),
                    "incarnation");
    }
    if (request.after_position() > head) {
      return Refuse(absl::StatusCode::kOutOfRange, "EVENT_POSITION_AHEAD",
                    absl::StrCat("the journal ends at ", head), "after_position");
    }
    *position = request.after_position() < 0 ? head : request.after_position();
    return absl::OkStatus();
  }

  // The next page: what of it is asked for, into `answer`, and how many rows it has in all.
  static absl::Status NextPage(const v1::WatchEventsRequest& request, store::JournalReader& journal,
                               int64_t* position, size_t* count, v1::WatchEventsResponse* answer) {
    store::JournalQuery query;
    query.after_position = *position;
    query.limit = kPageMax;
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::JournalRow> rows, journal.Read(query));
    *count = rows.size();
    for (store::JournalRow& row : rows) {
      *position = row.position;
      if (!request.topic().empty() && row.topic != request.topic()) continue;
      if (!request.subject().empty() && row.aggregateid != request.subject()) continue;
      if (!request.types().empty() && std::find(request.types().begin(), request.types().end(),
                                                row.type) == request.types().end()) {
        continue;
      }
      *answer->add_events() =
          bus::EnvelopeOf(std::move(row), journal.source(), journal.incarnation());
    }
    answer->set_position(*position);
    answer->set_incarnation(journal.incarnation());
    return absl::OkStatus();
  }

  absl::Status Watch(grpc::ServerContext* context, const v1::WatchEventsRequest& request,
                     grpc::ServerWriter<v1::WatchEventsResponse>* writer) {
    TANDEM_ASSIGN_OR_RETURN(JournalPool* const pool, Find(request.source()));
    int64_t position = 0;
    TANDEM_RETURN_IF_ERROR(pool->With(
        absl::Now() + kCallPatience,
        [&](store::JournalReader& journal) { return Begin(request, journal, &position); }));
    absl::Time next_beat = absl::InfinitePast();  // the first answer says where the stream stands
    while (!context->IsCancelled() && !stopping) {
      v1::WatchEventsResponse answer;
      size_t count = 0;
      TANDEM_RETURN_IF_ERROR(
          pool->With(absl::Now() + kStreamPatience, [&](store::JournalReader& journal) {
            return NextPage(request, journal, &position, &count, &answer);
          }));
      if (!answer.events().empty() || absl::Now() >= next_beat) {
        StampNow(answer.mutable_server_time());
        if (!writer->Write(answer)) return absl::CancelledError("the reader has gone");
        next_beat = absl::Now() + kHeartbeat;
      }
      if (count < kPageMax) {
        TANDEM_RETURN_IF_ERROR(pool->WaitBeyond(position, kPoll).status());
      }
    }
    if (stopping) {
      return Refuse(absl::StatusCode::kUnavailable, "SERVER_STOPPING", "the server is stopping");
    }
    return absl::OkStatus();
  }

  grpc::Status WatchEvents(grpc::ServerContext* context, const v1::WatchEventsRequest* request,
                           grpc::ServerWriter<v1::WatchEventsResponse>* writer) override {
    const Place place(&streams, kEventStreamsMax);
    if (!place.had()) {
      return ToGrpc(Refuse(absl::StatusCode::kResourceExhausted, "EVENT_STREAMS_FULL",
                           "too many event streams are open"));
    }
    absl::Status status = Arrived(*context, *request);
    if (status.ok()) status = Watch(context, *request, writer);
    return ToGrpc(status);
  }

  // The others: one at a time of a few has a thread of gRPC's and a reader, and the rest is told.
  template <class Request, class Answer>
  grpc::Status Once(grpc::ServerContext* context, const Request& request, Answer* answer,
                    absl::Status (*read)(const Request&, store::JournalReader&, Answer*)) {
    const Place place(&calls, kEventCallsMax);
    if (!place.had()) {
      return ToGrpc(Overloaded(kRetryAfter));
    }
    absl::Status status = Arrived(*context, request);
    if (!status.ok()) return ToGrpc(status);
    const absl::StatusOr<JournalPool*> pool = Find(request.source());
    if (!pool.ok()) return ToGrpc(pool.status());
    const absl::Time until =
        std::min(absl::FromChrono(context->deadline()), absl::Now() + kCallPatience);
    return ToGrpc((*pool)->With(until, [&](store::JournalReader& journal) {
      answer->Clear();
      return read(request, journal, answer);
    }));
  }

  static absl::Status Read(const v1::ReadEventsRequest& request, store::JournalReader& journal,
                           v1::ReadEventsResponse* answer) {
    store::JournalQuery query;
    query.after_position = request.after_position();
    query.limit = request.page_size() == 0 ? kPageMax : std::min(request.page_size(), kPageMax);
    query.topic = request.topic();
    query.lane = request.has_lane() && !request.topic().empty() ? request.lane() : -1;
    query.types.assign(request.types().begin(), request.types().end());
    query.subject = request.subject();
    TANDEM_ASSIGN_OR_RETURN(const int64_t head, journal.Head());
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::JournalRow> rows, journal.Read(query));
    const bool page_full = rows.size() == static_cast<size_t>(query.limit);
    answer->set_position(page_full ? rows.back().position
                                   : std::max(head, request.after_position()));
    for (store::JournalRow& row : rows) {
      *answer->add_events() =
          bus::EnvelopeOf(std::move(row), journal.source(), journal.incarnation());
    }
    answer->set_incarnation(journal.incarnation());
    answer->set_head(head);
    return absl::OkStatus();
  }

  grpc::Status ReadEvents(grpc::ServerContext* context, const v1::ReadEventsRequest* request,
                          v1::ReadEventsResponse* answer) override {
    return Once(context, *request, answer, &Rep::Read);
  }

  static absl::Status Heads(const v1::GetHeadsRequest&, store::JournalReader& journal,
                            v1::GetHeadsResponse* answer) {
    TANDEM_ASSIGN_OR_RETURN(const int64_t head, journal.Head());
    TANDEM_ASSIGN_OR_RETURN(const std::vector<store::LaneHeadRow> lanes, journal.LaneHeads());
    answer->set_source(journal.source());
    answer->set_incarnation(journal.incarnation());
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
    return Once(context, *request, answer, &Rep::Heads);
  }

  std::vector<Journal> journals;
  const Validator validator = ValidatorOf(v1::EventService::service_full_name());
  std::atomic<int> streams{0}, calls{0};
  std::atomic<bool> stopping{false};
};

EventStream::EventStream(std::vector<JournalSource> sources)
    : rep_(std::make_unique<Rep>(std::move(sources))) {}
EventStream::~EventStream() { Stop(); }
grpc::Service* EventStream::service() { return rep_.get(); }
void EventStream::Stop() { rep_->stopping = true; }

}  // namespace tandem::rpc
