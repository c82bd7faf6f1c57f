// C strings and the auxiliary vector of a tracee.
#include <sys/ptrace.h>
#include <sys/user.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "memory.h"

namespace {

constexpr uint64_t pageBytes = 4096;
/** argv and envp of a process are below 6 MiB (3/4 of _STK_LIM); beyond, the stack is damaged. */
constexpr size_t stackWordsMax = 6u << 17;

/** readCString(tracee, address, max) */
napi_value readCString(Call& call) {
  Tracee* tracee = stoppedOf(call);
  const uint64_t address = call.address(1, "address");
  const auto max = static_cast<size_t>(call.integer(2, "max", 0, INT32_MAX));
  std::string text;
  size_t chunk = 256;  // most paths are short
  while (text.size() < max) {
    const uint64_t at = address + text.size();
    const size_t length = std::min({chunk, static_cast<size_t>(pageBytes - at % pageBytes),
                                    max - text.size()});
    char bytes[pageBytes];
    if (readMemory(tracee, at, bytes, length) != length) return call.undefined();
    const size_t end = strnlen(bytes, length);
    text.append(bytes, end);
    if (end < length) break;
    chunk = pageBytes;
  }
  return call.makeBuffer(text.data(), text.size());
}

/** Reads the words of the initial stack one after the other. */
class StackReader {
 public:
  StackReader(Tracee* tracee, uint64_t address) : tracee_(tracee), address_(address) {}

  uint64_t address() const { return address_ + next_ * 8; }
  uint64_t next() {
    if (next_ >= stackWordsMax) throw stateFailure("the stack holds no auxiliary vector");
    if (next_ - first_ >= count_) {
      first_ = next_;
      count_ = readMemory(tracee_, address(), words_, sizeof words_) / 8;
      if (count_ == 0) throw stateFailure("the stack ends before the auxiliary vector does");
    }
    return words_[next_++ - first_];
  }

 private:
  Tracee* tracee_;
  uint64_t address_;
  uint64_t words_[256];
  size_t first_ = 0, count_ = 0, next_ = 0;
};

/** auxv(tracee): [address, type, value, type, value...] with BigInt values. */
napi_value auxv(Call& call) {
  Tracee* tracee = stoppedOf(call);
  if (tracee->shared->kind != kindExec) {
    throw stateFailure("auxv needs an exec stop, this is kind " +
                       std::to_string(tracee->shared->kind));
  }
  errno = 0;
  const long sp = ptrace(PTRACE_PEEKUSER, tracee->pid, offsetof(user_regs_struct, rsp), nullptr);
  if (errno != 0) throw systemFailure(errno, "ptrace");
  StackReader stack(tracee, static_cast<uint64_t>(sp));
  for (uint64_t argc = stack.next(); argc > 0; argc--) stack.next();
  stack.next();                 // the null after argv
  while (stack.next() != 0) {}  // envp
  napi_value list;
  napi_create_array(call.env, &list);
  uint32_t count = 0;
  napi_set_element(call.env, list, count++, call.makeNumber(static_cast<double>(stack.address())));
  for (;;) {
    const uint64_t type = stack.next(), value = stack.next();
    if (type == 0) return list;
    napi_set_element(call.env, list, count++, call.makeNumber(static_cast<double>(type)));
    napi_set_element(call.env, list, count++, call.makeWord(value));
  }
}

/** setAuxv(tracee, address, index, type, value) */
napi_value setAuxv(Call& call) {
  Tracee* tracee = stoppedOf(call);
  const uint64_t address = call.address(1, "address");
  const auto index = static_cast<uint64_t>(call.integer(2, "index", 0, 1023));
  const uint64_t entry[2] = {call.word(3, "type"), call.word(4, "value")};
  if (pokeMemory(tracee, address + index * sizeof entry, entry, sizeof entry) != sizeof entry) {
    throw systemFailure(EFAULT, "pwrite", "the auxiliary vector entry is not writable");
  }
  return nullptr;
}

}  // namespace

void exportStrings(Exports& list) {
  list.push_back({"readCString", entry<readCString>});
  list.push_back({"auxv", entry<auxv>});
  list.push_back({"setAuxv", entry<setAuxv>});
}
