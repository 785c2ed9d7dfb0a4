// Plain C++: arrays of sixteen, left to the compiler's vectoriser. Included by f32x16.h only.
#pragma once

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

struct F32x16 {
  float v[16];
};
struct I32x16 {
  uint32_t v[16];
};
struct Mask16 {
  uint32_t v[16];  // 1 or 0
};

#define LLM42_LANES(result, expression)               \
  result r;                                           \
  for (int i = 0; i < 16; ++i) r.v[i] = (expression); \
  return r

LLM42_INLINE F32x16 splat(float a) {
  LLM42_LANES(F32x16, a);
}
LLM42_INLINE F32x16 load(const float* p) {
  LLM42_LANES(F32x16, p[i]);
}
LLM42_INLINE void store(float* p, F32x16 a) {
  for (int i = 0; i < 16; ++i) p[i] = a.v[i];
}
LLM42_INLINE Mask16 first(int64_t n) {
  LLM42_LANES(Mask16, i < n ? 1u : 0u);
}
LLM42_INLINE F32x16 load_first(const float* p, int64_t n) {
  LLM42_LANES(F32x16, i < n ? p[i] : 0.0f);
}
LLM42_INLINE void store_first(float* p, F32x16 a, int64_t n) {
  for (int i = 0; i < 16 && i < n; ++i) p[i] = a.v[i];
}
LLM42_INLINE F32x16 load_bf16(const uint16_t* p) {
  LLM42_LANES(F32x16, bf16_to_f32(p[i]));
}
LLM42_INLINE F32x16 load_f16(const uint16_t* p) {
  LLM42_LANES(F32x16, f16_to_f32(p[i]));
}

LLM42_INLINE F32x16 add(F32x16 a, F32x16 b) {
  LLM42_LANES(F32x16, a.v[i] + b.v[i]);
}
LLM42_INLINE F32x16 sub(F32x16 a, F32x16 b) {
  LLM42_LANES(F32x16, a.v[i] - b.v[i]);
}
LLM42_INLINE F32x16 mul(F32x16 a, F32x16 b) {
  LLM42_LANES(F32x16, a.v[i] * b.v[i]);
}
LLM42_INLINE F32x16 div(F32x16 a, F32x16 b) {
  LLM42_LANES(F32x16, a.v[i] / b.v[i]);
}
LLM42_INLINE F32x16 fma(F32x16 a, F32x16 b, F32x16 c) {
  LLM42_LANES(F32x16, __builtin_fmaf(a.v[i], b.v[i], c.v[i]));
}
LLM42_INLINE F32x16 neg(F32x16 a) {
  LLM42_LANES(F32x16, -a.v[i]);
}
// a > b ? a : b, so that a NaN in `a` yields b.
LLM42_INLINE F32x16 max(F32x16 a, F32x16 b) {
  LLM42_LANES(F32x16, a.v[i] > b.v[i] ? a.v[i] : b.v[i]);
}
LLM42_INLINE F32x16 min(F32x16 a, F32x16 b) {
  LLM42_LANES(F32x16, a.v[i] < b.v[i] ? a.v[i] : b.v[i]);
}

LLM42_INLINE Mask16 less(F32x16 a, F32x16 b) {
  LLM42_LANES(Mask16, a.v[i] < b.v[i] ? 1u : 0u);
}
LLM42_INLINE Mask16 equal(F32x16 a, F32x16 b) {
  LLM42_LANES(Mask16, a.v[i] == b.v[i] ? 1u : 0u);
}
LLM42_INLINE Mask16 is_nan(F32x16 a) {
  LLM42_LANES(Mask16, a.v[i] != a.v[i] ? 1u : 0u);
}
LLM42_INLINE F32x16 select(Mask16 m, F32x16 a, F32x16 b) {
  LLM42_LANES(F32x16, m.v[i] != 0 ? a.v[i] : b.v[i]);
}
LLM42_INLINE uint32_t bits(Mask16 m) {
  uint32_t r = 0;
  for (int i = 0; i < 16; ++i) r |= m.v[i] << i;
  return r;
}

LLM42_INLINE I32x16 splat_i(uint32_t a) {
  LLM42_LANES(I32x16, a);
}
LLM42_INLINE I32x16 load_i(const uint32_t* p) {
  LLM42_LANES(I32x16, p[i]);
}
LLM42_INLINE void store_i(uint32_t* p, I32x16 a) {
  for (int i = 0; i < 16; ++i) p[i] = a.v[i];
}
LLM42_INLINE I32x16 select(Mask16 m, I32x16 a, I32x16 b) {
  LLM42_LANES(I32x16, m.v[i] != 0 ? a.v[i] : b.v[i]);
}
LLM42_INLINE I32x16 as_int(F32x16 a) {
  LLM42_LANES(I32x16, bits_of(a.v[i]));
}
LLM42_INLINE F32x16 as_float(I32x16 a) {
  LLM42_LANES(F32x16, float_of(a.v[i]));
}
LLM42_INLINE F32x16 to_float(I32x16 a) {
  LLM42_LANES(F32x16, static_cast<float>(static_cast<int32_t>(a.v[i])));
}
LLM42_INLINE I32x16 add(I32x16 a, I32x16 b) {
  LLM42_LANES(I32x16, a.v[i] + b.v[i]);
}
LLM42_INLINE I32x16 sub(I32x16 a, I32x16 b) {
  LLM42_LANES(I32x16, a.v[i] - b.v[i]);
}
LLM42_INLINE I32x16 bit_and(I32x16 a, I32x16 b) {
  LLM42_LANES(I32x16, a.v[i] & b.v[i]);
}
LLM42_INLINE I32x16 bit_or(I32x16 a, I32x16 b) {
  LLM42_LANES(I32x16, a.v[i] | b.v[i]);
}
LLM42_INLINE I32x16 bit_xor(I32x16 a, I32x16 b) {
  LLM42_LANES(I32x16, a.v[i] ^ b.v[i]);
}
template <int n>
LLM42_INLINE I32x16 shift_left(I32x16 a) {
  LLM42_LANES(I32x16, a.v[i] << n);
}
template <int n>
LLM42_INLINE I32x16 shift_right(I32x16 a) {
  LLM42_LANES(I32x16, a.v[i] >> n);
}
template <int n>
LLM42_INLINE I32x16 shift_right_signed(I32x16 a) {
  LLM42_LANES(I32x16, static_cast<uint32_t>(static_cast<int32_t>(a.v[i]) >> n));
}
LLM42_INLINE Mask16 less(I32x16 a, I32x16 b) {
  LLM42_LANES(Mask16, static_cast<int32_t>(a.v[i]) < static_cast<int32_t>(b.v[i]) ? 1u : 0u);
}

// Both halves of the unsigned 64-bit products.
LLM42_INLINE void multiply(I32x16 a, uint32_t b, I32x16& high, I32x16& low) {
  for (int i = 0; i < 16; ++i) {
    const uint64_t product = static_cast<uint64_t>(a.v[i]) * b;
    high.v[i] = static_cast<uint32_t>(product >> 32);
    low.v[i] = static_cast<uint32_t>(product);
  }
}

#undef LLM42_LANES

}  // namespace
}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
