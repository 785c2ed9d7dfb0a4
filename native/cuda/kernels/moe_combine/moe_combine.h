// The sum over the experts of a row.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// output[r] = (residual[r] +) sum over j of expert_weights[r, j] * input[r * top_k + j]: per element fused
// multiply-adds from zero, j ascending, in f32.
struct MoeCombine {
  const float* expert_weights;  // [rows, top_k]
  const bf16* input;            // [rows * top_k, width]
  int64_t input_stride;
  const bf16* residual;  // optional: [rows, width]; may be the output
  int64_t residual_stride;
  bf16* output;  // [rows, width]
  int64_t output_stride;
  int32_t rows;   // 1 or more
  int32_t top_k;  // 1 or more
  int32_t width;  // 1 or more
};

// cudaErrorInvalidValue where a size is below 1.
cudaError_t moe_combine(const MoeCombine& work, cudaStream_t stream);

}  // namespace llm42::cuda
