// This process and others: affinity, parent death, limits, usage.
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "call.h"

namespace {

pid_t pidOf(const Call& call, size_t i) {
  return static_cast<pid_t>(call.integer(i, "pid", 0, INT32_MAX));
}

/** randomBytes(length) */
napi_value randomBytes(Call& call) {
  const auto length = static_cast<size_t>(call.integer(0, "length", 0, 1 << 26));
  std::vector<uint8_t> bytes(length);
  for (size_t done = 0; done < length;) {
    const ssize_t count = getrandom(bytes.data() + done, length - done, 0);
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      throw systemFailure(errno, "getrandom");
    }
  }
  return call.makeBuffer(bytes.data(), length);
}

/** setAffinity(pid, Int32Array) */
napi_value setAffinity(Call& call) {
  const pid_t pid = pidOf(call, 0);
  size_t length = 0;
  const auto* cpus = static_cast<int32_t*>(call.elements(1, "cpus", napi_int32_array, &length));
  cpu_set_t set;
  CPU_ZERO(&set);
  for (size_t i = 0; i < length; i++) {
    if (cpus[i] < 0 || cpus[i] >= CPU_SETSIZE) {
      throw argumentFailure("cpus must be numbers from 0 to " + std::to_string(CPU_SETSIZE - 1) +
                            ", got " + std::to_string(cpus[i]));
    }
    CPU_SET(cpus[i], &set);
  }
  if (sched_setaffinity(pid, sizeof set, &set) != 0) {
    throw systemFailure(errno, "sched_setaffinity",
                        errno == EINVAL ? "none of these CPUs is there and allowed" : "");
  }
  return nullptr;
}

/** getAffinity(pid) */
napi_value getAffinity(Call& call) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(pidOf(call, 0), sizeof set, &set) != 0) {
    throw systemFailure(errno, "sched_getaffinity");
  }
  std::vector<double> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return call.makeList(cpus);
}

/** setParentDeathSignal(signal, expectedParent) */
napi_value setParentDeathSignal(Call& call) {
  const auto signal = static_cast<unsigned long>(call.integer(0, "signal", 0, 64));
  const pid_t expected = pidOf(call, 1);
  if (prctl(PR_SET_PDEATHSIG, signal) != 0) throw systemFailure(errno, "prctl");
  // It may have gone before the call: then no signal will ever come.
  if (getppid() != expected) {
    throw systemFailure(ESRCH, "prctl",
                        "the parent is " + std::to_string(getppid()) + ", expected " +
                            std::to_string(expected) + ": the expected parent has ended");
  }
  return nullptr;
}

napi_value setChildSubreaper(Call&) {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw systemFailure(errno, "prctl");
  return nullptr;
}

/** kill(pid, signal). Only one process: the group forms (0, negative) are too easy a mistake. */
napi_value kill(Call& call) {
  const auto pid = static_cast<pid_t>(call.integer(0, "pid", 1, INT32_MAX));
  const auto signal = static_cast<int>(call.integer(1, "signal", 0, 64));
  if (::kill(pid, signal) != 0) {
    throw systemFailure(errno, "kill", "process " + std::to_string(pid));
  }
  return nullptr;
}

double limitValue(rlim_t value) {
  return value == RLIM_INFINITY ? INFINITY : static_cast<double>(value);
}

/** getRlimit(resource) */
napi_value getRlimit(Call& call) {
  const auto resource = static_cast<int>(call.integer(0, "resource", 0, 1000));
  rlimit limit;
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) {
    throw systemFailure(errno, "getrlimit", "resource " + std::to_string(resource));
  }
  return call.makeList({limitValue(limit.rlim_cur), limitValue(limit.rlim_max)});
}

double timevalNs(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
}

/** rusage('self' | 'children') */
napi_value rusageOf(Call& call) {
  const std::string who = call.text(0, "who");
  if (who != "self" && who != "children") {
    throw argumentFailure("who must be 'self' or 'children', got '" + who + "'");
  }
  rusage usage;
  getrusage(who == "self" ? RUSAGE_SELF : RUSAGE_CHILDREN, &usage);
  napi_value result;
  napi_create_object(call.env, &result);
  napi_set_named_property(call.env, result, "userNs", call.makeNumber(timevalNs(usage.ru_utime)));
  napi_set_named_property(call.env, result, "systemNs", call.makeNumber(timevalNs(usage.ru_stime)));
  napi_set_named_property(call.env, result, "maxRssKiB",
                          call.makeNumber(static_cast<double>(usage.ru_maxrss)));
  return result;
}

}  // namespace

void exportProcess(Exports& list) {
  list.push_back({"randomBytes", entry<randomBytes>});
  list.push_back({"setAffinity", entry<setAffinity>});
  list.push_back({"getAffinity", entry<getAffinity>});
  list.push_back({"setParentDeathSignal", entry<setParentDeathSignal>});
  list.push_back({"setChildSubreaper", entry<setChildSubreaper>});
  list.push_back({"kill", entry<kill>});
  list.push_back({"getRlimit", entry<getRlimit>});
  list.push_back({"rusage", entry<rusageOf>});
}
