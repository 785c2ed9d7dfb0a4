// Which slots a grouped product takes together, and where their results go.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/linear_plan.h"
#include "cpu/objects.h"

namespace llm42::cpu {

// Consecutive entries of `order` that belong to one expert, at most rows_per_block of them.
struct Span {
  int64_t expert;
  int64_t first;
  int64_t rows;
};

// Spans that there are at most, whatever the groups are.
inline int64_t most_spans(int64_t slots, int64_t experts) {
  return std::min(experts, slots) + slots / rows_per_block;
}

inline int64_t cut_into_spans(const int32_t* starts, int64_t experts, Span* spans) {
  int64_t count = 0;
  for (int64_t expert = 0; expert < experts; ++expert) {
    for (int64_t first = starts[expert]; first < starts[expert + 1]; first += rows_per_block) {
      spans[count++] = {expert, first, std::min<int64_t>(rows_per_block, starts[expert + 1] - first)};
    }
  }
  return count;
}

// The slots of a product: where they are read, and where they are written.
struct Slots {
  const llm42_grouped_linear_params& params;
  const Kernels& kernels;
  const int32_t* order;
  const float* input;
  float* output;
  bool is_swiglu;
  int64_t features;  // of the output

  Slots(const llm42_grouped_linear_params& p, const Kernels& table)
      : params(p),
        kernels(table),
        order(at<const int32_t>(p.order)),
        input(at<const float>(p.input)),
        output(at<float>(p.output)),
        is_swiglu(p.epilogue == LLM42_EPILOGUE_SWIGLU),
        features(is_swiglu ? p.weight->info.rows / 2 : p.weight->info.rows) {}

  const float* input_row(int64_t entry) const {
    return input + order[entry] / params.slots_per_row * params.input_stride;
  }

  // Finishes `count` entries from `first` on, of one panel: each goes to its own slot.
  void store(int64_t first, int64_t panel, int64_t count, const float* sums) const {
    const int64_t step = is_swiglu ? panel_columns / 2 : panel_columns;
    const int64_t column = panel * step;
    TileStore tile{};
    tile.rows = 1;
    tile.columns = std::min(step, features - column);
    for (int64_t r = 0; r < count; ++r) {
      const int64_t slot = order[first + r];
      tile.sums = sums + r * panel_columns;
      tile.output = output + slot * params.output_stride + column;
      if (is_swiglu) {
        kernels.store_swiglu(tile);
      } else {
        kernels.store_plain(tile);
      }
    }
  }
};

}  // namespace llm42::cpu
