// Arguments and failures.
#include "call.h"

#include <cerrno>
#include <cmath>
#include <cstring>

namespace {

constexpr double exactLimit = 9007199254740992.0;  // 2^53

std::string typeName(napi_env env, napi_value value) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return "an unknown value";
  switch (type) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: {
      double number = 0;
      napi_get_value_double(env, value, &number);
      char text[40];
      snprintf(text, sizeof text, "%.17g", number);
      return text;
    }
    case napi_string: return "a string";
    case napi_symbol: return "a symbol";
    case napi_object: return "an object";
    case napi_function: return "a function";
    case napi_external: return "an external value";
    case napi_bigint: return "a BigInt";
  }
  return "an unknown value";
}

[[noreturn]] void refuse(napi_env env, napi_value value, const char* name, const char* expected) {
  throw argumentFailure(std::string(name) + " must be " + expected + ", got " +
                        typeName(env, value));
}

}  // namespace

std::string errnoName(int number) {
  const char* name = strerrorname_np(number);
  return name ? name : "E" + std::to_string(number);
}

Failure systemFailure(int number, const char* syscall, const std::string& doing) {
  std::string message = std::string(syscall) + " failed: " + errnoName(number) + " (" +
                        strerror(number) + ")";
  if (!doing.empty()) message += ": " + doing;
  return Failure{errnoName(number), number, syscall, message};
}

Failure argumentFailure(const std::string& message) {
  return Failure{"ERR_ARGUMENT", 0, "", message};
}

Failure stateFailure(const std::string& message) { return Failure{"ERR_STATE", 0, "", message}; }

void throwFailure(napi_env env, const Failure& failure) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return;
  Instance* instance = nullptr;
  napi_value cls = nullptr, error = nullptr, args[4];
  napi_get_instance_data(env, reinterpret_cast<void**>(&instance));
  if (instance && instance->errorClass) {
    napi_get_reference_value(env, instance->errorClass, &cls);
  }
  napi_create_string_utf8(env, failure.message.c_str(), NAPI_AUTO_LENGTH, &args[0]);
  napi_create_string_utf8(env, failure.code.c_str(), NAPI_AUTO_LENGTH, &args[1]);
  napi_create_int32(env, failure.number, &args[2]);
  napi_create_string_utf8(env, failure.syscall.c_str(), NAPI_AUTO_LENGTH, &args[3]);
  if (cls && napi_new_instance(env, cls, 4, args, &error) == napi_ok) {
    napi_throw(env, error);
  } else {
    napi_throw_error(env, failure.code.c_str(), failure.message.c_str());
  }
}

Call::Call(napi_env e, napi_callback_info info) : env(e) {
  // Arguments that were not passed come as undefined.
  napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
  napi_get_instance_data(env, reinterpret_cast<void**>(&instance_));
}

bool Call::isUndefined(size_t i) const {
  napi_valuetype type;
  return napi_typeof(env, values_[i], &type) == napi_ok && type == napi_undefined;
}

double Call::number(size_t i, const char* name) const {
  double value = 0;
  if (napi_get_value_double(env, values_[i], &value) != napi_ok || std::isnan(value)) {
    refuse(env, values_[i], name, "a number");
  }
  return value;
}

int64_t Call::integer(size_t i, const char* name, int64_t low, int64_t high) const {
  double value = number(i, name);
  if (value != std::floor(value) || value < static_cast<double>(low) ||
      value > static_cast<double>(high)) {
    const std::string expected =
        "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    refuse(env, values_[i], name, expected.c_str());
  }
  return static_cast<int64_t>(value);
}

int32_t Call::int32(size_t i, const char* name) const {
  return static_cast<int32_t>(integer(i, name, INT32_MIN, INT32_MAX));
}

bool Call::boolean(size_t i) const {
  bool value = false;
  napi_get_value_bool(env, values_[i], &value);
  return value;
}

uint64_t Call::word(size_t i, const char* name) const {
  napi_valuetype type;
  napi_typeof(env, values_[i], &type);
  if (type == napi_bigint) {
    uint64_t bits = 0;
    int64_t negative = 0;
    bool lossless = false;
    napi_get_value_bigint_uint64(env, values_[i], &bits, &lossless);
    if (lossless) return bits;
    napi_get_value_bigint_int64(env, values_[i], &negative, &lossless);
    if (lossless) return static_cast<uint64_t>(negative);
    refuse(env, values_[i], name, "a BigInt of at most 64 bits");
  }
  const int64_t limit = static_cast<int64_t>(exactLimit) - 1;
  return static_cast<uint64_t>(integer(i, name, -limit, limit));
}

uint64_t Call::address(size_t i, const char* name) const {
  double value = number(i, name);
  if (value != std::floor(value) || value < 0) {
    refuse(env, values_[i], name, "an address (a whole number, not negative)");
  }
  // Rounded pointers of a confused program: beyond user space in any case, so never readable.
  if (value >= 18446744073709549568.0) return UINT64_MAX;
  return static_cast<uint64_t>(value);
}

void* Call::elements(size_t i, const char* name, napi_typedarray_type expected,
                     size_t* length) const {
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, values_[i], &type, length, &data, nullptr, nullptr) !=
          napi_ok ||
      type != expected) {
    const char* text = expected == napi_uint8_array     ? "a Uint8Array"
                       : expected == napi_int32_array   ? "an Int32Array"
                       : expected == napi_uint32_array  ? "a Uint32Array"
                       : expected == napi_float64_array ? "a Float64Array"
                                                        : "a BigUint64Array";
    refuse(env, values_[i], name, text);
  }
  return data;
}

Bytes Call::bytes(size_t i, const char* name) const {
  size_t length = 0;
  void* data = elements(i, name, napi_uint8_array, &length);
  return Bytes{static_cast<uint8_t*>(data), length};
}

Bytes Call::range(size_t i, const char* name) const {
  const Bytes all = bytes(i, name);
  const double offset = number(i + 1, "offset"), length = number(i + 2, "length");
  if (offset != std::floor(offset) || length != std::floor(length) || offset < 0 || length < 0 ||
      offset + length > static_cast<double>(all.length)) {
    char text[160];
    snprintf(text, sizeof text,
             "offset and length must be whole numbers within the %zu bytes of %s, got %.17g and "
             "%.17g",
             all.length, name, offset, length);
    throw argumentFailure(text);
  }
  return Bytes{all.data + static_cast<size_t>(offset), static_cast<size_t>(length)};
}

std::string Call::text(size_t i, const char* name) const {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, values_[i], nullptr, 0, &length) != napi_ok) {
    refuse(env, values_[i], name, "a string");
  }
  std::string value(length, '\0');
  napi_get_value_string_utf8(env, values_[i], value.data(), length + 1, &length);
  if (value.find('\0') != std::string::npos) {
    throw argumentFailure(std::string(name) + " must not hold a NUL character");
  }
  return value;
}

napi_value Call::undefined() const {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

napi_value Call::makeNumber(double number) const {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}

napi_value Call::makeBoolean(bool flag) const {
  napi_value value;
  napi_get_boolean(env, flag, &value);
  return value;
}

napi_value Call::makeWord(uint64_t bits) const {
  napi_value value;
  napi_create_bigint_uint64(env, bits, &value);
  return value;
}

napi_value Call::makeBuffer(const void* data, size_t length) const {
  napi_value value = nullptr;
  void* copy;
  if (napi_create_buffer_copy(env, length, data, &copy, &value) != napi_ok) {
    throw argumentFailure("no memory for a Buffer of " + std::to_string(length) + " bytes");
  }
  return value;
}

napi_value Call::makeList(const std::vector<double>& values) const {
  napi_value list;
  napi_create_array_with_length(env, values.size(), &list);
  for (size_t i = 0; i < values.size(); i++) {
    napi_set_element(env, list, static_cast<uint32_t>(i), makeNumber(values[i]));
  }
  return list;
}
