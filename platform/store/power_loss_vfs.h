// A file system for SQLite in tests on which the power may fail: it knows, file by file, what was
// synced and what was only written, and makes what the disk may hold after the failure: without
// what was not synced, or with any part of it, torn at 512 bytes. One at a time; while it lives,
// every SQLite of the process runs on it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace tandem::store {

class PowerLossVfs {
 public:
  // Files under `dir` are watched, as they are now; those there are taken for synced. `at_cut` is
  // called after each write, truncation, sync and removal, in the thread that made it.
  PowerLossVfs(std::string dir, std::function<void()> at_cut);
  ~PowerLossVfs();
  PowerLossVfs(const PowerLossVfs&) = delete;
  PowerLossVfs& operator=(const PowerLossVfs&) = delete;

  // Syncs keep nothing and say that they did, as some disks do.
  void Lie() { lies_ = true; }

  // Writes the files that there may be after a failure now into `to`, an empty folder. Without a
  // seed: nothing that was not synced; with one: some of it.
  void Fail(const std::string& to, uint64_t seed) const;

 private:
  struct Change {
    int64_t offset = 0;
    std::string data;
    int64_t truncate_to = -1;  // when it is no write
  };
  struct Disk {
    bool there = false;  // for certain
    bool gone = false;   // removed, for certain or not
    std::string synced;
    std::vector<Change> since;
  };
  struct File;
  struct Methods;

  Disk* Find(const std::string& path);
  void Cut();

  const std::string dir_;
  const std::function<void()> at_cut_;
  bool lies_ = false;
  sqlite3_vfs* const real_;
  sqlite3_vfs vfs_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Disk> disks_ ABSL_GUARDED_BY(mutex_);  // by path
};

}  // namespace tandem::store
