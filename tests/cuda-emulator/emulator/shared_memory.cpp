#include "emulator/shared_memory.h"

#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "emulator/block.h"
#include "emulator/fault.h"
#include "emulator/sanitizer.h"

namespace emu {

namespace {

#if !LLM42_EMULATOR_ASAN
struct Range {
  char* first;
  char* end;
};

// The running worker's thread-local memory of the module that holds the emulator, and so the kernels.
Range thread_local_memory() {
  Range result{nullptr, nullptr};
  dl_iterate_phdr(
      [](dl_phdr_info* module, size_t, void* data) {
        auto* memory = static_cast<char*>(module->dlpi_tls_data);
        if (memory == nullptr) return 0;
        for (int i = 0; i < module->dlpi_phnum; ++i) {
          if (module->dlpi_phdr[i].p_type != PT_TLS) continue;
          char* end = memory + module->dlpi_phdr[i].p_memsz;
          char* own = reinterpret_cast<char*>(&local);
          if (memory <= own && own < end) {
            *static_cast<Range*>(data) = {memory, end};
            return 1;
          }
        }
        return 0;
      },
      &result);
  if (result.first == nullptr) fail("the thread-local memory of the kernels was not found");
  return result;
}
#endif

void poison(char* first, char* end) {
  if (first >= end) return;
  const auto bytes = static_cast<size_t>(end - first);
  forget_accesses(first, bytes);
  const Unobserved unobserved;
  std::memset(first, 0xff, bytes);
}

}  // namespace

SharedMemory::~SharedMemory() {
  resize(0);
}

void SharedMemory::resize(size_t bytes) {
  if (dynamic_ != nullptr && bytes == bytes_) return;
  std::free(dynamic_);
  dynamic_ = nullptr;
  bytes_ = bytes;
  if (bytes == 0) return;
  // Of exactly this size, so that the address sanitizer's red zone begins at the last byte's neighbour.
  void* memory = nullptr;
  if (posix_memalign(&memory, 128, bytes) != 0) fail("no memory for %zu bytes of shared memory", bytes);
  dynamic_ = static_cast<char*>(memory);
}

void SharedMemory::prepare(size_t bytes) {
  resize(bytes);
  if (bytes != 0) poison(dynamic_, dynamic_ + bytes);
#if !LLM42_EMULATOR_ASAN
  const Range all = thread_local_memory();
  const Local kept = local;
  poison(all.first, all.end);
  local = kept;
#endif
}

void* dynamic_shared() {
  return local.block->shared().dynamic();
}

}  // namespace emu
