// Resuming, waiting, ending.
#include "tracee.h"

#include <dirent.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace {

long trace(__ptrace_request request, pid_t pid, void* address, void* data) {
  return ptrace(request, pid, address, data);
}

void* offsetOf(size_t offset) { return reinterpret_cast<void*>(offset); }

/** Fills what a stop with wait status `status` is. False: it was only a notification, go on. */
bool describe(Tracee* tracee, int status) {
  Shared* shared = tracee->shared;
  const int signal = WSTOPSIG(status), event = status >> 16;
  shared->signal = 0;
  shared->event = event;
  if (signal == (SIGTRAP | 0x80)) {
    shared->kind = kindEntry;  // readStop tells entry from exit
    return true;
  }
  switch (event) {
    case 0: {
      siginfo_t info;
      memset(&info, 0, sizeof info);
      shared->kind = kindSignal;
      shared->signal = signal;
      if (trace(PTRACE_GETSIGINFO, tracee->pid, nullptr, &info) == 0) {
        shared->siCode = info.si_code;
        shared->siAddr = static_cast<double>(reinterpret_cast<uintptr_t>(info.si_addr));
      }
      return true;
    }
    case PTRACE_EVENT_SECCOMP:
      shared->kind = kindSeccomp;
      return true;
    case PTRACE_EVENT_STOP:
      // SIGTRAP: no group stop, but the news that one began or ended elsewhere.
      if (signal == SIGTRAP) return false;
      shared->kind = kindGroup;
      shared->signal = signal;
      return true;
    case PTRACE_EVENT_EXEC:
      forgetMemory(tracee);
      shared->kind = kindExec;
      break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      shared->kind = kindFork;
      break;
    case PTRACE_EVENT_EXIT:
      shared->kind = kindEventExit;
      break;
    default:
      return false;
  }
  unsigned long message = 0;
  if (trace(PTRACE_GETEVENTMSG, tracee->pid, nullptr, &message) == 0) {
    shared->eventMessage = static_cast<double>(message);
    if (shared->kind == kindFork) tracee->unadopted.push_back(static_cast<pid_t>(message));
  }
  return true;
}

void ended(Instance& instance, Tracee* tracee, int status) {
  Shared* shared = tracee->shared;
  shared->state = stateExited;
  shared->skipPending = 0;
  if (WIFEXITED(status)) {
    shared->kind = kindExited;
    shared->exitCode = WEXITSTATUS(status);
    shared->signal = 0;
  } else {
    shared->kind = kindKilled;
    shared->exitCode = NAN;
    shared->signal = WTERMSIG(status);
  }
  release(instance, tracee);
}

/** Resumes by shared->how. False: the tracee is gone (ESRCH); waiting tells how it ended. */
bool letRun(Tracee* tracee) {
  static const __ptrace_request requests[] = {PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SINGLESTEP, PTRACE_LISTEN};
  Shared* shared = tracee->shared;
  if (shared->how < howCont || shared->how > howListen) {
    throw argumentFailure("how must be 'cont', 'syscall', 'step' or 'listen'");
  }
  if (shared->deliver < 0 || shared->deliver > 64) {
    throw argumentFailure("signal must be 0 (none) or a signal number up to 64, got " +
                          std::to_string(shared->deliver));
  }
  const bool there = flushSkip(tracee);
  // PTRACE_LISTEN takes no signal.
  const long signal = shared->how == howListen ? 0 : shared->deliver;
  if (!there || trace(requests[shared->how], tracee->pid, nullptr, offsetOf(signal)) != 0) {
    if (there && errno != ESRCH) {
      throw systemFailure(errno, "ptrace",
                          shared->how == howListen ? "'listen' is for group stops only" : "");
    }
    shared->state = stateRunning;  // killed from outside: wait reaps it
    return false;
  }
  shared->state = stateRunning;
  return true;
}

/** Waits for the end of a task that SIGKILL was sent to; its stop at PTRACE_EVENT_EXIT is passed. */
int reapTask(pid_t task) {
  int status = SIGKILL;
  for (;;) {
    const pid_t got = waitpid(task, &status, __WALL);
    if (got == task && !WIFSTOPPED(status)) return status;
    if (got == task) trace(PTRACE_CONT, task, nullptr, nullptr);
    if (got < 0 && errno != EINTR) return SIGKILL;
  }
}

/** Kills a process and reaps it. Returns the wait status. */
int reapKilled(pid_t pid) {
  ::kill(pid, SIGKILL);
  // A leader is reaped only after the other threads of its process, which are traced as well.
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  if (DIR* tasks = opendir(path)) {
    while (const dirent* entry = readdir(tasks)) {
      const pid_t task = atoi(entry->d_name);
      if (task > 0 && task != pid) reapTask(task);
    }
    closedir(tasks);
  }
  return reapTask(pid);
}

napi_value resume(Call& call) {
  letRun(stoppedOf(call));
  return nullptr;
}

napi_value wait(Call& call) {
  Tracee* tracee = traceeOf(call);
  if (tracee->shared->state != stateRunning) {
    throw stateFailure("wait needs a running tracee, this one is stopped: resume it first");
  }
  waitForStop(call.instance(), tracee);
  return nullptr;
}

napi_value resumeAndWait(Call& call) {
  Tracee* tracee = stoppedOf(call);
  letRun(tracee);
  waitForStop(call.instance(), tracee);
  return nullptr;
}

napi_value destroy(Call& call) {
  Tracee* tracee = traceeOf(call);
  killAndReap(tracee);
  release(call.instance(), tracee);
  return nullptr;
}

/** The child of a fork stop, which the kernel attached by itself: [slot, pid, buffer]. */
napi_value adoptChild(Call& call) {
  Tracee* parent = stoppedOf(call);
  if (parent->shared->kind != kindFork) {
    throw stateFailure("adoptChild needs a fork stop, this is kind " +
                       std::to_string(parent->shared->kind));
  }
  const pid_t pid = static_cast<pid_t>(parent->shared->eventMessage);
  std::vector<pid_t>& unadopted = parent->unadopted;
  const auto found = std::find(unadopted.begin(), unadopted.end(), pid);
  if (found == unadopted.end()) throw stateFailure("this child was adopted already");
  int status = 0;
  while (waitpid(pid, &status, __WALL) != pid) {
    if (errno == EINTR) continue;
    throw systemFailure(errno, "waitpid", "child " + std::to_string(pid) +
                                              " cannot be waited for");
  }
  unadopted.erase(found);
  napi_value buffer, result;
  Tracee* child = adopt(call, pid, &buffer);
  const double slot = static_cast<double>(child->slot);
  if (WIFSTOPPED(status)) {
    child->shared->state = stateStopped;
    child->shared->kind = kindAttached;
    readStop(child);
  } else {
    ended(call.instance(), child, status);
  }
  napi_create_array_with_length(call.env, 3, &result);
  napi_set_element(call.env, result, 0, call.makeNumber(slot));
  napi_set_element(call.env, result, 1, call.makeNumber(pid));
  napi_set_element(call.env, result, 2, buffer);
  return result;
}

}  // namespace

const void* thisThread() {
  static thread_local char mark;
  return &mark;
}

Tracee* adopt(Call& call, pid_t pid, napi_value* buffer) {
  Instance& instance = call.instance();
  Tracee* tracee = new Tracee;
  void* data = nullptr;
  if (napi_create_arraybuffer(call.env, sizeof(Shared), &data, buffer) != napi_ok) {
    delete tracee;
    throw argumentFailure("no memory for the shared buffer of a tracee");
  }
  napi_create_reference(call.env, *buffer, 1, &tracee->sharedRef);
  memset(data, 0, sizeof(Shared));
  tracee->shared = static_cast<Shared*>(data);
  tracee->pid = pid;
  tracee->thread = thisThread();
  std::vector<Tracee*>& slots = instance.tracees;
  while (tracee->slot < slots.size() && slots[tracee->slot]) tracee->slot++;
  if (tracee->slot == slots.size()) slots.push_back(nullptr);
  slots[tracee->slot] = tracee;
  return tracee;
}

Tracee* traceeOf(Call& call) {
  const std::vector<Tracee*>& slots = call.instance().tracees;
  const auto slot = static_cast<size_t>(call.integer(0, "tracee", 0, INT32_MAX));
  Tracee* tracee = slot < slots.size() ? slots[slot] : nullptr;
  if (!tracee) throw stateFailure("this tracee has ended");
  if (tracee->thread != thisThread()) {
    throw Failure{"ERR_THREAD", 0, "ptrace",
                  "a tracee answers only the thread that spawned it (ptrace(2))"};
  }
  return tracee;
}

Tracee* stoppedOf(Call& call) {
  Tracee* tracee = traceeOf(call);
  if (tracee->shared->state != stateStopped) {
    throw stateFailure("this needs a stopped tracee, it is running: wait for it first");
  }
  return tracee;
}

bool flushSkip(Tracee* tracee) {
  Shared* shared = tracee->shared;
  if (!shared->skipPending) return true;
  shared->skipPending = 0;
  const auto value = static_cast<long>(shared->skipValue);
  return trace(PTRACE_POKEUSER, tracee->pid, offsetOf(offsetof(user_regs_struct, orig_rax)),
               offsetOf(static_cast<size_t>(-1))) == 0 &&
         trace(PTRACE_POKEUSER, tracee->pid, offsetOf(offsetof(user_regs_struct, rax)),
               reinterpret_cast<void*>(value)) == 0;
}

bool readStop(Tracee* tracee) {
  Shared* shared = tracee->shared;
  struct __ptrace_syscall_info info;
  if (trace(PTRACE_GET_SYSCALL_INFO, tracee->pid, offsetOf(sizeof info), &info) < 0) {
    if (errno == ESRCH) return false;
    throw systemFailure(errno, "ptrace", "PTRACE_GET_SYSCALL_INFO needs Linux 5.3 or newer");
  }
  shared->ip = static_cast<double>(info.instruction_pointer);
  shared->sp = static_cast<double>(info.stack_pointer);
  switch (info.op) {
    case PTRACE_SYSCALL_INFO_ENTRY:
      shared->call = static_cast<int32_t>(info.entry.nr);
      memcpy(shared->args, info.entry.args, sizeof shared->args);
      break;
    case PTRACE_SYSCALL_INFO_SECCOMP:
      shared->call = static_cast<int32_t>(info.seccomp.nr);
      memcpy(shared->args, info.seccomp.args, sizeof shared->args);
      break;
    case PTRACE_SYSCALL_INFO_EXIT:
      // `call` and the arguments stay those of the entry.
      if (shared->kind == kindEntry) shared->kind = kindExit;
      shared->result = static_cast<double>(info.exit.rval);
      break;
    default:
      break;
  }
  return true;
}

void waitForStop(Instance& instance, Tracee* tracee) {
  Shared* shared = tracee->shared;
  for (;;) {
    int status = 0;
    if (waitpid(tracee->pid, &status, __WALL) != tracee->pid) {
      if (errno == EINTR) {
        shared->kind = kindInterrupted;
        return;
      }
      const int number = errno;
      // Somebody else reaped it: there is no status left, but the slot must not stay.
      if (number == ECHILD) {
        ended(instance, tracee, SIGKILL);
        throw systemFailure(number, "waitpid", "the tracee was reaped by other code");
      }
      throw systemFailure(number, "waitpid");
    }
    if (!WIFSTOPPED(status)) return ended(instance, tracee, status);
    if (!describe(tracee, status)) {
      shared->deliver = 0;
      if (shared->how == howListen) shared->how = howCont;  // the group stop is over
      letRun(tracee);
      continue;
    }
    // A tracee killed in this very moment has no registers: the next wait tells how it ended.
    if (!readStop(tracee)) continue;
    shared->state = stateStopped;
    return;
  }
}

void killAndReap(Tracee* tracee) {
  const int status = reapKilled(tracee->pid);
  Shared* shared = tracee->shared;
  shared->state = stateExited;
  shared->kind = WIFEXITED(status) ? kindExited : kindKilled;
  shared->exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : NAN;
  shared->signal = WIFEXITED(status) ? 0 : WTERMSIG(status);
}

void release(Instance& instance, Tracee* tracee) {
  for (const pid_t child : tracee->unadopted) reapKilled(child);
  forgetMemory(tracee);
  instance.tracees[tracee->slot] = nullptr;
  napi_delete_reference(instance.env, tracee->sharedRef);
  delete tracee;
}

void forgetMemory(Tracee* tracee) {
  if (tracee->memory >= 0) close(tracee->memory);
  tracee->memory = -1;
}

void exportTracee(Exports& list) {
  list.push_back({"resume", entry<resume>});
  list.push_back({"wait", entry<wait>});
  list.push_back({"resumeAndWait", entry<resumeAndWait>});
  list.push_back({"destroy", entry<destroy>});
  list.push_back({"adoptChild", entry<adoptChild>});
}
