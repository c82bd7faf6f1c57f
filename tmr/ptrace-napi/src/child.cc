// Between fork and execve: only async-signal-safe calls, no allocation, no C++ exceptions.
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spawn.h"

namespace {

/** Where the status pipe and the gate are put, behind the standard streams. */
constexpr int statusPlace = 3, gatePlace = 4, firstOther = 5;

[[noreturn]] void fail(int status, Step step, int detail = 0) {
  const StepFailure failure{step, errno, detail};
  const ssize_t written = write(status, &failure, sizeof failure);
  (void)written;
  _exit(127);
}

/** Default disposition for every signal (Node ignores SIGPIPE, SIGXFSZ), empty mask. */
bool resetSignals() {
  // The kernel's own structure: glibc refuses signals 32 and 33.
  struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } standard = {nullptr, 0, nullptr, 0};
  for (int signal = 1; signal <= 64; signal++) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    if (syscall(SYS_rt_sigaction, signal, &standard, nullptr, sizeof standard.mask) != 0) {
      return false;
    }
  }
  const unsigned long none = 0;
  return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none) == 0;
}

bool closeFrom(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, ~0u, 0) == 0) return true;
  if (errno != ENOSYS && errno != EPERM) return false;
#endif
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  const rlim_t end = limit.rlim_max == RLIM_INFINITY ? 1048576 : limit.rlim_max;
  for (rlim_t fd = static_cast<rlim_t>(first); fd < end; fd++) close(static_cast<int>(fd));
  return true;
}

}  // namespace

void runChild(const Plan& plan) {
  // First out of the way of 0-4, since numbers may overlap in any manner.
  const int status = fcntl(plan.status, F_DUPFD_CLOEXEC, firstOther);
  if (status < 0) fail(plan.status, stepStdio, plan.status);
  const int gate = fcntl(plan.gate, F_DUPFD_CLOEXEC, firstOther);
  if (gate < 0) fail(status, stepStdio, plan.gate);

  // Own group: a terminal's Ctrl-C is the monitor's affair. Death signal: until EXITKILL holds.
  if (setpgid(0, 0) != 0) fail(status, stepGroup);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(status, stepGroup);

  int streams[3];
  for (int i = 0; i < 3; i++) {
    streams[i] = fcntl(plan.stdio[i], F_DUPFD_CLOEXEC, firstOther);
    if (streams[i] < 0) fail(status, stepStdio, plan.stdio[i]);
  }
  for (int i = 0; i < 3; i++) {
    if (dup2(streams[i], i) < 0) fail(status, stepStdio, plan.stdio[i]);
  }
  if (dup3(status, statusPlace, O_CLOEXEC) < 0) fail(status, stepStdio, status);
  if (dup3(gate, gatePlace, O_CLOEXEC) < 0) fail(statusPlace, stepStdio, gate);
  if (!closeFrom(firstOther)) fail(statusPlace, stepClose);
  if (!resetSignals()) fail(statusPlace, stepSignals);

  if (plan.umask >= 0) umask(static_cast<mode_t>(plan.umask));
  if (plan.setAffinity && sched_setaffinity(0, sizeof plan.affinity, &plan.affinity) != 0) {
    fail(statusPlace, stepAffinity);
  }
  if (plan.disableAslr) {
    const int old = personality(0xffffffff);
    if (old < 0 || personality(static_cast<unsigned long>(old) | ADDR_NO_RANDOMIZE) < 0) {
      fail(statusPlace, stepPersonality);
    }
  }
  if (plan.trapTsc && prctl(PR_SET_TSC, PR_TSC_SIGSEGV) != 0) fail(statusPlace, stepTsc);
  if (chdir(plan.cwd) != 0) fail(statusPlace, stepDirectory);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    fail(statusPlace, stepPrivileges);
  }
  for (const Limit& limit : plan.limits) {
    if (setrlimit(static_cast<__rlimit_resource>(limit.resource), &limit.limit) != 0) {
      fail(statusPlace, stepLimits, limit.resource);
    }
  }

  char byte;
  ssize_t got;
  do {
    got = read(gatePlace, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) _exit(127);  // the tracer is gone, or could not attach

  if (plan.useFilter) {
    const sock_fprog program{static_cast<unsigned short>(plan.filter.size()),
                             const_cast<sock_filter*>(plan.filter.data())};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
      fail(statusPlace, stepFilter);
    }
  }
  execve(plan.file, plan.args, plan.env);
  fail(statusPlace, stepExecve);
}
