// Mixture of experts: the choice of experts, the order of the slots, and the sum over the experts of a row.
#include <algorithm>

#include "cpu/objects.h"
#include "cpu/thread_pool.h"
#include "cpu/top.h"

namespace llm42::cpu {

namespace {

// Cost of a pass with exp, in multiply-adds.
constexpr int64_t exp_cost = 8;

}  // namespace

void CpuStream::moe_route(const llm42_moe_route_params& p) {
  const auto* logits = at<const float>(p.logits);
  auto* expert_ids = at<int32_t>(p.expert_ids);
  auto* expert_weights = at<float>(p.expert_weights);
  const Kernels& kernels = device_.kernels();
  const int64_t experts = p.experts;
  const int64_t top_k = p.top_k;
  const int threads = device_.threads_for(p.rows * experts * exp_cost);
  const int64_t capacity = top_capacity(experts, top_k);
  const int64_t thread_bytes = (capacity * int64_t{sizeof(RankKey) + sizeof(uint32_t)} + 63) / 64 * 64;
  std::byte* const workspace = device_.workspace(threads * thread_bytes);
  parallel_for(device_.pool(), threads, p.rows, 1, [&](int64_t row, int thread) {
    const float* const x = logits + row * p.logits_stride;
    int32_t* const ids = expert_ids + row * top_k;
    float* const weights = expert_weights + row * top_k;
    auto* const keys = reinterpret_cast<RankKey*>(workspace + thread * thread_bytes);
    select_top(kernels, x, experts, top_k, keys, reinterpret_cast<uint32_t*>(keys + capacity));
    for (int64_t j = 0; j < top_k; ++j) {
      ids[j] = static_cast<int32_t>(id_of(keys[j]));
      weights[j] = x[ids[j]];
    }
    const float largest = kernels.largest(x, experts);
    const float total = kernels.sum_of_exp(x, experts, largest);
    kernels.exp(weights, largest, weights, top_k);
    float chosen = 0.0f;
    for (int64_t j = 0; j < top_k; ++j) {
      weights[j] = weights[j] / total;
      chosen += weights[j];
    }
    if (p.renormalize == 0) return;
    for (int64_t j = 0; j < top_k; ++j) weights[j] = weights[j] / chosen;
  });
}

void CpuStream::moe_permute(const llm42_moe_permute_params& p) {
  const auto* expert_ids = at<const int32_t>(p.expert_ids);
  auto* starts = at<int32_t>(p.starts);
  auto* order = at<int32_t>(p.order);
  const int64_t slots = int64_t{p.rows} * p.top_k;
  for (int64_t slot = 0; slot < slots; ++slot) {
    check_index("expert_ids", slot, expert_ids[slot], 0, p.experts - 1);
  }
  std::fill_n(starts, p.experts + 1, 0);
  for (int64_t slot = 0; slot < slots; ++slot) ++starts[expert_ids[slot]];
  // starts[e] is where the next slot of e goes; behind the last one that is where e + 1 begins.
  int32_t next = 0;
  for (int32_t e = 0; e <= p.experts; ++e) {
    const int32_t count = starts[e];
    starts[e] = next;
    next += count;
  }
  for (int64_t slot = 0; slot < slots; ++slot) order[starts[expert_ids[slot]]++] = static_cast<int32_t>(slot);
  std::copy_backward(starts, starts + p.experts, starts + p.experts + 1);
  starts[0] = 0;
}

void CpuStream::moe_combine(const llm42_moe_combine_params& p) {
  const auto* expert_weights = at<const float>(p.expert_weights);
  const auto* input = at<const float>(p.input);
  const auto* residual = at<const float>(p.residual);
  auto* output = at<float>(p.output);
  const Kernels& kernels = device_.kernels();
  const int64_t top_k = p.top_k;
  parallel_for(device_.pool(), device_.threads_for(p.rows * top_k * p.width), p.rows, 1,
               [&](int64_t row, int) {
                 kernels.weighted_sum(input + row * top_k * p.input_stride, p.input_stride,
                                      expert_weights + row * top_k, top_k,
                                      residual == nullptr ? nullptr : residual + row * p.residual_stride,
                                      output + row * p.output_stride, p.width);
               });
}

}  // namespace llm42::cpu
