// How a grouped product is cut into tiles and segments. The host does not know how many slots an expert has:
// tiles are chosen for what is likely and their number is bounded.
#pragma once

#include "cuda/kernels/linear/linear_schedule.h"

namespace llm42::cuda {

// N (packed rows) and K are those of one expert's matrix.
struct GroupedShape {
  int32_t slots;
  int32_t experts;
  int32_t columns;
  int32_t depth;
};

// Row tiles that the experts have together, at most: all but one row of a tile may be missing at each that
// has any.
constexpr int64_t grouped_row_tiles(const GroupedShape& shape, int32_t rows_of_tile) {
  const int64_t active = shape.experts < shape.slots ? shape.experts : shape.slots;
  return (shape.slots + active * (rows_of_tile - 1)) / rows_of_tile;
}

namespace grouped_schedule_detail {

// A tile that holds twice the mean of an expert's slots: its weights are then rarely read twice.
constexpr LinearTile choose_tile(const GroupedShape& shape, int32_t multiprocessors) {
  const int64_t rows = linear_schedule_detail::ceil_div(int64_t{2} * shape.slots, shape.experts);
  if (rows <= 16) return LinearTile::kRows16Columns64;
  if (rows <= 32) return LinearTile::kRows32Columns64;
  if (rows <= 128) return LinearTile::kRows64Columns64;
  return linear_schedule_detail::choose_tile({shape.slots, shape.columns, shape.depth}, multiprocessors);
}

constexpr int64_t output_tiles(const GroupedShape& shape, LinearTile tile) {
  return grouped_row_tiles(shape, tile_rows(tile)) *
         linear_schedule_detail::ceil_div(shape.columns, tile_columns(tile));
}

constexpr bool may_split(const GroupedShape& shape, LinearTile tile, int32_t multiprocessors) {
  return shape.slots <= linear_schedule_detail::kSplitRows && output_tiles(shape, tile) < multiprocessors;
}

}  // namespace grouped_schedule_detail

// The segments are those that invariant_linear_schedule() gives one matrix; the rest is free.
constexpr LinearSchedule invariant_grouped_schedule(const GroupedShape& shape, int32_t multiprocessors) {
  using namespace grouped_schedule_detail;
  LinearSchedule schedule = invariant_linear_schedule({1, shape.columns, shape.depth}, multiprocessors);
  schedule.tile = choose_tile(shape, multiprocessors);
  schedule.is_split = schedule.segments > 1 && may_split(shape, schedule.tile, multiprocessors);
  return schedule;
}

// As many segments as fill the multiprocessors twice; none where the tiles alone fill them.
constexpr LinearSchedule fast_grouped_schedule(const GroupedShape& shape, int32_t multiprocessors) {
  using namespace grouped_schedule_detail;
  LinearSchedule schedule{};
  schedule.tile = choose_tile(shape, multiprocessors);
  int64_t segments = 1;
  if (may_split(shape, schedule.tile, multiprocessors)) {
    segments =
        linear_schedule_detail::clamp(int64_t{2} * multiprocessors / output_tiles(shape, schedule.tile), 1,
                                      linear_schedule_detail::most_segments(shape.depth));
  }
  linear_schedule_detail::cut(schedule, shape.depth, segments);
  schedule.is_split = schedule.segments > 1;
  return schedule;
}

}  // namespace llm42::cuda
