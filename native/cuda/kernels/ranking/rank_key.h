// The order of tokens: larger value first, ties to the lower id.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// A value and its id in one integer: the larger key comes first. NaN counts as -inf, -0 as +0.
__device__ __forceinline__ uint64_t rank_key(float value, int32_t id) {
  const uint32_t bits = value != value ? 0xff800000u : __float_as_uint(value + 0.0f);
  const uint32_t ordered = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(ordered) << 32 | ~static_cast<uint32_t>(id);
}

__device__ __forceinline__ int32_t id_of(uint64_t key) {
  return static_cast<int32_t>(~static_cast<uint32_t>(key));
}

}  // namespace llm42::cuda
