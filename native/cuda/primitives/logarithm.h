// log in f32, at most 2 ulp off: the operations of the CPU backend (cpu/isa/elementary.h), in their order.
#pragma once

#include "cuda/primitives/elementary.h"

namespace llm42::cuda {

// log(2^exponent * (1 + f)) for 1 + f in [sqrt(1/2), sqrt(2)).
__device__ __forceinline__ float log_of_parts(float f, float exponent) {
  float q = 0x1.1d9df2p-4f;
  q = fmaf(q, f, -0x1.d64804p-4f);
  q = fmaf(q, f, 0x1.dea5a6p-4f);
  q = fmaf(q, f, -0x1.fcf2acp-4f);
  q = fmaf(q, f, 0x1.23d1d8p-3f);
  q = fmaf(q, f, -0x1.555b52p-3f);
  q = fmaf(q, f, 0x1.999d5cp-3f);
  q = fmaf(q, f, -0x1.fffffcp-3f);
  q = fmaf(q, f, 0x1.555554p-2f);
  const float square = multiply(f, f);
  float tail = multiply(multiply(square, f), q);
  tail = fmaf(exponent, 0x1.7f7d1cp-20f, tail);
  tail = fmaf(square, -0.5f, tail);
  return fmaf(exponent, 0x1.62e4p-1f, f + tail);
}

// Natural logarithm; -inf at 0, NaN below, +inf at +inf; NaN stays NaN.
__device__ __forceinline__ float logarithm(float x) {
  const bool is_small = x < 0x1p-126f;
  const float scaled = is_small ? multiply(x, 0x1p24f) : x;
  // Splitting at sqrt(1/2): subtracting its bits leaves the exponent above the mantissa of [sqrt(1/2),
  // sqrt(2)).
  const uint32_t offset = __float_as_uint(scaled) - 0x3f3504f3u;
  const float exponent = static_cast<float>(static_cast<int32_t>(offset) >> 23) - (is_small ? 24.0f : 0.0f);
  const float mantissa = __uint_as_float((offset & 0x007fffffu) + 0x3f3504f3u);
  const float result = log_of_parts(mantissa - 1.0f, exponent);
  if (x == __uint_as_float(0x7f800000u) || x != x) return x;
  if (x < 0.0f) return __uint_as_float(0x7fc00000u);
  return x == 0.0f ? __uint_as_float(0xff800000u) : result;
}

}  // namespace llm42::cuda
