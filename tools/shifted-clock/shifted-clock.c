/* Moves the wall clock of one process: a library for LD_PRELOAD. The file SHIFTED_CLOCK has the shift in seconds, as a 64-bit integer. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift;

__attribute__((constructor)) static void open_shift(void) {
  const char *path = getenv("SHIFTED_CLOCK");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *shared = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
  if (shared != MAP_FAILED) shift = shared;
  close(file);
}

static time_t seconds(void) { return shift == NULL ? 0 : (time_t)*shift; }

/* The calls of the kernel, because the functions of libc of these names are those below. */
int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += seconds();
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int result = (int)syscall(SYS_gettimeofday, now, zone);
  if (result == 0) now->tv_sec += seconds();
  return result;
}

time_t time(time_t *now) {
  struct timeval current;
  gettimeofday(&current, NULL);
  if (now != NULL) *now = current.tv_sec;
  return current.tv_sec;
}
