// How a product is cut into tiles and segments.
//
// The segments of the depth are the reduction tree: inside a segment k16 steps ascend from zero, and the
// segments' sums are added in ascending order. Under invariant numerics they depend on the weight alone.
// Whether they run on one block, one after another, or on many (`is_split`) and which tile they use changes
// no bit.
#pragma once

#include <cstdint>

namespace llm42::cuda {

// Rows x columns of the output that one block computes.
enum class LinearTile : int32_t {
  kRows16Columns64,
  kRows32Columns64,
  kRows64Columns64,
  kRows128Columns64,
  kRows128Columns128,
};

constexpr int32_t tile_rows(LinearTile tile) {
  switch (tile) {
    case LinearTile::kRows16Columns64:
      return 16;
    case LinearTile::kRows32Columns64:
      return 32;
    case LinearTile::kRows64Columns64:
      return 64;
    default:
      return 128;
  }
}

constexpr int32_t tile_columns(LinearTile tile) {
  return tile == LinearTile::kRows128Columns128 ? 128 : 64;
}

// Elements of the depth that a block brings in at a time; segments are whole multiples of it.
constexpr int32_t kLinearDepthTile = 64;

struct LinearSchedule {
  LinearTile tile;
  int32_t segment_tiles;  // depth tiles per segment; the last segment may have fewer
  int32_t segments;
  bool is_split;  // each segment on blocks of its own, summed by a second kernel from the workspace
};

// M, N, K of a product: N counts the weight's packed rows (linear_weight_rows).
struct LinearShape {
  int32_t rows;
  int32_t columns;
  int32_t depth;
};

namespace linear_schedule_detail {

// Blocks that one row of tiles should make together with its segments: enough to keep every multiprocessor of
// a large GPU streaming weights.
constexpr int64_t kBlocks = 512;
// Columns of the tiles that few rows use.
constexpr int64_t kColumns = 64;
// Shortest segment, in depth tiles, where the depth allows for more than one.
constexpr int64_t kShortestSegment = 4;
// Most rows whose segments may be split: bounds the workspace.
constexpr int64_t kSplitRows = 128;

constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}
constexpr int64_t clamp(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}
constexpr int64_t depth_tiles(int64_t depth) {
  return ceil_div(depth, kLinearDepthTile);
}

// As even as whole depth tiles allow.
constexpr void cut(LinearSchedule& schedule, int64_t depth, int64_t segments) {
  schedule.segment_tiles = static_cast<int32_t>(ceil_div(depth_tiles(depth), segments));
  schedule.segments = static_cast<int32_t>(ceil_div(depth_tiles(depth), schedule.segment_tiles));
}

constexpr int64_t most_segments(int64_t depth) {
  return clamp(depth_tiles(depth) / kShortestSegment, 1, depth_tiles(depth));
}

constexpr LinearTile choose_tile(const LinearShape& shape, int32_t multiprocessors) {
  if (shape.rows <= 16) return LinearTile::kRows16Columns64;
  if (shape.rows <= 32) return LinearTile::kRows32Columns64;
  if (shape.rows <= 64) return LinearTile::kRows64Columns64;
  const int64_t large_tiles = ceil_div(shape.rows, 128) * ceil_div(shape.columns, 128);
  return large_tiles >= multiprocessors ? LinearTile::kRows128Columns128 : LinearTile::kRows128Columns64;
}

constexpr int64_t output_tiles(const LinearShape& shape, LinearTile tile) {
  return ceil_div(shape.rows, tile_rows(tile)) * ceil_div(shape.columns, tile_columns(tile));
}

}  // namespace linear_schedule_detail

// The segments depend on the weight's columns and depth alone; the rest is free.
constexpr LinearSchedule invariant_linear_schedule(const LinearShape& shape, int32_t multiprocessors) {
  using namespace linear_schedule_detail;
  LinearSchedule schedule{};
  cut(schedule, shape.depth,
      clamp(ceil_div(kBlocks, ceil_div(shape.columns, kColumns)), 1, most_segments(shape.depth)));
  schedule.tile = choose_tile(shape, multiprocessors);
  schedule.is_split = schedule.segments > 1 && shape.rows <= kSplitRows &&
                      output_tiles(shape, schedule.tile) < multiprocessors;
  return schedule;
}

// As many segments as fill the multiprocessors twice; none where the tiles alone fill them.
constexpr LinearSchedule fast_linear_schedule(const LinearShape& shape, int32_t multiprocessors) {
  using namespace linear_schedule_detail;
  LinearSchedule schedule{};
  schedule.tile = choose_tile(shape, multiprocessors);
  const int64_t tiles = output_tiles(shape, schedule.tile);
  int64_t segments = 1;
  if (shape.rows <= kSplitRows && tiles < multiprocessors) {
    segments = clamp(int64_t{2} * multiprocessors / tiles, 1, most_segments(shape.depth));
  }
  cut(schedule, shape.depth, segments);
  schedule.is_split = schedule.segments > 1;
  return schedule;
}

// Floats from one row of a segment's sums to the next in the workspace.
constexpr int64_t linear_workspace_stride(const LinearShape& shape, const LinearSchedule& schedule) {
  const int64_t columns = tile_columns(schedule.tile);
  return linear_schedule_detail::ceil_div(shape.columns, columns) * columns;
}

// Bytes of workspace that a product needs; 0 where it needs none.
constexpr int64_t linear_workspace_bytes(const LinearShape& shape, const LinearSchedule& schedule) {
  if (!schedule.is_split) return 0;
  return int64_t{4} * schedule.segments * shape.rows * linear_workspace_stride(shape, schedule);
}

}  // namespace llm42::cuda
