// RMSNorm of rows.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// output[r, i] = input[r, i] * rsqrt(mean_i(input[r, i]^2) + epsilon) * weight[i]. One fixed tree per row
// that depends on the width alone: fast and invariant numerics coincide.
struct RmsNorm {
  const bf16* input;  // [rows, width]
  int64_t input_stride;
  const float* weight;  // [width]
  bf16* output;         // [rows, width]; may be the input
  int64_t output_stride;
  int32_t rows;
  int32_t width;
  float epsilon;
};

cudaError_t rms_norm(const RmsNorm& work, cudaStream_t stream);

}  // namespace llm42::cuda
