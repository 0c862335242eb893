#include "cli/quarantine.h"

#include <grpcpp/channel.h>

#include <iostream>
#include <set>

#include "cli/output.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/client.h"
#include "platform/rpc/process.h"
#include "tandem/operations/v1/quarantine_service.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = operations::v1;
using Stub = v1::QuarantineService::Stub;

// A key's id begins with its reader, which is the part that has it.
std::unique_ptr<Stub> StubOf(const Arguments& arguments, const std::string& id) {
  return v1::QuarantineService::NewStub(ChannelTo(arguments, id.substr(0, id.find('|'))));
}

absl::Status List(const Arguments& arguments, v1::ListQuarantinedKeysResponse* all) {
  std::set<std::string> addresses;  // one process may host several parts
  for (const rpc::PartPort& part : rpc::kParts) addresses.insert(AddressOf(arguments, part.name));
  for (const std::string& address : addresses) {
    auto stub = v1::QuarantineService::NewStub(rpc::Dial(address));
    v1::ListQuarantinedKeysRequest request;
    request.set_page_size(1000);
    request.set_reader(arguments.Flag("reader"));
    while (true) {
      TANDEM_ASSIGN_OR_RETURN(v1::ListQuarantinedKeysResponse page,
                              rpc::Call(*stub, &Stub::ListQuarantinedKeys, request));
      all->mutable_keys()->MergeFrom(page.keys());
      if (page.next_page_token().empty()) break;
      request.set_page_token(page.next_page_token());
    }
  }
  return absl::OkStatus();
}

template <class Request, class Answer>
int One(const Arguments& arguments, const std::string& id,
        grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Answer*)) {
  Request request;
  request.set_id(id);
  auto stub = StubOf(arguments, id);
  absl::StatusOr<Answer> answer = rpc::Call(*stub, method, request);
  if (!answer.ok()) return Complain(answer.status());
  Print(*answer, arguments.output, std::cout);
  return 0;
}

}  // namespace

int QuarantineCommand(const Arguments& arguments) {
  const std::string verb = arguments.words.size() > 1 ? arguments.words[1] : "list";
  if (verb == "list") {
    v1::ListQuarantinedKeysResponse all;
    absl::Status status = List(arguments, &all);
    if (!status.ok()) return Complain(status);
    Print(all, arguments.output, std::cout);
    return 0;
  }
  if (arguments.words.size() > 2) {
    const std::string& id = arguments.words[2];
    if (verb == "show") return One(arguments, id, &Stub::GetQuarantinedKey);
    if (verb == "retry") return One(arguments, id, &Stub::RetryQuarantinedKey);
    if (verb == "skip") return One(arguments, id, &Stub::SkipQuarantinedEvent);
  }
  std::cerr << "usage: tandem quarantine list | show ID | retry ID | skip ID\n";
  return 2;
}

}  // namespace tandem::cli
