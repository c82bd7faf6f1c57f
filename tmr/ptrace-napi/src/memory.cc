// Copies to and from tracee memory: process_vm_readv(2) and writev, else /proc/PID/mem.
#include "memory.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

enum class Access { read, write };

/** Turned off for good when the first call says EPERM or ENOSYS (Docker's older profiles). */
std::atomic<bool> vectorCallsWork{true};

/** User space ends here; beyond it an address is bad, whatever off_t makes of it. */
constexpr uint64_t userEnd = 0x7ffffffff000ull;

int memoryOf(Tracee* tracee) {
  if (tracee->memory < 0) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/mem", tracee->pid);
    tracee->memory = open(path, O_RDWR | O_CLOEXEC);
  }
  return tracee->memory;
}

/** Through /proc/PID/mem, which ignores page protection and grows the stack. */
size_t copyForced(Tracee* tracee, Access access, uint64_t address, void* bytes, size_t length) {
  const int fd = memoryOf(tracee);
  size_t done = 0;
  while (fd >= 0 && done < length) {
    const auto at = static_cast<off_t>(address + done);
    char* part = static_cast<char*>(bytes) + done;
    const ssize_t count = access == Access::read ? pread(fd, part, length - done, at)
                                                 : pwrite(fd, part, length - done, at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

size_t copyByVector(Tracee* tracee, Access access, uint64_t address, void* bytes, size_t length) {
  size_t done = 0;
  while (done < length) {
    iovec local{static_cast<char*>(bytes) + done, length - done};
    iovec remote{reinterpret_cast<void*>(address + done), length - done};
    const ssize_t count = access == Access::read
                              ? process_vm_readv(tracee->pid, &local, 1, &remote, 1, 0)
                              : process_vm_writev(tracee->pid, &local, 1, &remote, 1, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EPERM || errno == ENOSYS)) vectorCallsWork = false;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

/**
 * Bytes from `address` on that the tracee itself could access, by /proc/PID/maps. A hole right
 * below the stack counts: the kernel would grow the stack into it, and decides how far.
 */
size_t permitted(const Tracee* tracee, Access access, uint64_t address, size_t length) {
  char path[32], line[4352];
  snprintf(path, sizeof path, "/proc/%d/maps", tracee->pid);
  FILE* maps = fopen(path, "re");
  if (!maps) return 0;
  const uint64_t end = address + length;
  uint64_t at = address;
  while (at < end && fgets(line, sizeof line, maps)) {
    unsigned long low, high;
    char flags[5];
    if (sscanf(line, "%lx-%lx %4s", &low, &high, flags) != 3 || high <= at) continue;
    const bool allowed = flags[1] == 'w' || (access == Access::read && flags[0] == 'r');
    if ((low > at && !strstr(line, "[stack]")) || !allowed) break;
    at = high;
  }
  fclose(maps);
  return std::min(at, end) - address;
}

size_t copy(Tracee* tracee, Access access, uint64_t address, void* bytes, size_t length) {
  if (address >= userEnd || length == 0) return 0;
  length = std::min<uint64_t>(length, userEnd - address);
  size_t done = vectorCallsWork ? copyByVector(tracee, access, address, bytes, length) : 0;
  if (done == length) return done;
  // Refused calls, or stack that is not there yet.
  const size_t rest = permitted(tracee, access, address + done, length - done);
  return done + copyForced(tracee, access, address + done, static_cast<char*>(bytes) + done, rest);
}

/** read(tracee, address, into, offset, length) */
napi_value read(Call& call) {
  Tracee* tracee = stoppedOf(call);
  const Bytes into = call.range(2, "into");
  return call.makeNumber(
      static_cast<double>(readMemory(tracee, call.address(1, "address"), into.data, into.length)));
}

/** write(tracee, address, from, offset, length) */
napi_value write(Call& call) {
  Tracee* tracee = stoppedOf(call);
  const Bytes from = call.range(2, "from");
  return call.makeNumber(
      static_cast<double>(writeMemory(tracee, call.address(1, "address"), from.data, from.length)));
}

/** poke(tracee, address, from, offset, length) */
napi_value poke(Call& call) {
  Tracee* tracee = stoppedOf(call);
  const Bytes from = call.range(2, "from");
  return call.makeNumber(
      static_cast<double>(pokeMemory(tracee, call.address(1, "address"), from.data, from.length)));
}

/** useVectorCalls(on): tests take the other way as well. */
napi_value useVectorCalls(Call& call) {
  vectorCallsWork = call.boolean(0);
  return nullptr;
}

}  // namespace

size_t readMemory(Tracee* tracee, uint64_t address, void* into, size_t length) {
  return copy(tracee, Access::read, address, into, length);
}

size_t writeMemory(Tracee* tracee, uint64_t address, const void* from, size_t length) {
  return copy(tracee, Access::write, address, const_cast<void*>(from), length);
}

size_t pokeMemory(Tracee* tracee, uint64_t address, const void* from, size_t length) {
  if (address >= userEnd) return 0;
  length = std::min<uint64_t>(length, userEnd - address);
  return copyForced(tracee, Access::write, address, const_cast<void*>(from), length);
}

void exportMemory(Exports& list) {
  list.push_back({"read", entry<read>});
  list.push_back({"write", entry<write>});
  list.push_back({"poke", entry<poke>});
  list.push_back({"useVectorCalls", entry<useVectorCalls>});
}
