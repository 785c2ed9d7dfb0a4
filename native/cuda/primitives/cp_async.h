// Asynchronous copies from global to shared memory.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// 16 bytes global -> shared; src_bytes < 16 zero-fills the rest
__device__ __forceinline__ void cp_async16(void* dst, const void* src, int src_bytes = 16) {
#ifdef __CUDACC__
  uint32_t s = (uint32_t)__cvta_generic_to_shared(dst);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(s), "l"(src), "r"(src_bytes)
               : "memory");
#else
  emu::cp_async(dst, src, 16, src_bytes);
#endif
}
__device__ __forceinline__ void cp_async_commit() {
#ifdef __CUDACC__
  asm volatile("cp.async.commit_group;\n" ::: "memory");
#else
  emu::cp_commit();
#endif
}
template <int N>
__device__ __forceinline__ void cp_async_wait() {
#ifdef __CUDACC__
  asm volatile("cp.async.wait_group %0;\n" ::"n"(N) : "memory");
#else
  emu::cp_wait(N);
#endif
}

}  // namespace llm42::cuda
