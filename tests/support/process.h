// A child process of a test: started, watched through what it prints, signalled and killed by pid,
// always reaped, and never outliving the test, however the test ends.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/support/wait.h"

namespace tandem::test {

struct Command {
  std::vector<std::string> args;                // args[0] is found on PATH unless it has a slash
  std::map<std::string, std::string> env = {};  // added to the test's own environment
  std::string working_dir = {};                 // the test's own where empty
  std::string log = {};  // standard output and error, appended; kept apart where empty
};

// How a process ended: its exit code, or the signal that ended it.
struct Exit {
  int code = -1;
  int signal = 0;
  bool ok() const { return code == 0; }
};

class Process {
 public:
  static absl::StatusOr<std::unique_ptr<Process>> Start(Command command);
  ~Process();  // kills it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();

  // What it printed so far.
  std::string Output() const;

  // The first whole line printed since the start that contains `part`. An error, with what it
  // printed, when it ends first or the time is up.
  absl::StatusOr<std::string> WaitForLine(absl::string_view part,
                                          absl::Duration within = kPatience);

  // The address in its line `ready <name> <address>`.
  absl::StatusOr<std::string> WaitUntilReady(absl::string_view name,
                                             absl::Duration within = kPatience);

  void Signal(int signal);

  // Waits for the end; nothing when it still runs at the deadline.
  std::optional<Exit> Wait(absl::Duration within = kPatience);

  // SIGTERM, and SIGKILL where that does not end it in time.
  Exit Stop(absl::Duration within = kPatience);

  // SIGKILL, as a crash.
  void Kill();

 private:
  Process(pid_t pid, int log, off_t log_start);

  const pid_t pid_;
  const int log_;
  const off_t log_start_;  // where this process's output begins in an appended log
  std::optional<Exit> exit_;
};

// Runs a command to its end and answers how it ended and what it printed.
struct Finished {
  Exit exit;
  std::string output;
};
absl::StatusOr<Finished> RunToEnd(Command command, absl::Duration within = kPatience);

}  // namespace tandem::test
