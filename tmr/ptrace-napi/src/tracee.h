// One traced process, and the buffer it shares with JavaScript.
#pragma once
#include <sys/types.h>

#include "call.h"

/** Values of `Shared::state`. */
enum State : int32_t { stateRunning = 0, stateStopped = 1, stateExited = 2 };

/** Values of `Shared::kind`; StopKind in index.js. */
enum Kind : int32_t {
  kindInterrupted = 0,
  kindSeccomp = 1,
  kindEntry = 2,
  kindExit = 3,
  kindSignal = 4,
  kindExec = 5,
  kindFork = 6,
  kindEventExit = 7,
  kindGroup = 8,
  kindExited = 9,
  kindKilled = 10,
  kindAttached = 11,
};

/** Values of `Shared::how`, as index.js writes them. */
enum How : int32_t { howCont = 0, howSyscall = 1, howStep = 2, howListen = 3 };

/**
 * What JavaScript reads after a stop and writes before a resume, without a call. index.js holds the
 * same layout as indices of typed arrays: change both.
 */
struct Shared {
  // 32-bit fields, indices 0-15.
  int32_t state;
  int32_t kind;
  int32_t signal;
  int32_t siCode;
  int32_t call;
  int32_t event;
  int32_t how;
  int32_t deliver;
  /** Set by skip(): `skipValue` is to be put into rax and the call number becomes -1. */
  int32_t skipPending;
  int32_t unused[7];
  // 64-bit fields, indices 8-15 of a Float64Array.
  double exitCode;
  double siAddr;
  double eventMessage;
  double result;
  double ip;
  double sp;
  double skipValue;
  double unusedDouble;
  /** Indices 32-43 as 32-bit halves. */
  uint64_t args[6];
};
static_assert(sizeof(Shared) == 176, "index.js knows this layout");

struct Tracee {
  pid_t pid = 0;
  size_t slot = 0;
  const void* thread = nullptr;
  Shared* shared = nullptr;
  napi_ref sharedRef = nullptr;
  /** /proc/PID/mem, opened when needed; -1: not open. */
  int memory = -1;
  /** Children that the kernel attached and nobody adopted: stopped, and killed with their parent. */
  std::vector<pid_t> unadopted;
};

/** Something that differs from thread to thread, and costs no system call to ask. */
const void* thisThread();

/** Makes a Tracee in a free slot; `buffer` becomes its shared ArrayBuffer. */
Tracee* adopt(Call& call, pid_t pid, napi_value* buffer);
/** The tracee of slot argument 0, checked for thread; it must not have ended. */
Tracee* traceeOf(Call& call);
/** The same, and it must be stopped. */
Tracee* stoppedOf(Call& call);

/** Carries out a deferred skip. False: the tracee is gone (ESRCH). */
bool flushSkip(Tracee* tracee);
/** Waits for the next stop, the end, or a signal; fills the shared buffer. */
void waitForStop(Instance& instance, Tracee* tracee);
/** Reads call, arguments and addresses of the present stop again. False: gone. */
bool readStop(Tracee* tracee);
/** Kills it and waits until it is reaped; does not touch JavaScript. */
void killAndReap(Tracee* tracee);
/** Gives the slot back once the process was reaped. */
void release(Instance& instance, Tracee* tracee);
/** Closes /proc/PID/mem: after an exec it stands for the old memory. */
void forgetMemory(Tracee* tracee);
