/* Signals, time, limits, exec: what must be as in a native run, without the values that may differ. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static void show(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
}
#define DO(call) show(#call, (errno = 0, (long)(call)))

static volatile int caught;
static sigjmp_buf back;
static void count(int signal) { caught += signal; }
static void jump(int signal) { siglongjmp(back, signal); }

static void signals(void) {
  struct sigaction action = {.sa_handler = count}, old;
  sigset_t set, pending;
  DO(sigaction(SIGUSR1, &action, 0));
  DO(sigaction(SIGKILL, &action, 0));
  DO(raise(SIGUSR1));
  DO(caught);
  DO(kill(getpid(), SIGUSR1));
  DO(kill(0, SIGUSR1));
  DO(syscall(SYS_tkill, gettid(), SIGUSR1));
  DO(caught);
  DO(kill(getpid(), 0));
  DO(kill(getpid(), 999));
  DO(kill(4000000, SIGUSR1));
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  DO(sigprocmask(SIG_BLOCK, &set, 0));
  DO(raise(SIGUSR1));
  DO(sigpending(&pending));
  DO(sigismember(&pending, SIGUSR1));
  DO(caught);
  struct timespec at_once = {0, 0};
  DO(sigtimedwait(&set, 0, &at_once));
  DO(sigtimedwait(&set, 0, &at_once));
  DO(sigprocmask(SIG_UNBLOCK, &set, 0));
  DO(caught);
  DO(sigaction(SIGUSR1, 0, &old));
  DO(old.sa_handler == count);
  action.sa_handler = jump;
  DO(sigaction(SIGSEGV, &action, 0));
  if (sigsetjmp(back, 1) == 0) *(volatile int *)8 = 1;
  else puts("came back from SIGSEGV");
  action.sa_handler = jump;
  DO(sigaction(SIGFPE, &action, 0));
  volatile int zero = 0;
  if (sigsetjmp(back, 1) == 0) printf("%d\n", 100 / zero);
  else puts("came back from SIGFPE");
  stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};
  DO(sigaltstack(&stack, 0));
  DO(signal(SIGPIPE, SIG_IGN) == SIG_DFL);
  DO(alarm(0));
}

static void stamp_counter(void) {
  struct sigaction action = {.sa_handler = jump}, old;
  sigset_t set, old_set;
  unsigned aux;
  unsigned long first = __rdtsc(), second = __rdtscp(&aux);
  DO(second >= first);
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigaction(SIGSEGV, &action, 0);
  sigprocmask(SIG_BLOCK, &set, 0);
  second = __rdtsc();
  DO(second >= first);
  sigaction(SIGSEGV, 0, &old);
  sigprocmask(SIG_BLOCK, 0, &old_set);
  DO(old.sa_handler == jump);
  DO(sigismember(&old_set, SIGSEGV));
  signal(SIGSEGV, SIG_IGN);
  second = __rdtsc();
  sigaction(SIGSEGV, 0, &old);
  DO(old.sa_handler == SIG_IGN);
  signal(SIGSEGV, SIG_DFL);
  sigprocmask(SIG_UNBLOCK, &set, 0);
}

static double seconds(clockid_t id) {
  struct timespec at;
  if (clock_gettime(id, &at) != 0) return -1;
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void clocks(void) {
  struct timespec delay = {0, 20000000}, until;
  struct timeval now;
  struct tms tms;
  double before = seconds(CLOCK_MONOTONIC);
  DO(nanosleep(&delay, 0));
  DO(seconds(CLOCK_MONOTONIC) - before >= 0.02);
  DO(seconds(CLOCK_MONOTONIC) - before < 10);
  before = seconds(CLOCK_REALTIME);
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 20000000;
  if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, until.tv_sec++;
  DO(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, 0));
  DO(seconds(CLOCK_REALTIME) - before >= 0.02);
  DO(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, 0));
  DO(clock_nanosleep(99, 0, &delay, 0));
  DO(gettimeofday(&now, 0));
  DO(labs((long)now.tv_sec - (long)time(0)) <= 1);
  DO(seconds(CLOCK_PROCESS_CPUTIME_ID) >= 0);
  DO(seconds(CLOCK_BOOTTIME) > 0);
  DO(seconds(CLOCK_TAI) > 0);
  DO(seconds(77) == -1);
  DO(clock_getres(CLOCK_MONOTONIC, &delay));
  DO(delay.tv_nsec);
  DO(times(&tms) > 0);
  DO(clock() >= 0);
  delay.tv_nsec = 1000000000;
  DO(nanosleep(&delay, 0));
  struct timeval patience = {0, 1000};
  DO(select(0, 0, 0, 0, &patience));
  DO(patience.tv_usec);
}

static void the_process(void) {
  struct rlimit limit;
  struct rusage usage;
  struct utsname name;
  char text[32] = {0}, more[32];
  int ids[3];
  DO(getpid() == gettid());
  DO(getpid() > 1);
  DO(getppid() != getpid());
  DO(getpgid(0) == getpgrp());
  DO(getsid(0) > 0);
  DO(getuid() == geteuid());
  DO(getresuid(ids, ids + 1, ids + 2));
  DO(ids[0] == getuid());
  DO(setuid(getuid()));
  DO(wait(0));
  DO(waitpid(-1, 0, WNOHANG));
  DO(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = 64;
  DO(setrlimit(RLIMIT_NOFILE, &limit));
  DO(getrlimit(RLIMIT_NOFILE, &limit));
  DO(limit.rlim_cur);
  DO(dup2(1, 64));
  DO(fcntl(1, F_DUPFD, 64));
  DO(getrusage(RUSAGE_SELF, &usage));
  DO(getrusage(RUSAGE_CHILDREN, &usage));
  DO(uname(&name));
  puts(name.sysname);
  puts(name.machine);
  DO(prctl(PR_SET_NAME, "renamed"));
  DO(prctl(PR_GET_NAME, text));
  puts(text);
  DO(prctl(9999));
  DO(sysconf(_SC_PAGESIZE));
  DO(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  DO(sysconf(_SC_PHYS_PAGES) > 0);
  DO(sched_yield());
  DO(sched_getcpu() >= 0);
  DO(nice(5));
  DO(getpriority(PRIO_PROCESS, 0));
  DO(getrandom(text, 16, 0));
  DO(getrandom(more, 16, GRND_NONBLOCK));
  DO(memcmp(text, more, 16) != 0);
  DO(getrandom(text, 1, 99));
  int fd;
  DO((fd = open("/dev/urandom", O_RDONLY)) >= 0);
  DO(read(fd, text, 20));
  DO(close(fd));
  DO(fd = open("/dev/zero", O_RDONLY));
  DO(read(fd, text, 20));
  DO(text[3]);
  DO(close(fd));
  DO(fd = open("/dev/full", O_WRONLY));
  DO(write(fd, text, 20));
  DO(close(fd));
  DO(syscall(9999));
  char *pages;
  DO((pages = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED);
  DO(mprotect(pages, 4096, PROT_READ));
  DO(madvise(pages, 1 << 20, MADV_DONTNEED));
  DO(munmap(pages, 1 << 20));
  DO(munmap((void *)1, 4096));
  DO(sbrk(1 << 20) != (void *)-1);
  char link[300] = {0};
  DO(readlink("/proc/self/exe", link, 299) > 0);
  puts(strrchr(link, '/') + 1);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    printf("again: %s %s, descriptor %ld, SIGUSR1 %d SIGPIPE %d\n", argv[1], getenv("NEW"),
           (long)fcntl(30, F_GETFD), signal(SIGUSR1, SIG_DFL) == SIG_DFL,
           signal(SIGPIPE, SIG_DFL) == SIG_IGN);
    char buffer[10] = {0};
    DO(read(31, buffer, 4));
    puts(buffer);
    fflush(stdout);
    raise(SIGTERM);
    return 1;
  }
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  signals();
  stamp_counter();
  clocks();
  int fd = open("kept", O_CREAT | O_RDWR, 0600);
  DO(write(fd, "kept bytes", 10));
  DO(dup3(fd, 30, O_CLOEXEC));
  DO(dup2(fd, 31));
  DO(lseek(fd, 0, SEEK_SET));
  the_process();
  DO(execl("none", "none", (char *)0));
  DO(execl("kept", "kept", (char *)0));
  FILE *script = fopen("script", "w");
  fprintf(script, "#! %s %s\n", argv[0], "from script");
  fclose(script);
  chmod("script", 0700);
  fflush(stdout);
  char *args[] = {"zeroth", "first", 0}, *env[] = {"NEW=environment", 0};
  DO(execve("./script", args, env));
  return 2;
}
