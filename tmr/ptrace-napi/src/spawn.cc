// Forks the tracee and follows it to its exec stop.
#include "spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <string>

#include "tracee.h"

namespace {

struct StepText {
  const char* syscall;
  const char* doing;
};
const StepText stepTexts[stepCount] = {
    {"setpgid", "giving the child a process group of its own"},
    {"dup2", "standard stream from descriptor "},
    {"close_range", "closing inherited descriptors"},
    {"rt_sigaction", "resetting signals"},
    {"umask", "setting the file mode creation mask"},
    {"sched_setaffinity", "check that the CPUs of `affinity` exist and are allowed here"},
    {"personality",
     "switching address randomisation off; in a container the seccomp profile must allow "
     "personality(ADDR_NO_RANDOMIZE), or set disableAslr: false"},
    {"prctl", "PR_SET_TSC: this system cannot trap rdtsc, set trapTsc: false"},
    {"chdir", "entering the working directory"},
    {"prctl", "PR_SET_NO_NEW_PRIVS"},
    {"setrlimit", "hard limits above the present one need a privilege; resource "},
    {"read", "waiting for the tracer"},
    {"seccomp", "installing the filter; this kernel or container refuses seccomp filters"},
    {"execve", ""},
};

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) throw systemFailure(errno, "pipe2", "preparing the fork");
  }
  ~Pipe() {
    closeEnd(0);
    closeEnd(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void closeEnd(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
  int ends[2] = {-1, -1};
};

/** Splits a block of NUL-terminated strings into a null-terminated vector of pointers. */
std::vector<char*> strings(std::string& block) {
  std::vector<char*> list;
  for (size_t at = 0; at < block.size(); at = block.find('\0', at) + 1) list.push_back(&block[at]);
  list.push_back(nullptr);
  return list;
}

std::string block(const Call& call, size_t i, const char* name) {
  const Bytes bytes = call.bytes(i, name);
  std::string text(reinterpret_cast<char*>(bytes.data), bytes.length);
  if (!text.empty() && text.back() != '\0') {
    throw argumentFailure(std::string(name) + " must end with a NUL byte");
  }
  return text;
}

void killAndForget(pid_t pid) {
  int status;
  kill(pid, SIGKILL);
  while (waitpid(pid, &status, __WALL) == pid ? WIFSTOPPED(status) : errno == EINTR) {
  }
}

/** Throws what the child, which has ended, wrote about a failing step; returns if it wrote nothing. */
void throwReported(Pipe& status, const std::string& file) {
  StepFailure failure;
  status.closeEnd(1);
  if (read(status.ends[0], &failure, sizeof failure) != sizeof failure || failure.step < 0 ||
      failure.step >= stepCount) {
    return;
  }
  const StepText& text = stepTexts[failure.step];
  std::string doing = text.doing;
  if (failure.step == stepExecve) doing = file;
  if (failure.step == stepStdio || failure.step == stepLimits) {
    doing += std::to_string(failure.detail);
  }
  throw systemFailure(failure.number, text.syscall, doing);
}

void seize(pid_t pid, const std::string& file, Pipe& status, long options) {
  if (ptrace(PTRACE_SEIZE, pid, nullptr, options) == 0) return;
  const int number = errno;
  killAndForget(pid);
  // EPERM is also what a child gives that has failed and ended already.
  throwReported(status, file);
  throw systemFailure(number, "ptrace",
                      "PTRACE_SEIZE of the own child; check /proc/sys/kernel/yama/ptrace_scope "
                      "(3 forbids it) and the seccomp profile of the container");
}

/** Opens the gate of an attached child and runs it to its exec stop; throws what went wrong. */
void follow(pid_t pid, const std::string& file, Pipe& gate, Pipe& status) {
  // If it died already, its failure is in the status pipe.
  const ssize_t written = write(gate.ends[1], "g", 1);
  (void)written;
  int wait = 0;
  for (;;) {
    if (waitpid(pid, &wait, __WALL) != pid) {
      if (errno == EINTR) continue;
      throw systemFailure(errno, "waitpid", "waiting for the child's execve");
    }
    if (!WIFSTOPPED(wait)) break;
    const int event = wait >> 16;
    if (event == PTRACE_EVENT_EXEC) return;
    // Seccomp stops of the child's own calls run on; a signal to the child is delivered.
    const long signal = event == 0 && WSTOPSIG(wait) != (SIGTRAP | 0x80) ? WSTOPSIG(wait) : 0;
    ptrace(PTRACE_CONT, pid, nullptr, signal);
  }
  throwReported(status, file);
  const std::string how = WIFSIGNALED(wait) ? "signal " + std::to_string(WTERMSIG(wait))
                                            : "status " + std::to_string(WEXITSTATUS(wait));
  throw Failure{"ECHILD", ECHILD, "execve",
                "the child ended with " + how + " before its program started"};
}

rlim_t limitValue(double value) {
  if (std::isinf(value)) return RLIM_INFINITY;
  if (!(value >= 0) || value != std::floor(value)) {
    throw argumentFailure("rlimits: soft and hard must be whole numbers or Infinity");
  }
  return static_cast<rlim_t>(value);
}

/** spawn(file, args, env, cwd, stdio, rlimits, umask, affinity, aslrOff, tsc, allow, traceExit). */
napi_value spawn(Call& call) {
  std::string file = block(call, 0, "file"), args = block(call, 1, "args");
  std::string env = block(call, 2, "env"), cwd = block(call, 3, "cwd");
  std::vector<char*> argPointers = strings(args), envPointers = strings(env);
  Plan plan{};
  plan.file = file.c_str();
  plan.args = argPointers.data();
  plan.env = envPointers.data();
  plan.cwd = cwd.c_str();

  size_t length = 0;
  const auto* stdio =
      static_cast<int32_t*>(call.elements(4, "stdio", napi_int32_array, &length));
  if (length != 3) throw argumentFailure("stdio must hold three descriptors");
  memcpy(plan.stdio, stdio, sizeof plan.stdio);

  const auto* limits =
      static_cast<double*>(call.elements(5, "rlimits", napi_float64_array, &length));
  for (size_t i = 0; i + 2 < length; i += 3) {
    plan.limits.push_back({static_cast<int>(limits[i]),
                           {limitValue(limits[i + 1]), limitValue(limits[i + 2])}});
  }
  plan.umask = static_cast<int>(call.integer(6, "umask", -1, 0777));
  CPU_ZERO(&plan.affinity);
  if (!call.isUndefined(7)) {
    const auto* cpus =
        static_cast<int32_t*>(call.elements(7, "affinity", napi_int32_array, &length));
    plan.setAffinity = true;
    for (size_t i = 0; i < length; i++) {
      if (cpus[i] < 0 || cpus[i] >= CPU_SETSIZE) throw argumentFailure("affinity: no such CPU");
      CPU_SET(cpus[i], &plan.affinity);
    }
  }
  plan.disableAslr = call.boolean(8);
  plan.trapTsc = call.boolean(9);
  if (!call.isUndefined(10)) {
    const auto* allowed =
        static_cast<uint32_t*>(call.elements(10, "seccompAllow", napi_uint32_array, &length));
    plan.useFilter = true;
    plan.filter = buildFilter(std::vector<uint32_t>(allowed, allowed + length));
    if (plan.filter.size() > BPF_MAXINSNS) {
      throw argumentFailure("seccompAllow makes a filter of " + std::to_string(plan.filter.size()) +
                            " instructions, more than the kernel's " +
                            std::to_string(BPF_MAXINSNS));
    }
  }
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
                 PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACESECCOMP |
                 PTRACE_O_EXITKILL;
  if (call.boolean(11)) options |= PTRACE_O_TRACEEXIT;

  Pipe gate, status;
  plan.gate = gate.ends[0];
  plan.status = status.ends[1];
  // No handler of this process may run in the child: it resets them with all signals blocked.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) runChild(plan);
  const int number = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) throw systemFailure(number, "fork", "limits on processes or memory are reached");
  // The read end stays open here: a child that died early must not give this process a SIGPIPE.
  seize(pid, plan.file, status, options);
  follow(pid, plan.file, gate, status);

  napi_value buffer, result;
  Tracee* tracee = adopt(call, pid, &buffer);
  tracee->shared->state = stateStopped;
  tracee->shared->kind = kindExec;
  tracee->shared->event = PTRACE_EVENT_EXEC;
  tracee->shared->eventMessage = pid;
  readStop(tracee);
  napi_create_array_with_length(call.env, 3, &result);
  napi_set_element(call.env, result, 0, call.makeNumber(static_cast<double>(tracee->slot)));
  napi_set_element(call.env, result, 1, call.makeNumber(pid));
  napi_set_element(call.env, result, 2, buffer);
  return result;
}

}  // namespace

void exportSpawn(Exports& list) { list.push_back({"spawn", entry<spawn>}); }
