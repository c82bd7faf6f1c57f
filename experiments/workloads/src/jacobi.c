/* Jacobi relaxation of the Laplace equation on an N x N plate whose upper edge is hot.
 * usage: jacobi N ITERATIONS RESULT
 * Prints the residual every ITERATIONS/20 steps and writes the plate as text to RESULT. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: jacobi N ITERATIONS RESULT\n");
    return 64;
  }
  int n = atoi(argv[1]), iterations = atoi(argv[2]);
  if (n < 3 || n > 20000 || iterations < 1) {
    fprintf(stderr, "jacobi: N must be 3 to 20000 and ITERATIONS at least 1\n");
    return 64;
  }
  double *now = calloc((size_t)n * n, sizeof *now), *next = calloc((size_t)n * n, sizeof *next);
  if (!now || !next) {
    perror("jacobi: calloc");
    return 71;
  }
  for (int x = 0; x < n; x++) now[x] = next[x] = 100.0;
  int every = iterations / 20 > 0 ? iterations / 20 : 1;
  for (int step = 1; step <= iterations; step++) {
    double residual = 0;
    for (int y = 1; y < n - 1; y++)
      for (int x = 1; x < n - 1; x++) {
        size_t i = (size_t)y * n + x;
        next[i] = 0.25 * (now[i - 1] + now[i + 1] + now[i - n] + now[i + n]);
        residual = fmax(residual, fabs(next[i] - now[i]));
      }
    double *swap = now;
    now = next;
    next = swap;
    if (step % every == 0) {
      printf("%d %.17g\n", step, residual);
      fflush(stdout);
    }
  }
  FILE *out = fopen(argv[3], "w");
  if (!out) {
    perror(argv[3]);
    return 73;
  }
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++) fprintf(out, "%.17g%c", now[(size_t)y * n + x], x + 1 < n ? ' ' : '\n');
  if (fclose(out)) {
    perror(argv[3]);
    return 74;
  }
  return 0;
}
