/* Prints how it was started: what spawn() promises. */
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void status_lines(void) {
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status)) {
    if (!strncmp(line, "SigBlk", 6) || !strncmp(line, "SigIgn", 6) || !strncmp(line, "SigCgt", 6) ||
        !strncmp(line, "NoNewPrivs", 10) || !strncmp(line, "TracerPid", 9)) {
      fputs(line, stdout);
    }
  }
  fclose(status);
}

static void open_descriptors(void) {
  DIR *dir = opendir("/proc/self/fd");
  printf("fds:");
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir)) printf(" %s", entry->d_name);
  }
  printf("\n");
  closedir(dir);
}

int main(int argc, char **argv) {
  struct rlimit limit;
  cpu_set_t cpus;
  char cwd[4096];
  int tsc = 0;
  for (int i = 0; i < argc; i++) printf("arg: %s\n", argv[i]);
  for (char **entry = environ; *entry; entry++) printf("env: %s\n", *entry);
  open_descriptors();
  status_lines();
  printf("leader: %d\n", getpgrp() == getpid());
  printf("umask: %o\n", umask(0));
  getrlimit(RLIMIT_NOFILE, &limit);
  printf("nofile: %ld %ld\n", (long)limit.rlim_cur, (long)limit.rlim_max);
  getrlimit(RLIMIT_CORE, &limit);
  printf("core: %ld %ld\n", (long)limit.rlim_cur, (long)limit.rlim_max);
  printf("aslr off: %d\n", (personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0);
  prctl(PR_GET_TSC, &tsc);
  printf("tsc traps: %d\n", tsc == PR_TSC_SIGSEGV);
  sched_getaffinity(0, sizeof cpus, &cpus);
  printf("cpus: %d first %d\n", CPU_COUNT(&cpus), CPU_ISSET(0, &cpus) != 0);
  printf("cwd: %s\n", getcwd(cwd, sizeof cwd));
  fflush(stdout);
  fprintf(stderr, "to stderr\n");
  return 0;
}
