// The choice of experts. One fixed tree per row that depends on the number of experts alone: lane l of a warp
// adds the exponentials of experts l, l + 32 and so on, ascending; lanes are added by halves. Fast and
// invariant numerics coincide.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

constexpr int32_t max_routed_experts = 1024;
constexpr int32_t max_route_top_k = 64;

struct MoeRoute {
  const float* logits;  // [rows, experts]
  int64_t logits_stride;
  int32_t* expert_ids;    // [rows, top_k]: largest first, ties to the lower expert; NaN counts as -inf
  float* expert_weights;  // [rows, top_k]: softmax over all experts
  int32_t rows;           // 1 or more
  int32_t experts;        // 1..max_routed_experts
  int32_t top_k;          // 1..min(experts, max_route_top_k)
  bool renormalizes;      // divide by the sum of the chosen, in rank order
};

// cudaErrorInvalidValue where a size is out of its range.
cudaError_t moe_route(const MoeRoute& work, cudaStream_t stream);

}  // namespace llm42::cuda
