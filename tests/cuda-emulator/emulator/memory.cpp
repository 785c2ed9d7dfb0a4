#include "emulator/memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>

#include "emulator/sanitizer.h"
#include "emulator/settings.h"
#include "emulator/stream.h"

namespace emu {

namespace {

constexpr size_t alignment = 256;  // as cudaMalloc
constexpr size_t quarantine_bytes = size_t{64} << 20;

struct Allocation {
  size_t bytes;
  MemoryKind kind;
  bool is_retired = false;
};

struct Memory {
  std::map<uintptr_t, Allocation> allocations;
  size_t device_bytes = 0;  // in use
  std::deque<std::pair<void*, size_t>> freed;
  size_t freed_bytes = 0;

  // The allocation that holds `address`, or end.
  auto find(const void* address) {
    const auto value = reinterpret_cast<uintptr_t>(address);
    auto next = allocations.upper_bound(value);
    if (next == allocations.begin()) return allocations.end();
    --next;
    return value - next->first < next->second.bytes ? next : allocations.end();
  }
};

Memory& memory() {
  static Memory& instance = *new Memory;  // never destroyed: objects that end later may free
  return instance;
}

}  // namespace

MemoryKind kind_of(const void* address) {
  const auto found = memory().find(address);
  return found == memory().allocations.end() ? MemoryKind::pageable : found->second.kind;
}

bool is_within(const void* address, size_t bytes) {
  const auto found = memory().find(address);
  if (found == memory().allocations.end()) return true;
  const uintptr_t offset = reinterpret_cast<uintptr_t>(address) - found->first;
  return !found->second.is_retired && bytes <= found->second.bytes - offset;
}

cudaError_t allocate(void** address, size_t bytes, MemoryKind kind) {
  Memory& all = memory();
  if (kind == MemoryKind::device && bytes > settings().memory_bytes - all.device_bytes) {
    return cudaErrorMemoryAllocation;
  }
  void* result = nullptr;
  if (posix_memalign(&result, alignment, bytes) != 0) return cudaErrorMemoryAllocation;
  std::memset(result, 0xff, bytes);
  if (kind == MemoryKind::device) all.device_bytes += bytes;
  all.allocations[reinterpret_cast<uintptr_t>(result)] = {bytes, kind};
  *address = result;
  return cudaSuccess;
}

bool retire(void* address, MemoryKind kind) {
  Memory& all = memory();
  const auto found = all.allocations.find(reinterpret_cast<uintptr_t>(address));
  if (found == all.allocations.end() || found->second.kind != kind || found->second.is_retired) return false;
  found->second.is_retired = true;
  return true;
}

void discard(void* address) {
  Memory& all = memory();
  const auto found = all.allocations.find(reinterpret_cast<uintptr_t>(address));
  const size_t bytes = found->second.bytes;
  if (found->second.kind == MemoryKind::device) all.device_bytes -= bytes;
  all.allocations.erase(found);
#if LLM42_EMULATOR_ASAN
  std::free(address);
#else
  std::memset(address, 0xff, bytes);
  all.freed.emplace_back(address, bytes);
  all.freed_bytes += bytes;
  while (all.freed_bytes > quarantine_bytes) {
    std::free(all.freed.front().first);
    all.freed_bytes -= all.freed.front().second;
    all.freed.pop_front();
  }
#endif
}

namespace {

cudaError_t allocate_now(void** address, size_t bytes, MemoryKind kind) {
  if (address == nullptr) return cudaErrorInvalidValue;
  *address = nullptr;
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t error = refuse_waiting(); error != cudaSuccess) return error;
  return allocate(address, bytes, kind);
}

cudaError_t free_now(void* address, MemoryKind kind) {
  if (address == nullptr) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t error = refuse_waiting(); error != cudaSuccess) return error;
  if (!retire(address, kind)) return cudaErrorInvalidValue;
  run_all();  // as CUDA does: nothing may still use it
  discard(address);
  return cudaSuccess;
}

}  // namespace

}  // namespace emu

using namespace emu;

cudaError_t cudaMalloc(void** address, size_t bytes) {
  return remember(allocate_now(address, bytes, MemoryKind::device));
}

cudaError_t cudaFree(void* address) {
  return remember(free_now(address, MemoryKind::device));
}

cudaError_t cudaHostAlloc(void** address, size_t bytes, unsigned flags) {
  constexpr unsigned known = cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined;
  if ((flags & ~known) != 0) return remember(cudaErrorInvalidValue);
  return remember(allocate_now(address, bytes, MemoryKind::pinned));
}

cudaError_t cudaMallocHost(void** address, size_t bytes) {
  return cudaHostAlloc(address, bytes, cudaHostAllocDefault);
}

cudaError_t cudaFreeHost(void* address) {
  return remember(free_now(address, MemoryKind::pinned));
}

cudaError_t cudaMallocAsync(void** address, size_t bytes, cudaStream_t stream) {
  if (address == nullptr) return remember(cudaErrorInvalidValue);
  *address = nullptr;
  const std::lock_guard lock(runtime_mutex());
  if (!is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (is_capturing(stream)) return remember(refuse_capture(stream));
  if (bytes == 0) return cudaSuccess;
  // Nothing in order before this call can know the address, so it may exist from now on. What was freed on
  // this stream before counts as free.
  cudaError_t error = allocate(address, bytes, MemoryKind::device);
  if (error == cudaErrorMemoryAllocation) {
    run_stream(stream);
    error = allocate(address, bytes, MemoryKind::device);
  }
  return remember(error);
}

cudaError_t cudaFreeAsync(void* address, cudaStream_t stream) {
  if (address == nullptr) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  if (!is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (is_capturing(stream)) return remember(refuse_capture(stream));
  if (!retire(address, MemoryKind::device)) return remember(cudaErrorInvalidValue);
  return remember(enqueue(stream, [=] { discard(address); }));
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  if (free == nullptr || total == nullptr) return remember(cudaErrorInvalidValue);
  const std::lock_guard lock(runtime_mutex());
  *total = settings().memory_bytes;
  *free = *total - memory().device_bytes;
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  if (attributes == nullptr) return remember(cudaErrorInvalidValue);
  const std::lock_guard lock(runtime_mutex());
  void* pointer = const_cast<void*>(address);
  switch (kind_of(address)) {
    case MemoryKind::pageable:
      *attributes = {cudaMemoryTypeUnregistered, -1, nullptr, pointer};
      break;
    case MemoryKind::pinned:
      *attributes = {cudaMemoryTypeHost, 0, pointer, pointer};
      break;
    case MemoryKind::device:
      *attributes = {cudaMemoryTypeDevice, 0, pointer, nullptr};
      break;
  }
  return cudaSuccess;
}
