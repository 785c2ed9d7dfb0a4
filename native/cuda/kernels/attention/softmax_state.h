// Online softmax of queries over positions, and the merge of splits.
#pragma once

#include "cuda/primitives/exp2.h"

namespace llm42::cuda {

// Largest score, in units of log 2, and sum of the weights relative to it.
struct SoftmaxState {
  float largest;
  float sum;
};

__device__ __forceinline__ SoftmaxState empty_state() {
  return {minus_infinity, 0.0f};
}

// With every score at -inf any finite reference makes every weight 0.
__device__ __forceinline__ float reference_of(float largest) {
  return largest == minus_infinity ? 0.0f : largest;
}

// Factors by which earlier and later values enter the state of both; `earlier` becomes that state.
struct MergeFactors {
  float keep;
  float take;
};
__device__ __forceinline__ MergeFactors merge(SoftmaxState& earlier, SoftmaxState later) {
  const float top = later.largest > earlier.largest ? later.largest : earlier.largest;
  const float reference = reference_of(top);
  const MergeFactors factors{exp2_below_one(earlier.largest - reference),
                             exp2_below_one(later.largest - reference)};
  earlier = {top, fmaf(later.sum, factors.take, multiply(earlier.sum, factors.keep))};
  return factors;
}
__device__ __forceinline__ float merged(MergeFactors factors, float earlier, float later) {
  return fmaf(later, factors.take, multiply(earlier, factors.keep));
}

// A result that is not finite is NaN, whichever way it came about.
__device__ __forceinline__ bf16 attention_output(float value, float sum) {
  const float result = divide(value, sum);
  const bool is_finite = (__float_as_uint(result) & 0x7f800000u) != 0x7f800000u;
  return __float2bfloat16(is_finite ? result : __uint_as_float(0x7fc00000u));
}

}  // namespace llm42::cuda
