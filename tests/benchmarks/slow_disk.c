/* Preloaded: every fsync and fdatasync takes $DISK_MS milliseconds longer.
   All processes share one disk, whose state is in the file $DISK.  It flushes once at a time, and one flush serves all who
   came before it began, as Linux does it for a disk that has to be told to (block/blk-flush.c). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int flush(int file, int (*real)(int)) {
  static _Atomic long *begun;
  const char *path = getenv("DISK"), *takes = getenv("DISK_MS");
  if (!path || !takes) abort();
  /* Opened anew each time: threads that share a descriptor would share its lock */
  int turn = open(path, O_RDWR | O_CLOEXEC);
  if (turn < 0) abort();
  if (!begun) begun = mmap(0, sizeof *begun, PROT_READ | PROT_WRITE, MAP_SHARED, turn, 0);
  if (begun == MAP_FAILED) abort();
  int done = real(file);
  long before = atomic_load(begun);
  if (flock(turn, LOCK_EX)) abort();
  if (atomic_load(begun) == before) {
    long wait = atof(takes) * 1e6;
    struct timespec rest = {wait / 1000000000, wait % 1000000000};
    atomic_fetch_add(begun, 1);
    while (nanosleep(&rest, &rest)) continue;
  }
  /* The mapping may still hold what is closed */
  flock(turn, LOCK_UN);
  close(turn);
  return done;
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  return flush(file, real);
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  return flush(file, real);
}
