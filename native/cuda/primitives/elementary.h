// exp and silu in f32, operation for operation those of the CPU backend (cpu/isa/elementary.h): at most 2 ulp
// off, and the same bits on a GPU and in the emulator, because no device library has a say in them.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// a * b, rounded by itself: nvcc may contract a plain product with the sum behind it.
__device__ __forceinline__ float multiply(float a, float b) {
#ifdef __CUDACC__
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}

// a / b, correctly rounded whatever the compiler's options.
__device__ __forceinline__ float divide(float a, float b) {
#ifdef __CUDACC__
  return __fdiv_rn(a, b);
#else
  return a / b;
#endif
}

// Correctly rounded whatever the compiler's options.
__device__ __forceinline__ float square_root(float x) {
#ifdef __CUDACC__
  return __fsqrt_rn(x);
#else
  return std::sqrt(x);
#endif
}

// e^x; 0 below -87 (where the result would leave the normal numbers), +inf above 88.72; NaN stays NaN.
__device__ __forceinline__ float exponential(float x) {
  constexpr float rounder = 0x1.8p23f;  // adding it leaves the nearest integer in the low bits
  constexpr float highest = 88.72283935546875f;
  constexpr float lowest = -87.0f;
  // ln 2 in two parts; the first has 15 bits, so that its product with an exponent is exact.
  constexpr float ln2_high = 0x1.62e4p-1f;
  constexpr float ln2_low = 0x1.7f7d1cp-20f;
  const float clamped = fmaxf(fminf(x, highest), lowest);
  const float shifted = fmaf(clamped, 0x1.715476p+0f, rounder);
  const float n = shifted - rounder;
  float r = fmaf(-n, ln2_high, clamped);
  r = fmaf(-n, ln2_low, r);

  float q = 0x1.a1252ap-13f;
  q = fmaf(q, r, 0x1.6d4364p-10f);
  q = fmaf(q, r, 0x1.1110e0p-7f);
  q = fmaf(q, r, 0x1.5554e8p-5f);
  q = fmaf(q, r, 0x1.555556p-3f);
  q = fmaf(q, r, 0.5f);
  const float p = fmaf(multiply(r, r), q, r) + 1.0f;

  // 2^n in two factors, because n = 128 has no power of its own.
  const int32_t exponent = static_cast<int32_t>(__float_as_uint(shifted)) - 0x4b400000;
  const int32_t half = exponent >> 1;
  const float power_half = __uint_as_float(static_cast<uint32_t>(half + 127) << 23);
  const float power_rest = __uint_as_float(static_cast<uint32_t>(exponent - half + 127) << 23);
  float result = multiply(multiply(p, power_half), power_rest);
  if (x < lowest) result = 0.0f;
  if (x > highest) result = __uint_as_float(0x7f800000u);
  return x != x ? x : result;
}

// x / (1 + e^-x); -0 at -inf, where the formula itself would be inf / inf.
__device__ __forceinline__ float silu(float x) {
  constexpr float largest = 0x1.fffffep127f;
  const float finite = x < -largest ? -largest : x;
  return divide(finite, 1.0f + exponential(-finite));
}

}  // namespace llm42::cuda
