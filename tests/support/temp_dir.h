// A directory of the test's own, removed with everything in it when the object goes.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace tandem::test {

class TempDir {
 public:
  // Under $TMPDIR, else /tmp; readable by other users, because PostgreSQL runs as one when the
  // test runs as root. Ends the process when no directory can be made.
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const;

 private:
  std::string path_;
};

}  // namespace tandem::test
