/* Prints what a program is given at its start and must be the same in all replicas. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

int main(int argc, char **argv) {
  const unsigned char *random = (const void *)getauxval(AT_RANDOM);
  struct timespec at;
  printf("AT_RANDOM ");
  for (int i = 0; i < 16; i++) printf("%02x", random[i]);
  printf("\nAT_SYSINFO_EHDR %lx\n", getauxval(AT_SYSINFO_EHDR));
  printf("AT_EXECFN %s\n", (const char *)getauxval(AT_EXECFN));
  printf("stack %p heap %p code %p\n", (void *)&random, (void *)sbrk(0), (void *)main);
  printf("tsc %llu\n", (unsigned long long)__rdtsc());
  for (int i = 0; i < 100; i++) clock_gettime(CLOCK_MONOTONIC, &at);
  printf("clock %ld.%09ld\n", (long)at.tv_sec, at.tv_nsec);
  /* The tracer's own pages are not the program's to see, but they are mapped. */
  char line[512];
  FILE *maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps)) fputs(line, stdout);
  fclose(maps);
  return 0;
}
