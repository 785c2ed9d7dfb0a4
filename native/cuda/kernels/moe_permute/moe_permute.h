// Slots sorted by their experts.
#pragma once

#include "cuda/primitives/platform.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

// starts[e]: how many slots have an expert below e; order: the slots by expert, ascending inside an expert. A
// function of the ids alone: counts and prefix sums, no atomics. A slot whose id is out of range is reported
// and is in no group, so that starts[experts] is below `slots`.
struct MoePermute {
  const int32_t* expert_ids;  // [slots]: 0..experts-1
  int32_t* starts;            // [experts + 1]
  int32_t* order;             // [slots]
  ErrorSlot* error;
  int32_t slots;    // 1 or more
  int32_t experts;  // 1 or more
};

// cudaErrorInvalidValue where a size is below 1 or `error` is null.
cudaError_t moe_permute(const MoePermute& work, cudaStream_t stream);

}  // namespace llm42::cuda
