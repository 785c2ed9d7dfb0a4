// Symmetric quantisation of a row to int8: value = element * scale, with one scale for the row. Static
// functions only, so that translation units for different instruction sets may share them.
#pragma once

#include <stdint.h>

#include "core/dtype.h"

namespace llm42 {

// Scale of a row whose largest magnitude is `largest`, which is finite. 0, and with it a row of zeros, where
// the quotient is no normal number: there it is too coarse to divide by.
static inline float i8_scale(float largest) {
  const float scale = largest / 127.0f;
  return scale < 0x1p-126f ? 0.0f : scale;
}

// The integer nearest to value / scale, ties to even. `value` is finite and at most the row's largest.
static inline int8_t f32_to_i8(float value, float scale) {
  if (scale == 0.0f) return 0;
  constexpr float rounder = 0x1.8p23f;  // adding it leaves the nearest integer in the low bits
  return static_cast<int8_t>(bits_of(value / scale + rounder));
}

}  // namespace llm42
