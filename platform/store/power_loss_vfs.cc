#include "platform/store/power_loss_vfs.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "absl/strings/match.h"
#include "platform/base/check.h"

namespace tandem::store {
namespace {

constexpr int64_t kSector = 512;

void Write(int64_t offset, const char* data, size_t size, std::string* content) {
  const size_t end = static_cast<size_t>(offset) + size;
  if (content->size() < end) content->resize(end);
  std::memcpy(content->data() + offset, data, size);
}

PowerLossVfs* Of(sqlite3_vfs* vfs) { return static_cast<PowerLossVfs*>(vfs->pAppData); }

}  // namespace

// What SQLite sees of an open file; the real one stands behind it in the same memory.
struct PowerLossVfs::File {
  sqlite3_file base;
  PowerLossVfs* vfs;
  Disk* disk;  // null: not watched
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  static File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
};

struct PowerLossVfs::Methods {
  static int Close(sqlite3_file* f) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods == nullptr ? SQLITE_OK : real->pMethods->xClose(real);
  }
  static int Read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xRead(real, to, size, at);
  }
  static int Write(sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
    File* file = File::Of(f);
    const int code = file->real()->pMethods->xWrite(file->real(), data, size, at);
    if (code == SQLITE_OK && file->disk != nullptr) {
      absl::MutexLock lock(&file->vfs->mutex_);
      file->disk->since.push_back(
          {at, std::string(static_cast<const char*>(data), static_cast<size_t>(size))});
    }
    return Done(file, code);
  }
  static int Truncate(sqlite3_file* f, sqlite3_int64 size) {
    File* file = File::Of(f);
    const int code = file->real()->pMethods->xTruncate(file->real(), size);
    if (code == SQLITE_OK && file->disk != nullptr) {
      absl::MutexLock lock(&file->vfs->mutex_);
      file->disk->since.push_back({0, "", size});
    }
    return Done(file, code);
  }
  // Nothing goes to the real disk: what is synced is what is kept here.
  static int Sync(sqlite3_file* f, int) {
    File* file = File::Of(f);
    if (file->disk != nullptr && !file->vfs->lies_) {
      absl::MutexLock lock(&file->vfs->mutex_);
      Disk& disk = *file->disk;
      for (const Change& change : disk.since) {
        if (change.truncate_to >= 0) {
          disk.synced.resize(static_cast<size_t>(change.truncate_to));
        } else {
          store::Write(change.offset, change.data.data(), change.data.size(), &disk.synced);
        }
      }
      disk.since.clear();
      disk.there = true;
    }
    return Done(file, SQLITE_OK);
  }
  static int Done(File* file, int code) {
    if (file->disk != nullptr) file->vfs->Cut();
    return code;
  }
  static int FileSize(sqlite3_file* f, sqlite3_int64* size) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xFileSize(real, size);
  }
  static int Lock(sqlite3_file* f, int level) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xLock(real, level);
  }
  static int Unlock(sqlite3_file* f, int level) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xUnlock(real, level);
  }
  static int CheckReserved(sqlite3_file* f, int* out) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xCheckReservedLock(real, out);
  }
  static int Control(sqlite3_file* f, int op, void* argument) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xFileControl(real, op, argument);
  }
  static int SectorSize(sqlite3_file* f) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xSectorSize(real);
  }
  static int Characteristics(sqlite3_file* f) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xDeviceCharacteristics(real);
  }
  static int ShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xShmMap(real, page, size, extend, out);
  }
  static int ShmLock(sqlite3_file* f, int offset, int n, int flags) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xShmLock(real, offset, n, flags);
  }
  static void ShmBarrier(sqlite3_file* f) {
    sqlite3_file* real = File::Of(f)->real();
    real->pMethods->xShmBarrier(real);
  }
  static int ShmUnmap(sqlite3_file* f, int remove) {
    sqlite3_file* real = File::Of(f)->real();
    return real->pMethods->xShmUnmap(real, remove);
  }

  static int Open(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* out) {
    static const sqlite3_io_methods methods = {
        2,        Close,         Read,    Write,      Truncate,        Sync,   FileSize, Lock,
        Unlock,   CheckReserved, Control, SectorSize, Characteristics, ShmMap, ShmLock,  ShmBarrier,
        ShmUnmap, nullptr,       nullptr};
    PowerLossVfs* vfs = Of(v);
    File* file = File::Of(f);
    file->base.pMethods = nullptr;
    file->vfs = vfs;
    const bool existed = name != nullptr && std::filesystem::exists(name);
    const int code = vfs->real_->xOpen(vfs->real_, name, file->real(), flags, out);
    if (code != SQLITE_OK) return code;
    file->base.pMethods = &methods;
    file->disk = name == nullptr ? nullptr : vfs->Find(name);
    if (file->disk != nullptr) {
      absl::MutexLock lock(&vfs->mutex_);
      if (!existed) *file->disk = Disk();
    }
    return SQLITE_OK;
  }
  // With `sync` it is gone for certain; without it may come back as it was.
  static int Delete(sqlite3_vfs* v, const char* name, int sync) {
    PowerLossVfs* vfs = Of(v);
    const int code = vfs->real_->xDelete(vfs->real_, name, 0);
    Disk* disk = vfs->Find(name);
    if (code != SQLITE_OK || disk == nullptr) return code;
    {
      absl::MutexLock lock(&vfs->mutex_);
      disk->gone = true;
      if (sync != 0) *disk = Disk();
    }
    vfs->Cut();
    return code;
  }
};

PowerLossVfs::PowerLossVfs(std::string dir, std::function<void()> at_cut)
    : dir_(std::move(dir)),
      at_cut_(std::move(at_cut)),
      real_(sqlite3_vfs_find(nullptr)),
      vfs_(*real_) {
  for (const auto& entry : std::filesystem::directory_iterator(dir_)) {
    const std::string path = entry.path().string();
    if (absl::EndsWith(path, "-shm") || absl::EndsWith(path, ".lock")) continue;
    std::ifstream in(path, std::ios::binary);
    absl::MutexLock lock(&mutex_);
    Disk& disk = disks_[path];
    disk.there = true;
    disk.synced.assign(std::istreambuf_iterator<char>(in), {});
  }
  vfs_.zName = "power_loss";
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.xOpen = Methods::Open;
  vfs_.xDelete = Methods::Delete;
  TANDEM_CHECK(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK, "a file system is taken");
}

PowerLossVfs::~PowerLossVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

PowerLossVfs::Disk* PowerLossVfs::Find(const std::string& path) {
  if (!absl::StartsWith(path, dir_ + "/") || absl::EndsWith(path, "-shm")) return nullptr;
  absl::MutexLock lock(&mutex_);
  return &disks_[path];
}

void PowerLossVfs::Cut() {
  if (at_cut_) at_cut_();
}

void PowerLossVfs::Fail(const std::string& to, uint64_t seed) const {
  std::mt19937_64 random(seed);
  const auto chance = [&] { return random() % 2 == 0; };
  absl::MutexLock lock(&mutex_);
  for (const auto& [path, disk] : disks_) {
    const bool maybe = seed != 0;
    bool there = disk.there;
    if (!there && maybe && !disk.since.empty()) there = chance();  // its name was not synced
    if (disk.gone && maybe && chance()) there = false;
    if (!there) continue;
    std::string content = disk.synced;
    for (const Change& change : disk.since) {
      if (!maybe || chance()) continue;
      if (change.truncate_to >= 0) {
        content.resize(static_cast<size_t>(change.truncate_to));
        continue;
      }
      const bool torn = random() % 3 == 0;
      const auto size = static_cast<int64_t>(change.data.size());
      for (int64_t from = 0; from < size;) {  // sector by sector of the file
        const int64_t next = (change.offset + from) / kSector * kSector + kSector - change.offset;
        const int64_t end = std::min(size, next);
        if (!torn || chance()) {
          Write(change.offset + from, change.data.data() + from, static_cast<size_t>(end - from),
                &content);
        }
        from = end;
      }
    }
    std::ofstream(std::filesystem::path(to) / std::filesystem::path(path).filename(),
                  std::ios::binary)
        << content;
  }
}

}  // namespace tandem::store
