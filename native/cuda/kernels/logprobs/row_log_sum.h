// The normaliser of a row of logits.
#pragma once

#include "cuda/primitives/block.h"
#include "cuda/primitives/logarithm.h"

namespace llm42::cuda {

struct RowNormaliser {
  float largest;
  float log_sum;  // log(sum(exp(logit - largest)))
};

// The whole block must call this. `shared`: a float per warp.
__device__ __forceinline__ RowNormaliser normaliser_of(const float* row, int32_t count, float* shared) {
  float largest = __uint_as_float(0xff800000u);
  for_each(row, count, [&](int32_t, float value) { largest = value > largest ? value : largest; });
  largest = block_reduce(largest, shared, [](float a, float b) { return a > b ? a : b; });
  float sum = 0.0f;
  for_each(row, count, [&](int32_t, float value) { sum = sum + exponential(value - largest); });
  sum = block_reduce(sum, shared, [](float a, float b) { return a + b; });
  return {largest, logarithm(sum)};
}

__device__ __forceinline__ float log_probability(float logit, RowNormaliser normaliser) {
  if (logit == __uint_as_float(0xff800000u)) return logit;
  return (logit - normaliser.largest) - normaliser.log_sum;
}

}  // namespace llm42::cuda
