// Which rows of a source a panel of a packed weight holds.
#pragma once

#include "cpu/isa/kernels.h"
#include "llm42/weight.h"

namespace llm42::cpu {

// Version of the layouts of CpuWeight and CpuInt8Weight, for llm42_weight_info::packing: one more whenever a
// byte of a packed weight changes its place or its value.
constexpr int32_t packing_version = 1;

inline int64_t features_per_panel(const llm42_weight_info& info) {
  return info.layout == LLM42_WEIGHT_LAYOUT_GATE_UP ? panel_columns / 2 : panel_columns;
}

inline int64_t panel_count(const llm42_weight_info& info) {
  const int64_t features = info.layout == LLM42_WEIGHT_LAYOUT_GATE_UP ? info.rows / 2 : info.rows;
  return (features + features_per_panel(info) - 1) / features_per_panel(info);
}

// Row of the joined source that a panel's column holds; -1 for padding.
inline int64_t row_of_column(const llm42_weight_info& info, int64_t panel, int64_t column) {
  if (info.layout != LLM42_WEIGHT_LAYOUT_GATE_UP) {
    const int64_t row = panel * panel_columns + column;
    return row < info.rows ? row : -1;
  }
  const int64_t half = panel_columns / 2;
  const int64_t feature = panel * half + column % half;
  if (feature >= info.rows / 2) return -1;
  return column < half ? feature : info.rows / 2 + feature;
}

}  // namespace llm42::cpu
