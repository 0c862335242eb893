// What exists on a server, and requests that are as good as can be made of it: bad input is one
// thing wrong with a good request.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "tandem/options/v1/validation.pb.h"
#include "tests/battery/calls.h"

namespace tandem::test {

// Messages that are one value.
enum class Value { kNone, kMoney, kDecimal, kQuantity, kDate, kTimestamp, kMask };
Value ValueOf(const google::protobuf::FieldDescriptor& field);

const options::v1::Rules& RulesOf(const google::protobuf::FieldDescriptor& field);
bool IsRequired(const google::protobuf::FieldDescriptor& field);
bool IsOutputOnly(const google::protobuf::FieldDescriptor& field);

class World {
 public:
  World() = default;  // of nothing: its ids are well-formed
  // Asks all lists for ids.
  explicit World(Calls& calls);

  // A well-formed id of its kind that nothing has.
  std::string Fresh(const std::string& prefix);
  // A request that is accepted, as far as what exists allows.
  std::unique_ptr<google::protobuf::Message> Good(const google::protobuf::MethodDescriptor& method);
  // Sets a field to a good value, with one item where it is repeated, unless it is set.
  void Put(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
           int depth = 0);

 private:
  void Fill(google::protobuf::Message* message, int depth);
  void FillValue(google::protobuf::Message* message);
  std::string GoodText(const google::protobuf::FieldDescriptor& field);
  void PutScalar(google::protobuf::Message* message,
                 const google::protobuf::FieldDescriptor* field);

  std::map<std::string, std::string> ids_;  // by prefix
  uint64_t made_ = 0;
};

}  // namespace tandem::test
