#include "platform/base/quantity.h"

#include <gtest/gtest.h>

#include "platform/base/status.h"

namespace tandem {
namespace {

type::v1::Quantity Proto(const char* value, const char* unit) {
  type::v1::Quantity quantity;
  quantity.mutable_value()->set_value(value);
  quantity.set_unit(unit);
  return quantity;
}

TEST(Quantity, IsReadIntoMicrosAndItsUnit) {
  const auto quantity = FromProto(Proto("-12.5", "KGM"), "q");
  ASSERT_TRUE(quantity.ok()) << quantity.status();
  EXPECT_EQ(*quantity, (Quantity{-12'500'000, "KGM"}));
  EXPECT_EQ(ToProto(*quantity).SerializeAsString(), Proto("-12.5", "KGM").SerializeAsString());
  EXPECT_EQ(FormatQuantity(12'500'000, "KGM"), "12.5 KGM");
  EXPECT_EQ(FromProto(Proto("1000000000000", "C62"), "q")->micros, kMaxMicros);
}

TEST(Quantity, IsRefusedNamingItsField) {
  struct Case {
    const char* value;
    const char* unit;
    const char* reason;
  };
  for (const Case& x :
       {Case{"1e3", "C62", "QUANTITY_INVALID"}, Case{"1.1234567", "C62", "QUANTITY_INVALID"},
        Case{"1", "", "QUANTITY_UNIT_UNKNOWN"}, Case{"1", "pieces", "QUANTITY_UNIT_UNKNOWN"},
        Case{"1000000000000.000001", "C62", "QUANTITY_OUT_OF_RANGE"},
        Case{"-1000000000001", "C62", "QUANTITY_OUT_OF_RANGE"},
        Case{"99999999999999999999", "C62", "QUANTITY_OUT_OF_RANGE"},
        Case{"0", "C62", "QUANTITY_NOT_POSITIVE"}, Case{"", "C62", "QUANTITY_NOT_POSITIVE"},
        Case{"-1", "C62", "QUANTITY_NOT_POSITIVE"}}) {
    const auto quantity = PositiveFromProto(Proto(x.value, x.unit), "lines[2].quantity");
    EXPECT_EQ(ReasonOf(quantity.status()), x.reason) << x.value << " " << x.unit;
    EXPECT_EQ(FieldOf(quantity.status()), "lines[2].quantity");
  }
}

TEST(Quantity, IsConvertedExactlyOrRefused) {
  EXPECT_EQ(*ConvertQuantity(2'000'000, 24, 1), 48'000'000);  // two boxes of 24 pieces
  EXPECT_EQ(*ConvertQuantity(48'000'000, 1, 24), 2'000'000);
  EXPECT_EQ(ReasonOf(ConvertQuantity(1'000'000, 1, 3).status()), "QUANTITY_NOT_CONVERTIBLE");
  EXPECT_EQ(ReasonOf(ConvertQuantity(1'000'000, 0, 3).status()), "QUANTITY_NOT_CONVERTIBLE");
  EXPECT_EQ(ReasonOf(ConvertQuantity(1'000'000, 1, 0).status()), "QUANTITY_NOT_CONVERTIBLE");
  EXPECT_EQ(ReasonOf(ConvertQuantity(kMaxMicros, 2, 1).status()), "QUANTITY_OUT_OF_RANGE");
}

}  // namespace
}  // namespace tandem
