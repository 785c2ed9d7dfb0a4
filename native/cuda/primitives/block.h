// Reductions over a block of 1024 threads that works on one row, by one fixed tree.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

constexpr int row_threads = 1024;
constexpr int row_warps = row_threads / 32;

// Combines a value per thread; every thread gets the result. `combine` must be commutative: lane i meets lane
// i + 16, 8, 4, 2, 1 of its warp, then warp i meets warp i + 16, 8, 4, 2, 1. `shared`: one value per warp.
template <class Value, class Combine>
__device__ __forceinline__ Value block_reduce(Value value, Value* shared, Combine combine) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value = combine(value, __shfl_xor_sync(0xffffffffu, value, distance));
  }
  __syncthreads();  // an earlier reduction may still be read
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = value;
  __syncthreads();
  value = shared[threadIdx.x % 32];
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value = combine(value, __shfl_xor_sync(0xffffffffu, value, distance));
  }
  return value;
}

// Calls f(first, values[4], count) for the groups of four elements that belong to this thread, ascending; the
// same ones whatever the alignment of the row.
template <class F>
__device__ __forceinline__ void for_each_four(const float* row, int32_t count, F f) {
  const bool is_aligned = (reinterpret_cast<uintptr_t>(row) & 15) == 0;
  for (int64_t first = int64_t{threadIdx.x} * 4; first < count; first += row_threads * 4) {
    const int held = count - first < 4 ? static_cast<int>(count - first) : 4;
    float values[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (is_aligned && held == 4) {
      const float4 four = *reinterpret_cast<const float4*>(row + first);
      values[0] = four.x;
      values[1] = four.y;
      values[2] = four.z;
      values[3] = four.w;
    } else {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (i < held) values[i] = row[first + i];
      }
    }
    f(static_cast<int32_t>(first), values, held);
  }
}

// Calls f(id, value) for the elements that belong to this thread, ascending.
template <class F>
__device__ __forceinline__ void for_each(const float* row, int32_t count, F f) {
  for_each_four(row, count, [&](int32_t first, const float(&values)[4], int held) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (i < held) f(first + i, values[i]);
    }
  });
}

}  // namespace llm42::cuda
