// Rows of a table by index: token embedding (the table is a packed weight, linear_weight.h) and the choice of
// rows of activations.
#pragma once

#include "cuda/primitives/platform.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

// output[r] = input[indices[r]]. A row whose index is out of range is left alone and reported.
struct GatherRows {
  const bf16* input;  // [input_rows, width]; fastest where the rows are multiples of 16 bytes
  int64_t input_stride;
  const int32_t* indices;  // [rows]: 0..input_rows-1
  bf16* output;            // [rows, width]; does not overlap the input
  int64_t output_stride;
  ErrorSlot* error;
  Checked checked;  // what the indices are: Checked::ids or Checked::indices
  int32_t rows;     // 1 or more
  int32_t width;    // 1 or more
  int64_t input_rows;
};

// cudaErrorInvalidValue where a size is below 1 or `error` is null.
cudaError_t gather_rows(const GatherRows& work, cudaStream_t stream);

}  // namespace llm42::cuda
