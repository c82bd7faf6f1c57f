/* A short program with a call of every class, for faults at each of its rendezvous. All that it does
 * depends on one word of memory, so that one wrong bit shows in every later call.
 * Linked at fixed addresses: a fault finds the word by name. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

volatile uint64_t probe_state = 88172645463325252ull;

static uint64_t next(uint64_t with) {
  probe_state = (probe_state ^ with) * 1099511628211ull;
  return probe_state;
}

static void put(int fd, const char *what) {
  char line[64];
  int length = snprintf(line, sizeof line, "%s %016llx\n", what, (unsigned long long)probe_state);
  next(write(fd, line, length));
}

int main(void) {
  char bytes[64];
  struct timespec now;
  struct stat about;
  /* Agreed inputs; the clock itself must not get into what is compared between runs. */
  next(getrandom(bytes, 8, 0) + (uint64_t)bytes[0]);
  next(getpid());
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct timespec then = now;

  /* File service. */
  int fd = open("records", O_RDWR | O_CREAT | O_TRUNC, 0644);
  put(fd, "first");
  put(fd, "second");
  next(lseek(fd, probe_state % 10, SEEK_SET));
  next(read(fd, bytes, 8) + (uint64_t)bytes[0]);
  next(pread(fd, bytes, 16, probe_state % 20) + (uint64_t)bytes[1]);
  fsync(fd);
  fstat(fd, &about);
  next(about.st_size);
  close(fd);
  mkdir("made", 0755);
  rename("records", "made/kept");
  stat("made/kept", &about);
  next(about.st_size);

  /* Standard streams. */
  put(1, "out");
  next(read(0, bytes, 5) + (uint64_t)bytes[2]);
  put(2, "err");

  /* Local calls, compared. */
  next(getppid() != 0);
  next(umask(022));
  next(access("made", R_OK));

  fd = open("made/kept", O_WRONLY | O_APPEND);
  put(fd, "third");
  close(fd);
  clock_gettime(CLOCK_MONOTONIC, &now);
  next(now.tv_sec >= then.tv_sec && now.tv_sec - then.tv_sec < 600);
  put(1, "end");
  return probe_state % 100;
}
