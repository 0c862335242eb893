#include "platform/base/status.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "platform/base/status_macros.h"

namespace tandem {
namespace {

TEST(Refusal, CarriesItsReasonFieldAndMetadata) {
  absl::Status status = InvalidField("lines[0].quantity", "ORDER_QUANTITY_INVALID", "too small");
  AddMetadata(&status, "least", "1");
  AddMetadata(&status, "least", "2");
  AddMetadata(&status, "unit", "C62");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "too small");
  EXPECT_EQ(ReasonOf(status), "ORDER_QUANTITY_INVALID");
  EXPECT_EQ(FieldOf(status), "lines[0].quantity");
  EXPECT_EQ(MetadataOf(status),
            (std::map<std::string, std::string>{{"least", "2"}, {"unit", "C62"}}));
}

TEST(Refusal, WithoutPartsHasEmptyOnes) {
  for (const absl::Status& status : {absl::OkStatus(), absl::InternalError("x")}) {
    EXPECT_EQ(ReasonOf(status), "");
    EXPECT_EQ(FieldOf(status), "");
    EXPECT_TRUE(MetadataOf(status).empty());
    EXPECT_EQ(RetryDelayMsOf(status), std::nullopt);
  }
  EXPECT_EQ(FieldOf(Refuse(absl::StatusCode::kNotFound, "ORDER_NOT_FOUND", "no such order")), "");
}

TEST(Refusal, OfABatchItemNamesTheItem) {
  const absl::Status inner = InvalidField("quantity", "QUANTITY_INVALID", "no");
  EXPECT_EQ(FieldOf(InField(inner, "requests[3]")), "requests[3].quantity");
  EXPECT_EQ(InField(absl::OkStatus(), "x"), absl::OkStatus());
  EXPECT_EQ(FieldOf(InField(absl::AbortedError("x"), "requests[3]")), "");
}

TEST(RpcStatus, KeepsEverythingThereAndBack) {
  absl::Status status = InvalidField("a", "TEXT_MISSING", "needed");
  AddFieldViolation(&status, "b", "needed too");
  AddMetadata(&status, "max", "5");
  SetRetryDelay(&status, 2500);
  google::rpc::PreconditionFailure other;
  other.add_violations()->set_type("STATE");
  status.SetPayload("type.googleapis.com/google.rpc.PreconditionFailure",
                    absl::Cord(other.SerializeAsString()));
  const google::rpc::Status rpc = ToRpcStatus(status);
  EXPECT_EQ(rpc.code(), 3);
  EXPECT_EQ(rpc.message(), "needed");
  ASSERT_EQ(rpc.details_size(), 4);

  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rpc.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "TEXT_MISSING");
  EXPECT_EQ(info.domain(), "tandem");
  EXPECT_EQ(info.metadata().at("max"), "5");
  google::rpc::BadRequest request;
  ASSERT_TRUE(rpc.details(1).UnpackTo(&request));
  ASSERT_EQ(request.field_violations_size(), 2);
  EXPECT_EQ(request.field_violations(1).field(), "b");
  EXPECT_EQ(request.field_violations(1).description(), "needed too");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(rpc.details(2).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 2);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
  EXPECT_TRUE(rpc.details(3).UnpackTo(&other));

  const absl::Status back = FromRpcStatus(rpc);
  EXPECT_EQ(back, status);
  EXPECT_EQ(RetryDelayMsOf(back), 2500);
  EXPECT_EQ(ToRpcStatus(back).SerializeAsString(), rpc.SerializeAsString());
}

TEST(RpcStatus, TellsWhenToTryAgain) {
  for (const auto code : {absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted}) {
    const absl::Status back = FromRpcStatus(ToRpcStatus(Refuse(code, "SERVER_BUSY", "busy")));
    EXPECT_EQ(RetryDelayMsOf(back), kDefaultRetryDelayMs);
  }
  EXPECT_EQ(ToRpcStatus(absl::AbortedError("x")).details_size(), 0);
}

TEST(RpcStatus, MapsEveryCode) {
  EXPECT_EQ(ToRpcStatus(absl::OkStatus()).ByteSizeLong(), 0u);
  for (int code = 0; code <= 16; ++code) {
    google::rpc::Status rpc;
    rpc.set_code(code);
    EXPECT_EQ(static_cast<int>(FromRpcStatus(rpc).code()), code);
  }
  google::rpc::Status unknown;
  unknown.set_code(99);
  EXPECT_EQ(FromRpcStatus(unknown).code(), absl::StatusCode::kUnknown);
}

TEST(Disposition, IsDecidedByTheCodeAlone) {
  const std::pair<absl::StatusCode, Disposition> table[] = {
      {absl::StatusCode::kOk, Disposition::kDone},
      {absl::StatusCode::kCancelled, Disposition::kRetry},
      {absl::StatusCode::kUnknown, Disposition::kRetry},
      {absl::StatusCode::kInvalidArgument, Disposition::kPark},
      {absl::StatusCode::kDeadlineExceeded, Disposition::kRetry},
      {absl::StatusCode::kNotFound, Disposition::kPark},
      {absl::StatusCode::kAlreadyExists, Disposition::kPark},
      {absl::StatusCode::kPermissionDenied, Disposition::kPark},
      {absl::StatusCode::kResourceExhausted, Disposition::kRetry},
      {absl::StatusCode::kFailedPrecondition, Disposition::kPark},
      {absl::StatusCode::kAborted, Disposition::kRetry},
      {absl::StatusCode::kOutOfRange, Disposition::kPark},
      {absl::StatusCode::kUnimplemented, Disposition::kPark},
      {absl::StatusCode::kInternal, Disposition::kPark},
      {absl::StatusCode::kUnavailable, Disposition::kRetry},
      {absl::StatusCode::kDataLoss, Disposition::kPark},
      {absl::StatusCode::kUnauthenticated, Disposition::kRetry}};
  for (const auto& [code, disposition] : table) {
    EXPECT_EQ(DispositionOf(absl::Status(code, "x")), disposition) << code;
  }
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}
absl::StatusOr<int> Quarter(int n) {
  TANDEM_ASSIGN_OR_RETURN(const int half, Half(n));
  TANDEM_ASSIGN_OR_RETURN(const int quarter, Half(half));
  TANDEM_RETURN_IF_ERROR(Half(quarter).status());
  return quarter;
}

TEST(StatusMacros, PassTheFirstErrorUp) {
  EXPECT_EQ(*Quarter(8), 2);
  for (const int n : {1, 2, 4}) EXPECT_EQ(Quarter(n).status().message(), "odd") << n;
}

}  // namespace
}  // namespace tandem
