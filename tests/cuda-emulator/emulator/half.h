// __half: conversions round to nearest, ties to even, with subnormals and infinities; a NaN becomes 0x7fff.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "emulator/keywords.h"
#include "emulator/vector_types.h"

namespace emu {

uint16_t half_from_float(float value);
inline float float_from_half(uint16_t pattern) {
  const uint32_t sign = static_cast<uint32_t>(pattern & 0x8000u) << 16;
  const uint32_t exponent = pattern >> 10 & 0x1fu, fraction = pattern & 0x3ffu;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) return std::copysign(static_cast<float>(fraction) * 0x1p-24f, sign ? -1.0f : 1.0f);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

}  // namespace emu

struct __align__(2) __half {
  uint16_t bits;

  __half() = default;
  __half(float value) : bits(emu::half_from_float(value)) {}
  operator float() const {
    return emu::float_from_half(bits);
  }
};

struct __align__(4) __half2 {
  __half x, y;

  __half2() = default;
  __half2(__half low, __half high) : x(low), y(high) {}
};

inline __half __float2half(float value) {
  return __half(value);
}
inline __half __float2half_rn(float value) {
  return __half(value);
}
inline float __half2float(__half value) {
  return static_cast<float>(value);
}
inline __half2 __floats2half2_rn(float low, float high) {
  return {__half(low), __half(high)};
}
inline __half2 __float22half2_rn(float2 value) {
  return __floats2half2_rn(value.x, value.y);
}
inline __half2 __halves2half2(__half low, __half high) {
  return {low, high};
}
inline float2 __half22float2(__half2 value) {
  return {static_cast<float>(value.x), static_cast<float>(value.y)};
}
inline __half __low2half(__half2 value) {
  return value.x;
}
inline __half __high2half(__half2 value) {
  return value.y;
}
inline float __low2float(__half2 value) {
  return static_cast<float>(value.x);
}
inline float __high2float(__half2 value) {
  return static_cast<float>(value.y);
}
inline unsigned short __half_as_ushort(__half value) {
  return value.bits;
}
inline __half __ushort_as_half(unsigned short pattern) {
  return std::bit_cast<__half>(pattern);
}
