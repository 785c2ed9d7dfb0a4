// float4 and its kind, with CUDA's alignment.
#pragma once

#include "emulator/keywords.h"

#define LLM42_EMULATOR_VECTORS(name, element)                                     \
  struct __align__(2 * sizeof(element)) name##2 {                                 \
    element x, y;                                                                 \
  };                                                                              \
  struct name##3 {                                                                \
    element x, y, z;                                                              \
  };                                                                              \
  struct __align__(4 * sizeof(element) > 16 ? 16 : 4 * sizeof(element)) name##4 { \
    element x, y, z, w;                                                           \
  };                                                                              \
  constexpr name##2 make_##name##2(element x, element y) {                        \
    return {x, y};                                                                \
  }                                                                               \
  constexpr name##3 make_##name##3(element x, element y, element z) {             \
    return {x, y, z};                                                             \
  }                                                                               \
  constexpr name##4 make_##name##4(element x, element y, element z, element w) {  \
    return {x, y, z, w};                                                          \
  }

LLM42_EMULATOR_VECTORS(char, signed char)
LLM42_EMULATOR_VECTORS(uchar, unsigned char)
LLM42_EMULATOR_VECTORS(short, short)
LLM42_EMULATOR_VECTORS(ushort, unsigned short)
LLM42_EMULATOR_VECTORS(int, int)
LLM42_EMULATOR_VECTORS(uint, unsigned)
LLM42_EMULATOR_VECTORS(longlong, long long)
LLM42_EMULATOR_VECTORS(ulonglong, unsigned long long)
LLM42_EMULATOR_VECTORS(float, float)
LLM42_EMULATOR_VECTORS(double, double)
#undef LLM42_EMULATOR_VECTORS

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_size = 1, unsigned y_size = 1, unsigned z_size = 1)
      : x(x_size), y(y_size), z(z_size) {}
};
