// Signed bytes to bf16, exactly.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// The low bytes of both halves of `bytes`, as a pair of bf16.
//
// bf16 has seven bits behind the leading one, so that the byte's low seven bits behind the exponent of 128
// make 128 + x, and its sign bit behind the same exponent makes 128 or, as it lands on the exponent's last
// bit, 256. Their difference is the byte.
__device__ __forceinline__ uint32_t bf16_pair_of_bytes(uint32_t bytes) {
  constexpr uint32_t exponent = 0x43004300;  // 128, twice
  const uint32_t magnitude = (bytes & 0x007f007fu) | exponent;
  const uint32_t offset = (bytes & 0x00800080u) | exponent;
#ifdef __CUDACC__
  constexpr uint32_t minus_one = 0xbf80bf80;  // twice
  uint32_t pair;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;\n" : "=r"(pair) : "r"(offset), "r"(minus_one), "r"(magnitude));
  return pair;
#else
  const float low = __uint_as_float(magnitude << 16) - __uint_as_float(offset << 16);
  const float high = __uint_as_float(magnitude & 0xffff0000u) - __uint_as_float(offset & 0xffff0000u);
  return __float_as_uint(low) >> 16 | __float_as_uint(high);
#endif
}

}  // namespace llm42::cuda
