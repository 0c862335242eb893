// Answers for a request that does not parse, a text that is no UTF-8 among them. gRPC answers such
// a call itself, before a handler sees it, with UNIMPLEMENTED or INTERNAL and no reason; an
// interceptor turns that into INVALID_ARGUMENT REQUEST_UNREADABLE. Which field it was, nobody
// knows: the reader of protobuf does not say. Answers of handlers, and calls of methods that do not
// exist, stay as they are.
#pragma once

#include <grpcpp/support/server_interceptor.h>

#include <memory>

namespace tandem::rpc {

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> UnreadableRequests();

}  // namespace tandem::rpc
