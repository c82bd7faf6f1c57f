/* Asks the kernel by itself to trap rdtsc (prctl(2), PR_SET_TSC): exit status 0 where it then does. */
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static void trapped(int signal) { _exit(0); }

int main(void) {
  unsigned low, high;
  signal(SIGSEGV, trapped);
  if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0) return 2;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return 1;
}
