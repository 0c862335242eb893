// Field groups of a resource, as data: which field of the message each is, and its text.
//
// A value's text is the same for every system of Tandem, whatever its message types are called: a
// string itself, an enumerator without its type's prefix, a message as JSON with names of fields as
// they are declared, decimals in their shortest form. Absent is what carries nothing: an empty
// string, false, an enumerator that means "not said", a message that is not there, a missing row.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "tandem/master_data/v1/sync.pb.h"

namespace tandem::connectors {

enum class Kind {
  kText,
  kPhone,  // compared and written normalised, where it is an international number
  kFlag,
  kEnum,
  kMessage,
  kReference,  // another record's id in this system
  kOwnId,      // the resource's own id; shown, never written
  kTextMap,    // each entry of a map of texts a group: "names/de"
  kRows,       // each row of a list a group, by its key: "addresses/main"
  kSpecial,    // by functions
};

struct Field {
  Field(std::string g, Kind k, std::string p = "")
      : group(std::move(g)), path(std::move(p)), kind(k) {
    if (path.empty()) path = group;
  }
  std::string group;  // of kTextMap and kRows: the part before the slash
  std::string path;   // the field's name in the message
  Kind kind;
  // kEnum: the number that is absent, beside 0, and is written for it.
  int absent_number = 0;
  // kMessage: one with nothing in it is absent, as a stop sign that is off.
  bool empty_is_absent = false;
  // Shown, never written: only the system's own commands change it.
  bool read_only = false;
  // kRows: the fields that are the row's key, and the rows that are in this list, by their number
  // in the enumeration `row_of`; both empty: all.
  std::vector<std::string> keys;
  std::string row_of;
  std::vector<int> row_kinds;
  // kSpecial: the text, empty for absent; and how it is written.
  std::function<std::string(const google::protobuf::Message&)> get;
  std::function<void(const std::string&, google::protobuf::Message*)> set;
  std::vector<std::string> set_paths;

  Field& AbsentNumber(int number) {
    absent_number = number;
    return *this;
  }
  Field& EmptyIsAbsent() {
    empty_is_absent = true;
    return *this;
  }
  Field& ReadOnly() {
    read_only = true;
    return *this;
  }
  Field& Keys(std::vector<std::string> k) {
    keys = std::move(k);
    return *this;
  }
  Field& Rows(std::string field, std::vector<int> kinds) {
    row_of = std::move(field);
    row_kinds = std::move(kinds);
    return *this;
  }
};

using FieldMap = std::vector<Field>;

// The groups that a resource shows. A reference has its id as form, and nothing as common form.
void ReadGroups(const FieldMap& map, const google::protobuf::Message& resource,
                master_data::v1::State* state);

// Puts the groups of a push into a resource and names the paths written. Lists are written whole:
// the rows shown, with those of the push in place of them, by key. INVALID_ARGUMENT where a value
// is none of its field.
absl::Status WriteGroups(const FieldMap& map, const master_data::v1::CallUnderWay& call,
                         google::protobuf::Message* resource, google::protobuf::FieldMask* mask);

// What every created resource says, also where nothing is agreed of it.
void WriteAbsentDefaults(const FieldMap& map, google::protobuf::Message* resource);

}  // namespace tandem::connectors
