// The sum of segments that ran on blocks of their own, in ascending order: a thread for 8 outputs of a row.
#pragma once

#include "cuda/kernels/linear/linear_epilogue.h"

namespace llm42::cuda {

constexpr int kSumThreads = 128;

struct SumPlace {
  int64_t row;  // of the workspace
  int32_t chunk;
};

__device__ __forceinline__ SumPlace place_of_sum(int32_t columns) {
  const int32_t chunks = (columns + 7) / 8;
  const int64_t index = int64_t{blockIdx.x} * kSumThreads + threadIdx.x;
  return {index / chunks, static_cast<int32_t>(index % chunks)};
}

inline int64_t sum_blocks(const Linear& work) {
  const int64_t threads = int64_t{work.rows} * ((work.columns + 7) / 8);
  return (threads + kSumThreads - 1) / kSumThreads;
}

template <LinearEpilogue kEpilogue>
__device__ __forceinline__ void sum_segments(const Linear& work, const SumPlace& place, int64_t output_row,
                                             int32_t segments, int64_t workspace_stride) {
  constexpr int kSums = kEpilogue == LinearEpilogue::kSwiglu ? 16 : 8;
  float sums[kSums];
#pragma unroll
  for (int i = 0; i < kSums; ++i) sums[i] = 0.0f;
  const float* source = work.workspace + place.row * workspace_stride + int64_t{place.chunk} * kSums;
#pragma unroll 4
  for (int segment = 0; segment < segments; ++segment) {
#pragma unroll
    for (int part = 0; part < kSums; part += 8) {
      float more[8];
      load8(source + segment * work.rows * workspace_stride + part, 8, more);
#pragma unroll
      for (int i = 0; i < 8; ++i) sums[part + i] += more[i];
    }
  }
  finish_outputs<kEpilogue>(work, output_row, place.chunk * 8, sums);
}

}  // namespace llm42::cuda
