#include "platform/base/field_mask.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/base/field_behavior.h"
#include "platform/base/status.h"
#include "tandem/rpctest/v1/widget.pb.h"

namespace tandem::rpc {
namespace {

using google::protobuf::FieldMask;
using google::protobuf::util::MessageDifferencer;
using rpctest::v1::Widget;

Widget Of(const std::string& text) {
  Widget widget;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &widget)) << text;
  return widget;
}

FieldMask MaskOf(const std::vector<std::string>& paths) {
  FieldMask mask;
  for (const std::string& path : paths) mask.add_paths(path);
  return mask;
}

void ExpectSame(const Widget& actual, const Widget& expected, const std::string& what) {
  EXPECT_TRUE(MessageDifferencer::Equals(actual, expected))
      << what << "\nis\n"
      << actual.DebugString() << "instead of\n"
      << expected.DebugString();
}

struct Case {
  std::vector<std::string> paths;
  const char* request;
  const char* stored;
  const char* expected;
};

TEST(ApplyUpdateMask, WritesWhatIsNamedAndNothingElse) {
  const Case cases[] = {
      // Single fields; an unset one is cleared.
      {{"name"}, "name: 'b' count: 9", "name: 'a' count: 1", "name: 'b' count: 1"},
      {{"name", "count"}, "name: 'b'", "name: 'a' count: 1", "name: 'b'"},
      {{"rank"}, "rank: 0", "rank: 4", "rank: 0"},
      {{"rank"}, "", "rank: 4", ""},
      {{"weight", "photo", "big", "color", "active"},
       "weight: 1.5 photo: 'x' big: 7 color: COLOR_RED active: true",
       "",
       "weight: 1.5 photo: 'x' big: 7 color: COLOR_RED active: true"},
      // Messages: a part, or the whole.
      {{"place.city"},
       "place { city: 'b' country_code: 'DE' }",
       "place { city: 'a' country_code: 'FR' }",
       "place { city: 'b' country_code: 'FR' }"},
      {{"place.city"}, "place { city: 'b' }", "", "place { city: 'b' }"},
      {{"place.city"},
       "",
       "place { city: 'a' country_code: 'FR' }",
       "place { country_code: 'FR' }"},
      {{"place.city"}, "", "place { city: 'a' }", ""},
      {{"place"},
       "place { city: 'b' }",
       "place { city: 'a' country_code: 'FR' }",
       "place { city: 'b' }"},
      {{"place"}, "", "place { city: 'a' }", ""},
      {{"place", "place.city"},
       "place { city: 'b' }",
       "place { country_code: 'FR' }",
       "place { city: 'b' }"},
      {{"total"},
       "total { currency_code: 'EUR' }",
       "total { currency_code: 'EUR' units: 5 }",
       "total { currency_code: 'EUR' }"},
      // The server's own fields stay, however they are named.
      {{"id", "etag", "create_time", "place.geohash"},
       "id: 'x' etag: 'x' create_time { seconds: 9 } place { geohash: 'x' }",
       "id: 'a' etag: 'e' create_time { seconds: 1 } place { geohash: 'g' }",
       "id: 'a' etag: 'e' create_time { seconds: 1 } place { geohash: 'g' }"},
      {{"place"},
       "place { city: 'b' geohash: 'x' }",
       "place { city: 'a' geohash: 'g' }",
       "place { city: 'b' geohash: 'g' }"},
      {{"place"}, "", "place { city: 'a' geohash: 'g' }", "place { geohash: 'g' }"},
      // Repeated fields as a whole, without the values of what is the server's.
      {{"parts"},
       "parts { sku: 'b' state: 'x' }",
       "parts { sku: 'a' state: 's' } parts {}",
       "parts { sku: 'b' }"},
      {{"tags"}, "tags: 'b'", "tags: 'a' tags: 'c'", "tags: 'b'"},
      {{"tags"}, "", "tags: 'a'", ""},
      // Maps: an entry, or the whole.
      {{"names.en"},
       "names { key: 'en' value: 'b' } names { key: 'de' value: 'x' }",
       "names { key: 'en' value: 'a' } names { key: 'de' value: 'c' }",
       "names { key: 'en' value: 'b' } names { key: 'de' value: 'c' }"},
      {{"names.en"},
       "",
       "names { key: 'en' value: 'a' } names { key: 'de' value: 'c' }",
       "names { key: 'de' value: 'c' }"},
      {{"names.`de.AT`"},
       "names { key: 'de.AT' value: 'b' }",
       "",
       "names { key: 'de.AT' value: 'b' }"},
      {{"names.fr"}, "", "names { key: 'en' value: 'a' }", "names { key: 'en' value: 'a' }"},
      {{"names"},
       "names { key: 'fr' value: 'b' }",
       "names { key: 'en' value: 'a' }",
       "names { key: 'fr' value: 'b' }"},
      {{"places.x"},
       "places { key: 'x' value { city: 'b' geohash: 'g' } }",
       "",
       "places { key: 'x' value { city: 'b' } }"},
      // One of several.
      {{"person", "team"}, "team: 'b'", "person: 'a'", "team: 'b'"},
      {{"person", "team"}, "person: 'b'", "team: 'a'", "person: 'b'"},
      {{"person"}, "team: 'b'", "person: 'a'", ""},
      {{"person"}, "team: 'b'", "team: 'a'", "team: 'a'"},
      // Without a mask: what is set, messages as a whole.
      {{},
       "name: 'b' id: 'x' place { city: 'b' } tags: 'b' person: 'b'",
       "id: 'a' name: 'a' count: 1 place { city: 'a' country_code: 'FR' geohash: 'g' } tags: 'a' "
       "team: 'a'",
       "id: 'a' name: 'b' count: 1 place { city: 'b' geohash: 'g' } tags: 'b' person: 'b'"},
      {{}, "", "name: 'a'", "name: 'a'"},
      // All.
      {{"*"},
       "name: 'b' etag: 'x' person: 'p'",
       "id: 'a' name: 'a' count: 1 sku: 's' etag: 'e' place { city: 'a' geohash: 'g' } "
       "names { key: 'en' value: 'a' } tags: 'a' team: 't' inner { name: 'i' etag: 'f' }",
       "id: 'a' name: 'b' sku: 's' etag: 'e' place { geohash: 'g' } person: 'p' "
       "inner { etag: 'f' }"},
      // What cannot change may be said again.
      {{"sku", "name"}, "sku: 's' name: 'b'", "sku: 's'", "sku: 's' name: 'b'"},
      {{"inner"}, "inner { name: 'b' }", "inner { sku: 's' }", "inner { sku: 's' name: 'b' }"},
      {{}, "sku: 's' name: 'b'", "sku: 's'", "sku: 's' name: 'b'"},
      {{"inner.inner.name"},
       "inner { inner { name: 'b' } }",
       "inner { count: 1 }",
       "inner { count: 1 inner { name: 'b' } }"},
  };
  for (const Case& c : cases) {
    Widget stored = Of(c.stored);
    const absl::Status status = ApplyUpdateMask(MaskOf(c.paths), Of(c.request), &stored);
    const std::string what = absl::StrCat("[", absl::StrJoin(c.paths, ","), "] ", c.request);
    ASSERT_TRUE(status.ok()) << what << ": " << status;
    ExpectSame(stored, Of(c.expected), what);
  }
}

TEST(ApplyUpdateMask, RefusesToChangeWhatIsImmutableAndLeavesTheRestAsItWas) {
  const Case cases[] = {
      {{"name", "sku"}, "name: 'b' sku: 't'", "name: 'a' sku: 's'", "sku"},
      {{"sku"}, "", "sku: 's'", "sku"},
      {{}, "name: 'b' sku: 't'", "name: 'a' sku: 's'", "sku"},
      {{"*"}, "sku: 't'", "sku: 's'", "sku"},
      {{"inner.sku"}, "inner { sku: 't' }", "inner { sku: 's' }", "inner.sku"},
      {{"inner"}, "inner { sku: 't' }", "inner { sku: 's' }", "inner.sku"},
  };
  for (const Case& c : cases) {
    Widget stored = Of(c.stored);
    const absl::Status status = ApplyUpdateMask(MaskOf(c.paths), Of(c.request), &stored);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.request;
    EXPECT_EQ(ReasonOf(status), "FIELD_IMMUTABLE") << c.request;
    EXPECT_EQ(FieldOf(status), c.expected) << c.request;
    ExpectSame(stored, Of(c.stored), c.request);
  }
}

TEST(ApplyUpdateMask, NamesThePathItDoesNotKnow) {
  for (const char* path : {"", ".", "nam", "name.x", "place.town", "place.", ".name", "parts.sku",
                           "parts.0", "parts.*", "tags.0", "names.en.x", "names.`en", "names.`en`x",
                           "total.cents", "Name", "place city"}) {
    Widget stored = Of("name: 'a'");
    const absl::Status status = ApplyUpdateMask(MaskOf({"name", path}), Of("name: 'b'"), &stored);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_EQ(ReasonOf(status), "FIELD_MASK_UNKNOWN_PATH") << path;
    EXPECT_EQ(FieldOf(status), "update_mask") << path;
    EXPECT_EQ(MetadataOf(status)["path"], path);
    ExpectSame(stored, Of("name: 'a'"), path);
  }
}

TEST(FieldMaskLimits, HoldAtTheirEdges) {
  const auto reason = [](const FieldMask& mask) {
    Widget widget;
    return ReasonOf(ApplyUpdateMask(mask, Widget(), &widget));
  };
  const auto many = [](int n) { return MaskOf(std::vector<std::string>(n, "name")); };
  EXPECT_EQ(reason(many(kFieldMaskMaxPaths - 1)), "");
  EXPECT_EQ(reason(many(kFieldMaskMaxPaths)), "");
  EXPECT_EQ(reason(many(kFieldMaskMaxPaths + 1)), "FIELD_MASK_TOO_MANY_PATHS");
  const auto deep = [](int n) {
    return MaskOf({absl::StrJoin(std::vector<std::string>(n, "inner"), ".")});
  };
  EXPECT_EQ(reason(deep(kFieldMaskMaxSegments - 1)), "");
  EXPECT_EQ(reason(deep(kFieldMaskMaxSegments)), "");
  EXPECT_EQ(reason(deep(kFieldMaskMaxSegments + 1)), "FIELD_MASK_UNKNOWN_PATH");
}

TEST(ApplyReadMask, LeavesWhatIsNamed) {
  const std::string all =
      "id: 'a' name: 'n' etag: 'e' place { city: 'c' country_code: 'FR' } "
      "parts { sku: 'a' state: 's' } parts { sku: 'b' } tags: 't' "
      "names { key: 'en' value: 'x' } names { key: 'de' value: 'y' }";
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, all},
      {{"*"}, all},
      {{"id", "etag"}, "id: 'a' etag: 'e'"},
      {{"place.city"}, "place { city: 'c' }"},
      {{"place.city", "place"}, "place { city: 'c' country_code: 'FR' }"},
      {{"parts.sku"}, "parts { sku: 'a' } parts { sku: 'b' }"},
      {{"parts.*.state"}, "parts { state: 's' } parts {}"},
      {{"parts.*"}, "parts { sku: 'a' state: 's' } parts { sku: 'b' }"},
      {{"names.de", "tags"}, "names { key: 'de' value: 'y' } tags: 't'"},
      {{"inner.name"}, ""},
  };
  for (const auto& [paths, expected] : cases) {
    Widget widget = Of(all);
    ASSERT_TRUE(ApplyReadMask(MaskOf(paths), &widget).ok());
    ExpectSame(widget, Of(expected), absl::StrJoin(paths, ","));
  }
  Widget widget = Of(all);
  const absl::Status status = ApplyReadMask(MaskOf({"parts.x"}), &widget);
  EXPECT_EQ(ReasonOf(status), "FIELD_MASK_UNKNOWN_PATH");
  EXPECT_EQ(FieldOf(status), "read_mask");
  ExpectSame(widget, Of(all), "unchanged");
}

TEST(ChangedPaths, GoesIntoMessagesButNotIntoValues) {
  struct Change {
    const char* before;
    const char* after;
    const char* paths;
  };
  const Change cases[] = {
      {"", "", ""},
      {"name: 'a'", "name: 'a'", ""},
      {"name: 'a' count: 1", "name: 'b' count: 2", "name,count"},
      {"rank: 0", "", "rank"},
      {"place { city: 'a' country_code: 'FR' }", "place { city: 'b' country_code: 'FR' }",
       "place.city"},
      {"place { city: 'a' }", "", "place"},
      {"place {}", "", "place"},
      {"total { units: 1 currency_code: 'EUR' }", "total { units: 2 currency_code: 'EUR' }",
       "total"},
      {"place { since { year: 2020 } }", "place { since { year: 2021 } }", "place.since"},
      {"parts { sku: 'a' }", "parts { sku: 'b' }", "parts"},
      {"tags: 'a' tags: 'b'", "tags: 'b' tags: 'a'", "tags"},
      {"codes: 1 colors: COLOR_RED", "codes: 2 colors: COLOR_BLUE", "codes,colors"},
      {"names { key: 'a' value: 'x' } names { key: 'b' value: 'y' }",
       "names { key: 'b' value: 'y' } names { key: 'a' value: 'x' }", ""},
      {"names { key: 'a' value: 'x' }", "names { key: 'a' value: 'y' }", "names"},
      {"places { key: 'a' value { city: 'x' } }", "places { key: 'a' value { city: 'y' } }",
       "places"},
      {"person: 'a'", "team: 'a'", "person,team"},
      {"weight: 0.5 photo: 'a' big: 1 active: true color: COLOR_RED",
       "weight: 1.5 photo: 'b' big: 2 active: false color: COLOR_BLUE",
       "active,color,weight,photo,big"},
      {"inner { inner { name: 'a' count: 1 } }", "inner { inner { name: 'b' count: 1 } }",
       "inner.inner.name"},
  };
  for (const Change& c : cases) {
    const FieldMask mask = ChangedPaths(Of(c.before), Of(c.after));
    EXPECT_EQ(absl::StrJoin(mask.paths(), ","), c.paths) << c.before << " -> " << c.after;
  }
}

TEST(PreviousValues, AreWhatTheChangedPathsHeld) {
  const Widget before =
      Of("name: 'a' count: 1 place { city: 'a' country_code: 'FR' } parts { sku: 'a' state: 's' }");
  const Widget after = Of("name: 'a' count: 2 place { city: 'b' country_code: 'FR' } person: 'p'");
  const auto previous = PreviousValues(before, ChangedPaths(before, after));
  ExpectSame(static_cast<const Widget&>(*previous),
             Of("count: 1 place { city: 'a' } parts { sku: 'a' state: 's' }"), "previous");
  ExpectSame(static_cast<const Widget&>(*PreviousValues(before, MaskOf({"no.such"}))), Widget(),
             "unknown");
  ExpectSame(static_cast<const Widget&>(*PreviousValues(before, FieldMask())), Widget(), "none");
}

TEST(ClearOutputOnly, ReachesEveryDepth) {
  Widget widget =
      Of("id: 'a' name: 'n' etag: 'e' create_time { seconds: 1 } place { city: 'c' geohash: 'g' } "
         "parts { sku: 'a' state: 's' } places { key: 'x' value { city: 'c' geohash: 'g' } } "
         "inner { etag: 'f' name: 'i' }");
  ClearOutputOnly(&widget);
  ExpectSame(widget,
             Of("id: 'a' name: 'n' place { city: 'c' } parts { sku: 'a' } "
                "places { key: 'x' value { city: 'c' } } inner { name: 'i' }"),
             "cleared");
}

}  // namespace
}  // namespace tandem::rpc
