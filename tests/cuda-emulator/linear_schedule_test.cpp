// The cut of the depth, and the packing of weights.
#include "cuda/kernels/linear/linear_schedule.h"

#include <gtest/gtest.h>

#include <set>

#include "cuda/kernels/linear/linear_weight.h"

namespace llm42::cuda {
namespace {

constexpr int32_t kSizes[] = {1, 7, 16, 63, 64, 65, 128, 500, 1024, 4096, 14336, 28672, 128256};
constexpr int32_t kRows[] = {1, 2, 16, 17, 32, 33, 64, 65, 128, 129, 1000, 100000};
constexpr int32_t kMultiprocessors[] = {1, 16, 108, 132, 1000};

TEST(LinearSchedule, InvariantSegmentsDependOnTheWeightAlone) {
  for (const int32_t columns : kSizes) {
    for (const int32_t depth : kSizes) {
      const LinearSchedule one = invariant_linear_schedule({1, columns, depth}, 132);
      for (const int32_t rows : kRows) {
        for (const int32_t multiprocessors : kMultiprocessors) {
          const LinearSchedule schedule = invariant_linear_schedule({rows, columns, depth}, multiprocessors);
          ASSERT_EQ(schedule.segment_tiles, one.segment_tiles)
              << rows << " x " << columns << " x " << depth << " on " << multiprocessors;
          ASSERT_EQ(schedule.segments, one.segments);
        }
      }
    }
  }
}

TEST(LinearSchedule, FastSegmentsDependOnTheBatch) {
  EXPECT_NE(fast_linear_schedule({1, 4096, 4096}, 132).segments,
            fast_linear_schedule({4096, 4096, 4096}, 132).segments);
  EXPECT_NE(fast_linear_schedule({1, 4096, 4096}, 132).segments,
            fast_linear_schedule({1, 4096, 4096}, 16).segments);
}

TEST(LinearSchedule, SegmentsCoverTheDepthOnce) {
  for (const int32_t columns : kSizes) {
    for (const int32_t depth : kSizes) {
      for (const int32_t rows : kRows) {
        for (const LinearSchedule& schedule : {invariant_linear_schedule({rows, columns, depth}, 132),
                                               fast_linear_schedule({rows, columns, depth}, 132)}) {
          const int64_t tiles = (int64_t{depth} + kLinearDepthTile - 1) / kLinearDepthTile;
          ASSERT_GE(int64_t{schedule.segment_tiles} * schedule.segments, tiles);
          ASSERT_LT(int64_t{schedule.segment_tiles} * (schedule.segments - 1), tiles);
          ASSERT_LE(linear_workspace_bytes({rows, columns, depth}, schedule), int64_t{64} << 20);
        }
      }
    }
  }
}

TEST(LinearWeight, EveryRowHasAPlaceOfItsOwn) {
  for (const int64_t features : {1, 7, 8, 9, 16, 100}) {
    std::set<int64_t> places;
    const int64_t rows = 2 * features;
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t place = linear_weight_row(row, rows, true);
      ASSERT_GE(place, 0);
      ASSERT_LT(place, linear_weight_rows(rows, true));
      places.insert(place);
      if (row < features) {
        EXPECT_EQ(linear_weight_row(row + features, rows, true), place + kGateUpGroup);
      }
    }
    EXPECT_EQ(static_cast<int64_t>(places.size()), rows);
    EXPECT_EQ(linear_weight_rows(rows, true) % 16, 0);
  }
}

}  // namespace
}  // namespace llm42::cuda
