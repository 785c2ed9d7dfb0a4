// The end of a product with a panel: bias, epilogue, and where the sums go.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/objects.h"

namespace llm42::cpu {

// Finishes `count` rows of a panel, from row `row` of the output on.
inline void store(const llm42_linear_params& p, const Kernels& kernels, int64_t panel, int64_t row,
                  int64_t count, const float* sums) {
  const bool is_swiglu = p.epilogue == LLM42_EPILOGUE_SWIGLU;
  const int64_t rows_of_weight = p.weight->info.rows;
  const int64_t features = is_swiglu ? rows_of_weight / 2 : rows_of_weight;
  const int64_t step = is_swiglu ? panel_columns / 2 : panel_columns;
  const int64_t column = panel * step;
  const auto* bias = at<const float>(p.bias);
  TileStore tile{};
  tile.sums = sums;
  tile.rows = count;
  tile.columns = std::min(step, features - column);
  tile.bias = bias == nullptr ? nullptr : bias + column;
  tile.output = at<float>(p.output) + row * p.output_stride + column;
  tile.output_stride = p.output_stride;
  if (is_swiglu) {
    tile.up_bias = bias == nullptr ? nullptr : bias + features + column;
    kernels.store_swiglu(tile);
  } else if (p.epilogue == LLM42_EPILOGUE_RESIDUAL) {
    tile.residual = at<const float>(p.residual) + row * p.residual_stride + column;
    tile.residual_stride = p.residual_stride;
    kernels.store_residual(tile);
  } else {
    kernels.store_plain(tile);
  }
}

}  // namespace llm42::cpu
