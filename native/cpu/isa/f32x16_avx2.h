// AVX2, FMA and F16C: two halves of eight lanes. Included by f32x16.h only.
#pragma once

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

struct F32x16 {
  __m256 a, b;
};
struct I32x16 {
  __m256i a, b;
};
struct Mask16 {
  __m256 a, b;  // all ones or all zeros per lane
};

LLM42_INLINE F32x16 splat(float x) {
  const __m256 v = _mm256_set1_ps(x);
  return {v, v};
}
LLM42_INLINE F32x16 load(const float* p) {
  return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
LLM42_INLINE void store(float* p, F32x16 x) {
  _mm256_storeu_ps(p, x.a);
  _mm256_storeu_ps(p + 8, x.b);
}
LLM42_INLINE Mask16 first(int64_t n) {
  const __m256i count = _mm256_set1_epi32(static_cast<int>(n < 16 ? n : 16));
  const __m256i low = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i high = _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15);
  return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(count, low)),
          _mm256_castsi256_ps(_mm256_cmpgt_epi32(count, high))};
}
LLM42_INLINE F32x16 load_first(const float* p, int64_t n) {
  const Mask16 m = first(n);
  const __m256 a = _mm256_maskload_ps(p, _mm256_castps_si256(m.a));
  // The address of the upper half must not be formed beyond the array.
  const __m256 b = n > 8 ? _mm256_maskload_ps(p + 8, _mm256_castps_si256(m.b)) : _mm256_setzero_ps();
  return {a, b};
}
LLM42_INLINE void store_first(float* p, F32x16 x, int64_t n) {
  const Mask16 m = first(n);
  _mm256_maskstore_ps(p, _mm256_castps_si256(m.a), x.a);
  if (n > 8) _mm256_maskstore_ps(p + 8, _mm256_castps_si256(m.b), x.b);
}
LLM42_INLINE __m256 load8_bf16(const uint16_t* p) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
LLM42_INLINE F32x16 load_bf16(const uint16_t* p) {
  return {load8_bf16(p), load8_bf16(p + 8)};
}
LLM42_INLINE F32x16 load_f16(const uint16_t* p) {
  return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))),
          _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 8)))};
}

LLM42_INLINE F32x16 add(F32x16 x, F32x16 y) {
  return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)};
}
LLM42_INLINE F32x16 sub(F32x16 x, F32x16 y) {
  return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)};
}
LLM42_INLINE F32x16 mul(F32x16 x, F32x16 y) {
  return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)};
}
LLM42_INLINE F32x16 div(F32x16 x, F32x16 y) {
  return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)};
}
LLM42_INLINE F32x16 fma(F32x16 x, F32x16 y, F32x16 z) {
  return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
LLM42_INLINE F32x16 neg(F32x16 x) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return {_mm256_xor_ps(x.a, sign), _mm256_xor_ps(x.b, sign)};
}
// x > y ? x : y, so that a NaN in `x` yields y.
LLM42_INLINE F32x16 max(F32x16 x, F32x16 y) {
  return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)};
}
LLM42_INLINE F32x16 min(F32x16 x, F32x16 y) {
  return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)};
}

LLM42_INLINE Mask16 less(F32x16 x, F32x16 y) {
  return {_mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ), _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ)};
}
LLM42_INLINE Mask16 equal(F32x16 x, F32x16 y) {
  return {_mm256_cmp_ps(x.a, y.a, _CMP_EQ_OQ), _mm256_cmp_ps(x.b, y.b, _CMP_EQ_OQ)};
}
LLM42_INLINE Mask16 is_nan(F32x16 x) {
  return {_mm256_cmp_ps(x.a, x.a, _CMP_UNORD_Q), _mm256_cmp_ps(x.b, x.b, _CMP_UNORD_Q)};
}
LLM42_INLINE F32x16 select(Mask16 m, F32x16 x, F32x16 y) {
  return {_mm256_blendv_ps(y.a, x.a, m.a), _mm256_blendv_ps(y.b, x.b, m.b)};
}
LLM42_INLINE uint32_t bits(Mask16 m) {
  return static_cast<uint32_t>(_mm256_movemask_ps(m.a)) |
         (static_cast<uint32_t>(_mm256_movemask_ps(m.b)) << 8);
}

LLM42_INLINE I32x16 splat_i(uint32_t x) {
  const __m256i v = _mm256_set1_epi32(static_cast<int>(x));
  return {v, v};
}
LLM42_INLINE I32x16 load_i(const uint32_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 8))};
}
LLM42_INLINE void store_i(uint32_t* p, I32x16 x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x.a);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), x.b);
}
LLM42_INLINE I32x16 select(Mask16 m, I32x16 x, I32x16 y) {
  return {_mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(y.a), _mm256_castsi256_ps(x.a), m.a)),
          _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(y.b), _mm256_castsi256_ps(x.b), m.b))};
}
LLM42_INLINE I32x16 as_int(F32x16 x) {
  return {_mm256_castps_si256(x.a), _mm256_castps_si256(x.b)};
}
LLM42_INLINE F32x16 as_float(I32x16 x) {
  return {_mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)};
}
LLM42_INLINE F32x16 to_float(I32x16 x) {
  return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)};
}
LLM42_INLINE I32x16 add(I32x16 x, I32x16 y) {
  return {_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)};
}
LLM42_INLINE I32x16 sub(I32x16 x, I32x16 y) {
  return {_mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)};
}
LLM42_INLINE I32x16 bit_and(I32x16 x, I32x16 y) {
  return {_mm256_and_si256(x.a, y.a), _mm256_and_si256(x.b, y.b)};
}
LLM42_INLINE I32x16 bit_or(I32x16 x, I32x16 y) {
  return {_mm256_or_si256(x.a, y.a), _mm256_or_si256(x.b, y.b)};
}
LLM42_INLINE I32x16 bit_xor(I32x16 x, I32x16 y) {
  return {_mm256_xor_si256(x.a, y.a), _mm256_xor_si256(x.b, y.b)};
}
template <int n>
LLM42_INLINE I32x16 shift_left(I32x16 x) {
  return {_mm256_slli_epi32(x.a, n), _mm256_slli_epi32(x.b, n)};
}
template <int n>
LLM42_INLINE I32x16 shift_right(I32x16 x) {
  return {_mm256_srli_epi32(x.a, n), _mm256_srli_epi32(x.b, n)};
}
template <int n>
LLM42_INLINE I32x16 shift_right_signed(I32x16 x) {
  return {_mm256_srai_epi32(x.a, n), _mm256_srai_epi32(x.b, n)};
}
LLM42_INLINE Mask16 less(I32x16 x, I32x16 y) {
  return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(y.a, x.a)),
          _mm256_castsi256_ps(_mm256_cmpgt_epi32(y.b, x.b))};
}

LLM42_INLINE void multiply8(__m256i a, __m256i factor, __m256i& high, __m256i& low) {
  const __m256i even = _mm256_mul_epu32(a, factor);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), factor);
  high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}
// Both halves of the unsigned 64-bit products.
LLM42_INLINE void multiply(I32x16 x, uint32_t y, I32x16& high, I32x16& low) {
  const __m256i factor = _mm256_set1_epi32(static_cast<int>(y));
  multiply8(x.a, factor, high.a, low.a);
  multiply8(x.b, factor, high.b, low.b);
}

}  // namespace
}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
