/*
 * The least that lock-step under ptrace can do: three tracees, three tracers, one seccomp stop a
 * call, one 64-byte message to each peer over TCP, two compared. No table, no files, no monitor.
 *
 *   floor trap|native CPU,CPU,CPU PROGRAM [ARG...]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/types.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPLICAS = 3, MESSAGE = 64 };

static void check(int bad, const char *what) {
  if (bad) perror(what), exit(125);
}

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  check(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

/* A connected pair of TCP sockets on the loopback. */
static void tcp_pair(int pair[2]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  check(bind(listener, (void *)&address, length) || listen(listener, 1), "listen");
  getsockname(listener, (void *)&address, &length);
  pair[0] = socket(AF_INET, SOCK_STREAM, 0);
  check(connect(pair[0], (void *)&address, length), "connect");
  pair[1] = accept(listener, NULL, NULL);
  for (int i = 0; i < 2; i++) setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  close(listener);
}

static void tracee(int trap, char **argv) {
  struct sock_filter trace_all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)};
  struct sock_fprog program = {1, trace_all};
  personality(ADDR_NO_RANDOMIZE);
  if (trap) check(prctl(PR_SET_TSC, PR_TSC_SIGSEGV), "PR_SET_TSC");
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  check(ptrace(PTRACE_TRACEME, 0, 0, 0) != 0, "TRACEME");
  raise(SIGSTOP); /* until the options are set */
  check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "seccomp");
  execv(argv[0], argv);
  _exit(127);
}

static void exchange(const int peers[2], uint64_t k, uint64_t call) {
  uint64_t mine[MESSAGE / 8] = {k, call}, theirs[MESSAGE / 8];
  for (int i = 0; i < 2; i++) check(send(peers[i], mine, MESSAGE, MSG_NOSIGNAL) != MESSAGE, "send");
  for (int i = 0; i < 2; i++) {
    check(recv(peers[i], theirs, MESSAGE, MSG_WAITALL) != MESSAGE, "recv");
    check(memcmp(mine, theirs, MESSAGE) != 0, "replicas differ");
  }
}

/* A trapped rdtsc: any equal value will do. */
static int skip_tsc(pid_t pid) {
  struct user_regs_struct regs;
  ptrace(PTRACE_GETREGS, pid, 0, &regs);
  if ((ptrace(PTRACE_PEEKTEXT, pid, regs.rip, 0) & 0xffff) != 0x310f) return 0;
  regs.rip += 2, regs.rax = regs.rdx = 0;
  ptrace(PTRACE_SETREGS, pid, 0, &regs);
  return 1;
}

static void tracer(int trap, int cpu, const int peers[2], char **argv) {
  pin(cpu);
  pid_t pid = fork();
  if (pid == 0) tracee(trap, argv);
  int status, signal = 0;
  waitpid(pid, &status, __WALL);
  ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
  for (uint64_t k = 0;; signal = 0) {
    ptrace(PTRACE_CONT, pid, 0, signal);
    check(waitpid(pid, &status, __WALL) != pid, "waitpid");
    if (WIFEXITED(status) || WIFSIGNALED(status)) exit(WIFEXITED(status) ? 0 : 1);
    int event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP) {
      struct __ptrace_syscall_info info;
      ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
      exchange(peers, k++, info.seccomp.nr);
      if (info.seccomp.nr == SYS_getppid) { /* emulated, as the product does */
        ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L);
        ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), 1L);
      }
    } else if (event == 0 && WSTOPSIG(status) != SIGTRAP) {
      signal = WSTOPSIG(status);
      if (signal == SIGSEGV && skip_tsc(pid)) signal = 0;
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: floor trap|native CPU,CPU,CPU PROGRAM [ARG]\n"), 64;
  int cpus[REPLICAS], ab[2], bc[2], ac[2], failed = 0, status;
  check(sscanf(argv[2], "%d,%d,%d", &cpus[0], &cpus[1], &cpus[2]) != REPLICAS, "CPUs");
  tcp_pair(ab), tcp_pair(bc), tcp_pair(ac);
  const int peers[REPLICAS][2] = {{ab[0], ac[0]}, {ab[1], bc[0]}, {ac[1], bc[1]}};
  for (int i = 0; i < REPLICAS; i++)
    if (fork() == 0) tracer(strcmp(argv[1], "trap") == 0, cpus[i], peers[i], argv + 3);
  while (wait(&status) > 0) failed |= status != 0;
  return failed;
}
