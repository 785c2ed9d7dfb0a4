#include "emulator/half.h"

#include <cmath>

namespace emu {

uint16_t half_from_float(float value) {
  const auto pattern = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(pattern >> 16 & 0x8000u);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return 0x7fff;
  if (magnitude >= 65520.0f) return static_cast<uint16_t>(sign | 0x7c00u);
  if (magnitude < 0x1p-14f) {
    // Subnormal: whole multiples of 2^-24, rounded by the addition of a number whose last place that is.
    const float shifted = magnitude + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(0.5f)));
  }
  const uint32_t bits = pattern & 0x7fffffffu;
  const uint32_t rounded = bits + 0xfffu + (bits >> 13 & 1u);
  return static_cast<uint16_t>(sign | ((rounded >> 13) - (112u << 10)));
}

}  // namespace emu
