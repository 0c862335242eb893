#include "bus-adapters/connectors/message_text.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <memory>

#include "platform/base/check.h"
#include "tandem/customer/v1/customer.pb.h"
#include "tandem/inventory/v1/product.pb.h"

namespace tandem::connectors {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

template <class T>
T Text(const std::string& text) {
  T message;
  TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(text, &message), text);
  return message;
}

// Both ways give the same text, and read it to the same message.
void ExpectSame(const Message& message) {
  const std::string text = SlowMessageText(message);
  EXPECT_EQ(MessageText(message), text);
  std::unique_ptr<Message> slow(message.New());
  std::unique_ptr<Message> fast(message.New());
  ASSERT_TRUE(SlowParseMessageText(text, slow.get()).ok()) << text;
  ASSERT_TRUE(ParseMessageText(text, fast.get()).ok()) << text;
  EXPECT_TRUE(MessageDifferencer::Equals(*slow, *fast)) << text;
}

constexpr char kCustomer[] = R"pb(
  id: 'cus_1'
  customer_number: 'C-1'
  kind: CUSTOMER_KIND_PERSON
  display_name: 'Anna'
  order_block { on: true reason: 'why' }
  delivery_block {}
  addresses {
    address_id: 'm'
    purpose: ADDRESS_PURPOSE_REGISTERED
    name: 'Anna & Co / Wien'
    address { lines: 'a' lines: '' lines: 'c' city: 'Wien' country_code: 'AT' }
  }
  addresses {
    address_id: 'b'
    address {}
  }
  tax_ids { country_code: 'AT' scheme: 'VAT' value: 'ATU1' verified: true }
  payment_terms {
    net_days: 0
    discount_rate { value: '0.020' }
  }
  credit_policy { limit { currency_code: 'EUR' units: -5 nanos: -20000000 } }
)pb";

TEST(MessageText, IsWhatProtocolBuffersWrite) {
  ExpectSame(Text<customer::v1::Customer>(kCustomer));
  ExpectSame(customer::v1::Customer());
  ExpectSame(Text<inventory::v1::Product>(R"pb(
    sku: 'A'
    list_price {
      amount { currency_code: 'EUR' units: 9007199254740993 nanos: 990000000 }
      per {
        value { value: '100.00' }
        unit: 'C62'
      }
    }
  )pb"));
}

TEST(MessageText, WhatIsNotPlainIsLeftToProtocolBuffers) {
  for (const char* name :
       {"M\xc3\xbcller", "a\"b", "a\\b", "<a>", "a\nb", "\x7f", "\xe2\x80\xa8"}) {
    auto customer = Text<customer::v1::Customer>(kCustomer);
    customer.mutable_addresses(0)->set_name(name);
    ExpectSame(customer);
  }
  ExpectSame(Text<inventory::v1::Product>("names { key: 'en' value: 'Tea' } sku: 'A'"));
  auto customer = Text<customer::v1::Customer>(kCustomer);
  customer.set_kind(static_cast<customer::v1::CustomerKind>(77));
  ExpectSame(customer);
}

TEST(MessageText, IsReadHoweverItIsWritten) {
  customer::v1::Customer customer;
  ASSERT_TRUE(
      ParseMessageText(R"( { "displayName" : "A", "kind": 1, "email": null } )", &customer).ok());
  EXPECT_EQ(customer.display_name(), "A");
  for (const char* wrong : {"", "{", R"({"display_name":"A"}x)", R"({"nothing":"A"})",
                            R"({"kind":"NONE"})", R"({"order_block":{"on":"why"}})"}) {
    customer::v1::Customer none;
    EXPECT_FALSE(ParseMessageText(wrong, &none).ok()) << wrong;
  }
}

}  // namespace
}  // namespace tandem::connectors
