// What the forked child does, prepared before the fork: it may call async-signal-safe code only.
#pragma once
#include <linux/filter.h>
#include <sched.h>
#include <sys/resource.h>

#include <cstdint>
#include <vector>

/** Steps of the child, in the order of `stepNames`. */
enum Step : int32_t {
  stepGroup,
  stepStdio,
  stepClose,
  stepSignals,
  stepUmask,
  stepAffinity,
  stepPersonality,
  stepTsc,
  stepDirectory,
  stepPrivileges,
  stepLimits,
  stepGate,
  stepFilter,
  stepExecve,
  stepCount,
};

/** What the child writes to the status pipe when a step failed. */
struct StepFailure {
  int32_t step;
  int32_t number;
  int32_t detail;  // the descriptor, resource... it was about
};

struct Limit {
  int resource;
  rlimit limit;
};

struct Plan {
  const char* file;
  char** args;
  char** env;
  const char* cwd;
  int stdio[3];
  std::vector<Limit> limits;
  int umask;  // -1: inherited
  bool setAffinity;
  cpu_set_t affinity;
  bool disableAslr;
  bool trapTsc;
  bool useFilter;
  std::vector<sock_filter> filter;
  /** The child reads one byte here once it is traced; closes at exec. */
  int gate;
  /** Failures go here; closes at exec. */
  int status;
};

/** Never returns. */
[[noreturn]] void runChild(const Plan& plan);

/** Allows the given numbers, kills x32 and i386 calls, gives RET_TRACE for the rest. */
std::vector<sock_filter> buildFilter(std::vector<uint32_t> allowed);
