// RMSNorm of rows, or of groups of elements in rows, with an optional residual sum before it.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// output[r, g, i] = x[r, g, i] * weight[i] / sqrt(mean_i(x[r, g, i]^2) + epsilon), where x is the input, or
// residual + input rounded to bf16, which the residual then holds. One fixed tree per group that depends on
// the width alone: fast and invariant numerics coincide.
struct RmsNorm {
  const bf16* input;  // [rows, groups * width]
  int64_t input_stride;
  bf16* residual;       // [rows, groups * width], dense; NULL: none
  const float* weight;  // [width]
  bf16* output;         // [rows, groups * width]; may be the input
  int64_t output_stride;
  int32_t rows;
  int32_t groups;
  int32_t width;
  float epsilon;
};

cudaError_t rms_norm(const RmsNorm& work, cudaStream_t stream);

}  // namespace llm42::cuda
