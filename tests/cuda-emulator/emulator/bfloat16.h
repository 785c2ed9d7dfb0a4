// __nv_bfloat16: conversions round to nearest, ties to even; a NaN becomes CUDA's 0x7fff.
#pragma once

#include <bit>
#include <cstdint>

#include "emulator/keywords.h"
#include "emulator/vector_types.h"

struct __align__(2) __nv_bfloat16 {
  uint16_t bits;

  __nv_bfloat16() = default;
  __nv_bfloat16(float value) {
    const auto pattern = std::bit_cast<uint32_t>(value);
    const bool is_nan = (pattern & 0x7fffffffu) > 0x7f800000u;
    bits = is_nan ? 0x7fff : static_cast<uint16_t>((pattern + 0x7fffu + ((pattern >> 16) & 1u)) >> 16);
  }
  operator float() const {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
};

struct __align__(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;

  __nv_bfloat162() = default;
  __nv_bfloat162(__nv_bfloat16 low, __nv_bfloat16 high) : x(low), y(high) {}
};

inline __nv_bfloat16 __float2bfloat16(float value) {
  return __nv_bfloat16(value);
}
inline __nv_bfloat16 __float2bfloat16_rn(float value) {
  return __nv_bfloat16(value);
}
inline float __bfloat162float(__nv_bfloat16 value) {
  return static_cast<float>(value);
}
inline __nv_bfloat162 __floats2bfloat162_rn(float low, float high) {
  return {__nv_bfloat16(low), __nv_bfloat16(high)};
}
inline __nv_bfloat162 __float22bfloat162_rn(float2 value) {
  return __floats2bfloat162_rn(value.x, value.y);
}
inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 low, __nv_bfloat16 high) {
  return {low, high};
}
inline float2 __bfloat1622float2(__nv_bfloat162 value) {
  return {static_cast<float>(value.x), static_cast<float>(value.y)};
}
inline __nv_bfloat16 __low2bfloat16(__nv_bfloat162 value) {
  return value.x;
}
inline __nv_bfloat16 __high2bfloat16(__nv_bfloat162 value) {
  return value.y;
}
inline float __low2float(__nv_bfloat162 value) {
  return static_cast<float>(value.x);
}
inline float __high2float(__nv_bfloat162 value) {
  return static_cast<float>(value.y);
}
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 value) {
  return value.bits;
}
inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short pattern) {
  return std::bit_cast<__nv_bfloat16>(pattern);
}
