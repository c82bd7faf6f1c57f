// Registers, call numbers and arguments, signal mask.
#include <sys/ptrace.h>
#include <sys/user.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "tracee.h"

namespace {

constexpr int registerCount = 27;
static_assert(sizeof(user_regs_struct) == registerCount * 8, "user_regs_struct of x86-64");

/** Offsets of the registers that hold system call arguments 0-5. */
constexpr size_t argumentOffsets[6] = {
    offsetof(user_regs_struct, rdi), offsetof(user_regs_struct, rsi),
    offsetof(user_regs_struct, rdx), offsetof(user_regs_struct, r10),
    offsetof(user_regs_struct, r8),  offsetof(user_regs_struct, r9),
};

/** A request that must succeed on a stopped tracee. */
long trace(__ptrace_request request, const Tracee* tracee, size_t address, void* data) {
  errno = 0;
  const long result = ptrace(request, tracee->pid, reinterpret_cast<void*>(address), data);
  if (result == -1 && errno != 0) {
    throw systemFailure(errno, "ptrace",
                        errno == ESRCH ? "the tracee was killed; resumeAndWait tells how it ended"
                                       : "");
  }
  return result;
}

/** A stopped tracee whose registers say what JavaScript set. */
Tracee* settled(Call& call) {
  Tracee* tracee = stoppedOf(call);
  flushSkip(tracee);
  return tracee;
}

void requireCallStop(const Tracee* tracee, const char* what) {
  const int kind = tracee->shared->kind;
  if (kind != kindSeccomp && kind != kindEntry) {
    throw stateFailure(std::string(what) + " needs a seccomp or syscallEntry stop, this is kind " +
                       std::to_string(kind));
  }
}

/** setCall(tracee, call) */
napi_value setCall(Call& call) {
  Tracee* tracee = settled(call);
  requireCallStop(tracee, "setCall");
  const int32_t number = call.int32(1, "call");
  trace(PTRACE_POKEUSER, tracee, offsetof(user_regs_struct, orig_rax),
        reinterpret_cast<void*>(static_cast<long>(number)));
  tracee->shared->call = number;
  return nullptr;
}

/** setArg(tracee, i, value) */
napi_value setArg(Call& call) {
  Tracee* tracee = settled(call);
  requireCallStop(tracee, "setArg");
  const auto i = static_cast<size_t>(call.integer(1, "argument index", 0, 5));
  const uint64_t value = call.word(2, "value");
  trace(PTRACE_POKEUSER, tracee, argumentOffsets[i], reinterpret_cast<void*>(value));
  tracee->shared->args[i] = value;
  return nullptr;
}

/** setResult(tracee, value) */
napi_value setResult(Call& call) {
  Tracee* tracee = settled(call);
  if (tracee->shared->kind != kindExit) {
    throw stateFailure("setResult needs a syscallExit stop, this is kind " +
                       std::to_string(tracee->shared->kind));
  }
  const uint64_t value = call.word(1, "value");
  trace(PTRACE_POKEUSER, tracee, offsetof(user_regs_struct, rax), reinterpret_cast<void*>(value));
  tracee->shared->result = static_cast<double>(static_cast<int64_t>(value));
  return nullptr;
}

/** getReg(tracee, register) */
napi_value getReg(Call& call) {
  Tracee* tracee = settled(call);
  const auto index = static_cast<size_t>(call.integer(1, "register", 0, registerCount - 1));
  return call.makeWord(static_cast<uint64_t>(trace(PTRACE_PEEKUSER, tracee, index * 8, nullptr)));
}

/** setReg(tracee, register, value) */
napi_value setReg(Call& call) {
  Tracee* tracee = settled(call);
  const auto index = static_cast<size_t>(call.integer(1, "register", 0, registerCount - 1));
  const uint64_t value = call.word(2, "value");
  trace(PTRACE_POKEUSER, tracee, index * 8, reinterpret_cast<void*>(value));
  readStop(tracee);
  return nullptr;
}

/** saveRegs(tracee, BigUint64Array(27)) */
napi_value saveRegs(Call& call) {
  Tracee* tracee = settled(call);
  size_t length = 0;
  void* into = call.elements(1, "into", napi_biguint64_array, &length);
  if (length != registerCount) throw argumentFailure("registers are 27 words");
  trace(PTRACE_GETREGS, tracee, 0, into);
  return nullptr;
}

/** restoreRegs(tracee, BigUint64Array(27)) */
napi_value restoreRegs(Call& call) {
  Tracee* tracee = settled(call);
  size_t length = 0;
  void* from = call.elements(1, "saved", napi_biguint64_array, &length);
  if (length != registerCount) {
    throw argumentFailure("saved must be what saveRegs gave (27 words), got " +
                          std::to_string(length));
  }
  trace(PTRACE_SETREGS, tracee, 0, from);
  readStop(tracee);
  return nullptr;
}

napi_value getSigmask(Call& call) {
  const Tracee* tracee = stoppedOf(call);
  uint64_t mask = 0;
  trace(PTRACE_GETSIGMASK, tracee, sizeof mask, &mask);
  return call.makeWord(mask);
}

/** setSigmask(tracee, mask) */
napi_value setSigmask(Call& call) {
  const Tracee* tracee = stoppedOf(call);
  uint64_t mask = call.word(1, "mask");
  trace(PTRACE_SETSIGMASK, tracee, sizeof mask, &mask);
  return nullptr;
}

}  // namespace

void exportRegisters(Exports& list) {
  list.push_back({"setCall", entry<setCall>});
  list.push_back({"setArg", entry<setArg>});
  list.push_back({"setResult", entry<setResult>});
  list.push_back({"getReg", entry<getReg>});
  list.push_back({"setReg", entry<setReg>});
  list.push_back({"saveRegs", entry<saveRegs>});
  list.push_back({"restoreRegs", entry<restoreRegs>});
  list.push_back({"getSigmask", entry<getSigmask>});
  list.push_back({"setSigmask", entry<setSigmask>});
}
