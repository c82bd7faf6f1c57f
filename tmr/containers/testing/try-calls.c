/*
 * Which system calls does the container's seccomp profile refuse? For each NUMBER:ARGUMENT it prints the
 * call's errno, and performs none: a filter of our own says SECCOMP_RET_TRACE to everything, which without
 * a tracer is ENOSYS, and which the profile's SECCOMP_RET_ERRNO goes before (seccomp(2)).
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOODBYE 0x7a7a7a7a

static void skip_everything(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, GOODBYE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) _exit(2);
}

int main(int argc, char **argv) {
  int *errors = mmap(0, argc * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child = fork();
  if (child == 0) {
    skip_everything();
    for (int i = 1; i < argc; i++) {
      char *end;
      long number = strtol(argv[i], &end, 10);
      long argument = strtol(end + 1, 0, 10);
      errno = 0;
      syscall(number, argument, -1L, -1L, -1L, -1L, -1L);
      errors[i] = errno;
    }
    syscall(SYS_exit_group, 0, GOODBYE);
  }
  int status;
  waitpid(child, &status, 0);
  if (status != 0) return 1;
  for (int i = 1; i < argc; i++) printf("%s %d\n", argv[i], errors[i]);
  return 0;
}
