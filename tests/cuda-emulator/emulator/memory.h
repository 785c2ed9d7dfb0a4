// What was allocated through the runtime API: device memory, and pinned host memory.
#pragma once

#include <cstddef>

#include "emulator/runtime_api.h"

namespace emu {

enum class MemoryKind { pageable, pinned, device };

// Where `address` lies. Call with the runtime's mutex held, like all of these.
MemoryKind kind_of(const void* address);
// Whether [address, address + bytes) lies in one allocation, or in pageable memory.
bool is_within(const void* address, size_t bytes);

// Filled with bytes 0xff. cudaErrorMemoryAllocation if the device has not so much left.
cudaError_t allocate(void** address, size_t bytes, MemoryKind kind);

// First part of freeing: false unless `address` begins an allocation of that kind that nobody has freed yet.
bool retire(void* address, MemoryKind kind);
// Second part: fills it with bytes 0xff and gives it up. It stays mapped for a while, so that a late read
// finds NaN; the address sanitizer reports it instead.
void discard(void* address);

}  // namespace emu
