// What happens to sums before they are stored: 8 neighbouring outputs of a row at a time, whoever summed
// them.
#pragma once

#include "cuda/kernels/linear/linear.h"
#include "cuda/primitives/elementary.h"
#include "cuda/primitives/vector_access.h"

namespace llm42::cuda {

// `sums` are those of outputs column .. column + 7, behind kSwiglu their gates, followed by those of up.
template <LinearEpilogue kEpilogue, int kSums>
__device__ __forceinline__ void finish_outputs(const Linear& work, int64_t row, int32_t column,
                                               const float (&sums)[kSums]) {
  const int count = min(8, work.columns - column);
  float value[8], other[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) value[i] = sums[i];
  if (work.bias != nullptr) {
    load8(work.bias + column, count, other);
#pragma unroll
    for (int i = 0; i < 8; ++i) value[i] += other[i];
  }
  if constexpr (kEpilogue == LinearEpilogue::kSwiglu) {
    static_assert(kSums == 16);
    float up[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) up[i] = sums[8 + i];
    if (work.bias != nullptr) {
      load8(work.bias + work.columns + column, count, other);
#pragma unroll
      for (int i = 0; i < 8; ++i) up[i] += other[i];
    }
#pragma unroll
    for (int i = 0; i < 8; ++i) value[i] = multiply(silu(value[i]), up[i]);
  }
  if constexpr (kEpilogue == LinearEpilogue::kResidual) {
    load8(work.residual + row * work.residual_stride + column, count, other);
#pragma unroll
    for (int i = 0; i < 8; ++i) value[i] = other[i] + value[i];
  }
  const int64_t place = row * work.output_stride + column;
  if (work.is_output_f32) {
    store8(static_cast<float*>(work.output) + place, count, value);
  } else {
    store8(static_cast<bf16*>(work.output) + place, count, value);
  }
}

// Calls `visit` with the epilogue as a compile-time constant.
template <class Visitor>
__device__ __forceinline__ void with_epilogue(LinearEpilogue epilogue, Visitor&& visit) {
  if (epilogue == LinearEpilogue::kSwiglu) {
    visit(std::integral_constant<LinearEpilogue, LinearEpilogue::kSwiglu>{});
  } else if (epilogue == LinearEpilogue::kResidual) {
    visit(std::integral_constant<LinearEpilogue, LinearEpilogue::kResidual>{});
  } else {
    visit(std::integral_constant<LinearEpilogue, LinearEpilogue::kNone>{});
  }
}

}  // namespace llm42::cuda
