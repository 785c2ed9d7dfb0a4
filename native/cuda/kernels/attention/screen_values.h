// Keeps values that are not finite away from queries that do not see them.
#pragma once

#include "cuda/kernels/attention/query_tile.h"

namespace llm42::cuda {

// Infinite and NaN halves of a pair.
__device__ __forceinline__ bool is_low_unbounded(uint32_t pair) {
  return (pair & 0x7f80u) == 0x7f80u;
}
__device__ __forceinline__ bool is_high_unbounded(uint32_t pair) {
  return (pair & 0x7f800000u) == 0x7f800000u;
}

__device__ __forceinline__ bool has_unbounded(const uint32_t (&b)[4]) {
  bool result = false;
#pragma unroll
  for (int i = 0; i < 4; ++i) result = result || is_low_unbounded(b[i]) || is_high_unbounded(b[i]);
  return result;
}

// Infinite or NaN values at positions that some query of the warp does not see: 0 times them would be NaN.
// They are replaced by 0, and the queries that do see them get NaN, as the product would give them.
// `b`: a k16 x n8 fragment of positions first .. first + 15.
__device__ __forceinline__ void screen_values(uint32_t& b0, uint32_t& b1, int32_t first,
                                              const Query (&query)[2], float (&values)[4]) {
  const int lane = static_cast<int>(threadIdx.x & 31);
  const int k = lane % 4 * 2;
  uint32_t unbounded = (is_low_unbounded(b0) ? 1u << k : 0u) | (is_high_unbounded(b0) ? 2u << k : 0u) |
                       (is_low_unbounded(b1) ? 256u << k : 0u) | (is_high_unbounded(b1) ? 512u << k : 0u);
  if (is_low_unbounded(b0)) b0 &= 0xffff0000u;
  if (is_high_unbounded(b0)) b0 &= 0x0000ffffu;
  if (is_low_unbounded(b1)) b1 &= 0xffff0000u;
  if (is_high_unbounded(b1)) b1 &= 0x0000ffffu;
  // Of the column that the quad holds; then those of the thread's two columns of the result.
  unbounded |= __shfl_xor_sync(0xffffffffu, unbounded, 1);
  unbounded |= __shfl_xor_sync(0xffffffffu, unbounded, 2);
#pragma unroll
  for (int column = 0; column < 2; ++column) {
    const uint32_t positions = __shfl_sync(0xffffffffu, unbounded, (k + column) * 4);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int32_t begin = min(max(query[half].seen.begin - first, 0), 16);
      const int32_t end = min(max(query[half].seen.end - first, 0), 16);
      const uint32_t seen = begin < end ? (1u << end) - (1u << begin) : 0u;
      if ((positions & seen) != 0) values[half * 2 + column] = __uint_as_float(0x7fc00000u);
    }
  }
}

}  // namespace llm42::cuda
