// A started process of Tandem on SQLite, on a port of its own; ends with the object. The embedded
// one may have a small company in it: the sample company's customers and products, and its first
// orders.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace tandem::test {

struct ServedOptions {
  int orders = 0;                        // of the company; 0: nothing is imported
  std::string part = {};                 // "customer"; empty: all of them
  std::vector<std::string> before = {};  // words before the program: a shell that sets a limit, say
  std::vector<std::string> settings = {};  // more of them
};

class Served {
 public:
  // Ends the test process when it does not start.
  explicit Served(ServedOptions options);
  ~Served();

  const std::string& address() const { return address_; }
  Process& process() { return *process_; }
  // Starts it again on the same data, after it ended.
  void Restart();

 private:
  const ServedOptions options_;
  TempDir dir_;
  std::string address_;
  std::unique_ptr<Process> process_;
};

}  // namespace tandem::test
