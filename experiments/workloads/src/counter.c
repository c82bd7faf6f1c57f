/* Many small system calls of several kinds, so that a trigger has many places to strike.
 * usage: counter ROUNDS RESULT
 * Each round appends a record, reads one back, and changes what the next round writes. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fail(const char *what) {
  perror(what);
  return 74;
}

int main(int argc, char **argv) {
  int rounds = argc == 3 ? atoi(argv[1]) : 0;
  if (rounds < 1) {
    fprintf(stderr, "usage: counter ROUNDS RESULT\n");
    return 64;
  }
  int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return fail(argv[2]);
  uint64_t sum = 88172645463325252ull;
  for (int round = 0; round < rounds; round++) {
    char line[64];
    int length = snprintf(line, sizeof line, "%08d %016llx\n", round, (unsigned long long)sum);
    if (lseek(fd, 0, SEEK_END) < 0) return fail("lseek");
    if (write(fd, line, length) != length) return fail("write");
    char back[26];
    if (pread(fd, back, sizeof back, 26ll * (sum % (round + 1))) != 26) return fail("pread");
    for (int i = 0; i < 26; i++) sum = (sum ^ (unsigned char)back[i]) * 1099511628211ull;
    if (getppid() == 0) sum++;
  }
  if (close(fd)) return fail("close");
  printf("%016llx\n", (unsigned long long)sum);
  return fflush(stdout) ? fail("stdout") : 0;
}
