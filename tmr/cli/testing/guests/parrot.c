/*
 * Repeats each line of standard input. Its memory is there to be changed from outside: `prefix` is
 * written before each line. Before a line that begins with "compute" it computes for some seconds,
 * unless `hasty` was set: then it votes early and wrong.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

volatile char prefix[8] = "";
volatile int hasty = 0;
volatile unsigned long computed;

int main(void) {
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    if (strncmp(line, "compute", 7) == 0) {
      if (hasty) write(1, "wrong\n", 6);
      for (unsigned long i = 0; i < 1000000000UL; i++) computed += i;
    }
    write(1, (const char *)prefix, strlen((const char *)prefix));
    write(1, line, strlen(line));
  }
  return 0;
}
