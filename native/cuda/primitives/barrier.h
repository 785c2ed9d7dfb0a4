// Barriers among some of a block's warps.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// `threads` threads of the block, whole warps, meet at barrier `id`, 1..15 (0 is that of __syncthreads).
// Orders their accesses to memory as __syncthreads does.
__device__ __forceinline__ void named_barrier_sync(int id, int threads) {
#ifdef __CUDACC__
  asm volatile("bar.sync %0, %1;\n" ::"r"(id), "r"(threads) : "memory");
#else
  emu::named_barrier(id, static_cast<unsigned>(threads));
#endif
}

}  // namespace llm42::cuda
