// How the import calls: again and again while a failure may pass, so that a service, a broker or a
// database that is started again delays the import and does not end it. Whatever changes something
// carries a request id that is the same each time.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/client.h"

namespace tandem::northwind {

inline constexpr absl::Duration kCallPatience = absl::Minutes(2);

// The first answer that is OK or will not pass (DispositionOf); the last one when the time is up.
absl::Status UntilAnswered(const std::function<absl::Status()>& call,
                           absl::Duration patience = kCallPatience);

// What a batch said of its item, the item named.
absl::Status OfItem(absl::string_view what, int number, const google::rpc::Status& status);

// A stub's unary method.
template <class Stub, class Request, class Answer>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Answer*);

template <class Stub, class Request, class Answer>
absl::StatusOr<Answer> Ask(Stub& stub, Method<Stub, Request, Answer> method,
                           const Request& request) {
  absl::StatusOr<Answer> answer;
  absl::Status status = UntilAnswered([&] {
    answer = rpc::Call(stub, method, request);
    return answer.status();
  });
  if (!status.ok()) return status;
  return answer;
}

// A batch, of which every item must be accepted.
template <class Stub, class Request, class Answer>
absl::Status AskBatch(Stub& stub, Method<Stub, Request, Answer> method, const Request& request,
                      absl::string_view what) {
  return UntilAnswered([&]() -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(Answer answer, rpc::Call(stub, method, request));
    for (int i = 0; i < answer.results().size(); ++i) {
      TANDEM_RETURN_IF_ERROR(OfItem(what, i, answer.results(i).status()));
    }
    return absl::OkStatus();
  });
}

// Reads every page of a list.
template <class Stub, class Request, class Answer, class Each>
absl::Status ForEachPage(Stub& stub, Method<Stub, Request, Answer> method, const Each& each) {
  Request request;
  request.set_page_size(500);
  while (true) {
    TANDEM_ASSIGN_OR_RETURN(Answer answer, Ask(stub, method, request));
    TANDEM_RETURN_IF_ERROR(each(answer));
    if (answer.next_page_token().empty()) return absl::OkStatus();
    request.set_page_token(answer.next_page_token());
  }
}

}  // namespace tandem::northwind
