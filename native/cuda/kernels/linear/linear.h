// Products of rows of activations with a weight, and what is fused behind them.
#pragma once

#include "cuda/kernels/linear/linear_schedule.h"
#include "cuda/kernels/linear/linear_weight.h"
#include "cuda/primitives/platform.h"

namespace llm42::cuda {

enum class LinearEpilogue : int32_t {
  kNone,      // sum + bias
  kResidual,  // residual + (sum + bias)
  kSwiglu,    // silu(gate sum + gate bias) * (up sum + up bias); the weight holds gate and up
};

// output[m, n] = epilogue(sum_k input[m, k] * weight[n, k]), bf16 products summed in f32.
struct Linear {
  const bf16* input;  // [rows, depth]; fastest where the rows are multiples of 16 bytes, right everywhere
  int64_t input_stride;
  const bf16* weight;  // packed as linear_weight.h says, 16-byte aligned
  int64_t weight_stride;
  const float* bias;     // optional: [columns], behind kSwiglu [2 * columns], gate then up
  const bf16* residual;  // kResidual only: [rows, columns]; may be the output
  int64_t residual_stride;
  void* output;  // [rows, columns], bf16 or f32
  int64_t output_stride;
  float* workspace;  // linear_workspace_bytes, 16-byte aligned; unused where that is 0
  int64_t workspace_bytes;
  int32_t rows;     // 1 or more
  int32_t columns;  // of the output: the weight's rows, behind kSwiglu half of them; 1 or more
  int32_t depth;    // 1 or more
  LinearEpilogue epilogue;
  bool is_output_f32;
};

// Shape that the schedules want.
constexpr LinearShape linear_shape(const Linear& work) {
  const bool is_gate_up = work.epilogue == LinearEpilogue::kSwiglu;
  const int64_t rows = int64_t{work.columns} * (is_gate_up ? 2 : 1);
  return {work.rows, static_cast<int32_t>(linear_weight_rows(rows, is_gate_up)), work.depth};
}

// Whether every size is in its range (at most 2^30 - 129), the weight is aligned, the workspace large enough,
// and the schedule covers the depth once.
bool is_valid(const Linear& work, const LinearSchedule& schedule);

// cudaErrorInvalidValue where the product is not valid.
cudaError_t linear(const Linear& work, const LinearSchedule& schedule, cudaStream_t stream);

}  // namespace llm42::cuda
