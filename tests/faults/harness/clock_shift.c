// A wall clock that is wrong for one process: preloaded, told by CLOCK_SHIFT="offset_s rate
// base_s". shown = base + (real - base) * rate + offset. The monotonic clock stays right, as it
// does when somebody sets a machine's clock; what waits for a wall-clock time waits for the shown
// one. (libfaketime looks its functions up on first use, and that allocates: with jemalloc, which
// asks for the time on first use, the two go round in circles before main.)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double rate_ = 1;
static __int128 offset_ns, base_ns;
static int ready;

static void prepare(void) {
  if (ready) return;
  extern char** environ;
  for (char** e = environ; e != NULL && *e != NULL; ++e) {
    const char* name = "CLOCK_SHIFT=";
    const char* at = *e;
    while (*name != 0 && *name == *at) ++name, ++at;
    if (*name != 0) continue;
    char* rest;
    offset_ns = (__int128)strtoll(at, &rest, 10) * 1000000000;
    rate_ = strtod(rest, &rest);
    base_ns = (__int128)strtoll(rest, &rest, 10) * 1000000000;
  }
  ready = environ != NULL;
}

static __int128 nanos(const struct timespec* t) {
  return (__int128)t->tv_sec * 1000000000 + t->tv_nsec;
}

static struct timespec spec(__int128 ns) {
  struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
  return t;
}

static void show(struct timespec* t) {
  prepare();
  const __int128 real = nanos(t);
  *t = spec(base_ns + (__int128)((double)(real - base_ns) * rate_) + offset_ns);
}

static struct timespec unshown(const struct timespec* t) {
  prepare();
  if (t->tv_sec > (time_t)1 << 40) return *t;  // for ever
  const __int128 real = base_ns + (__int128)((double)(nanos(t) - offset_ns - base_ns) / rate_);
  return spec(real < 0 ? 0 : real);
}

static long raw(long number, long a, long b, long c, long d, long e, long f) {
  static long (*next)(long, ...);
  if (next == NULL) next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  return next(number, a, b, c, d, e, f);
}

// Not through `raw`: this is called before anything can be looked up.
static int real_time(clockid_t id, struct timespec* t) {
  long result;
#if defined(__x86_64__)
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_clock_gettime), "D"((long)id), "S"(t)
                   : "rcx", "r11", "memory");
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = SYS_clock_gettime;
  register long x0 __asm__("x0") = id;
  register long x1 __asm__("x1") = (long)t;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
  result = x0;
#endif
  return result == 0 ? 0 : -1;
}

int clock_gettime(clockid_t id, struct timespec* t) {
  const int result = real_time(id, t);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) show(t);
  return result;
}

int gettimeofday(struct timeval* restrict t, void* restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

typedef int (*ClockWait)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);

int pthread_cond_clockwait(pthread_cond_t* cond, pthread_mutex_t* mutex, clockid_t id,
                           const struct timespec* until) {
  static ClockWait next;
  if (next == NULL) next = (ClockWait)dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  if (id != CLOCK_REALTIME) return next(cond, mutex, id, until);
  const struct timespec real = unshown(until);
  return next(cond, mutex, id, &real);
}

int pthread_cond_timedwait(pthread_cond_t* restrict cond, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict until) {
  const int monotonic = cond->__data.__wrefs & 2;  // as glibc keeps the attribute
  return pthread_cond_clockwait(cond, mutex, monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, until);
}

long syscall(long number, ...) {
  va_list args;
  va_start(args, number);
  long a = va_arg(args, long), b = va_arg(args, long), c = va_arg(args, long),
       d = va_arg(args, long), e = va_arg(args, long), f = va_arg(args, long);
  va_end(args);
  struct timespec real;
  if (number == SYS_futex && d != 0 && (b & FUTEX_CLOCK_REALTIME) != 0 &&
      (b & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET) {
    real = unshown((const struct timespec*)d);
    d = (long)&real;
  }
  return raw(number, a, b, c, d, e, f);
}
