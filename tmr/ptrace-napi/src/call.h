// What every native function needs: arguments checked, failures thrown as PtraceError.
#pragma once
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct Tracee;

/** A failure on its way to JavaScript, where it becomes a PtraceError. */
struct Failure {
  std::string code;
  int number;  // errno, or 0 for wrong use
  std::string syscall;
  std::string message;
};

/** Name of an errno, such as "ESRCH". */
std::string errnoName(int number);
/** A system call that failed. `doing` says for what, and what to do. */
Failure systemFailure(int number, const char* syscall, const std::string& doing = "");
Failure argumentFailure(const std::string& message);
Failure stateFailure(const std::string& message);

/** What belongs to one environment, that is, one thread. */
struct Instance {
  napi_env env = nullptr;
  napi_ref errorClass = nullptr;
  /** Result of the last hash: low half, high half. Its memory is kept alive by hashRef. */
  uint64_t* hash = nullptr;
  napi_ref hashRef = nullptr;
  std::vector<Tracee*> tracees;  // by slot; null: free
  bool tickRunning = false;
  void* tickTimer = nullptr;
};

/** Bytes of a Uint8Array argument. */
struct Bytes {
  uint8_t* data;
  size_t length;
};

/** The arguments of one call from JavaScript. Every getter throws a Failure that names the argument. */
class Call {
 public:
  static constexpr size_t maxArguments = 12;

  Call(napi_env env, napi_callback_info info);

  napi_env env;
  Instance& instance() const { return *instance_; }
  size_t count() const { return count_; }

  bool isUndefined(size_t i) const;
  /** Any number, NaN refused. */
  double number(size_t i, const char* name) const;
  /** A whole number within [low, high]; both at most 2^53. */
  int64_t integer(size_t i, const char* name, int64_t low, int64_t high) const;
  int32_t int32(size_t i, const char* name) const;
  bool boolean(size_t i) const;
  /** A whole number that is safe, or a BigInt of up to 64 bits, as its 64-bit pattern. */
  uint64_t word(size_t i, const char* name) const;
  /** An address: a whole number from 0 to 2^53. */
  uint64_t address(size_t i, const char* name) const;
  Bytes bytes(size_t i, const char* name) const;
  /** Bytes [offset, offset+length) of argument i, whose bounds are the arguments i+1 and i+2. */
  Bytes range(size_t i, const char* name) const;
  /** Elements of a typed array of another kind. */
  void* elements(size_t i, const char* name, napi_typedarray_type type, size_t* length) const;
  std::string text(size_t i, const char* name) const;
  napi_value raw(size_t i) const { return values_[i]; }

  napi_value undefined() const;
  napi_value makeNumber(double value) const;
  napi_value makeBoolean(bool value) const;
  napi_value makeWord(uint64_t value) const;
  napi_value makeBuffer(const void* data, size_t length) const;
  /** Plain array of numbers. */
  napi_value makeList(const std::vector<double>& values) const;

 private:
  Instance* instance_ = nullptr;
  size_t count_ = maxArguments;
  napi_value values_[maxArguments];
};

using Function = napi_value (*)(Call&);

/** Throws `failure` as PtraceError in JavaScript. */
void throwFailure(napi_env env, const Failure& failure);

/** Makes a native function callable from JavaScript; no C++ exception leaves it. */
template <Function function>
napi_value entry(napi_env env, napi_callback_info info) {
  try {
    Call call(env, info);
    return function(call);
  } catch (const Failure& failure) {
    throwFailure(env, failure);
  } catch (const std::exception& error) {
    throwFailure(env, Failure{"ERR_ARGUMENT", 0, "", error.what()});
  }
  return nullptr;
}

struct Export {
  const char* name;
  napi_callback callback;
};
using Exports = std::vector<Export>;

// Each file adds its functions.
void exportSpawn(Exports& list);
void exportTracee(Exports& list);
void exportRegisters(Exports& list);
void exportMemory(Exports& list);
void exportStrings(Exports& list);
void exportSockets(Exports& list);
void exportClock(Exports& list);
void exportProcess(Exports& list);
void exportDescriptors(Exports& list);
void exportHash(Exports& list);

/** Stops the periodic timer of an environment that ends. */
void stopTick(Instance& instance);
