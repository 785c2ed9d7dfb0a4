// Rows of activations as int8, each with a scale of its own.
#pragma once

#include "cuda/kernels/linear_int8/linear_int8_weight.h"
#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// scale[m] and output[m, int8_place(k)] are i8_scale() and f32_to_i8() (core/quantize.h) of row m. The bytes
// of a row behind its elements become 0. A row that holds an infinity or a NaN gets the scale NaN and zeros.
struct QuantizeRows {
  const bf16* input;  // [rows, width]; fastest where the rows are multiples of 16 bytes
  int64_t input_stride;
  int8_t* output;  // [rows, int8_stride(width)], 16-byte aligned
  int64_t output_stride;
  float* scale;   // [rows]
  int32_t rows;   // 1 or more
  int32_t width;  // 1 or more
};

// cudaErrorInvalidValue where a size is below 1 or the output is unaligned or too narrow.
cudaError_t quantize_rows(const QuantizeRows& work, cudaStream_t stream);

}  // namespace llm42::cuda
