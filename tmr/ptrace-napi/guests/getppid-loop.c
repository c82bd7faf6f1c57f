/* Calls getppid(2) argv[1] times and exits with 0 when every result was 7. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  const long count = argc > 1 ? atol(argv[1]) : 1;
  for (long i = 0; i < count; i++) {
    if (syscall(SYS_getppid) != 7) return 1;
  }
  return 0;
}
