/* Stops itself (group stop), then exits with 3. */
#include <signal.h>

int main(void) {
  raise(SIGSTOP);
  return 3;
}
