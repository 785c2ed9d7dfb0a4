// Some panels times many rows. The depth is cut into parts that stay in the first-level cache: the first tile
// of rows expands a panel's part, the others take the expansion, and meanwhile the next panel's comes from
// memory. A part of the rows' input serves all panels before the next is touched.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "cpu/isa/kernels.h"

namespace llm42::cpu {

struct PanelBlock {
  const Kernels& kernels;
  Format format;
  int64_t element_size;
  const std::byte* panel;  // [panels][depth][panel_columns]
  int64_t panels;
  int64_t depth;
  int64_t tiles;
  int64_t tile_rows;  // of all but the last
  float* expansion;   // [kernels.expanded_depth][panel_columns]
  float* sums;        // [panels][tiles * tile_rows][panel_columns]
};

// Tiles that share out the fetching of the next part: a line with every column of the input is more than the
// memory gives.
constexpr int64_t fetching_tiles = 2;

// `rows_of(tile)` is how many rows a tile has, `input_of(tile, k)` its packed input from column k on.
template <class RowsOf, class InputOf>
void multiply(const PanelBlock& block, const RowsOf& rows_of, const InputOf& input_of) {
  const Kernels& kernels = block.kernels;
  const int64_t line = panel_columns * block.element_size;
  const int64_t sharers = std::min(fetching_tiles, block.tiles);
  const bool is_f32 = block.format == format_f32;
  for (int64_t k = 0; k < block.depth; k += kernels.expanded_depth) {
    const int64_t depth = std::min(kernels.expanded_depth, block.depth - k);
    for (int64_t panel = 0; panel < block.panels; ++panel) {
      const std::byte* const part = block.panel + (panel * block.depth + k) * line;
      const float* const expanded = is_f32 ? reinterpret_cast<const float*>(part) : block.expansion;
      // After the last panel's part comes the first one's next; behind its last, in memory, another panel.
      const std::byte* next = part + block.depth * line;
      if (panel + 1 == block.panels) {
        next = k + depth < block.depth ? block.panel + (k + depth) * line : part + depth * line;
      }
      for (int64_t tile = 0; tile < block.tiles; ++tile) {
        Ahead ahead{next, 0};
        if (tile < sharers) ahead = {next + tile * depth * line / sharers, line / sharers};
        float* const sums = block.sums + (panel * block.tiles + tile) * block.tile_rows * panel_columns;
        if (tile == 0) {
          kernels.tile_expanding[block.format](rows_of(tile), input_of(tile, k), part, block.expansion, sums,
                                               panel_columns, depth, k == 0, ahead);
        } else {
          kernels.tile_cached(rows_of(tile), input_of(tile, k), expanded, sums, panel_columns, depth, k == 0,
                              ahead);
        }
      }
    }
  }
}

// One row times panels begin .. end - 1, as two streams that go on in memory where they were.
template <class PanelAt, class Store>
void multiply_row(const Kernels& kernels, Format format, const float* input, int64_t depth, int64_t begin,
                  int64_t end, const PanelAt& panel_at, const Store& store) {
  alignas(64) float sums[2 * panel_columns];
  const int64_t half = (end - begin) / 2;
  for (int64_t panel = begin; panel < begin + half; ++panel) {
    kernels.row_by_two[format](input, panel_at(panel), panel_at(panel + half), sums, depth);
    store(panel, sums);
    store(panel + half, sums + panel_columns);
  }
  if ((end - begin) % 2 == 0) return;
  kernels.tile[format](1, input, panel_at(end - 1), sums, panel_columns, depth, true);
  store(end - 1, sums);
}

}  // namespace llm42::cpu
