#include "emulator/sanitizer.h"

#if LLM42_EMULATOR_TSAN
#include <cstdint>

// Of the thread sanitizer's interface for managed heaps: blocks of a heap are allocated and freed without
// malloc, and a new block has no history.
extern "C" {
void __tsan_java_init(uintptr_t heap_begin, uintptr_t heap_size);
void __tsan_java_alloc(uintptr_t address, uintptr_t size);
void __tsan_java_free(uintptr_t address, uintptr_t size);
}

namespace emu {

void forget_accesses(void* address, size_t size) {
  // One heap that covers all of the address space.
  static const bool is_ready = [] {
    __tsan_java_init(8, (uintptr_t{1} << 47) - 16);
    return true;
  }();
  static_cast<void>(is_ready);
  const uintptr_t first = (reinterpret_cast<uintptr_t>(address) + 7) & ~uintptr_t{7};
  const uintptr_t end = (reinterpret_cast<uintptr_t>(address) + size) & ~uintptr_t{7};
  if (first >= end) return;
  __tsan_java_free(first, end - first);
  __tsan_java_alloc(first, end - first);
}

}  // namespace emu

#else

namespace emu {

void forget_accesses(void*, size_t) {}

}  // namespace emu

#endif
