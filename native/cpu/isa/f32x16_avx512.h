// AVX-512 F, BW, DQ and VL. Included by f32x16.h only.
#pragma once

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

struct F32x16 {
  __m512 v;
};
struct I32x16 {
  __m512i v;
};
struct Mask16 {
  __mmask16 v;
};

LLM42_INLINE F32x16 splat(float a) {
  return {_mm512_set1_ps(a)};
}
LLM42_INLINE F32x16 load(const float* p) {
  return {_mm512_loadu_ps(p)};
}
LLM42_INLINE void store(float* p, F32x16 a) {
  _mm512_storeu_ps(p, a.v);
}
LLM42_INLINE Mask16 first(int64_t n) {
  return {static_cast<__mmask16>(n >= 16 ? 0xffffu : (1u << n) - 1u)};
}
LLM42_INLINE F32x16 load_first(const float* p, int64_t n) {
  return {_mm512_maskz_loadu_ps(first(n).v, p)};
}
LLM42_INLINE void store_first(float* p, F32x16 a, int64_t n) {
  _mm512_mask_storeu_ps(p, first(n).v, a.v);
}
LLM42_INLINE F32x16 load_bf16(const uint16_t* p) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(wide, 16))};
}
LLM42_INLINE F32x16 load_f16(const uint16_t* p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}

LLM42_INLINE F32x16 add(F32x16 a, F32x16 b) {
  return {_mm512_add_ps(a.v, b.v)};
}
LLM42_INLINE F32x16 sub(F32x16 a, F32x16 b) {
  return {_mm512_sub_ps(a.v, b.v)};
}
LLM42_INLINE F32x16 mul(F32x16 a, F32x16 b) {
  return {_mm512_mul_ps(a.v, b.v)};
}
LLM42_INLINE F32x16 div(F32x16 a, F32x16 b) {
  return {_mm512_div_ps(a.v, b.v)};
}
LLM42_INLINE F32x16 fma(F32x16 a, F32x16 b, F32x16 c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
LLM42_INLINE F32x16 neg(F32x16 a) {
  return {_mm512_xor_ps(a.v, _mm512_set1_ps(-0.0f))};
}
// a > b ? a : b, so that a NaN in `a` yields b.
LLM42_INLINE F32x16 max(F32x16 a, F32x16 b) {
  return {_mm512_max_ps(a.v, b.v)};
}
LLM42_INLINE F32x16 min(F32x16 a, F32x16 b) {
  return {_mm512_min_ps(a.v, b.v)};
}

LLM42_INLINE Mask16 less(F32x16 a, F32x16 b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)};
}
LLM42_INLINE Mask16 equal(F32x16 a, F32x16 b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)};
}
LLM42_INLINE Mask16 is_nan(F32x16 a) {
  return {_mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q)};
}
LLM42_INLINE F32x16 select(Mask16 m, F32x16 a, F32x16 b) {
  return {_mm512_mask_blend_ps(m.v, b.v, a.v)};
}
LLM42_INLINE uint32_t bits(Mask16 m) {
  return m.v;
}

LLM42_INLINE I32x16 splat_i(uint32_t a) {
  return {_mm512_set1_epi32(static_cast<int>(a))};
}
LLM42_INLINE I32x16 load_i(const uint32_t* p) {
  return {_mm512_loadu_si512(p)};
}
LLM42_INLINE void store_i(uint32_t* p, I32x16 a) {
  _mm512_storeu_si512(p, a.v);
}
LLM42_INLINE I32x16 select(Mask16 m, I32x16 a, I32x16 b) {
  return {_mm512_mask_blend_epi32(m.v, b.v, a.v)};
}
LLM42_INLINE I32x16 as_int(F32x16 a) {
  return {_mm512_castps_si512(a.v)};
}
LLM42_INLINE F32x16 as_float(I32x16 a) {
  return {_mm512_castsi512_ps(a.v)};
}
LLM42_INLINE F32x16 to_float(I32x16 a) {
  return {_mm512_cvtepi32_ps(a.v)};
}
LLM42_INLINE I32x16 add(I32x16 a, I32x16 b) {
  return {_mm512_add_epi32(a.v, b.v)};
}
LLM42_INLINE I32x16 sub(I32x16 a, I32x16 b) {
  return {_mm512_sub_epi32(a.v, b.v)};
}
LLM42_INLINE I32x16 bit_and(I32x16 a, I32x16 b) {
  return {_mm512_and_si512(a.v, b.v)};
}
LLM42_INLINE I32x16 bit_or(I32x16 a, I32x16 b) {
  return {_mm512_or_si512(a.v, b.v)};
}
LLM42_INLINE I32x16 bit_xor(I32x16 a, I32x16 b) {
  return {_mm512_xor_si512(a.v, b.v)};
}
template <int n>
LLM42_INLINE I32x16 shift_left(I32x16 a) {
  return {_mm512_slli_epi32(a.v, n)};
}
template <int n>
LLM42_INLINE I32x16 shift_right(I32x16 a) {
  return {_mm512_srli_epi32(a.v, n)};
}
template <int n>
LLM42_INLINE I32x16 shift_right_signed(I32x16 a) {
  return {_mm512_srai_epi32(a.v, n)};
}
LLM42_INLINE Mask16 less(I32x16 a, I32x16 b) {
  return {_mm512_cmplt_epi32_mask(a.v, b.v)};
}

// Both halves of the unsigned 64-bit products.
LLM42_INLINE void multiply(I32x16 a, uint32_t b, I32x16& high, I32x16& low) {
  const __m512i factor = _mm512_set1_epi32(static_cast<int>(b));
  const __m512i even = _mm512_mul_epu32(a.v, factor);
  const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a.v, 32), factor);
  high.v = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
  low.v = _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
}

}  // namespace
}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
