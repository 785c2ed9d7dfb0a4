// Which slots a tile of a grouped product holds.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

struct ExpertTile {
  int32_t expert;
  int32_t first;  // entry of `order`
  int32_t rows;   // 0: there is no such tile
};

// Tile `index` of the tiles that the experts have one after the other, ceil(slots / kRows) each. All 32 lanes
// of a warp call this together. No tile is there where `starts` are wrong.
template <int kRows>
__device__ __forceinline__ ExpertTile find_tile(const int32_t* starts, int32_t experts, int32_t slots,
                                                int32_t index) {
  const int lane = static_cast<int>(threadIdx.x) & 31;
  const int32_t each = (experts + 31) / 32;
  const int32_t begin = min(lane * each, experts);
  const int32_t end = min(begin + each, experts);
  int32_t own = 0;
  int32_t from = starts[begin];
  bool is_wrong = lane == 0 && (from != 0 || starts[experts] != slots);
  for (int32_t expert = begin; expert < end; ++expert) {
    const int32_t to = starts[expert + 1];
    if (from < 0 || to < from || to > slots) {
      is_wrong = true;
    } else {
      own += (to - from + kRows - 1) / kRows;
    }
    from = to;
  }
  if (__any_sync(0xffffffffu, is_wrong)) return {0, 0, 0};

  int32_t through = own;
#pragma unroll
  for (int distance = 1; distance < 32; distance *= 2) {
    const int32_t other = __shfl_up_sync(0xffffffffu, through, distance);
    if (lane >= distance) through += other;
  }
  ExpertTile tile{0, 0, 0};
  const bool is_owner = through - own <= index && index < through;
  if (is_owner) {
    int32_t left = index - (through - own);
    int32_t expert = begin;
    for (;; ++expert) {
      const int32_t tiles = (starts[expert + 1] - starts[expert] + kRows - 1) / kRows;
      if (left < tiles) break;
      left -= tiles;
    }
    tile.expert = expert;
    tile.first = starts[expert] + left * kRows;
    tile.rows = min(kRows, starts[expert + 1] - tile.first);
  }
  const unsigned owners = __ballot_sync(0xffffffffu, is_owner);
  if (owners == 0) return {0, 0, 0};
  const int owner = __ffs(static_cast<int>(owners)) - 1;
  tile.expert = __shfl_sync(0xffffffffu, tile.expert, owner);
  tile.first = __shfl_sync(0xffffffffu, tile.first, owner);
  tile.rows = __shfl_sync(0xffffffffu, tile.rows, owner);
  return tile;
}

}  // namespace llm42::cuda
