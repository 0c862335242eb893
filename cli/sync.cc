#include "cli/sync.h"

#include <grpcpp/channel.h>

#include <iostream>

#include "cli/methods.h"
#include "cli/output.h"
#include "google/protobuf/message.h"

namespace tandem::cli {
namespace {

struct Verb {
  const char* word;
  const char* method;
};
constexpr Verb kVerbs[] = {
    {"status", "get-sync-status"},
    {"refused", "list-refused-proposals"},
    {"conflicts", "list-conflicts"},
    {"reconcile", "reconcile"},
};

}  // namespace

int SyncCommand(const Arguments& arguments) {
  const std::string word = arguments.words.size() > 1 ? arguments.words[1] : "status";
  for (const Verb& verb : kVerbs) {
    if (word != verb.word) continue;
    int worst = 0;
    for (const char* part : {"customer_sync", "product_sync"}) {
      Arguments one = arguments;
      one.words = {part, verb.method};
      const auto* method = FindMethod(part, verb.method);
      if (method == nullptr) return 2;
      if (arguments.output == Output::kTable) std::cout << part << "\n";
      const int code = CallMethod(*method, one);
      if (worst == 0) worst = code;
    }
    return worst;
  }
  std::cerr << "usage: tandem sync status | refused | conflicts | reconcile\n";
  return 2;
}

}  // namespace tandem::cli
