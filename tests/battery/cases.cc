#include "tests/battery/cases.h"

#include <limits>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem::test {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr size_t kDepthMax = 5;
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();
// Stands where bytes that are no UTF-8 go; as long as they are.
constexpr absl::string_view kMark = "QZXJQZXJ";

using Labelled = std::pair<std::string, std::string>;

std::string Repeat(absl::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) absl::StrAppend(&out, text);
  return out;
}

// What any text may be.
const std::vector<Labelled>& AnyText() {
  using std::string;
  static const auto* texts = new std::vector<Labelled>{
      {"empty", ""},
      {"a space", " "},
      {"NUL", string("a\0b", 3)},
      {"control character",
       "a\x01"
       "b"},
      {"delete", "a\x7f"},
      {"CR LF and a header", "a\r\nx-evil: 1"},
      {"tab and newline", "a\tb\nc"},
      {"right to left",
       "\xe2\x80\xae"
       "abc"},
      {"zero width",
       "a\xe2\x80\x8b"
       "b"},
      {"composed", "\xc3\xa9"},
      {"decomposed", "e\xcc\x81"},
      {"beyond the first plane", "\xf0\x9f\x92\xa9"},
      {"no character", "\xef\xbf\xbf"},
      {"SQL", "'; DROP TABLE orders;--"},
      {"SQL condition", "1' OR '1'='1"},
      {"parameter", "$1"},
      {"format", "%s%n%x{0}"},
      {"path", "../../../../etc/passwd"},
      {"shell", "$(reboot);`id`|x"},
      {"spreadsheet formula", "=HYPERLINK(\"x\")"},
      {"script", "<script>alert(1)</script>"},
      {"quotes", "\"'\\"},
      {"wildcards", "*%_"},
      {"null", "null"},
      {"number", "-1"},
      {"JSON", "{\"a\":[1"},
      {"unknown", "zzz"},
  };
  return *texts;
}

const std::vector<std::string>& BadFilters() {
  static const auto* filters =
      new std::vector<std::string>{"(",
                                   ")(",
                                   "no_such_field = 1",
                                   "id = ",
                                   "id = 'x' AND",
                                   "id = \"" + Repeat("x", 2050) + "\"",
                                   Repeat("(", 1000) + "id" + Repeat(")", 1000),
                                   "NOT NOT NOT",
                                   "id : : x",
                                   "1 = 1",
                                   "id ~ 3",
                                   "create_time > \"yesterday\"",
                                   Repeat("(", 17) + "id = x" + Repeat(")", 17),
                                   Repeat("id = a OR ", 64) + "id = a",
                                   "f(id)",
                                   "id = \"\\x\"",
                                   "id=\"a\" id=\"b\")",
                                   "- id = x",
                                   "id:*",
                                   "etag = \"x\"",
                                   Repeat("-", 500),
                                   "id = " + Repeat("*a", 200)};
  return *filters;
}

const std::vector<std::string>& BadOrders() {
  static const auto* orders = new std::vector<std::string>{
      "no_such_field",   "id sideways", "id,,id",           "id desc desc",
      Repeat(", ", 100), "id, id",      Repeat("id,", 300), "etag",
      "id asc,",         "1",           "id;drop"};
  return *orders;
}

// One method's cases by its fields.
class Maker {
 public:
  Maker(World& world, const MethodDescriptor& method, const TakeCase& take)
      : world_(world), method_(method), take_(take) {}

  void Walk(const Descriptor* type, const std::string& path) {
    for (int i = 0; i < type->field_count(); ++i) Field(type->field(i), path);
  }

 private:
  using Steps = std::vector<const FieldDescriptor*>;
  using Change = std::function<void(Message* holder)>;

  // The message that holds the field, made on the way.
  static Message* Reach(World& world, Message* at, const Steps& steps) {
    for (const FieldDescriptor* step : steps) {
      world.Put(at, step);
      const auto* r = at->GetReflection();
      at = step->is_repeated() ? r->MutableRepeatedMessage(at, step, 0)
                               : r->MutableMessage(at, step);
    }
    return at;
  }

  void Emit(const std::string& where, std::string label, Change change, bool mark = false) {
    auto bytes = [&world = world_, &method = method_, steps = steps_, change = std::move(change),
                  mark] {
      std::unique_ptr<Message> request = world.Good(method);
      change(Reach(world, request.get(), steps));
      std::string out = request->SerializeAsString();
      if (!mark) return out;
      return absl::StrReplaceAll(out, {{kMark, "\xff\xfe\xc0\x80\xed\xa0\x80Z"}});
    };
    take_({&method_, where, std::move(label), std::move(bytes)});
  }

  void Field(const FieldDescriptor* field, const std::string& path) {
    if (IsOutputOnly(*field)) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated()) {
        Emit(path + field->name(), "output only",
             [field](Message* m) { m->GetReflection()->SetString(m, field, "mine"); });
      }
      return;
    }
    const std::string where = path + field->name();
    Emit(where, "missing", [field](Message* m) { m->GetReflection()->ClearField(m, field); });
    if (field->is_map()) return Map(field, where);
    if (field->is_repeated()) Items(field, where);
    const std::string one = field->is_repeated() ? where + "[0]" : where;
    if (ValueOf(*field) != Value::kNone) return Values(field, one);
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return Texts(field, one);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (steps_.size() >= kDepthMax) return;
        steps_.push_back(field);
        Walk(field->message_type(), one + ".");
        steps_.pop_back();
        return;
      default:
        return Numbers(field, one);
    }
  }

  void Map(const FieldDescriptor* field, const std::string& where) {
    const FieldDescriptor* key = field->message_type()->map_key();
    const FieldDescriptor* value = field->message_type()->map_value();
    if (key->type() != FieldDescriptor::TYPE_STRING ||
        value->type() != FieldDescriptor::TYPE_STRING) {
      return;
    }
    auto with = [=, this](std::string label, std::string k, std::string v, int times = 1) {
      Emit(where, std::move(label), [=](Message* m) {
        for (int i = 0; i < times; ++i) {
          Message* entry = m->GetReflection()->AddMessage(m, field);
          entry->GetReflection()->SetString(entry, key, i == 0 ? k : absl::StrCat(k, i));
          entry->GetReflection()->SetString(entry, value, v);
        }
      });
    };
    for (const auto& [label, text] : AnyText()) {
      with("key: " + label, text, "v");
      with("value: " + label, "k", text);
    }
    with("key too long", std::string(20'000, 'k'), "v");
    with("value too long", "k", std::string(20'000, 'v'));
    with("too many", "k", "v", 10'001);
  }

  void Items(const FieldDescriptor* field, const std::string& where) {
    World& world = world_;
    auto times = [field, &world](Message* m, int count) {
      world.Put(m, field);
      std::unique_ptr<Message> one(m->New());
      one->CopyFrom(*m);
      for (const FieldDescriptor* other : OtherFields(*m, field)) {
        one->GetReflection()->ClearField(one.get(), other);
      }
      const std::string bytes = one->SerializeAsString();
      std::string all;
      for (int i = 1; i < count; ++i) all += bytes;
      m->MergeFromString(all);
    };
    const int most =
        RulesOf(*field).max_items() != 0 ? static_cast<int>(RulesOf(*field).max_items()) : 10'000;
    Emit(where, "twice the same", [=](Message* m) { times(m, 2); });
    Emit(where, "too many items", [=](Message* m) { times(m, most + 1); });
  }

  static std::vector<const FieldDescriptor*> OtherFields(const Message& message,
                                                         const FieldDescriptor* field) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    std::erase(fields, field);
    return fields;
  }

  void Texts(const FieldDescriptor* field, const std::string& where) {
    auto set = [=, this](std::string label, std::string text, bool mark = false) {
      Emit(
          where, std::move(label),
          [=](Message* m) {
            const auto* r = m->GetReflection();
            if (!field->is_repeated()) return r->SetString(m, field, text);
            r->ClearField(m, field);
            r->AddString(m, field, text);
          },
          mark);
    };
    const size_t most = RulesOf(*field).max_bytes() != 0               ? RulesOf(*field).max_bytes()
                        : field->type() == FieldDescriptor::TYPE_BYTES ? 1 << 20
                                                                       : 255;
    set("longest", std::string(most, 'a'));
    set("too long", std::string(most + 1, 'a'));
    if (field->type() == FieldDescriptor::TYPE_BYTES) return;
    set("not UTF-8", std::string(kMark), true);
    for (const auto& [label, text] : AnyText()) set(label, text);
    set("64 KiB", std::string(64 << 10, 'a'));
    if (steps_.empty()) set("a megabyte", std::string(1 << 20, 'a'));
    const std::string prefix = RulesOf(*field).prefix();
    if (!prefix.empty() || absl::EndsWith(field->name(), "_id") || field->name() == "id") {
      const std::string known = prefix.empty() ? "cus_" : prefix;
      set("unknown id", world_.Fresh(known));
      set("another's prefix", world_.Fresh("zzz_"));
      set("upper case", known + "01JD8ZK3V0QWEYRT56789M0000");
      set("too large an id", known + "8zzzzzzzzzzzzzzzzzzzzzzzzz");
      set("a short id", known + "01jd8zk3v0qweyrt56789m000");
      set("an id and more", world_.Fresh(known) + "0");
    }
    if (field->name() == "etag") {
      for (const char* etag : {"\"0\"", "W/\"1\"", "\"-1\"", "1", "\"", "*",
                               "\"99999999999999999999\"", "\"1\", \"2\""}) {
        set(absl::StrCat("etag ", etag), etag);
      }
    }
    if (field->name() == "filter") {
      for (const std::string& filter : BadFilters()) set("filter " + filter.substr(0, 20), filter);
    }
    if (field->name() == "order_by") {
      for (const std::string& order : BadOrders()) set("order " + order.substr(0, 20), order);
    }
    if (field->name() == "page_token") {
      for (const char* token : {"zzz", "AAAA", "/////", "=", "a b"}) {
        set(absl::StrCat("token ", token), token);
      }
      for (const size_t length : {64, 4096, 6145, 8192}) {
        set(absl::StrCat("token of ", length), std::string(length, 'A'));
      }
    }
    if (absl::StrContains(field->name(), "currency")) {
      for (const char* code : {"ZZZ", "usd", "US", "USDX", "XXX"}) set(code, code);
    }
    if (absl::StrContains(field->name(), "unit") || absl::StrContains(field->name(), "country")) {
      for (const char* code : {"NOPE", "c62", "XX", "ZZ", "de"}) set(code, code);
    }
  }

  void Numbers(const FieldDescriptor* field, const std::string& where) {
    std::vector<int64_t> numbers = {0,
                                    1,
                                    -1,
                                    1'000'001,
                                    std::numeric_limits<int32_t>::max(),
                                    std::numeric_limits<int32_t>::min()};
    const bool wide = field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
                      field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
    if (wide) numbers.insert(numbers.end(), {kLeast, kGreatest, int64_t{1} << 53});
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) numbers.push_back(9'999);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) numbers = {0, 1};
    for (const int64_t number : numbers) {
      Emit(where, absl::StrCat(number), [=](Message* m) {
        const auto* r = m->GetReflection();
        const bool many = field->is_repeated();
        switch (field->cpp_type()) {
          case FieldDescriptor::CPPTYPE_INT32:
            return many ? r->AddInt32(m, field, static_cast<int32_t>(number))
                        : r->SetInt32(m, field, static_cast<int32_t>(number));
          case FieldDescriptor::CPPTYPE_INT64:
            return many ? r->AddInt64(m, field, number) : r->SetInt64(m, field, number);
          case FieldDescriptor::CPPTYPE_UINT32:
            return many ? r->AddUInt32(m, field, static_cast<uint32_t>(number))
                        : r->SetUInt32(m, field, static_cast<uint32_t>(number));
          case FieldDescriptor::CPPTYPE_UINT64:
            return many ? r->AddUInt64(m, field, static_cast<uint64_t>(number))
                        : r->SetUInt64(m, field, static_cast<uint64_t>(number));
          case FieldDescriptor::CPPTYPE_BOOL:
            return many ? r->AddBool(m, field, number != 0) : r->SetBool(m, field, number != 0);
          case FieldDescriptor::CPPTYPE_ENUM:
            return many ? r->AddEnumValue(m, field, static_cast<int>(number))
                        : r->SetEnumValue(m, field, static_cast<int>(number));
          default:
            return;
        }
      });
    }
  }

  // Changes of the message that is the field's value.
  template <class T>
  void OnValue(const FieldDescriptor* field, const std::string& where, std::string label,
               std::function<void(T*)> change) {
    World& world = world_;
    Emit(where, std::move(label), [field, &world, change = std::move(change)](Message* m) {
      world.Put(m, field);
      const auto* r = m->GetReflection();
      change(static_cast<T*>(field->is_repeated() ? r->MutableRepeatedMessage(m, field, 0)
                                                  : r->MutableMessage(m, field)));
    });
  }

  void Values(const FieldDescriptor* field, const std::string& where) {
    switch (ValueOf(*field)) {
      case Value::kMoney:
        return Money(field, where);
      case Value::kDecimal:
        for (const std::string& text : DecimalTexts()) {
          OnValue<google::type::Decimal>(
              field, where, absl::StrCat("decimal ", text.substr(0, 12)),
              [text](google::type::Decimal* decimal) { decimal->set_value(text); });
        }
        return;
      case Value::kQuantity:
        return Quantity(field, where);
      case Value::kDate:
        return Date(field, where);
      case Value::kTimestamp:
        return Time(field, where);
      case Value::kMask:
        return Mask(field, where);
      case Value::kNone:
        return;
    }
  }

  void Money(const FieldDescriptor* field, const std::string& where) {
    struct Sum {
      const char* currency;
      int64_t units;
      int32_t nanos;
    };
    constexpr int64_t kMax = 1'000'000'000'000;
    for (const Sum& sum : std::vector<Sum>{{"", 1, 0},
                                           {"ZZZ", 1, 0},
                                           {"usd", 1, 0},
                                           {"JPY", 1, 0},
                                           {"JPY", 1, 500'000'000},
                                           {"EUR", 1, 0},
                                           {"USD", 0, 0},
                                           {"USD", -5, 0},
                                           {"USD", 1, 1},
                                           {"USD", 1, 5'000'000},
                                           {"USD", 1, 1'000'000'000},
                                           {"USD", 1, -500'000'000},
                                           {"USD", -1, 500'000'000},
                                           {"USD", kMax, 0},
                                           {"USD", kMax, 1'000},
                                           {"USD", kMax + 1, 0},
                                           {"USD", -kMax - 1, 0},
                                           {"USD", kGreatest, 999'999'000},
                                           {"USD", kLeast, -999'999'000}}) {
      OnValue<google::type::Money>(
          field, where, absl::StrCat("money ", sum.currency, " ", sum.units, " ", sum.nanos),
          [sum](google::type::Money* money) {
            money->set_currency_code(sum.currency);
            money->set_units(sum.units);
            money->set_nanos(sum.nanos);
          });
    }
  }

  static const std::vector<std::string>& DecimalTexts() {
    static const auto* texts = new std::vector<std::string>{"",
                                                            "abc",
                                                            "1,5",
                                                            "0x10",
                                                            "NaN",
                                                            "Infinity",
                                                            "1.1234567",
                                                            "1.1234560",
                                                            "0.0000001",
                                                            Repeat("9", 40),
                                                            "--1",
                                                            "+1",
                                                            "1e99",
                                                            "1E2",
                                                            Repeat("1", 5'000),
                                                            "1000000000000",
                                                            "1000000000000.000001",
                                                            "-1000000000000",
                                                            "-1000000000001",
                                                            "9223372036854.775807",
                                                            "9223372036854.775808",
                                                            "-1",
                                                            "0",
                                                            "-0",
                                                            "0.000001",
                                                            " 1",
                                                            "1 ",
                                                            ".",
                                                            "1.",
                                                            ".5",
                                                            "1.5",
                                                            "\xd9\xa1",
                                                            "1\xe2\x80\x8b",
                                                            "1_000"};
    return *texts;
  }

  void Quantity(const FieldDescriptor* field, const std::string& where) {
    for (const std::string& text : DecimalTexts()) {
      OnValue<type::v1::Quantity>(
          field, where, absl::StrCat("quantity ", text.substr(0, 12)),
          [text](type::v1::Quantity* quantity) { quantity->mutable_value()->set_value(text); });
    }
    for (const std::string& unit :
         {std::string(), std::string("NOPE"), std::string("c62"), std::string(300, 'N'),
          std::string("KGM"), std::string("C62 "), std::string("\xc3\xa9")}) {
      OnValue<type::v1::Quantity>(
          field, where, absl::StrCat("unit ", unit.substr(0, 10)),
          [unit](type::v1::Quantity* quantity) { quantity->set_unit(unit); });
    }
    OnValue<type::v1::Quantity>(field, where, "no value",
                                [](type::v1::Quantity* quantity) { quantity->clear_value(); });
  }

  void Date(const FieldDescriptor* field, const std::string& where) {
    for (const auto& [year, month, day] :
         std::vector<std::tuple<int, int, int>>{{0, 0, 0},
                                                {2025, 2, 29},
                                                {2025, 13, 1},
                                                {2025, 0, 1},
                                                {2025, 1, 0},
                                                {2025, 4, 31},
                                                {10'000, 1, 1},
                                                {9999, 12, 31},
                                                {1, 1, 1},
                                                {0, 1, 1},
                                                {-1, -1, -1},
                                                {1 << 30, 1 << 30, 1 << 30},
                                                {2024, 2, 29}}) {
      OnValue<google::type::Date>(field, where, absl::StrCat("date ", year, "-", month, "-", day),
                                  [y = year, mo = month, d = day](google::type::Date* date) {
                                    date->set_year(y);
                                    date->set_month(mo);
                                    date->set_day(d);
                                  });
    }
  }

  void Time(const FieldDescriptor* field, const std::string& where) {
    constexpr int64_t kEnd = 253'402'300'800;    // the year 10000
    constexpr int64_t kBegin = -62'135'596'800;  // the year 1
    for (const auto& [seconds, nanos] :
         std::vector<std::pair<int64_t, int32_t>>{{kGreatest, 0},
                                                  {kLeast, 0},
                                                  {kEnd, 0},
                                                  {kEnd - 1, 999'999'999},
                                                  {kBegin, 0},
                                                  {kBegin - 1, 0},
                                                  {0, -1},
                                                  {0, 2'000'000'000},
                                                  {0, 1'000'000'000},
                                                  {0, 0}}) {
      OnValue<google::protobuf::Timestamp>(
          field, where, absl::StrCat("time ", seconds, " ", nanos),
          [s = seconds, n = nanos](google::protobuf::Timestamp* time) {
            time->set_seconds(s);
            time->set_nanos(n);
          });
    }
  }

  void Mask(const FieldDescriptor* field, const std::string& where) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> masks = {
        {"nothing", {}},
        {"unknown path", {"no_such_field"}},
        {"too deep", {Repeat("a.", 100) + "a"}},
        {"empty path", {""}},
        {"dots", {"..", ".a", "a."}},
        {"the id", {"id"}},
        {"output only", {"create_time", "etag", "update_time"}},
        {"all and one", {"*", "etag"}},
        {"all twice", {"*", "*"}},
        {"index", {"lines[0]", "lines.0"}},
        {"inside a value", {"price.units", "limit.currency_code"}},
        {"upper case", {"DISPLAY_NAME", "displayName"}},
        {"control characters", {"a\x01", "a\nb"}},
        {"long", {std::string(5'000, 'a')}},
    };
    auto with = [=, this](const std::string& label, const std::vector<std::string>& paths) {
      OnValue<google::protobuf::FieldMask>(field, where, "mask: " + label,
                                           [paths](google::protobuf::FieldMask* mask) {
                                             mask->clear_paths();
                                             for (const auto& path : paths) mask->add_paths(path);
                                           });
    };
    for (const auto& [label, paths] : masks) with(label, paths);
    with("2,000 paths", std::vector<std::string>(2'000, "display_name"));
    with("10,001 paths", std::vector<std::string>(10'001, "x"));
  }

  World& world_;
  const MethodDescriptor& method_;
  const TakeCase& take_;
  Steps steps_;
};

// --- bytes --------------------------------------------------------------------------------------

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {  // SplitMix64
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  size_t Below(size_t n) { return n == 0 ? 0 : Next() % n; }

 private:
  uint64_t state_;
};

void PutVarint(uint64_t value, std::string* out) {
  for (; value > 0x7f; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

std::string Harm(std::string bytes, const Descriptor& type, Random& random, std::string* label) {
  const auto number = [&]() -> uint64_t {
    return random.Below(2) == 0 || type.field_count() == 0
               ? 1 + random.Below(40)
               : static_cast<uint64_t>(type.field(static_cast<int>(random.Below(
                                                      static_cast<size_t>(type.field_count()))))
                                           ->number());
  };
  const auto chance = [&] { return static_cast<char>(random.Next()); };
  switch (random.Below(14)) {
    case 0:
      *label = "cut";
      return bytes.substr(0, random.Below(bytes.size() + 1));
    case 1:
      *label = "bits flipped";
      for (size_t n = 1 + random.Below(4); n > 0 && !bytes.empty(); --n) {
        bytes[random.Below(bytes.size())] ^= static_cast<char>(1u << random.Below(8));
      }
      return bytes;
    case 2:
      *label = "bytes put in";
      for (size_t n = 1 + random.Below(8); n > 0; --n) {
        bytes.insert(bytes.begin() + static_cast<long>(random.Below(bytes.size() + 1)), chance());
      }
      return bytes;
    case 3:
      *label = "bytes taken out";
      bytes.erase(random.Below(bytes.size() + 1), 1 + random.Below(8));
      return bytes;
    case 4:
      *label = "twice";
      return bytes + bytes;
    case 5: {
      *label = "unknown fields";
      PutVarint((20'000 + random.Below(1'000)) << 3, &bytes);
      PutVarint(random.Next(), &bytes);
      PutVarint((19'000u << 3) | 2, &bytes);
      const size_t length = random.Below(64);
      PutVarint(length, &bytes);
      for (size_t i = 0; i < length; ++i) bytes.push_back(chance());
      return bytes;
    }
    case 6: {
      *label = "wrong wire type";
      const uint64_t wire = random.Below(6);
      PutVarint(number() << 3 | wire, &bytes);
      if (wire == 2) PutVarint(4, &bytes);
      for (int i = 0; i < (wire == 1 ? 8 : 4); ++i) bytes.push_back(static_cast<char>(i));
      return bytes;
    }
    case 7: {
      *label = "nested deep";
      const size_t depth = random.Below(2) == 0 ? 101 : 20 + random.Below(60);
      const uint64_t field = number();
      std::string nested;
      for (size_t i = 0; i < depth; ++i) {
        std::string outer;
        PutVarint(field << 3 | 2, &outer);
        PutVarint(nested.size(), &outer);
        nested = outer + nested;
      }
      return bytes + nested;
    }
    case 8: {
      *label = "groups";
      const size_t depth = 1 + random.Below(200);
      for (size_t i = 0; i < depth; ++i) PutVarint(50u << 3 | 3, &bytes);
      for (size_t i = 0; i < depth - random.Below(2); ++i) PutVarint(50u << 3 | 4, &bytes);
      return bytes;
    }
    case 9:
      *label = "a length of 2 GiB";
      PutVarint(number() << 3 | 2, &bytes);
      PutVarint((uint64_t{1} << 31) - random.Below(3), &bytes);
      return bytes;
    case 10:
      *label = "a number of 11 bytes";
      PutVarint(number() << 3, &bytes);
      return bytes + std::string(11, '\xff') + '\x01';
    case 11: {
      *label = "any bytes";
      bytes.clear();
      for (size_t n = random.Below(200); n > 0; --n) bytes.push_back(chance());
      return bytes;
    }
    case 12: {
      *label = "a text that is none";
      PutVarint(number() << 3 | 2, &bytes);
      PutVarint(3, &bytes);
      return bytes + "\xed\xa0\x80";
    }
    default:
      *label = "a field's own bytes again, changed";
      if (bytes.size() > 4) {
        const size_t from = random.Below(bytes.size() / 2);
        std::string part = bytes.substr(from);
        part[random.Below(part.size())] = chance();
        bytes += part;
      }
      return bytes;
  }
}

}  // namespace

void FieldCases(World& world, const MethodDescriptor& method, const TakeCase& take) {
  Maker(world, method, take).Walk(method.input_type(), "");
}

void RawCases(World& world, const MethodDescriptor& method, int count, uint64_t seed,
              const TakeCase& take) {
  for (int i = 0; i < count; ++i) {
    const uint64_t own = seed * 1'000'003 + static_cast<uint64_t>(i) * 7'919 +
                         std::hash<std::string>()(method.full_name());
    std::string label;
    {
      Random random(own);
      Harm("", *method.input_type(), random, &label);
    }
    take({&method, "", label, [&world, &method, own] {
            Random random(own);
            std::string ignored;
            return Harm(world.Good(method)->SerializeAsString(), *method.input_type(), random,
                        &ignored);
          }});
  }
}

}  // namespace tandem::test
