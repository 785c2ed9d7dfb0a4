// Sixteen f32 lanes on whatever this translation unit is compiled for. Kernels are written once on top of it
// and compiled once per instruction set; every operation here gives the same bits on all of them (NaN
// payloads aside).
//
// Only C headers and intrinsics may be included below this line of the include tree, and everything has
// internal linkage: an inline function compiled for AVX-512 must never be the copy that the linker keeps for
// plain code.
#pragma once

#include <stdint.h>
#include <string.h>

#include "core/dtype.h"

#if defined(LLM42_ISA_AVX512)
#define LLM42_ISA avx512
#include <immintrin.h>
#elif defined(LLM42_ISA_AVX2)
#define LLM42_ISA avx2
#include <immintrin.h>
#else
#define LLM42_ISA portable
#endif

#define LLM42_INLINE static inline __attribute__((always_inline, unused))

#if defined(LLM42_ISA_AVX512)
#include "cpu/isa/f32x16_avx512.h"
#elif defined(LLM42_ISA_AVX2)
#include "cpu/isa/f32x16_avx2.h"
#else
#include "cpu/isa/f32x16_portable.h"
#endif

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

constexpr int64_t lanes = 16;

LLM42_INLINE F32x16 zero() {
  return splat(0.0f);
}

// c - a * b, rounded once.
LLM42_INLINE F32x16 negated_fma(F32x16 a, F32x16 b, F32x16 c) {
  return fma(neg(a), b, c);
}

LLM42_INLINE float first_lane(F32x16 a) {
  float values[16];
  store(values, a);
  return values[0];
}

// The fixed tree of every reduction over lanes: 16 -> 8 -> 4 -> 2 -> 1, lane i with lane i + half.
LLM42_INLINE float sum(F32x16 a) {
  float v[16];
  store(v, a);
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) v[i] = v[i] + v[i + half];
  }
  return v[0];
}

// Largest lane, at least `start`; NaN lanes are ignored. Lanes i and i + half are compared, as in a sum.
LLM42_INLINE float largest(F32x16 a, float start) {
  float v[16];
  store(v, max(a, splat(start)));
#pragma GCC unroll 4
  for (int half = 8; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) v[i] = v[i] > v[i + half] ? v[i] : v[i + half];
  }
  return v[0];
}

}  // namespace
}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
