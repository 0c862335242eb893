// The code lists: currencies, countries, units, language tags.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "platform/base/country.h"
#include "platform/base/currency.h"
#include "platform/base/locale.h"
#include "platform/base/unit.h"

namespace tandem {
namespace {

TEST(Currency, KnowsTheDecimalsOfEachCode) {
  const std::pair<const char*, int> cases[] = {
      {"AED", 2}, {"EUR", 2}, {"USD", 2}, {"ZWG", 2}, {"HRK", 2}, {"JPY", 0}, {"BIF", 0},
      {"XPF", 0}, {"KWD", 3}, {"BHD", 3}, {"TND", 3}, {"CLF", 4}, {"UYW", 4}};
  for (const auto& [code, exponent] : cases) EXPECT_EQ(CurrencyExponent(code), exponent) << code;
}

TEST(Currency, RefusesWhatIsNoCurrency) {
  for (const char* code :
       {"", "eur", "EU", "EURO", "XXX", "XAU", "XTS", "AAA", "ZZZ", "UR ", "D A"}) {
    EXPECT_FALSE(IsKnownCurrency(code)) << code;
  }
}

TEST(Country, IsKnownByItsCode) {
  for (const char* code : {"AD", "DE", "GB", "US", "XX", "ZW"}) {
    EXPECT_EQ(IsKnownCountry(code), std::string(code) != "XX") << code;
  }
  for (const char* code : {"", "de", "UK", "EU", "D", "DEU"}) {
    EXPECT_FALSE(IsKnownCountry(code)) << code;
  }
  EXPECT_EQ(CountryName("NL"), "Netherlands");
  EXPECT_EQ(CountryName("XX"), std::nullopt);
}

TEST(Country, IsFoundByItsEnglishName) {
  const std::pair<const char*, const char*> cases[] = {
      {"Argentina", "AR"}, {"Austria", "AT"}, {"Belgium", "BE"},     {"Brazil", "BR"},
      {"Canada", "CA"},    {"Denmark", "DK"}, {"Finland", "FI"},     {"France", "FR"},
      {"Germany", "DE"},   {"Ireland", "IE"}, {"Italy", "IT"},       {"Mexico", "MX"},
      {"Norway", "NO"},    {"Poland", "PL"},  {"Portugal", "PT"},    {"Spain", "ES"},
      {"Sweden", "SE"},    {"UK", "GB"},      {"Switzerland", "CH"}, {"USA", "US"},
      {"Venezuela", "VE"}, {"Japan", "JP"},   {"Australia", "AU"},   {"Singapore", "SG"},
      {"germany", "DE"},   {"Bolivia", "BO"}, {"Netherlands", "NL"}, {"Czech Republic", "CZ"}};
  for (const auto& [name, code] : cases) EXPECT_EQ(CountryByName(name), code) << name;
  EXPECT_EQ(CountryByName("Atlantis"), std::nullopt);
}

TEST(Unit, IsKnownByItsRec20Code) {
  for (const char* code : {"C62", "H87", "EA", "KGM", "GRM", "LTR", "MTR", "BX", "PK", "CT", "CS",
                           "HUR", "DAY", "TNE", "MTK", "4H", "X", "pcs", ""}) {
    const std::string c = code;
    EXPECT_EQ(IsKnownUnit(c), c != "X" && c != "pcs" && !c.empty()) << c;
  }
  EXPECT_EQ(UnitName("KGM"), "kilogram");
  EXPECT_EQ(UnitName("XBX"), "box") << "a package of Recommendation 21 as a unit";
  EXPECT_EQ(UnitName("BX"), "box") << "as older editions wrote it";
  EXPECT_EQ(UnitName("PO"), "pound per inch of length") << "Recommendation 20 comes first";
  EXPECT_EQ(UnitName("XPO"), "pouch");
  EXPECT_EQ(UnitName("XKGM"), std::nullopt);
}

TEST(LanguageTag, IsWellFormedOrNot) {
  for (const char* tag :
       {"de", "en-US", "zh-Hant-TW", "es-419", "sl-rozaj-biske", "de-CH-1996", "zh-cmn-Hans-CN",
        "en-a-bbb-x-a", "x-whatever", "de-u-co-phonebk", "haw", "en-x-us"}) {
    EXPECT_TRUE(IsLanguageTag(tag)) << tag;
  }
  for (const char* tag : {"", "e", "en_US", "en-", "-en", "en--us", "123", "en-US-GB", "en-a", "x",
                          "en-x", "languages9", "de-123456789", "en US"}) {
    EXPECT_FALSE(IsLanguageTag(tag)) << tag;
  }
}

TEST(LanguageTag, HasOneCanonicalCase) {
  const std::pair<const char*, const char*> cases[] = {{"EN-us", "en-US"},
                                                       {"zh-hant-tw", "zh-Hant-TW"},
                                                       {"DE", "de"},
                                                       {"de-u-CO-phonebk", "de-u-co-phonebk"},
                                                       {"X-AB", "x-ab"}};
  for (const auto& [tag, canonical] : cases) EXPECT_EQ(CanonicalLanguageTag(tag), canonical);
}

}  // namespace
}  // namespace tandem
