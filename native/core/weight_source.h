// The rows that a weight is packed from, and what of them does not depend on the backend.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/dtype.h"
#include "core/error.h"
#include "core/quantize.h"
#include "llm42/weight.h"

namespace llm42 {

// A row of a source matrix.
struct SourceRow {
  int32_t part;
  int64_t row;  // of the part
  const std::byte* data;
};

// Row `row` of the parts of a group stacked on one another.
inline SourceRow source_row(const llm42_weight_params& params, int64_t group, int64_t row) {
  auto part = static_cast<int32_t>(group * (params.part_count / params.groups));
  while (row >= params.parts[part].rows) row -= params.parts[part++].rows;
  const auto* data = static_cast<const std::byte*>(params.parts[part].data);
  return {part, row, data + row * params.columns * (params.dtype == LLM42_DTYPE_F32 ? 4 : 2)};
}

// Elements that are converted together.
constexpr int64_t source_block = 512;

// `count` elements, at most source_block, from element `begin` of a row on.
inline void read_f32(const std::byte* row, llm42_dtype dtype, int64_t begin, int64_t count, float* values) {
  if (dtype == LLM42_DTYPE_F32) {
    std::memcpy(values, row + 4 * begin, static_cast<size_t>(4 * count));
    return;
  }
  uint16_t halves[source_block];
  std::memcpy(halves, row + 2 * begin, static_cast<size_t>(2 * count));
  if (dtype == LLM42_DTYPE_F16) {
    for (int64_t i = 0; i < count; ++i) values[i] = f16_to_f32(halves[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) values[i] = bf16_to_f32(halves[i]);
  }
}

// The scale of a row that becomes int8. Refuses a row that is not finite, by its place.
inline float scale_of_row(const llm42_weight_params& params, const SourceRow& source) {
  constexpr uint32_t infinity = 0x7f800000;
  uint32_t largest = 0;  // magnitudes are ordered as their bits are
  float values[source_block];
  for (int64_t begin = 0; begin < params.columns; begin += source_block) {
    const int64_t count = std::min<int64_t>(source_block, params.columns - begin);
    read_f32(source.data, params.dtype, begin, count, values);
    for (int64_t i = 0; i < count; ++i) largest = std::max(largest, bits_of(values[i]) & 0x7fffffffu);
    if (largest < infinity) continue;
    const float* const bad = std::find_if(
        values, values + count, [](float value) { return (bits_of(value) & 0x7fffffffu) >= infinity; });
    fail_argument("parts[", source.part, "] holds ", *bad, " in row ", source.row, ", column ",
                  begin + (bad - values), "; format i8 takes finite values: pass format bf16 to keep it");
  }
  return i8_scale(float_of(largest));
}

}  // namespace llm42
