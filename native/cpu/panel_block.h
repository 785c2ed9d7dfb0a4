// One panel times many rows. The depth is cut into parts that stay in the first-level cache: the first tile
// of rows expands a part, the others take the expansion, and meanwhile the next part comes from memory.
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
  const std::byte* panel;  // [depth][panel_columns]
  int64_t depth;
  int64_t tiles;
  int64_t tile_rows;  // of all but the last
  float* expansion;   // [kernels.expanded_depth][panel_columns]
  float* sums;        // [tiles * tile_rows][panel_columns]
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
  for (int64_t k = 0; k < block.depth; k += kernels.expanded_depth) {
    const int64_t depth = std::min(kernels.expanded_depth, block.depth - k);
    const std::byte* const part = block.panel + k * line;
    const bool is_f32 = block.format == format_f32;
    const float* const expanded = is_f32 ? reinterpret_cast<const float*>(part) : block.expansion;
    for (int64_t tile = 0; tile < block.tiles; ++tile) {
      // Behind a panel's last part comes, in memory, the next panel's first.
      Ahead ahead{part + depth * line, 0};
      if (tile < sharers) ahead = {part + depth * line + tile * depth * line / sharers, line / sharers};
      float* const sums = block.sums + tile * block.tile_rows * panel_columns;
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

}  // namespace llm42::cpu
