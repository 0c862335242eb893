// Bad input, made from the descriptors: for every method and every field of its request, at every
// depth, a good request with one thing wrong; and good requests whose bytes were harmed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "google/protobuf/descriptor.h"
#include "tests/battery/world.h"

namespace tandem::test {

struct Case {
  const google::protobuf::MethodDescriptor* method;
  std::string where;                   // "order.lines[0].quantity"; empty: the request's bytes
  std::string label;                   // "too long"
  std::function<std::string()> bytes;  // of the request; another request id each time
};
using TakeCase = std::function<void(const Case&)>;

// The same cases in the same order each time.
void FieldCases(World& world, const google::protobuf::MethodDescriptor& method,
                const TakeCase& take);
// So many, by the seed; the n-th is the same whatever the count is.
void RawCases(World& world, const google::protobuf::MethodDescriptor& method, int count,
              uint64_t seed, const TakeCase& take);

}  // namespace tandem::test
