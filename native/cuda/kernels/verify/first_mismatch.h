// Comparison of draft tokens with canonical predictions.
#pragma once

#include "cuda/primitives/platform.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

struct FirstMismatch {
  const int32_t* starts;       // [windows + 1]: drafts of window g are starts[g] .. starts[g + 1] - 1
  const int32_t* drafts;       // [draft_count]
  const int32_t* predictions;  // [draft_count + windows]: those of window g from starts[g] + g on
  int32_t* accepted;           // [windows]
  ErrorSlot* error;            // windows whose starts are out of range accept nothing
  int32_t windows;
  int32_t draft_count;
};

// accepted[g] = first i with drafts[i] != predictions[i] in window g, or its number of drafts. Exact.
cudaError_t first_mismatch(const FirstMismatch& work, cudaStream_t stream);

}  // namespace llm42::cuda
