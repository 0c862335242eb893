#include "platform/base/fixed.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "platform/base/status.h"

namespace tandem {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(Decimal, IsReadExactly) {
  const std::pair<const char*, int64_t> cases[] = {{"0", 0},
                                                   {"-0", 0},
                                                   {"+1.5", 1'500'000},
                                                   {"12.345678", 12'345'678},
                                                   {".5", 500'000},
                                                   {"5.", 5'000'000},
                                                   {"-0.000001", -1},
                                                   {"0001", 1'000'000},
                                                   {"9223372036854.775807", kMax},
                                                   {"-9223372036854.775808", kMin}};
  for (const auto& [text, micros] : cases) EXPECT_EQ(*ParseMicros(text), micros) << text;
}

TEST(Decimal, RefusesWhatIsNotOne) {
  for (const char* text : {"", "-", "+", ".", "1e3", "1,5", " 1", "1 ", "1.2.3", "--1", "0x1",
                           "1.0000000", "0.0000001", "NaN", "\xd9\xa1"}) {
    const auto micros = ParseMicros(text, "rate");
    EXPECT_EQ(ReasonOf(micros.status()), "DECIMAL_INVALID") << text;
    EXPECT_EQ(FieldOf(micros.status()), "rate");
  }
  for (const char* text : {"9223372036854.775808", "-9223372036854.775809", "10000000000000",
                           "99999999999999999999999"}) {
    const auto micros = ParseMicros(text, "rate");
    EXPECT_EQ(ReasonOf(micros.status()), "DECIMAL_OUT_OF_RANGE") << text;
    EXPECT_EQ(micros.status().code(), absl::StatusCode::kOutOfRange);
  }
}

TEST(Decimal, IsWrittenInItsShortestForm) {
  const std::pair<int64_t, const char*> cases[] = {{0, "0"},
                                                   {12'500'000, "12.5"},
                                                   {-1, "-0.000001"},
                                                   {1'000'000, "1"},
                                                   {kMax, "9223372036854.775807"},
                                                   {kMin, "-9223372036854.775808"},
                                                   {100'010, "0.10001"}};
  for (const auto& [micros, text] : cases) {
    EXPECT_EQ(FormatMicros(micros), text);
    EXPECT_EQ(*ParseMicros(text), micros);
    EXPECT_EQ(*DecimalFromProto(DecimalToProto(micros), "f"), micros);
  }
  EXPECT_EQ(*DecimalFromProto(google::type::Decimal(), "f"), 0);
}

TEST(Decimal, OfAFractionLiesBetween0And1) {
  google::type::Decimal decimal;
  for (const char* text : {"0", "0.25", "1"}) {
    decimal.set_value(text);
    EXPECT_TRUE(FractionFromProto(decimal, "discount").ok()) << text;
  }
  for (const char* text : {"-0.000001", "1.000001", "25"}) {
    decimal.set_value(text);
    const auto fraction = FractionFromProto(decimal, "discount");
    EXPECT_EQ(ReasonOf(fraction.status()), "DECIMAL_OUT_OF_RANGE") << text;
    EXPECT_EQ(FieldOf(fraction.status()), "discount");
  }
}

TEST(Fixed, RefusesAResultThatDoesNotFit) {
  EXPECT_EQ(*AddMicros(1, 2), 3);
  EXPECT_EQ(*SubMicros(1, 2), -1);
  EXPECT_EQ(ReasonOf(AddMicros(kMax, 1).status()), "DECIMAL_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf(SubMicros(kMin, 1).status()), "DECIMAL_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf(MulMicros(kMax, 2 * kMicrosPerUnit).status()), "DECIMAL_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf(DivMicros(1, 0).status()), "DECIMAL_DIVISION_BY_ZERO");
  EXPECT_EQ(*MulMicros(1'500'000, 2'000'000), 3'000'000);
  EXPECT_EQ(*DivMicros(1'000'000, 3'000'000), 333'333);
}

TEST(Fixed, RoundsHalvesAwayFromZero) {
  struct Case {
    int64_t a, b, c, result;
  };
  for (const Case& x :
       {Case{5, 1, 10, 1}, Case{-5, 1, 10, -1}, Case{4, 1, 10, 0}, Case{-4, 1, 10, 0},
        Case{15, 1, 10, 2}, Case{5, 1, -10, -1}, Case{-5, 1, -10, 1}, Case{1, 1, 3, 0},
        Case{2, 1, 3, 1}, Case{kMax, kMax, kMax, kMax}, Case{kMin, 1, 1, kMin}}) {
    EXPECT_EQ(*MulDivHalfUp(x.a, x.b, x.c), x.result) << x.a << "*" << x.b << "/" << x.c;
  }
}

TEST(Fixed, IsExactWhereTheWholeProductDoesNotFit128Bits) {
  const Int128 big = Int128{kMaxMicros};
  // 10^18 × 10^18 × 999,999 ÷ (10^18 × 10^6) = 999,999,000,000,000,000
  EXPECT_EQ(*MulMulDivHalfUp(big, big, 999'999, big * kMicrosPerUnit), 999'999'000'000'000'000);
  EXPECT_EQ(*MulMulDivHalfUp(-big, big, 999'999, big * kMicrosPerUnit), -999'999'000'000'000'000);
  EXPECT_EQ(ReasonOf(MulMulDivHalfUp(big, big, 1, 1).status()), "DECIMAL_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf(MulMulDivHalfUp(big * big, 1000, 1, 1).status()), "DECIMAL_OUT_OF_RANGE");
}

TEST(Fixed, DividesExactlyOrNotAtAll) {
  EXPECT_EQ(*MulDivExact(12'000'000, 1, 12), 1'000'000);
  EXPECT_EQ(ReasonOf(MulDivExact(10, 1, 3).status()), "DECIMAL_NOT_EXACT");
  EXPECT_EQ(ReasonOf(MulDivExact(1, 1, 0).status()), "DECIMAL_DIVISION_BY_ZERO");
}

TEST(Fixed, ComparesAndAdds) {
  const Fixed half = *Fixed::Parse("0.5");
  EXPECT_LT(half, Fixed::OfUnits(1));
  EXPECT_EQ(*half.Add(half), Fixed::OfUnits(1));
  EXPECT_EQ(half.Sub(Fixed::OfUnits(1))->Format(), "-0.5");
  EXPECT_EQ(half.micros(), 500'000);
  EXPECT_FALSE(Fixed::Parse("x").ok());
  EXPECT_FALSE(Fixed::OfMicros(kMax).Add(half).ok());
  EXPECT_FALSE(Fixed::OfMicros(kMin).Sub(half).ok());
}

}  // namespace
}  // namespace tandem
