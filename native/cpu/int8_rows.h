// Rows of activations as int8, in tiles as the kernels read them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/isa/kernels.h"

namespace llm42::cpu {

// Rows of the largest tile, over all panels that it has.
constexpr int64_t most_int8_tile_rows = 12;

// [tile][quads][rows of the tile][4], with the scale and the sum of each row.
struct Int8Rows {
  int8_t* elements;
  float* scales;
  int32_t* sums;
};

// Quantises `count` rows, a tile from row `first` on; `row_at(r)` is the r-th of them, of `columns` elements.
// `scratch` has room for one row.
template <class RowAt>
void quantize_tile(const Kernels& kernels, int64_t columns, int64_t first, int64_t count, const RowAt& row_at,
                   const Int8Rows& rows, int8_t* scratch) {
  const int64_t quads = (columns + 3) / 4;
  int8_t* const packed = rows.elements + first * quads * 4;
  int8_t* const row = count == 1 ? packed : scratch;
  for (int64_t r = 0; r < count; ++r) {
    kernels.quantize_row(row_at(r), columns, row, rows.scales + first + r, rows.sums + first + r);
    if (count == 1) break;
    for (int64_t q = 0; q < quads; ++q) std::copy_n(row + q * 4, 4, packed + (q * count + r) * 4);
  }
}

}  // namespace llm42::cpu
