/* argv[1]: "x32", "i386" or "negative": a call from outside the x86-64 table. */
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  (void)argc;
  if (argv[1][0] == 'x') syscall(0x40000000 | SYS_getppid);
  if (argv[1][0] == 'i') {
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
  }
  if (argv[1][0] == 'n') return syscall(-3) == 9 ? 5 : 6;
  return 0;
}
