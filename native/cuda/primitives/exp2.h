// 2^x in f32 for softmax over scores in units of log 2, at most 2 ulp off: the polynomial of elementary.h
// with a cheaper reduction.
#pragma once

#include "cuda/primitives/elementary.h"

namespace llm42::cuda {

constexpr float minus_infinity = -__builtin_huge_valf();

// 2^x for x <= 0: 0 below -126, exactly 1 at 0; NaN stays NaN.
__device__ __forceinline__ float exp2_below_one(float x) {
  constexpr float rounder = 0x1.8p23f;  // adding it leaves the nearest integer in the low bits
  const float clamped = x > -126.0f ? x : -126.0f;
  const float shifted = clamped + rounder;
  const float r = multiply(clamped - (shifted - rounder), 0x1.62e43p-1f);
  float q = 0x1.a1252ap-13f;
  q = fmaf(q, r, 0x1.6d4364p-10f);
  q = fmaf(q, r, 0x1.1110e0p-7f);
  q = fmaf(q, r, 0x1.5554e8p-5f);
  q = fmaf(q, r, 0x1.555556p-3f);
  q = fmaf(q, r, 0.5f);
  const float p = fmaf(multiply(r, r), q, r) + 1.0f;
  // The low bits of `shifted` are the exponent; those of the rounder leave at the top.
  const float result = multiply(p, __uint_as_float((__float_as_uint(shifted) << 23) + (127u << 23)));
  return x < -126.0f ? 0.0f : x != x ? x : result;
}

}  // namespace llm42::cuda
