// Parts of queries over single splits in the workspace, and their merge.
#pragma once

#include "cuda/kernels/attention/query_tile.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

// Where the unnormalised values of a query over one split lie, and its state.
__device__ __forceinline__ int64_t partial_index(const AttentionShape& shape,
                                                 const AttentionSchedule& schedule, int32_t row,
                                                 int32_t query_head, int32_t split) {
  return (int64_t{row} * shape.query_heads + query_head) * schedule.splits + split;
}
__device__ __forceinline__ float* partial_values(const Attention& work, int64_t partial) {
  return work.workspace + partial * work.shape.head_size;
}
__device__ __forceinline__ float* partial_state(const Attention& work, const AttentionSchedule& schedule,
                                                int64_t partial) {
  const int64_t partials = int64_t{work.shape.rows} * work.shape.query_heads * schedule.splits;
  return work.workspace + partials * work.shape.head_size + partial * 2;
}

// Writes a query's part of a split to the workspace.
template <int kValueTiles>
__device__ __forceinline__ void store_partial(const Attention& work, const AttentionSchedule& schedule,
                                              const Query& query, int half, int32_t split, int first_element,
                                              const float (&values)[kValueTiles][4]) {
  const int quad_lane = static_cast<int>(threadIdx.x % 4);
  const int64_t partial = partial_index(work.shape, schedule, query.row, query.head, split);
  float* const to = partial_values(work, partial);
#pragma unroll
  for (int i = 0; i < kValueTiles; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      const int element = first_element + i * 8 + quad_lane * 2 + j;
      if (element < work.shape.head_size) to[element] = values[i][half * 2 + j];
    }
  }
  if (first_element == 0 && quad_lane == 0) {
    float* const state = partial_state(work, schedule, partial);
    state[0] = query.state.largest;
    state[1] = query.state.sum;
  }
}

cudaError_t merge_splits(const Attention& work, const AttentionSchedule& schedule, cudaStream_t stream);

}  // namespace llm42::cuda
