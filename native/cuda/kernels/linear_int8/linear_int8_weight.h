// Where the elements of an int8 weight lie on the device: rows of bytes in the order of linear_weight.h,
// padded with zeros to 16 bytes, with one f32 scale per row.
//
// Within 16 neighbouring elements of a row the bytes change places, so that the four bytes that ldmatrix
// gives a lane are those of which it makes two pairs of bf16, each by a shift and a mask: bytes 0 and 2 are
// the elements of the first register of m16n8k16, bytes 1 and 3 those of the second. Integer products need no
// order: their rows are quantised into the same places.
#pragma once

#include "cuda/kernels/linear/linear_weight.h"

namespace llm42::cuda {

// Elements that change places among themselves; a 16-byte access.
constexpr int64_t kInt8Group = 16;

// Bytes from one row to the next.
constexpr int64_t int8_stride(int64_t depth) {
  return (depth + kInt8Group - 1) / kInt8Group * kInt8Group;
}

// Place in its row of element k.
constexpr int64_t int8_place(int64_t k) {
  const int64_t inside = k % kInt8Group;
  return k - inside + inside % 8 / 2 * 4 + inside % 2 * 2 + inside / 8;
}

// Scales of a weight of `rows` source rows: padded, so that 8 of them can be read together. Those of no row
// are zero.
constexpr int64_t int8_scales(int64_t rows, bool is_gate_up) {
  return (linear_weight_rows(rows, is_gate_up) + 7) / 8 * 8;
}

}  // namespace llm42::cuda
