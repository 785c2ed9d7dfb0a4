// How a product with an int8 weight is cut into tiles and segments: as one with bf16 (linear_schedule.h), but
// a depth tile has twice the elements, so the schedule is that of half the depth.
#pragma once

#include "cuda/kernels/linear/linear_schedule.h"

namespace llm42::cuda {

// Elements of the depth that a block brings in at a time; segments are whole multiples of it.
constexpr int32_t kInt8DepthTile = 2 * kLinearDepthTile;

constexpr LinearShape int8_schedule_shape(const LinearShape& shape) {
  return {shape.rows, shape.columns, shape.depth / 2 + shape.depth % 2};
}

// bf16 rows: the two numerics of linear_schedule.h.
constexpr LinearSchedule invariant_int8_schedule(const LinearShape& shape, int32_t multiprocessors) {
  return invariant_linear_schedule(int8_schedule_shape(shape), multiprocessors);
}

// int8 rows have exact sums, so that any schedule is invariant and this one serves both numerics.
constexpr LinearSchedule fast_int8_schedule(const LinearShape& shape, int32_t multiprocessors) {
  return fast_linear_schedule(int8_schedule_shape(shape), multiprocessors);
}

}  // namespace llm42::cuda
