// 16 bytes at a time, and 8 elements at a time where they may be fewer or unaligned.
#pragma once

#include <cstring>

#include "cuda/primitives/platform.h"
#ifndef __CUDACC__
#include "emulator/fault.h"
#endif

namespace llm42::cuda {

__device__ __forceinline__ bool is_aligned16(const void* p) {
  return (reinterpret_cast<uintptr_t>(p) & 15) == 0;
}

// `p` is a multiple of 16.
__device__ __forceinline__ uint4 load16(const void* p) {
#ifdef __CUDACC__
  return *reinterpret_cast<const uint4*>(p);
#else
  if (!is_aligned16(p)) emu::fail("load of 16 bytes: address not 16-byte aligned");
  uint4 value;
  std::memcpy(&value, p, sizeof value);
  return value;
#endif
}

// `p` is a multiple of 16.
__device__ __forceinline__ void store16(void* p, const uint4& value) {
#ifdef __CUDACC__
  *reinterpret_cast<uint4*>(p) = value;
#else
  if (!is_aligned16(p)) emu::fail("store of 16 bytes: address not 16-byte aligned");
  std::memcpy(p, &value, sizeof value);
#endif
}

__device__ __forceinline__ float bf16_low(uint32_t pair) {
  return __uint_as_float(pair << 16);
}
__device__ __forceinline__ float bf16_high(uint32_t pair) {
  return __uint_as_float(pair & 0xffff0000u);
}

// Two values rounded to bf16, the first in the lower half.
__device__ __forceinline__ uint32_t bf16_pair(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  uint32_t bits;
  memcpy(&bits, &pair, sizeof bits);
  return bits;
}

__device__ __forceinline__ void unpack8(const uint4& bits, float (&value)[8]) {
  value[0] = bf16_low(bits.x);
  value[1] = bf16_high(bits.x);
  value[2] = bf16_low(bits.y);
  value[3] = bf16_high(bits.y);
  value[4] = bf16_low(bits.z);
  value[5] = bf16_high(bits.z);
  value[6] = bf16_low(bits.w);
  value[7] = bf16_high(bits.w);
}

__device__ __forceinline__ uint4 pack8(const float (&value)[8]) {
  return make_uint4(bf16_pair(value[0], value[1]), bf16_pair(value[2], value[3]),
                    bf16_pair(value[4], value[5]), bf16_pair(value[6], value[7]));
}

// The first `count` of 8 elements, the rest zero. Any alignment.
__device__ __forceinline__ void load8(const bf16* p, int count, float (&value)[8]) {
  if (count >= 8 && is_aligned16(p)) {
    unpack8(load16(p), value);
    return;
  }
#pragma unroll
  for (int i = 0; i < 8; ++i) value[i] = i < count ? __bfloat162float(p[i]) : 0.0f;
}

__device__ __forceinline__ void load8(const float* p, int count, float (&value)[8]) {
  if (count >= 8 && is_aligned16(p)) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const uint4 bits = load16(p + 4 * i);
      value[4 * i] = __uint_as_float(bits.x);
      value[4 * i + 1] = __uint_as_float(bits.y);
      value[4 * i + 2] = __uint_as_float(bits.z);
      value[4 * i + 3] = __uint_as_float(bits.w);
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < 8; ++i) value[i] = i < count ? p[i] : 0.0f;
}

// The first `count` of 8 elements. Any alignment.
__device__ __forceinline__ void store8(bf16* p, int count, const float (&value)[8]) {
  if (count >= 8 && is_aligned16(p)) {
    store16(p, pack8(value));
    return;
  }
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    if (i < count) p[i] = __float2bfloat16(value[i]);
  }
}

__device__ __forceinline__ void store8(float* p, int count, const float (&value)[8]) {
  if (count >= 8 && is_aligned16(p)) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      store16(p + 4 * i, make_uint4(__float_as_uint(value[4 * i]), __float_as_uint(value[4 * i + 1]),
                                    __float_as_uint(value[4 * i + 2]), __float_as_uint(value[4 * i + 3])));
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    if (i < count) p[i] = value[i];
  }
}

// The first `count` of 8 elements, bit for bit. Any alignment.
__device__ __forceinline__ void copy8(bf16* destination, const bf16* source, int count) {
  if (count >= 8 && is_aligned16(destination) && is_aligned16(source)) {
    store16(destination, load16(source));
    return;
  }
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    if (i < count) destination[i] = source[i];
  }
}

}  // namespace llm42::cuda
