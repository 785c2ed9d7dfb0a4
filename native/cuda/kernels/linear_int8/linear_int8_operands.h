// The two kinds of rows that meet an int8 weight: how wide they are and how a warp multiplies them.
//
// A warp has the weight's bytes of a span of 32 elements of the depth in registers: raw[j][i] holds, of MMA
// column tile j, the lane's four bytes of the i-th 16 elements.
#pragma once

#include "cuda/kernels/linear_int8/linear_int8.h"
#include "cuda/primitives/int8_to_bf16.h"
#include "cuda/primitives/mma.h"

namespace llm42::cuda {

// bf16 rows: the weight is widened in registers, sums are f32.
struct Bf16Rows {
  using Sum = float;
  static constexpr int kElementBytes = 2;

  // `load_input(registers, i, chunk)` loads the 16 rows of MMA row tile i from 16-byte chunk `chunk` of the
  // span on, and the next chunk. The span's two steps ascend.
  template <int kMmaRows, int kMmaColumns, class LoadInput>
  static __device__ __forceinline__ void multiply(Sum (&sums)[kMmaRows][kMmaColumns][4],
                                                  const uint32_t (&raw)[kMmaColumns][2],
                                                  LoadInput&& load_input) {
#pragma unroll
    for (int step = 0; step < 2; ++step) {
      uint32_t a[kMmaRows][4];
#pragma unroll
      for (int i = 0; i < kMmaRows; ++i) load_input(a[i], i, 2 * step);
#pragma unroll
      for (int j = 0; j < kMmaColumns; ++j) {
        const uint32_t b[2] = {bf16_pair_of_bytes(raw[j][step]), bf16_pair_of_bytes(raw[j][step] >> 8)};
#pragma unroll
        for (int i = 0; i < kMmaRows; ++i) mma_m16n8k16_bf16(sums[i][j], a[i], b);
      }
    }
  }
};

// int8 rows: sums are exact.
struct Int8Rows {
  using Sum = int32_t;
  static constexpr int kElementBytes = 1;

  template <int kMmaRows, int kMmaColumns, class LoadInput>
  static __device__ __forceinline__ void multiply(Sum (&sums)[kMmaRows][kMmaColumns][4],
                                                  const uint32_t (&raw)[kMmaColumns][2],
                                                  LoadInput&& load_input) {
    uint32_t a[kMmaRows][4];
#pragma unroll
    for (int i = 0; i < kMmaRows; ++i) load_input(a[i], i, 0);
#pragma unroll
    for (int i = 0; i < kMmaRows; ++i)
#pragma unroll
      for (int j = 0; j < kMmaColumns; ++j) mma_m16n8k32_s8(sums[i][j], a[i], raw[j]);
  }
};

}  // namespace llm42::cuda
