// The largest and the second largest of the values of tokens.
#pragma once

#include "cuda/primitives/block.h"

namespace llm42::cuda {

struct BestToken {
  float value;
  float second;
  uint32_t id;
};

constexpr uint32_t no_token = 0xffffffffu;

__device__ __forceinline__ BestToken nothing() {
  const float minus_infinity = __uint_as_float(0xff800000u);
  return {minus_infinity, minus_infinity, no_token};
}

// The better of two, ties to the lower id; the same whichever is named first.
__device__ __forceinline__ BestToken better(const BestToken& a, const BestToken& b) {
  const bool is_b = b.value > a.value || (b.value == a.value && b.id < a.id);
  const BestToken& won = is_b ? b : a;
  const float lost = is_b ? a.value : b.value;
  return {won.value, lost > won.second ? lost : won.second, won.id};
}

// Ids must ascend. -inf is never the best.
__device__ __forceinline__ void consider(BestToken& best, float value, int32_t id) {
  if (value > best.value) {
    best = {value, best.value, static_cast<uint32_t>(id)};
  } else if (value > best.second) {
    best.second = value;
  }
}

__device__ __forceinline__ BestToken over_warp(BestToken best) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    const BestToken other{__shfl_xor_sync(0xffffffffu, best.value, distance),
                          __shfl_xor_sync(0xffffffffu, best.second, distance),
                          __shfl_xor_sync(0xffffffffu, best.id, distance)};
    best = better(best, other);
  }
  return best;
}

// The whole block must call this; every thread gets the result. `shared`: one per warp.
__device__ __forceinline__ BestToken over_block(BestToken best, BestToken* shared) {
  best = over_warp(best);
  __syncthreads();
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = best;
  __syncthreads();
  return over_warp(shared[threadIdx.x % 32]);
}

}  // namespace llm42::cuda
