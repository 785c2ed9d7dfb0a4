#include "cuda/kernels/moe_route/moe_route.h"

#include "cuda/kernels/ranking/rank_key.h"
#include "cuda/primitives/elementary.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

constexpr int kWarps = 4;
constexpr float minus_infinity = -__builtin_huge_valf();

template <class Value, class Combine>
__device__ __forceinline__ Value warp_reduce(Value value, Combine combine) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value = combine(value, __shfl_xor_sync(0xffffffffu, value, distance));
  }
  return value;
}

// A warp per row; a lane holds kPerLane experts in registers.
template <int kPerLane>
__global__ void __launch_bounds__(kWarps * 32) moe_route_kernel(MoeRoute work) {
  const int64_t row = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  if (row >= work.rows) return;
  const int lane = static_cast<int>(threadIdx.x) & 31;
  const float* logits = work.logits + row * work.logits_stride;

  uint64_t keys[kPerLane];  // 0: no expert
  float largest = minus_infinity;
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    const int32_t expert = lane + 32 * i;
    keys[i] = 0;
    if (expert < work.experts) {
      const float logit = logits[expert];
      keys[i] = rank_key(logit, expert);
      largest = logit > largest ? logit : largest;
    }
  }
  largest = warp_reduce(largest, [](float a, float b) { return a > b ? a : b; });
  float total = 0.0f;
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    const int32_t expert = lane + 32 * i;
    if (expert < work.experts) total = total + exponential(logits[expert] - largest);
  }
  total = warp_reduce(total, [](float a, float b) { return a + b; });

  // The expert of rank j belongs to lane j % 32. Keys are distinct: the next one is the largest below the
  // last.
  int32_t chosen[max_route_top_k / 32] = {};
  uint64_t last = ~uint64_t{0};
#pragma unroll
  for (int part = 0; part < max_route_top_k / 32; ++part) {
    for (int rank = 0; rank < min(32, work.top_k - 32 * part); ++rank) {
      uint64_t best = 0;
#pragma unroll
      for (int i = 0; i < kPerLane; ++i) {
        if (keys[i] < last && keys[i] > best) best = keys[i];
      }
      last = warp_reduce(best, [](uint64_t a, uint64_t b) { return a > b ? a : b; });
      if (lane == rank) chosen[part] = id_of(last);
    }
  }

  float weights[max_route_top_k / 32] = {};
  float sum = 0.0f;
#pragma unroll
  for (int part = 0; part < max_route_top_k / 32; ++part) {
    const int ranks = min(32, work.top_k - 32 * part);
    if (lane < ranks) weights[part] = divide(exponential(logits[chosen[part]] - largest), total);
    for (int rank = 0; rank < ranks; ++rank) sum = sum + __shfl_sync(0xffffffffu, weights[part], rank);
  }
#pragma unroll
  for (int part = 0; part < max_route_top_k / 32; ++part) {
    const int32_t rank = 32 * part + lane;
    if (rank >= work.top_k) continue;
    work.expert_ids[row * work.top_k + rank] = chosen[part];
    work.expert_weights[row * work.top_k + rank] =
        work.renormalizes ? divide(weights[part], sum) : weights[part];
  }
}

}  // namespace

cudaError_t moe_route(const MoeRoute& work, cudaStream_t stream) {
  if (work.rows < 1 || work.experts < 1 || work.experts > max_routed_experts || work.top_k < 1 ||
      work.top_k > work.experts || work.top_k > max_route_top_k) {
    return cudaErrorInvalidValue;
  }
  auto* kernel = moe_route_kernel<32>;
  if (work.experts <= 256) kernel = moe_route_kernel<8>;
  if (work.experts <= 64) kernel = moe_route_kernel<2>;
  const unsigned blocks = static_cast<unsigned>((int64_t{work.rows} + kWarps - 1) / kWarps);
  return launch(kernel, dim3(blocks), dim3(kWarps * 32), 0, stream, work);
}

}  // namespace llm42::cuda
