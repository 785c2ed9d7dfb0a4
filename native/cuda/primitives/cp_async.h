// Asynchronous copies from global to shared memory. Each thread waits for its own copies; those of others are
// there after a barrier behind their wait.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

#ifdef __CUDACC__
// The address that PTX takes for shared memory.
__device__ __forceinline__ uint32_t shared_address(const void* pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}
#endif

// 16 bytes that pass by the L1 cache. The first `source_bytes` are copied, the rest becomes 0; with 0 the
// source is not read. Both addresses are multiples of 16.
__device__ __forceinline__ void cp_async16(void* destination, const void* source, int source_bytes = 16) {
#ifdef __CUDACC__
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(destination)),
               "l"(source), "r"(source_bytes)
               : "memory");
#else
  emu::cp_async(destination, source, 16, source_bytes);
#endif
}

// The same for 8 bytes, through the L1 cache.
__device__ __forceinline__ void cp_async8(void* destination, const void* source, int source_bytes = 8) {
#ifdef __CUDACC__
  asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;\n" ::"r"(shared_address(destination)),
               "l"(source), "r"(source_bytes)
               : "memory");
#else
  emu::cp_async(destination, source, 8, source_bytes);
#endif
}

// The same for 4 bytes.
__device__ __forceinline__ void cp_async4(void* destination, const void* source, int source_bytes = 4) {
#ifdef __CUDACC__
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;\n" ::"r"(shared_address(destination)),
               "l"(source), "r"(source_bytes)
               : "memory");
#else
  emu::cp_async(destination, source, 4, source_bytes);
#endif
}

// Closes the group of the copies that this thread issued since the last one; a group may be empty.
__device__ __forceinline__ void cp_async_commit() {
#ifdef __CUDACC__
  asm volatile("cp.async.commit_group;\n" ::: "memory");
#else
  emu::cp_async_commit();
#endif
}

// Waits until at most N of this thread's latest groups are in flight.
template <int N>
__device__ __forceinline__ void cp_async_wait() {
#ifdef __CUDACC__
  asm volatile("cp.async.wait_group %0;\n" ::"n"(N) : "memory");
#else
  emu::cp_async_wait(N);
#endif
}

}  // namespace llm42::cuda
