// Where a weight's elements lie on the device: row-major bf16, rows padded to 16 bytes. The rows of a gate
// and up weight come in groups, 8 rows of gate and then their 8 rows of up, so that neighbouring MMA tiles of
// one warp hold gate and up of the same features.
#pragma once

#include <cstdint>

namespace llm42::cuda {

// Rows of gate, or of up, that stand together.
constexpr int64_t kGateUpGroup = 8;

// Elements from one packed row to the next. What lies behind the first `depth` of them is never used.
constexpr int64_t linear_weight_stride(int64_t depth) {
  return (depth + 7) / 8 * 8;
}

// Packed rows of a weight of `rows` source rows. Rows that belong to no feature are zero.
constexpr int64_t linear_weight_rows(int64_t rows, bool is_gate_up) {
  if (!is_gate_up) return rows;
  return (rows / 2 + kGateUpGroup - 1) / kGateUpGroup * 2 * kGateUpGroup;
}

// Packed row of source row `row`; the source of a gate and up weight is all of gate, then all of up.
constexpr int64_t linear_weight_row(int64_t row, int64_t rows, bool is_gate_up) {
  if (!is_gate_up) return row;
  const int64_t is_up = row >= rows / 2;
  const int64_t feature = row - is_up * (rows / 2);
  return feature / kGateUpGroup * 2 * kGateUpGroup + is_up * kGateUpGroup + feature % kGateUpGroup;
}

}  // namespace llm42::cuda
