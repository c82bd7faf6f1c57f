/* Prints struct stat and the fields of struct statx that NFSv3 can give, as the kernel fills them, in hex. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void dump(const void *at, int length) {
  for (int i = 0; i < length; i++) printf("%02x", ((const unsigned char *)at)[i]);
  puts("");
}

int main(int argc, char **argv) {
  unsigned char stat[144] = {0};
  struct statx sx = {0};
  syscall(SYS_lstat, argv[1], stat);
  syscall(SYS_statx, AT_FDCWD, argv[1], AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx);
  dump(stat, sizeof stat);
  /* What comes without being asked for. */
  sx.stx_mask = STATX_BASIC_STATS;
  sx.stx_attributes = sx.stx_attributes_mask = 0;
  memset(&sx.stx_btime, 0, sizeof sx.stx_btime);
  unsigned char bytes[256];
  memcpy(bytes, &sx, 256);
  memset(bytes + 144, 0, 112);
  dump(bytes, 256);
  return 0;
}
