// Products of rows of activations with an int8 weight, and what is fused behind them.
#pragma once

#include "cuda/kernels/linear/linear.h"
#include "cuda/kernels/linear_int8/linear_int8_schedule.h"
#include "cuda/kernels/linear_int8/linear_int8_weight.h"

namespace llm42::cuda {

// Most products of two bytes in -127..127 whose sum an int32 always holds.
constexpr int32_t kMostInt8Products = INT32_MAX / (127 * 127);

// output[m, n] = epilogue(sum_k row[m, k] * weight[n, k] * weight_scale[n]), where a row is
//  - bf16, `product.input`: products in f32, of the weight's bytes widened to bf16;
//  - int8, `rows`, where that is given: products in int32, and the sum is multiplied by row_scale[m] before
//    weight_scale[n].
// `product` is everything else. Its `weight` is not used, and its `input` only by bf16 rows.
struct LinearInt8 {
  Linear product;
  const int8_t* weight;  // packed as linear_int8_weight.h says, 16-byte aligned
  int64_t weight_stride;
  const float* weight_scale;  // int8_scales() of them, in the order of the packed rows, 16-byte aligned
  const int8_t* rows;         // quantize_rows(), 16-byte aligned; NULL: bf16 rows
  int64_t rows_stride;
  const float* row_scale;  // [rows]
};

// cudaErrorInvalidValue where a size is out of its range (more than 2^30 - 129 is; with int8 rows, a depth
// above kMostInt8Products), an address is unaligned, the workspace is too small, or the schedule does not
// cover the depth once. The workspace is that of linear_workspace_bytes().
cudaError_t linear_int8(const LinearInt8& work, const LinearSchedule& schedule, cudaStream_t stream);

}  // namespace llm42::cuda
