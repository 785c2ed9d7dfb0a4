// Counter-based Gumbel noise of a token: the operations of the CPU backend (cpu/isa/sampling.cpp).
#pragma once

#include "cuda/primitives/logarithm.h"

namespace llm42::cuda {

// More than the largest noise, -log(-log(1 - 2^-25)) = 17.33, and less than the smallest, -2.86.
constexpr float noise_above = 17.5f;
constexpr float noise_below = -2.9f;

// Philox4x32-10 with counter (id / 4, position, 0): the words of four tokens.
__device__ __forceinline__ void philox(int32_t first_id, uint64_t seed, uint64_t position,
                                       uint32_t (&words)[4]) {
  uint32_t c0 = static_cast<uint32_t>(first_id) / 4;
  uint32_t c1 = static_cast<uint32_t>(position);
  uint32_t c2 = static_cast<uint32_t>(position >> 32);
  uint32_t c3 = 0;
  uint32_t key0 = static_cast<uint32_t>(seed);
  uint32_t key1 = static_cast<uint32_t>(seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53u} * c0;
    const uint64_t product1 = uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ key0;
    c1 = static_cast<uint32_t>(product1);
    c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ key1;
    c3 = static_cast<uint32_t>(product0);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

// -log(-log(u)) with u = (word / 256 + 0.5) / 2^24. Above 1/2, u has a bit more than an f32 holds; its
// distance to the power of two that the logarithm is taken against is exact, though.
__device__ __forceinline__ float gumbel(uint32_t word) {
  const int32_t w = static_cast<int32_t>(word >> 8);
  const int32_t twice = 2 * w + 1;  // u * 2^25
  float exponent;
  float f;
  if (w < 1 << 23) {
    const float u = multiply(static_cast<float>(w) + 0.5f, 0x1p-24f);
    const uint32_t offset = __float_as_uint(u) - 0x3f3504f3u;
    exponent = static_cast<float>(static_cast<int32_t>(offset) >> 23);
    f = __uint_as_float((offset & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  } else if (w < 11863283) {  // u < sqrt(1/2)
    exponent = -1.0f;
    f = multiply(static_cast<float>(twice - (1 << 24)), 0x1p-24f);
  } else {
    exponent = 0.0f;
    f = multiply(static_cast<float>(twice - (1 << 25)), 0x1p-25f);
  }
  return -logarithm(-log_of_parts(f, exponent));
}

}  // namespace llm42::cuda
