// Rows of activations as int8, in tiles as the kernels read them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/isa/kernels.h"

namespace llm42::cpu {

// Rows of the largest tile, over all panels that it has.
constexpr int64_t most_int8_tile_rows = 12;

// Rows that a matrix unit gets at a time.
constexpr int64_t most_int8_block_rows = 128;

// [tile][quads][rows of the tile][4], or [row][quads][4] for a matrix unit, with the scale and the sum of
// each row.
struct Int8Rows {
  int8_t* elements;
  float* scales;
  int32_t* sums;
};

// A matrix unit, where there is one, is for more rows than a tile has.
inline bool uses_matrix_unit(const Kernels& kernels, int64_t rows) {
  return kernels.int8_block != nullptr && rows > kernels.int8_tile_rows;
}

// Quantises `count` rows, a tile from row `first` on; `row_at(r)` is the r-th of them, of `columns` elements.
// With `by_rows`
// they are left as a matrix unit reads them. `scratch` has room for one row.
template <class RowAt>
void quantize_tile(const Kernels& kernels, int64_t columns, int64_t first, int64_t count, const RowAt& row_at,
                   bool by_rows, const Int8Rows& rows, int8_t* scratch) {
  const int64_t quads = (columns + 3) / 4;
  int8_t* const packed = rows.elements + first * quads * 4;
  const bool in_place = by_rows || count == 1;
  for (int64_t r = 0; r < count; ++r) {
    int8_t* const row = in_place ? packed + r * quads * 4 : scratch;
    kernels.quantize_row(row_at(r), columns, row, rows.scales + first + r, rows.sums + first + r);
    if (in_place) continue;
    for (int64_t q = 0; q < quads; ++q) std::copy_n(row + q * 4, 4, packed + (q * count + r) * 4);
  }
}

}  // namespace llm42::cpu
