// A disk that is slow: preloaded into those who write to it. SLOW_DISK names a file of two 64-bit
// numbers, mapped by all: how many microseconds each sync takes longer, which may change at any
// time, and how many have taken longer.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t* control(void) {
  static int64_t* kept;
  static int64_t none[2];
  if (kept != NULL) return kept;
  const char* path = getenv("SLOW_DISK");
  void* mapped = MAP_FAILED;
  const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    mapped = mmap(NULL, 2 * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
  }
  kept = mapped == MAP_FAILED ? none : (int64_t*)mapped;
  return kept;
}

static int late(long call, int fd) {
  int64_t* told = control();
  const int64_t micros = __atomic_load_n(&told[0], __ATOMIC_RELAXED);
  if (micros > 0) {
    __atomic_add_fetch(&told[1], 1, __ATOMIC_RELAXED);
    struct timespec left = {micros / 1000000, micros % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }
  return (int)syscall(call, fd);
}

int fsync(int fd) { return late(SYS_fsync, fd); }
int fdatasync(int fd) { return late(SYS_fdatasync, fd); }
