// Registration, and the end of an environment.
#include "tracee.h"

namespace {

/** Nothing outlives the environment: tracees are killed and reaped, the timer goes. */
void cleanUp(void* data) {
  auto* instance = static_cast<Instance*>(data);
  stopTick(*instance);
  for (Tracee* tracee : instance->tracees) {
    if (!tracee) continue;
    killAndReap(tracee);
    release(*instance, tracee);
  }
  instance->tracees.clear();
}

void finalize(napi_env, void* data, void*) { delete static_cast<Instance*>(data); }

/** setErrorClass(PtraceError) */
napi_value setErrorClass(Call& call) {
  napi_valuetype type;
  napi_typeof(call.env, call.raw(0), &type);
  if (type != napi_function) throw argumentFailure("the error class must be a constructor");
  Instance& instance = call.instance();
  if (instance.errorClass) napi_delete_reference(call.env, instance.errorClass);
  napi_create_reference(call.env, call.raw(0), 1, &instance.errorClass);
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  auto* instance = new Instance;
  instance->env = env;
  napi_set_instance_data(env, instance, finalize, nullptr);
  napi_add_env_cleanup_hook(env, cleanUp, instance);

  Exports list;
  exportSpawn(list);
  exportTracee(list);
  exportRegisters(list);
  exportMemory(list);
  exportStrings(list);
  exportSockets(list);
  exportClock(list);
  exportProcess(list);
  exportDescriptors(list);
  exportHash(list);
  list.push_back({"setErrorClass", entry<setErrorClass>});
  for (const Export& item : list) {
    napi_value function;
    napi_create_function(env, item.name, NAPI_AUTO_LENGTH, item.callback, nullptr, &function);
    napi_set_named_property(env, exports, item.name, function);
  }

  napi_value hash;
  void* data = nullptr;
  napi_create_arraybuffer(env, sizeof(uint64_t), &data, &hash);
  napi_create_reference(env, hash, 1, &instance->hashRef);
  instance->hash = static_cast<uint64_t*>(data);
  napi_set_named_property(env, exports, "hashBuffer", hash);
  return exports;
}
