#include "platform/store/postgres_values.h"

#include <endian.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "platform/base/status_macros.h"

namespace tandem::store {
namespace {

// pg_type.dat's numbers, fixed for good.
enum : Oid {
  kBool = 16,
  kBytea = 17,
  kChar = 18,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kUnknown = 705,
  kBpchar = 1042,
  kVarchar = 1043,
  kNumeric = 1700,
  kVoid = 2278,
};

bool IsText(Oid type) {
  return type == kText || type == kVarchar || type == kBpchar || type == kName ||
         type == kUnknown || type == kChar;
}

template <typename Int>
std::string BigEndian(int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  std::string out(sizeof(Int), '\0');
  for (size_t i = 0; i < sizeof(Int); ++i) {
    out[sizeof(Int) - 1 - i] = static_cast<char>(bits >> (8 * i));
  }
  return out;
}

template <typename Int>
Int FromBigEndian(const char* data) {
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(Int); ++i) bits = bits << 8 | static_cast<unsigned char>(data[i]);
  return static_cast<Int>(bits);
}

template <typename Int>
bool Fits(int64_t number) {
  return number >= std::numeric_limits<Int>::min() && number <= std::numeric_limits<Int>::max();
}

// numeric_send: number of digits, weight of the first, sign, scale, then digits of base 10,000.
constexpr int64_t kBase = 10'000;
constexpr int16_t kNegative = 0x4000;

std::string Numeric(int64_t number) {
  auto rest = number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  std::string digits;
  int count = 0;
  for (; rest != 0; rest /= kBase, ++count) {
    digits.insert(0, BigEndian<int16_t>(static_cast<int64_t>(rest % kBase)));
  }
  return absl::StrCat(BigEndian<int16_t>(count), BigEndian<int16_t>(count == 0 ? 0 : count - 1),
                      BigEndian<int16_t>(number < 0 ? kNegative : 0), BigEndian<int16_t>(0),
                      digits);
}

// False where it is not a whole number of 64 bits.
bool FromNumeric(const char* data, int64_t* number) {
  const int count = FromBigEndian<int16_t>(data);
  const int weight = FromBigEndian<int16_t>(data + 2);
  const int sign = FromBigEndian<int16_t>(data + 4);
  if (sign != 0 && sign != kNegative) return false;  // NaN, infinities
  __int128 total = 0;
  if (weight > 5) return false;
  for (int i = 0; i < count; ++i) {
    const int digit = FromBigEndian<int16_t>(data + 8 + 2 * i);
    if (i <= weight) {
      total = total * kBase + digit;
    } else if (digit != 0) {
      return false;
    }
  }
  for (int i = count; i <= weight; ++i) total *= kBase;
  if (sign == kNegative) total = -total;
  *number = static_cast<int64_t>(total);
  return *number == total;
}

absl::Status WrongType(Oid type, int index) {
  return MakeError(Failure::kBug,
                   absl::StrCat("a value is not of the type asked for (type ", type, ")"), index);
}

}  // namespace

absl::Status PostgresParameters::EncodeNumber(int64_t number, Oid type, size_t i, int index) {
  bool fits = true;
  int length = 8;
  switch (type) {
    case kInt8:
      break;
    case kInt4:
      fits = Fits<int32_t>(number);
      length = 4;
      break;
    case kInt2:
      fits = Fits<int16_t>(number);
      length = 2;
      break;
    case kBool:
      number = number != 0 ? 1 : 0;
      length = 1;
      break;
    case kNumeric: {
      const std::string& text = numerics_.emplace_back(Numeric(number));
      pointers_[i] = text.data();
      lengths_[i] = static_cast<int>(text.size());
      return absl::OkStatus();
    }
    default:
      return WrongType(type, index);
  }
  if (!fits) return MakeError(Failure::kConstraint, "a number is out of its type's range", index);
  numbers_[i] = htobe64(static_cast<uint64_t>(number));
  // A narrower type's bytes are the last ones.
  pointers_[i] = reinterpret_cast<const char*>(&numbers_[i]) + (8 - length);
  lengths_[i] = length;
  return absl::OkStatus();
}

absl::Status PostgresParameters::Encode(absl::Span<const Value> values,
                                        const std::vector<Oid>& types, int index) {
  if (values.size() != types.size()) {
    return MakeError(
        Failure::kBug,
        absl::StrCat("a statement has ", types.size(), " parameters and got ", values.size()),
        index);
  }
  numerics_.clear();
  numbers_.resize(values.size());
  pointers_.assign(values.size(), nullptr);
  lengths_.assign(values.size(), 0);
  formats_.assign(values.size(), 1);
  for (size_t i = 0; i < values.size(); ++i) {
    if (const auto* number = std::get_if<int64_t>(&values[i])) {
      TANDEM_RETURN_IF_ERROR(EncodeNumber(*number, types[i], i, index));
      continue;
    }
    const std::string* data = nullptr;
    if (const auto* text = std::get_if<std::string>(&values[i])) {
      if (!IsText(types[i])) return WrongType(types[i], index);
      data = text;
    } else if (const auto* bytes = std::get_if<Bytes>(&values[i])) {
      if (types[i] != kBytea) return WrongType(types[i], index);
      data = &bytes->data;
    } else {
      continue;  // NULL
    }
    pointers_[i] = data->data();
    lengths_[i] = static_cast<int>(data->size());
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> PostgresValue(const PGresult* result, int row, int column, int index) {
  if (PQgetisnull(result, row, column)) return Value();
  const char* data = PQgetvalue(result, row, column);
  const auto size = static_cast<size_t>(PQgetlength(result, row, column));
  const Oid type = PQftype(result, column);
  switch (type) {
    case kInt8:
      return Value(FromBigEndian<int64_t>(data));
    case kInt4:
      return Value(int64_t{FromBigEndian<int32_t>(data)});
    case kInt2:
      return Value(int64_t{FromBigEndian<int16_t>(data)});
    case kOid:
      return Value(int64_t{FromBigEndian<uint32_t>(data)});
    case kBool:
      return Value(int64_t{*data != 0});
    case kBytea:
      return Value(Bytes{std::string(data, size)});
    case kVoid:
      return Value();
    case kNumeric: {
      int64_t number = 0;
      if (FromNumeric(data, &number)) return Value(number);
      return MakeError(Failure::kBug, "a result is not a whole number of 64 bits", index);
    }
    default:
      if (IsText(type)) return Value(std::string(data, size));
      return MakeError(Failure::kBug, absl::StrCat("a result has the unforeseen type ", type),
                       index);
  }
}

}  // namespace tandem::store
