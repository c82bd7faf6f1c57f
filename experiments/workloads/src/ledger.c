/* Reads, writes and output in turn, all the way: every kind of fault finds its place everywhere.
 * usage: ledger ROUNDS FILE
 * Each round appends a record, reads one back, and prints a line that depends on both. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECORD = 26 };

static int fail(const char *what) {
  perror(what);
  return 74;
}

int main(int argc, char **argv) {
  int rounds = argc == 3 ? atoi(argv[1]) : 0;
  if (rounds < 1) {
    fprintf(stderr, "usage: ledger ROUNDS FILE\n");
    return 64;
  }
  int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return fail(argv[2]);
  uint64_t sum = 14695981039346656037ull;
  for (int round = 0; round < rounds; round++) {
    char record[RECORD + 1], back[RECORD];
    snprintf(record, sizeof record, "%08d %016llx\n", round, (unsigned long long)sum);
    if (pwrite(fd, record, RECORD, (off_t)RECORD * round) != RECORD) return fail("pwrite");
    off_t place = (off_t)RECORD * (off_t)(sum % (round + 1));
    if (pread(fd, back, RECORD, place) != RECORD) return fail("pread");
    for (int i = 0; i < RECORD; i++) sum = (sum ^ (unsigned char)back[i]) * 1099511628211ull;
    printf("%d %016llx\n", round, (unsigned long long)sum);
    if (fflush(stdout)) return fail("stdout");
  }
  return close(fd) ? fail("close") : 0;
}
