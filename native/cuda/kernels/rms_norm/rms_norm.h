// RMSNorm of groups of rows, with an optional residual sum before it.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// output = x / sqrt(mean(x^2) + epsilon) * weight over each group of `width` consecutive elements, with x =
// input, or residual + input rounded to bf16, which is stored in the residual.
//
// One tree per group that depends on the width alone, so fast and invariant numerics coincide: chunks of 8
// elements are dealt to a warp (to 8 warps above kWideRow), each lane sums its squares in ascending order,
// lanes meet in pairs 16, 8, 4, 2, 1 apart, and warps are added in ascending order. Alignment changes no bit.
struct RmsNorm {
  const bf16* input;  // [rows, groups * width]; fastest where the rows are multiples of 16 bytes
  int64_t input_stride;
  bf16* residual;  // optional: [rows, groups * width]; overlaps none of the others
  int64_t residual_stride;
  const float* weight;  // [width]
  bf16* output;         // [rows, groups * width]; may be the input
  int64_t output_stride;
  int32_t rows;    // 1 or more
  int32_t groups;  // 1 or more
  int32_t width;   // 1 or more
  float epsilon;
};

// Widest group that a single warp normalises.
constexpr int32_t kWideRow = 1024;

// cudaErrorInvalidValue where a size is below 1 or there are more groups than blocks can be launched.
cudaError_t rms_norm(const RmsNorm& work, cudaStream_t stream);

}  // namespace llm42::cuda
