#include "platform/rpc/quarantine_handler.h"

#include <grpcpp/server_context.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/call_checks.h"
#include "platform/rpc/grpc_status.h"
#include "platform/rpc/page_token.h"
#include "tandem/operations/v1/quarantine_service.grpc.pb.h"

namespace tandem::rpc {
namespace {

namespace v1 = operations::v1;
constexpr int kEventsShownMax = 1000;

}  // namespace

// Synchronous methods: operations' calls are few, and a retry waits for the effect.
struct QuarantineHandler::Rep final : public v1::QuarantineService::Service {
  explicit Rep(std::vector<bus::Quarantine*> q) : quarantines(std::move(q)) {
    std::sort(quarantines.begin(), quarantines.end(),
              [](auto* a, auto* b) { return a->reader() < b->reader(); });
  }

  absl::Status Arrived(const grpc::ServerContext& context,
                       const google::protobuf::Message& request) {
    TANDEM_RETURN_IF_ERROR(CheckCall(DefaultCallChecks(), context));
    TANDEM_RETURN_IF_ERROR(CheckRequestSize(request, kRequestBytesMax));
    return validator.Check(request);
  }

  absl::StatusOr<bus::Quarantine*> Of(const std::string& id) {
    const std::string reader = id.substr(0, id.find('|'));
    for (bus::Quarantine* quarantine : quarantines) {
      if (quarantine->reader() == reader) return quarantine;
    }
    return Refuse(absl::StatusCode::kNotFound, "QUARANTINED_KEY_NOT_FOUND",
                  absl::StrCat(id, " is not in quarantine"), "id");
  }

  // Readers in the order of their names, each one's keys by id: together by id, since ids begin
  // with the reader's name.
  absl::Status List(const v1::ListQuarantinedKeysRequest& request,
                    v1::ListQuarantinedKeysResponse* answer) {
    TANDEM_ASSIGN_OR_RETURN(int32_t size, PageSize(request.page_size()));
    if (!request.page_token().empty() && !Of(request.page_token()).ok()) {
      return InvalidField("page_token", "PAGE_TOKEN_INVALID", "the page token is none of ours");
    }
    for (bus::Quarantine* quarantine : quarantines) {
      if (!request.reader().empty() && request.reader() != quarantine->reader()) continue;
      const int left = size + 1 - answer->keys_size();
      if (left <= 0) break;
      TANDEM_ASSIGN_OR_RETURN(std::vector<v1::QuarantinedKey> keys,
                              quarantine->List(request.page_token(), left));
      for (v1::QuarantinedKey& key : keys) *answer->add_keys() = std::move(key);
    }
    if (answer->keys_size() > size) {
      answer->mutable_keys()->RemoveLast();
      answer->set_next_page_token(answer->keys(answer->keys_size() - 1).id());
    }
    return absl::OkStatus();
  }

  absl::Status Get(const v1::GetQuarantinedKeyRequest& request,
                   v1::GetQuarantinedKeyResponse* answer) {
    TANDEM_ASSIGN_OR_RETURN(bus::Quarantine * quarantine, Of(request.id()));
    TANDEM_ASSIGN_OR_RETURN(*answer->mutable_key(), quarantine->Get(request.id()));
    TANDEM_ASSIGN_OR_RETURN(std::vector<v1::QuarantinedEvent> events,
                            quarantine->Events(request.id(), kEventsShownMax));
    for (v1::QuarantinedEvent& event : events) *answer->add_events() = std::move(event);
    return absl::OkStatus();
  }

  template <class Request, class Answer>
  absl::Status Retry(const Request& request, bool skip_first, Answer* answer) {
    const std::string& id = request.id();
    TANDEM_ASSIGN_OR_RETURN(bus::Quarantine * quarantine, Of(id));
    TANDEM_ASSIGN_OR_RETURN(int applied, quarantine->Retry(id, skip_first));
    answer->set_applied_count(applied);
    absl::StatusOr<v1::QuarantinedKey> key = quarantine->Get(id);
    if (key.ok()) *answer->mutable_key() = *std::move(key);
    return absl::OkStatus();
  }

  grpc::Status ListQuarantinedKeys(grpc::ServerContext* context,
                                   const v1::ListQuarantinedKeysRequest* request,
                                   v1::ListQuarantinedKeysResponse* answer) override {
    absl::Status status = Arrived(*context, *request);
    return ToGrpc(status.ok() ? List(*request, answer) : status);
  }
  grpc::Status GetQuarantinedKey(grpc::ServerContext* context,
                                 const v1::GetQuarantinedKeyRequest* request,
                                 v1::GetQuarantinedKeyResponse* answer) override {
    absl::Status status = Arrived(*context, *request);
    return ToGrpc(status.ok() ? Get(*request, answer) : status);
  }
  grpc::Status RetryQuarantinedKey(grpc::ServerContext* context,
                                   const v1::RetryQuarantinedKeyRequest* request,
                                   v1::RetryQuarantinedKeyResponse* answer) override {
    absl::Status status = Arrived(*context, *request);
    return ToGrpc(status.ok() ? Retry(*request, false, answer) : status);
  }
  grpc::Status SkipQuarantinedEvent(grpc::ServerContext* context,
                                    const v1::SkipQuarantinedEventRequest* request,
                                    v1::SkipQuarantinedEventResponse* answer) override {
    absl::Status status = Arrived(*context, *request);
    return ToGrpc(status.ok() ? Retry(*request, true, answer) : status);
  }

  std::vector<bus::Quarantine*> quarantines;
  const Validator validator = ValidatorOf(v1::QuarantineService::service_full_name());
};

QuarantineHandler::QuarantineHandler(std::vector<bus::Quarantine*> quarantines)
    : rep_(std::make_unique<Rep>(std::move(quarantines))) {}
QuarantineHandler::~QuarantineHandler() = default;
grpc::Service* QuarantineHandler::service() { return rep_.get(); }

}  // namespace tandem::rpc
