/* Counts SIGUSR1 by a handler, then writes to address 0x10. */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>
#include <sys/syscall.h>

static volatile int seen;
static void handler(int signal) { (void)signal; seen++; }

int main(void) {
  signal(SIGUSR1, handler);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGUSR1);
  syscall(1000, seen);
  *(volatile int *)0x10 = 1;
  return 0;
}
