// Clocks, sleeping, and the periodic signal that breaks a wait.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "call.h"
#include "timespec.h"

namespace {

/** A real-time signal; the first of them are glibc's and libuv's affair. */
int tickSignal() { return SIGRTMIN + 7; }

void onTick(int) {}

/** Nanoseconds, at most 10^18 (30 years), so that a timespec holds them. */
double duration(const Call& call, size_t i, const char* name) {
  const double ns = call.number(i, name);
  if (ns < 0 || ns > 1e18) {
    throw argumentFailure(std::string(name) + " must be from 0 to 1e18 nanoseconds");
  }
  return ns;
}

napi_value monotonicNs(Call& call) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return call.makeNumber(nanoseconds(now));
}

/** clockNs(id) */
napi_value clockNs(Call& call) {
  timespec now;
  if (clock_gettime(call.int32(0, "clock id"), &now) != 0) {
    throw systemFailure(errno, "clock_gettime", "no such clock");
  }
  napi_value value;
  napi_create_bigint_int64(call.env, static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec,
                           &value);
  return value;
}

/** sleepNs(durationNs) */
napi_value sleepNs(Call& call) {
  const timespec wanted = timespecOf(duration(call, 0, "durationNs"));
  timespec left{};
  if (nanosleep(&wanted, &left) == 0) return call.makeNumber(0);
  if (errno != EINTR) throw systemFailure(errno, "nanosleep");
  return call.makeNumber(nanoseconds(left));
}

/** Gives this thread a timer. No SA_RESTART: the very point is that the waiting call returns. */
void createTimer(Instance& instance) {
  struct sigaction action {};
  action.sa_handler = onTick;
  if (sigaction(tickSignal(), &action, nullptr) != 0) throw systemFailure(errno, "sigaction");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, tickSignal());
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = tickSignal();
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  timer_t timer;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) {
    throw systemFailure(errno, "timer_create");
  }
  instance.tickTimer = timer;
  instance.tickRunning = true;
}

/** setTick(periodNs) */
napi_value setTick(Call& call) {
  Instance& instance = call.instance();
  const double periodNs = duration(call, 0, "periodNs");
  if (periodNs == 0) {
    stopTick(instance);
    return nullptr;
  }
  if (periodNs < 1e5) {
    throw argumentFailure("periodNs must be 0 (off) or at least 100000 (0.1 ms)");
  }
  if (!instance.tickRunning) createTimer(instance);
  const itimerspec period{timespecOf(periodNs), timespecOf(periodNs)};
  if (timer_settime(instance.tickTimer, 0, &period, nullptr) != 0) {
    throw systemFailure(errno, "timer_settime");
  }
  return nullptr;
}

}  // namespace

void stopTick(Instance& instance) {
  if (instance.tickRunning) timer_delete(instance.tickTimer);
  instance.tickRunning = false;
}

void exportClock(Exports& list) {
  list.push_back({"monotonicNs", entry<monotonicNs>});
  list.push_back({"clockNs", entry<clockNs>});
  list.push_back({"sleepNs", entry<sleepNs>});
  list.push_back({"setTick", entry<setTick>});
}
