// Which rows and query heads a block works on, and what they see.
#pragma once

#include "cuda/kernels/attention/attention.h"
#include "cuda/kernels/attention/softmax_state.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

// Positions begin .. end - 1.
struct Range {
  int32_t begin;
  int32_t end;
};

// Query m of a sequence is query head m % group of its row m / group, so that the heads of a kv head and
// neighbouring rows fill the rows of an MMA together.
struct QueryTile {
  int32_t sequence;  // -1: the block has nothing to do
  int32_t first_row;
  int32_t first;  // query of the sequence
  int32_t count;  // queries of this tile, 1 or more
  int32_t rows;   // rows it touches
  int32_t first_touched;
};

__device__ __forceinline__ Range visible(const Attention& work, const AttentionSchedule& schedule,
                                         int32_t row) {
  const int32_t position = work.positions[row];
  if (!check_index(work.error, Checked::positions, row, position, 0, schedule.max_positions - 1)) {
    return {0, 0};
  }
  const int32_t begin = work.window == 0 || position < work.window ? 0 : position + 1 - work.window;
  return {begin, position + 1};
}

// The tiles of all sequences in order; a whole warp must call this.
__device__ __forceinline__ QueryTile find_query_tile(const Attention& work, int32_t tile_queries) {
  const int32_t lane = static_cast<int32_t>(threadIdx.x & 31);
  const int32_t group = work.shape.query_heads / work.shape.kv_heads;
  const int32_t wanted = static_cast<int32_t>(blockIdx.x);
  QueryTile tile{-1, 0, 0, 0, 0, 0};
  int32_t before = 0;
  for (int32_t base = 0; base < work.shape.sequences; base += 32) {
    const int32_t sequence = base + lane;
    int32_t start = 0;
    int32_t queries = 0;
    if (sequence < work.shape.sequences) {
      start = work.sequence_starts[sequence];
      const int32_t end = work.sequence_starts[sequence + 1];
      // Starts that are wrong are reported once, by check_starts.
      if (start >= 0 && end >= start && end <= work.shape.rows) queries = (end - start) * group;
    }
    const int32_t tiles = queries / tile_queries + (queries % tile_queries != 0 ? 1 : 0);
    int32_t through = tiles;
#pragma unroll
    for (int32_t distance = 1; distance < 32; distance *= 2) {
      const int32_t other = __shfl_up_sync(0xffffffffu, through, distance);
      if (lane >= distance) through += other;
    }
    const int32_t total = __shfl_sync(0xffffffffu, through, 31);
    if (wanted < before + total) {
      const int32_t owner =
          __ffs(static_cast<int>(__ballot_sync(0xffffffffu, wanted < before + through))) - 1;
      const int32_t first =
          (wanted - before - __shfl_sync(0xffffffffu, through - tiles, owner)) * tile_queries;
      queries = __shfl_sync(0xffffffffu, queries, owner);
      tile.sequence = base + owner;
      tile.first_row = __shfl_sync(0xffffffffu, start, owner);
      tile.first = first;
      tile.count = min(queries - first, tile_queries);
      tile.first_touched = tile.first_row + first / group;
      tile.rows = (first + tile.count - 1) / group - first / group + 1;
      return tile;
    }
    before += total;
  }
  return tile;
}

// What rows see together, and what all of them see alike; a whole warp must call this.
struct Sight {
  Range any;
  Range all;
};
__device__ __forceinline__ Sight sight_of(const Attention& work, const AttentionSchedule& schedule,
                                          int32_t first_row, int32_t rows) {
  Sight sight{{schedule.max_positions, 0}, {0, schedule.max_positions}};
  for (int32_t i = static_cast<int32_t>(threadIdx.x & 31); i < rows; i += 32) {
    const Range own = visible(work, schedule, first_row + i);
    if (own.begin < own.end) sight.any = {min(sight.any.begin, own.begin), max(sight.any.end, own.end)};
    sight.all = {max(sight.all.begin, own.begin), min(sight.all.end, own.end)};
  }
#pragma unroll
  for (int32_t distance = 16; distance > 0; distance /= 2) {
    sight.any.begin = min(sight.any.begin, __shfl_xor_sync(0xffffffffu, sight.any.begin, distance));
    sight.any.end = max(sight.any.end, __shfl_xor_sync(0xffffffffu, sight.any.end, distance));
    sight.all.begin = max(sight.all.begin, __shfl_xor_sync(0xffffffffu, sight.all.begin, distance));
    sight.all.end = min(sight.all.end, __shfl_xor_sync(0xffffffffu, sight.all.end, distance));
  }
  return sight;
}

// One query of a thread; the four threads of a quad share it.
struct Query {
  int32_t row;  // -1: none
  int32_t head;
  Range seen;
  SoftmaxState state;    // of the split; `sum` is the thread's own part
  SoftmaxState running;  // of the splits before
  bool has_run;          // a split was seen
};

__device__ __forceinline__ Query make_query(const Attention& work, const AttentionSchedule& schedule,
                                            const QueryTile& tile, int32_t index, int32_t kv_head) {
  Query query{-1, 0, {0, 0}, empty_state(), empty_state(), false};
  if (index >= tile.count) return query;
  const int32_t group = work.shape.query_heads / work.shape.kv_heads;
  const int32_t m = tile.first + index;
  query.row = tile.first_row + m / group;
  query.head = kv_head * group + m % group;
  query.seen = visible(work, schedule, query.row);
  return query;
}

}  // namespace llm42::cuda
