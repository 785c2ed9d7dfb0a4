// What becomes of the sums of bytes: scaled, then as in linear_epilogue.h.
#pragma once

#include "cuda/kernels/linear/linear_epilogue.h"
#include "cuda/kernels/linear_int8/linear_int8.h"

namespace llm42::cuda {

// Sums of one row that are finished together.
template <LinearEpilogue kEpilogue>
constexpr int kSumsAtOnce = kEpilogue == LinearEpilogue::kSwiglu ? 16 : 8;

// `sums` are those of packed weight rows kSums * chunk and on. Each product is rounded by itself.
template <LinearEpilogue kEpilogue, int kSums>
__device__ __forceinline__ void finish_int8_outputs(const LinearInt8& work, int64_t row, int32_t chunk,
                                                    float (&sums)[kSums]) {
  const bool is_int8 = work.rows != nullptr;
  const float row_scale = is_int8 ? work.row_scale[row] : 1.0f;
#pragma unroll
  for (int part = 0; part < kSums; part += 8) {
    float scale[8];
    load8(work.weight_scale + int64_t{chunk} * kSums + part, 8, scale);
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const float sum = is_int8 ? multiply(sums[part + i], row_scale) : sums[part + i];
      sums[part + i] = multiply(sum, scale[i]);
    }
  }
  finish_outputs<kEpilogue>(work.product, row, chunk * 8, sums);
}

}  // namespace llm42::cuda
