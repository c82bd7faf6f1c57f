/* Long times without a call: shows from when on a time-out runs.
 * usage: naps COUNT MILLISECONDS
 * Sleeps and prints a line, COUNT times. Sleeping, unlike computing, takes no core from the other replicas. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
  int count = argc == 3 ? atoi(argv[1]) : 0;
  int milliseconds = argc == 3 ? atoi(argv[2]) : 0;
  if (count < 1 || milliseconds < 1) {
    fprintf(stderr, "usage: naps COUNT MILLISECONDS\n");
    return 64;
  }
  struct timespec nap = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  for (int i = 0; i < count; i++) {
    if (nanosleep(&nap, NULL)) {
      perror("nanosleep");
      return 74;
    }
    printf("%d\n", i);
    if (fflush(stdout)) return 74;
  }
  return 0;
}
