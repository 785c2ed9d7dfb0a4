#include "emulator/async_copy.h"

#include <cstdio>
#include <cstring>

#include "emulator/fault.h"
#include "emulator/sanitizer.h"
#include "emulator/thread.h"

namespace emu {

namespace {

#if LLM42_EMULATOR_ASAN
// Reports at the place of the copy, where the kernel's line is on the stack.
void check_object(const void* address, int bytes, const char* what) {
  void* bad = bytes == 0 ? nullptr : __asan_region_is_poisoned(const_cast<void*>(address), bytes);
  if (bad == nullptr) return;
  std::fprintf(stderr, "CUDA emulator: cp.async %s outside its object\n", what);
  static_cast<void>(*static_cast<volatile char*>(bad));
}
#else
void check_object(const void*, int, const char*) {}
#endif

bool is_aligned(const void* address, int bytes) {
  return reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(bytes) == 0;
}

}  // namespace

void AsyncCopies::issue(void* destination, const void* source, int bytes, int source_bytes) {
  if (source_bytes < 0 || source_bytes > bytes) fail("cp.async: %d source bytes of %d", source_bytes, bytes);
  if (!is_aligned(destination, bytes)) fail("cp.async: destination not %d-byte aligned", bytes);
  if (source_bytes != 0 && !is_aligned(source, bytes)) fail("cp.async: source not %d-byte aligned", bytes);
  check_object(destination, bytes, "writes");
  check_object(source, source_bytes, "reads");
  const auto size = static_cast<size_t>(bytes);
  observe_write(destination, size);
  const Unobserved unobserved;
  std::memset(destination, 0xff, size);
  copies_.push_back({destination, source, size, static_cast<size_t>(source_bytes), group_});
}

void AsyncCopies::wait(int keep) {
  size_t landed = 0;
  for (; landed < copies_.size() && copies_[landed].group < group_ - keep; ++landed) {
    const Copy& copy = copies_[landed];
    observe_read(copy.source, copy.source_bytes);
    observe_write(copy.destination, copy.bytes);
    const Unobserved unobserved;
    if (copy.source_bytes != 0) std::memcpy(copy.destination, copy.source, copy.source_bytes);
    std::memset(static_cast<char*>(copy.destination) + copy.source_bytes, 0, copy.bytes - copy.source_bytes);
  }
  copies_.erase(copies_.begin(), copies_.begin() + static_cast<std::ptrdiff_t>(landed));
}

void AsyncCopies::clear() {
  copies_.clear();
  group_ = 0;
}

void cp_async(void* destination, const void* source, int bytes, int source_bytes) {
  local.thread->copies.issue(destination, source, bytes, source_bytes);
}

void cp_async_commit() {
  local.thread->copies.commit();
}

void cp_async_wait(int keep) {
  local.thread->copies.wait(keep);
}

}  // namespace emu
