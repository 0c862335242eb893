#include "platform/rpc/validate.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "google/rpc/error_details.pb.h"
#include "platform/base/status.h"
#include "tandem/rpctest/v1/widget.pb.h"

namespace tandem::rpc {
namespace {

using rpctest::v1::BadPattern;
using rpctest::v1::BadRule;
using rpctest::v1::CreateWidgetRequest;
using rpctest::v1::UpdateWidgetRequest;
using rpctest::v1::Widget;

const Validator& Rules() {
  static const auto* const kRules = new absl::StatusOr<Validator>(
      Validator::Compile({CreateWidgetRequest::descriptor(), UpdateWidgetRequest::descriptor()}));
  EXPECT_TRUE(kRules->ok()) << kRules->status();
  return **kRules;
}

template <typename T>
T Of(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// The widget of a request that is right in all else.
absl::Status Create(const std::string& widget) {
  auto request = Of<CreateWidgetRequest>("level: 1 widget { name: 'n' }");
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(absl::StrCat("widget { ", widget, " }"),
                                                            &request));
  return Rules().Check(request);
}

constexpr char kUlid[] = "01hzy3v6d0g7e8q9r0s1t2v3w4";

struct Case {
  std::string widget;
  const char* reason;  // "" where it passes
  const char* field;
};

TEST(Validate, ChecksEachRule) {
  const std::string quantity = " quantity { value { value: '1' } unit: 'C62' } ";
  const Case cases[] = {
      {"", "", ""},
      // Text.
      {"note: 'line\\nline\\ttab'", "", ""},
      {"note: 'K\xC3\xB6ln'", "", ""},
      {"note: 'a\\377'", "TEXT_NOT_UTF8", "widget.note"},
      {"note: 'a\\000'", "TEXT_CONTROL_CHARACTER", "widget.note"},
      {"note: 'a\\001'", "TEXT_CONTROL_CHARACTER", "widget.note"},
      {absl::StrCat("note: '", std::string(254, 'x'), "'"), "", ""},
      {absl::StrCat("note: '", std::string(255, 'x'), "'"), "", ""},
      {absl::StrCat("note: '", std::string(256, 'x'), "'"), "TEXT_TOO_LONG", "widget.note"},
      {"name: '12345678901234567890'", "", ""},
      {"name: '123456789012345678901'", "TEXT_TOO_LONG", "widget.name"},
      {"tags: 'ok' tags: '12345'", "", ""},
      {"tags: 'ok' tags: '123456'", "TEXT_TOO_LONG", "widget.tags[1]"},
      {"photo: '123'", "", ""},
      {"photo: '\\377234'", "", ""},
      {"photo: '12345'", "BYTES_TOO_LONG", "widget.photo"},
      {absl::StrCat("id: 'wid_", kUlid, "'"), "", ""},
      {absl::StrCat("id: 'ord_", kUlid, "'"), "ID_MALFORMED", "widget.id"},
      {"id: 'wid_7'", "ID_MALFORMED", "widget.id"},
      {"external_uuid: '6F1C1A9E-0d5e-4c39-9f0a-0123456789ab'", "", ""},
      {"external_uuid: '6f1c1a9e0d5e4c399f0a0123456789ab'", "UUID_MALFORMED",
       "widget.external_uuid"},
      {"place { country_code: 'DE' }", "", ""},
      {"place { country_code: 'DEU' }", "TEXT_PATTERN_MISMATCH", "widget.place.country_code"},
      {"currency: 'EUR'", "", ""},
      {"currency: 'eur'", "CURRENCY_UNKNOWN", "widget.currency"},
      // Numbers.
      {"count: 100", "", ""},
      {"count: 99", "", ""},
      {"count: 101", "NUMBER_OUT_OF_RANGE", "widget.count"},
      {"count: -1", "NUMBER_OUT_OF_RANGE", "widget.count"},
      {"total { currency_code: 'EUR' }", "", ""},
      {"total { currency_code: 'EUR' nanos: -1000 }", "NUMBER_OUT_OF_RANGE", "widget.total"},
      {"parts { sku: 's' quantity { value { value: '0' } unit: 'C62' } }", "NUMBER_OUT_OF_RANGE",
       "widget.parts[0].quantity"},
      // Enums.
      {"color: COLOR_BLUE", "", ""},
      {"color: 7", "ENUM_UNKNOWN", "widget.color"},
      {"colors: COLOR_RED colors: 9", "ENUM_UNKNOWN", "widget.colors[1]"},
      {"open_color: 7", "", ""},
      // Values.
      {"total { currency_code: 'XXQ' }", "MONEY_CURRENCY_UNKNOWN", "widget.total"},
      {"total { currency_code: 'EUR' nanos: 1 }", "MONEY_NANOS_INVALID", "widget.total"},
      {"rate { value: '0.19' }", "", ""},
      {"rate { value: 'x' }", "DECIMAL_INVALID", "widget.rate"},
      {"quantity { value { value: '1' } unit: 'nope' }", "QUANTITY_UNIT_UNKNOWN",
       "widget.quantity"},
      {"quantity { value { value: 'x' } unit: 'C62' }", "QUANTITY_INVALID", "widget.quantity"},
      {"due { year: 2024 month: 2 day: 29 }", "", ""},
      {"due { year: 2026 month: 2 day: 29 }", "DATE_INVALID", "widget.due"},
      {"due {}", "DATE_INVALID", "widget.due"},
      {"seen_time { seconds: 253402300799 nanos: 999999999 }", "", ""},
      {"seen_time { seconds: 253402300800 }", "TIMESTAMP_INVALID", "widget.seen_time"},
      {"seen_time { seconds: -62135596801 }", "TIMESTAMP_INVALID", "widget.seen_time"},
      {"seen_time { nanos: 1000000000 }", "TIMESTAMP_INVALID", "widget.seen_time"},
      // The server's fields are not looked at.
      {"etag: '\\377' create_time { nanos: -1 }", "", ""},
      // Required fields.
      {"name: ''", "REQUIRED_FIELD_MISSING", "widget.name"},
      {absl::StrCat("parts { sku: 's'", quantity, "} parts {", quantity, "}"),
       "REQUIRED_FIELD_MISSING", "widget.parts[1].sku"},
      {"parts { sku: 's' }", "REQUIRED_FIELD_MISSING", "widget.parts[0].quantity"},
      {"inner { }", "REQUIRED_FIELD_MISSING", "widget.inner.name"},
      // Maps.
      {"names { key: 'en' value: 'x' }", "", ""},
      {absl::StrCat("names { key: 'en' value: '", std::string(256, 'x'), "' }"), "TEXT_TOO_LONG",
       "widget.names[en]"},
      {absl::StrCat("names { key: '", std::string(256, 'x'), "' value: 'x' }"), "TEXT_TOO_LONG",
       "widget.names"},
      {"places { key: 'a' value { country_code: 'x' } }", "TEXT_PATTERN_MISMATCH",
       "widget.places[a].country_code"},
  };
  for (const Case& c : cases) {
    const absl::Status status = Create(c.widget);
    EXPECT_EQ(ReasonOf(status), c.reason) << c.widget << ": " << status;
    EXPECT_EQ(FieldOf(status), c.field) << c.widget;
  }
}

TEST(Validate, ChecksTheRequestItself) {
  EXPECT_TRUE(Rules().Check(Of<CreateWidgetRequest>("level: 1 widget { name: 'n' }")).ok());
  EXPECT_EQ(FieldOf(Rules().Check(Of<CreateWidgetRequest>("level: 1"))), "widget");
  EXPECT_EQ(ReasonOf(Rules().Check(Of<CreateWidgetRequest>("widget { name: 'n' }"))),
            "NUMBER_OUT_OF_RANGE");
  const absl::Status status =
      Rules().Check(Of<CreateWidgetRequest>("level: 1 widget { name: 'n' } request_id: 'again'"));
  EXPECT_EQ(ReasonOf(status), "REQUEST_ID_MALFORMED");
  EXPECT_EQ(FieldOf(status), "request_id");
  EXPECT_TRUE(
      Rules()
          .Check(Of<CreateWidgetRequest>("level: 1 widget { name: 'n' } "
                                         "request_id: '6f1c1a9e-0d5e-5c39-9f0a-0123456789ab'"))
          .ok());
}

TEST(Validate, AsksNoRequiredFieldsOfAnUpdatesResource) {
  EXPECT_TRUE(Rules()
                  .Check(Of<UpdateWidgetRequest>(
                      "widget { count: 3 inner { } } update_mask { paths: 'count' }"))
                  .ok());
  EXPECT_EQ(FieldOf(Rules().Check(Of<UpdateWidgetRequest>("update_mask { paths: 'count' }"))),
            "widget");
  // Repeated fields are replaced as a whole, so their items must be whole.
  EXPECT_EQ(FieldOf(Rules().Check(Of<UpdateWidgetRequest>("widget { parts { sku: 's' } }"))),
            "widget.parts[0].quantity");
  EXPECT_EQ(FieldOf(Rules().Check(Of<UpdateWidgetRequest>("widget { count: 101 }"))),
            "widget.count");
  EXPECT_EQ(FieldOf(Rules().Check(Of<Widget>("count: 3"))), "name");
}

TEST(ValidateLimits, HoldAtTheirEdges) {
  EXPECT_EQ(ReasonOf(Create("aliases: 'a'")), "TOO_FEW_ITEMS");
  EXPECT_EQ(ReasonOf(Create("aliases: 'a' aliases: 'b'")), "");

  const auto parts = [](int n) {
    std::string text;
    for (int i = 0; i < n; ++i) {
      text += "parts { sku: 's' quantity { value { value: '1' } unit: 'C62' } } ";
    }
    return text;
  };
  EXPECT_EQ(ReasonOf(Create(parts(2))), "");
  EXPECT_EQ(ReasonOf(Create(parts(3))), "");
  EXPECT_EQ(ReasonOf(Create(parts(4))), "TOO_MANY_ITEMS");
  EXPECT_EQ(FieldOf(Create(parts(4))), "widget.parts");

  const auto codes = [](uint32_t n) {
    CreateWidgetRequest request;
    request.set_level(1);
    request.mutable_widget()->set_name("n");
    for (uint32_t i = 0; i < n; ++i) request.mutable_widget()->add_codes(i);
    return ReasonOf(Rules().Check(request));
  };
  EXPECT_EQ(codes(kItemsMax - 1), "");
  EXPECT_EQ(codes(kItemsMax), "");
  EXPECT_EQ(codes(kItemsMax + 1), "TOO_MANY_ITEMS");

  const auto deep = [](int messages) {
    Widget root;
    Widget* widget = &root;
    widget->set_name("n");
    for (int i = 1; i < messages; ++i) {
      widget = widget->mutable_inner();
      widget->set_name("n");
    }
    return ReasonOf(Rules().Check(root));
  };
  EXPECT_EQ(deep(kMessageMaxDepth - 1), "");
  EXPECT_EQ(deep(kMessageMaxDepth), "");
  EXPECT_EQ(deep(kMessageMaxDepth + 1), "MESSAGE_TOO_DEEP");
}

google::rpc::BadRequest BadRequestOf(const absl::Status& status) {
  const google::rpc::Status rpc = ToRpcStatus(status);
  google::rpc::BadRequest bad;
  for (const auto& detail : rpc.details()) {
    if (detail.Is<google::rpc::BadRequest>()) detail.UnpackTo(&bad);
  }
  return bad;
}

TEST(Validate, ListsEveryWrongFieldUpToALimit) {
  const absl::Status status = Create("name: '' count: 101 color: 7 place { country_code: 'x' }");
  EXPECT_EQ(ReasonOf(status), "REQUIRED_FIELD_MISSING");
  const auto bad = BadRequestOf(status);
  ASSERT_EQ(bad.field_violations_size(), 4);
  EXPECT_EQ(bad.field_violations(0).field(), "widget.name");
  EXPECT_EQ(bad.field_violations(1).field(), "widget.count");
  EXPECT_EQ(bad.field_violations(2).field(), "widget.color");
  EXPECT_EQ(bad.field_violations(3).field(), "widget.place.country_code");

  std::string tags;
  for (int i = 0; i < kViolationsMax + 5; ++i) tags += "tags: '123456' ";
  EXPECT_EQ(BadRequestOf(Create(tags)).field_violations_size(), kViolationsMax);
}

TEST(Validate, RefusesRulesThatDoNotFitAtStartUp) {
  const absl::Status pattern = Validator::Compile({BadPattern::descriptor()}).status();
  EXPECT_EQ(ReasonOf(pattern), "VALIDATION_RULE_INVALID");
  EXPECT_EQ(FieldOf(pattern), "tandem.rpctest.v1.BadPattern.text");
  const absl::Status rule = Validator::Compile({BadRule::descriptor()}).status();
  EXPECT_EQ(ReasonOf(rule), "VALIDATION_RULE_INVALID");
}

TEST(Validate, KnowsOnlyWhatWasCompiled) {
  EXPECT_EQ(ReasonOf(Rules().Check(BadRule())), "VALIDATION_TYPE_UNKNOWN");
}

}  // namespace
}  // namespace tandem::rpc
