// What a test build can make go wrong, by name, from its environment; nothing at all in any other
// build. A name stands where it acts; tests/faults/CMakeLists.txt lists the files that have some:
// they are compiled once more for it, with TANDEM_TEST_BUILD.
//
//   TANDEM_TEST_FAILPOINTS=relay.after_ack:abort@3,writer.batch_taken:sleep=200@p0.01
//     abort      ends the process as kill -9 would
//     sleep=MS   waits
//     error      fails the step with UNAVAILABLE, where it can fail (TANDEM_FAILPOINT_RETURN)
//     refuse     fails it with FAILED_PRECONDITION
//     @N         at the N-th time it is passed (default 1); @pX  each time with probability X
//   TANDEM_TEST_PLANT=oversell   a planted bug is on
//
// Each failpoint that acts says so on standard error, `failpoint NAME ACTION`.
#pragma once

#ifdef TANDEM_TEST_BUILD

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tandem {

absl::Status PassFailpoint(absl::string_view name);
bool IsPlanted(absl::string_view bug);

}  // namespace tandem

#define TANDEM_FAILPOINT(name) ((void)::tandem::PassFailpoint(name))
#define TANDEM_FAILPOINT_STATUS(name) (::tandem::PassFailpoint(name))
#define TANDEM_FAILPOINT_RETURN(name)                                                  \
  do {                                                                                 \
    if (::absl::Status failed_here = ::tandem::PassFailpoint(name); !failed_here.ok()) \
      return failed_here;                                                              \
  } while (false)
#define TANDEM_PLANTED(bug) (::tandem::IsPlanted(bug))

#else

#define TANDEM_FAILPOINT(name) ((void)0)
#define TANDEM_FAILPOINT_STATUS(name) (::absl::OkStatus())
#define TANDEM_FAILPOINT_RETURN(name) ((void)0)
#define TANDEM_PLANTED(bug) false

#endif
