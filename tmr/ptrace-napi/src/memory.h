// Tracee memory. All return the number of bytes copied; a short count is where memory ends, and a
// tracee that was killed meanwhile has none.
#pragma once
#include "tracee.h"

size_t readMemory(Tracee* tracee, uint64_t address, void* into, size_t length);
/** Obeys page protection. */
size_t writeMemory(Tracee* tracee, uint64_t address, const void* from, size_t length);
/** Goes through page protection. */
size_t pokeMemory(Tracee* tracee, uint64_t address, const void* from, size_t length);
