// exp, log and silu in f32 with FMA: the same operations in the same order on every instruction set, at most
// 2 ulp off. Neither a libm nor the state of flush-to-zero has a say in the bits: results below 2^-126 are
// exactly 0.
#pragma once

#include "cpu/isa/f32x16.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

// ln 2 in two parts; the first has 15 bits, so that its product with an exponent is exact.
constexpr float ln2_high = 0x1.62e4p-1f;
constexpr float ln2_low = 0x1.7f7d1cp-20f;

constexpr float lowest_exponent = -87.0f;

// e^x as e^r * 2^n for lowest_exponent <= x <= 88.72.
struct ExpParts {
  F32x16 power_of_r;
  I32x16 n;
};

LLM42_INLINE ExpParts exp_parts(F32x16 x) {
  const F32x16 rounder = splat(0x1.8p23f);  // adding it leaves the nearest integer in the low bits
  const F32x16 shifted = fma(x, splat(0x1.715476p+0f), rounder);
  const F32x16 n = sub(shifted, rounder);
  F32x16 r = negated_fma(n, splat(ln2_high), x);
  r = negated_fma(n, splat(ln2_low), r);

  F32x16 q = splat(0x1.a1252ap-13f);
  q = fma(q, r, splat(0x1.6d4364p-10f));
  q = fma(q, r, splat(0x1.1110e0p-7f));
  q = fma(q, r, splat(0x1.5554e8p-5f));
  q = fma(q, r, splat(0x1.555556p-3f));
  q = fma(q, r, splat(0.5f));
  const F32x16 p = add(fma(mul(r, r), q, r), splat(1.0f));
  return {p, sub(as_int(shifted), splat_i(bits_of(0x1.8p23f)))};
}

LLM42_INLINE F32x16 power_of_two(I32x16 n) {
  return as_float(shift_left<23>(add(n, splat_i(127))));
}

// e^x; 0 below -87 (where the result would leave the normal numbers), +inf above 88.72; NaN stays NaN.
LLM42_INLINE F32x16 exp(F32x16 x) {
  const F32x16 highest = splat(88.72283935546875f);
  const F32x16 lowest = splat(lowest_exponent);
  const ExpParts parts = exp_parts(max(min(x, highest), lowest));
  // 2^n in two factors, because n = 128 has no power of its own.
  const I32x16 half = shift_right_signed<1>(parts.n);
  F32x16 result = mul(mul(parts.power_of_r, power_of_two(half)), power_of_two(sub(parts.n, half)));
  result = select(less(x, lowest), zero(), result);
  result = select(less(highest, x), splat(__builtin_inff()), result);
  return select(is_nan(x), x, result);
}

// The same bits as exp(x) in fewer steps, for x <= 0 or NaN.
LLM42_INLINE F32x16 exp_of_negative(F32x16 x) {
  const F32x16 lowest = splat(lowest_exponent);
  const ExpParts parts = exp_parts(max(x, lowest));
  const F32x16 result = select(less(x, lowest), zero(), mul(parts.power_of_r, power_of_two(parts.n)));
  return select(is_nan(x), x, result);
}

// log(2^exponent * (1 + f)) for 1 + f in [sqrt(1/2), sqrt(2)).
LLM42_INLINE F32x16 log_of_parts(F32x16 f, F32x16 exponent) {
  F32x16 q = splat(0x1.1d9df2p-4f);
  q = fma(q, f, splat(-0x1.d64804p-4f));
  q = fma(q, f, splat(0x1.dea5a6p-4f));
  q = fma(q, f, splat(-0x1.fcf2acp-4f));
  q = fma(q, f, splat(0x1.23d1d8p-3f));
  q = fma(q, f, splat(-0x1.555b52p-3f));
  q = fma(q, f, splat(0x1.999d5cp-3f));
  q = fma(q, f, splat(-0x1.fffffcp-3f));
  q = fma(q, f, splat(0x1.555554p-2f));
  const F32x16 square = mul(f, f);
  F32x16 tail = mul(mul(square, f), q);
  tail = fma(exponent, splat(ln2_low), tail);
  tail = fma(square, splat(-0.5f), tail);
  return fma(exponent, splat(ln2_high), add(f, tail));
}

// Natural logarithm; -inf at 0, NaN below, +inf at +inf; NaN stays NaN.
LLM42_INLINE F32x16 log(F32x16 x) {
  const Mask16 is_small = less(x, splat(0x1p-126f));
  const F32x16 scaled = select(is_small, mul(x, splat(0x1p24f)), x);
  const F32x16 bias = select(is_small, splat(24.0f), zero());
  // Splitting at sqrt(1/2): subtracting its bits leaves the exponent above the mantissa of [sqrt(1/2),
  // sqrt(2)).
  const I32x16 offset = sub(as_int(scaled), splat_i(0x3f3504f3u));
  const F32x16 exponent = sub(to_float(shift_right_signed<23>(offset)), bias);
  const I32x16 mantissa = add(bit_and(offset, splat_i(0x007fffffu)), splat_i(0x3f3504f3u));
  F32x16 result = log_of_parts(sub(as_float(mantissa), splat(1.0f)), exponent);
  const F32x16 infinity = splat(__builtin_inff());
  result = select(equal(x, infinity), infinity, result);
  result = select(less(x, zero()), splat(__builtin_nanf("")), result);
  result = select(equal(x, zero()), neg(infinity), result);
  return select(is_nan(x), x, result);
}

// x / (1 + e^-x); -0 at -inf, where the formula itself would be inf / inf.
LLM42_INLINE F32x16 silu(F32x16 x) {
  const F32x16 finite = max(splat(-__FLT_MAX__), x);
  return div(finite, add(splat(1.0f), exp(neg(finite))));
}

}  // namespace
}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
