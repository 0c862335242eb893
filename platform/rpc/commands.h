// Turns gRPC methods into commands of the service's writer and answers of its reader, so that a
// service's handler is one line a method.
//
//   class OrderHandler final : public v1::OrderService::CallbackService {
//     grpc::ServerUnaryReactor* PlaceOrder(grpc::CallbackServerContext* context,
//         const v1::PlaceOrderRequest* request, v1::Order* answer) override {
//       return commands_.Run(context, request, answer, PlaceOrder, PlaceOrderHints);
//     }
//
// Run validates the request by its descriptor, checks request_id, deadline and limits, queues the
// command and answers when its batch committed. It never blocks. `validate_only` in the request
// decides and changes nothing. Errors go out as google.rpc.Status with ErrorInfo. What is more than
// can be answered in time is refused at once (admission.h); what nobody waits for any more when its
// turn comes is not done.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "google/rpc/status.pb.h"
#include "platform/base/state.h"

namespace grpc {
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace tandem::store {
class Reader;
class Writer;
}  // namespace tandem::store

namespace tandem::rpc {

// A pure decision. The answer is what the caller gets; entities in it carry their etag
// (State::Answer).
template <class Request, class Answer>
using Decide = absl::StatusOr<Answer> (*)(const Request&, Context&, State&);
// Names what the decision will look up, where it can be said from the request alone; may be null.
template <class Request>
using Hints = void (*)(const Request&, Wanted&);

class Commands {
 public:
  // `service` is the full name of the gRPC service, for the methods' identity in `requests`.
  Commands(store::Writer& writer, std::string service);
  ~Commands();

  template <class Request, class Answer>
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, const Request* request,
                                Answer* answer, Decide<Request, Answer> decide,
                                Hints<Request> hints = nullptr) {
    return RunAny(context, *request, answer, Bind(decide), BindHints(hints));
  }

  // A batch method: BatchRequest has `repeated Request requests`; BatchAnswer has `repeated …
  // results` of a message {google.rpc.Status status = 1; Answer <any name> = 2}. At most 1,000
  // items (BATCH_TOO_LARGE), one transaction, an outcome per item in request order.
  template <class Request, class Answer, class BatchRequest, class BatchAnswer>
  grpc::ServerUnaryReactor* RunBatch(grpc::CallbackServerContext* context,
                                     const BatchRequest* request, BatchAnswer* answer,
                                     Decide<Request, Answer> decide,
                                     Hints<Request> hints = nullptr) {
    return RunBatchAny(context, *request, answer, Bind(decide), BindHints(hints));
  }

 private:
  // The answer as it is stored, and in `said` as it is sent: it need not be parsed again.
  using AnyDecide =
      std::function<absl::StatusOr<std::string>(const google::protobuf::Message&, Context&, State&,
                                                std::unique_ptr<google::protobuf::Message>* said)>;
  using AnyHints = std::function<void(const google::protobuf::Message&, Wanted&)>;

  template <class Request, class Answer>
  static AnyDecide Bind(Decide<Request, Answer> decide) {
    return [decide](
               const google::protobuf::Message& request, Context& context, State& state,
               std::unique_ptr<google::protobuf::Message>* said) -> absl::StatusOr<std::string> {
      absl::StatusOr<Answer> answer = decide(static_cast<const Request&>(request), context, state);
      if (!answer.ok()) return answer.status();
      std::string stored = answer->SerializeAsString();
      *said = std::make_unique<Answer>(*std::move(answer));
      return stored;
    };
  }
  template <class Request>
  static AnyHints BindHints(Hints<Request> hints) {
    if (hints == nullptr) return nullptr;
    return [hints](const google::protobuf::Message& request, Wanted& wanted) {
      hints(static_cast<const Request&>(request), wanted);
    };
  }

  grpc::ServerUnaryReactor* RunAny(grpc::CallbackServerContext* context,
                                   const google::protobuf::Message& request,
                                   google::protobuf::Message* answer, AnyDecide decide,
                                   AnyHints hints);
  grpc::ServerUnaryReactor* RunBatchAny(grpc::CallbackServerContext* context,
                                        const google::protobuf::Message& request,
                                        google::protobuf::Message* answer, AnyDecide decide,
                                        AnyHints hints);
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// Reads, on a small pool of threads of their own.
class Reads {
 public:
  Reads(store::Reader& reader, std::string service, int threads = 2);
  ~Reads();

  // Get: the request has `id`, the answer is the resource. NOT_FOUND <ENTITY>_NOT_FOUND, where
  // `entity` is "ORDER" and the like.
  template <class Request, class Resource>
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const Request* request,
                                Resource* answer, absl::string_view entity) {
    return GetAny(context, *request, answer, entity);
  }
  // BatchGet: `repeated string ids`; answers `repeated Resource` in request order; NOT_FOUND as a
  // whole with every missing id.
  template <class Request, class Answer>
  grpc::ServerUnaryReactor* BatchGet(grpc::CallbackServerContext* context, const Request* request,
                                     Answer* answer, absl::string_view entity) {
    return BatchGetAny(context, *request, answer, entity);
  }
  // List: page_size, page_token, filter, order_by; answers the first repeated message field of the
  // answer, and next_page_token. `where` narrows what is listed (SQL, parameters from $1), for
  // requests with a parent.
  template <class Request, class Answer>
  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context, const Request* request,
                                 Answer* answer, std::string where = "",
                                 std::vector<std::string> params = {}) {
    return ListAny(context, *request, answer, std::move(where), std::move(params));
  }
  // Anything else that reads: `read` runs on the pool.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context,
                                const google::protobuf::Message& request,
                                std::function<absl::Status(store::Reader&)> read);

 private:
  grpc::ServerUnaryReactor* GetAny(grpc::CallbackServerContext*, const google::protobuf::Message&,
                                   google::protobuf::Message*, absl::string_view entity);
  grpc::ServerUnaryReactor* BatchGetAny(grpc::CallbackServerContext*,
                                        const google::protobuf::Message&,
                                        google::protobuf::Message*, absl::string_view entity);
  grpc::ServerUnaryReactor* ListAny(grpc::CallbackServerContext*, const google::protobuf::Message&,
                                    google::protobuf::Message*, std::string where,
                                    std::vector<std::string> params);
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace tandem::rpc
