// ldmatrix and mma.sync. Layouts are those of the PTX manual.
//
// The order of additions inside one mma is not the hardware's, which is not published and differs between
// generations: here k ascends, every product is added to the accumulator and rounded. So results agree with a
// GPU's within rounding, and bits are comparable only between emulated runs. Integer products are exact.
#pragma once

#include <bit>
#include <cstdint>

#include "emulator/fault.h"
#include "emulator/half.h"
#include "emulator/warp.h"

namespace emu {

// `Count` 8x8 matrices of 16-bit elements. Lane l passes the address of row l % 8 of matrix l / 8 and gets,
// of each matrix, row l / 4, columns 2 * (l % 4) and the next; transposed: column l / 4, rows 2 * (l % 4) and
// the next.
template <int Count, bool IsTransposed>
void load_matrices(uint32_t (&registers)[Count], const void* row) {
  const int lane = static_cast<int>(context().lane);
  if (lane < 8 * Count && reinterpret_cast<uintptr_t>(row) % 16 != 0) {
    fail("ldmatrix: the row's address is not 16-byte aligned");
  }
  struct Rows {
    const uint16_t* of[IsTransposed ? 2 : 1][Count];
  };
  const Rows rows = collective<Rows>(
      IsTransposed ? "ldmatrix.trans" : "ldmatrix", 0xffffffffu, static_cast<const uint16_t*>(row),
      [](uint32_t lanes, const uint16_t* const* inputs, Rows* outputs) {
        if (lanes != 0xffffffffu) fail("ldmatrix: the warp has not all of its 32 lanes");
        for (int i = 0; i < static_cast<int>(warp_size); ++i) {
          for (int matrix = 0; matrix < Count; ++matrix) {
            if constexpr (IsTransposed) {
              for (int half = 0; half < 2; ++half) {
                outputs[i].of[half][matrix] = inputs[8 * matrix + i % 4 * 2 + half] + i / 4;
              }
            } else {
              outputs[i].of[0][matrix] = inputs[8 * matrix + i / 4] + i % 4 * 2;
            }
          }
        }
      });
  // Read by the lane itself, so that the sanitizers see the kernel read.
  for (int matrix = 0; matrix < Count; ++matrix) {
    const uint16_t* low = rows.of[0][matrix];
    const uint16_t* high = IsTransposed ? rows.of[IsTransposed ? 1 : 0][matrix] : low + 1;
    registers[matrix] = *low | static_cast<uint32_t>(*high) << 16;
  }
}

// How a 32-bit register packs elements, for multiply_accumulate.
struct PackedBf16 {
  using Value = float;
  static constexpr int per_register = 2;
  static float element(uint32_t packed, int i) {
    return std::bit_cast<float>(i == 0 ? packed << 16 : packed & 0xffff0000u);
  }
};
struct PackedF16 {
  using Value = float;
  static constexpr int per_register = 2;
  static float element(uint32_t packed, int i) {
    return float_from_half(static_cast<uint16_t>(packed >> (16 * i)));
  }
};
struct PackedS8 {
  using Value = int32_t;
  static constexpr int per_register = 4;
  static int32_t element(uint32_t packed, int i) { return static_cast<int8_t>(packed >> (8 * i)); }
};

// d[16 x 8] += a[16 x K, by rows] * b[K x 8, by columns], with K = 16 for 16-bit elements and 32 for bytes.
template <class Packed>
void multiply_accumulate(const char* operation, typename Packed::Value (&d)[4], const uint32_t (&a)[4],
                         const uint32_t (&b)[2]) {
  using Value = typename Packed::Value;
  constexpr int per_register = Packed::per_register, depth = 8 * per_register;
  struct Input {
    uint32_t a[4], b[2];
    Value d[4];
  };
  struct Output {
    Value d[4];
  };
  Input input;
  std::memcpy(input.a, a, sizeof a);
  std::memcpy(input.b, b, sizeof b);
  std::memcpy(input.d, d, sizeof d);
  const auto multiply = [operation](uint32_t lanes, const Input* inputs, Output* outputs) {
    if (lanes != 0xffffffffu) fail("%s: the warp has not all of its 32 lanes", operation);
    Value left[16][depth], right[depth][8], sum[16][8];
    for (int lane = 0; lane < static_cast<int>(warp_size); ++lane) {
      const int group = lane / 4, member = lane % 4;
      const Input& in = inputs[lane];
      for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < per_register; ++j) {
          left[group + i % 2 * 8][(member + i / 2 * 4) * per_register + j] = Packed::element(in.a[i], j);
        }
        sum[group + i / 2 * 8][member * 2 + i % 2] = in.d[i];
      }
      for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < per_register; ++j) {
          right[(member + i * 4) * per_register + j][group] = Packed::element(in.b[i], j);
        }
      }
    }
    for (int row = 0; row < 16; ++row) {
      for (int k = 0; k < depth; ++k) {
        const Value factor = left[row][k];
        for (int column = 0; column < 8; ++column) sum[row][column] += factor * right[k][column];
      }
    }
    for (int lane = 0; lane < static_cast<int>(warp_size); ++lane) {
      for (int i = 0; i < 4; ++i) outputs[lane].d[i] = sum[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
    }
  };
  const Output output = collective<Output>(operation, 0xffffffffu, input, multiply);
  std::memcpy(d, output.d, sizeof d);
}

}  // namespace emu
