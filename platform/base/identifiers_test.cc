// Identifiers of the world outside: GTINs, tax ids, telephone numbers.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "platform/base/gtin.h"
#include "platform/base/phone.h"
#include "platform/base/tax_id.h"

namespace tandem {
namespace {

TEST(Gtin, HasFourLengthsAndACheckDigit) {
  for (const char* gtin : {"96385074", "036000291452", "4006381333931", "10012345678902"}) {
    EXPECT_TRUE(IsValidGtin(gtin)) << gtin;
  }
  for (const char* gtin : {"", "4006381333932", "400638133393", "40063813339310", "4006381 33931",
                           "1001234567890a", "0"}) {
    EXPECT_FALSE(IsValidGtin(gtin)) << gtin;
  }
}

struct TaxIdCase {
  const char* country;
  const char* value;
};

TEST(TaxId, HoldsItsCountrysCheckDigits) {
  for (const TaxIdCase& x : {
           TaxIdCase{"AT", "ATU13585627"},     TaxIdCase{"AT", "U72914714"},
           TaxIdCase{"BE", "BE 0428.759.497"}, TaxIdCase{"BE", "428759497"},
           TaxIdCase{"DE", "DE136695976"},     TaxIdCase{"DE", "730286946"},
           TaxIdCase{"ES", "ESA13585625"},     TaxIdCase{"ES", "54362315K"},
           TaxIdCase{"ES", "X2482300W"},       TaxIdCase{"ES", "Q4447892C"},
           TaxIdCase{"ES", "K1234567L"},       TaxIdCase{"FR", "FR40303265045"},
           TaxIdCase{"FR", "23 334 175 221"},  TaxIdCase{"FR", "K7399859412"},
           TaxIdCase{"GB", "GB 980 7806 84"},  TaxIdCase{"GB", "GBGD001"},
           TaxIdCase{"GB", "HA500"},           TaxIdCase{"IT", "IT00743110157"},
           TaxIdCase{"NL", "NL004495445B01"},  TaxIdCase{"NL", "NL002455799B11"},
       }) {
    EXPECT_TRUE(IsValidTaxId(x.country, "VAT", x.value)) << x.country << " " << x.value;
    EXPECT_TRUE(IsValidTaxId(x.country, "eu_vat", x.value)) << x.country << " " << x.value;
  }
}

TEST(TaxId, IsRefusedWhenOneDigitIsWrong) {
  for (const TaxIdCase& x : {
           TaxIdCase{"AT", "ATU13585626"},    TaxIdCase{"AT", "13585627"},
           TaxIdCase{"BE", "BE0428759498"},   TaxIdCase{"BE", "2428759497"},
           TaxIdCase{"BE", "0000000097"},     TaxIdCase{"DE", "DE136695977"},
           TaxIdCase{"DE", "036695976"},      TaxIdCase{"ES", "ESA13585626"},
           TaxIdCase{"ES", "54362315Z"},      TaxIdCase{"ES", "X2482300A"},
           TaxIdCase{"ES", "I1358562A"},      TaxIdCase{"ES", "A1358562D"},
           TaxIdCase{"FR", "FR41303265045"},  TaxIdCase{"FR", "FR40303265046"},
           TaxIdCase{"FR", "IO303265045"},    TaxIdCase{"GB", "GB802311781"},
           TaxIdCase{"GB", "GBGD500"},        TaxIdCase{"GB", "HA499"},
           TaxIdCase{"IT", "IT00743110158"},  TaxIdCase{"IT", "00000000000"},
           TaxIdCase{"NL", "NL004495446B01"}, TaxIdCase{"NL", "004495445A01"},
       }) {
    EXPECT_FALSE(IsValidTaxId(x.country, "VAT", x.value)) << x.country << " " << x.value;
  }
}

TEST(TaxId, OfOtherCountriesAndSchemesMustBeWellFormed) {
  EXPECT_TRUE(IsValidTaxId("US", "EIN", "12-3456789"));
  EXPECT_TRUE(IsValidTaxId("PL", "VAT", "PL 123-456-32-18"));
  EXPECT_TRUE(IsValidTaxId("DE", "STEUERNUMMER", "133/8150/8159"));
  for (const char* value : {"", "1", "no digits", "12_34", "1234567890123456789012345678901234"}) {
    EXPECT_FALSE(IsValidTaxId("US", "EIN", value)) << value;
  }
  EXPECT_FALSE(IsValidTaxId("PL", "VAT", "PL"));
}

TEST(TaxId, HasOneNormalForm) {
  EXPECT_EQ(NormaliseTaxId("DE", "VAT", "de 136.695.976"), "136695976");
  EXPECT_EQ(NormaliseTaxId("GR", "VAT", "EL094259216"), "094259216");
  EXPECT_EQ(NormaliseTaxId("FR", "VAT", "FR303265045"), "FR303265045");
  EXPECT_EQ(NormaliseTaxId("FR", "VAT", "FRK7399859412"), "K7399859412");
  EXPECT_EQ(NormaliseTaxId("DE", "OTHER", "de-12"), "DE12");
}

TEST(Phone, HasOneNormalForm) {
  const std::pair<const char*, const char*> cases[] = {{"+44 (0)20 7946-0958", "+442079460958"},
                                                       {"0044 20 79460958", "+442079460958"},
                                                       {"(5) 555-4729", "55554729"},
                                                       {"030-0074321", "0300074321"},
                                                       {" +49.30.12345 ", "+493012345"},
                                                       {"(0)30 1", "0301"},
                                                       {"", ""},
                                                       {"+", ""},
                                                       {"00", ""}};
  for (const auto& [phone, normal] : cases) {
    EXPECT_EQ(NormalisePhone(phone), normal) << phone;
  }
}

TEST(Phone, IsE164WhenComplete) {
  EXPECT_TRUE(IsE164("+442079460958"));
  for (const char* phone :
       {"", "442079460958", "+0442079460958", "+123456", "+1234567890123456", "+44 2079460958"}) {
    EXPECT_FALSE(IsE164(phone)) << phone;
  }
}

}  // namespace
}  // namespace tandem
