// Products with int8 weights: exact arithmetic, the same bits whatever the schedule and the neighbours.
#include "cuda/kernels/linear_int8/linear_int8.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>

#include "cuda/kernels/linear_int8/quantize_rows.h"
#include "cuda/primitives/int8_to_bf16.h"
#include "emulator/sanitizer.h"
#include "linear_int8_problem.h"

namespace llm42::cuda {
namespace {

constexpr LinearEpilogue kEpilogues[] = {LinearEpilogue::kNone, LinearEpilogue::kResidual,
                                         LinearEpilogue::kSwiglu};

void expect_near(const LinearInt8Problem& problem, const std::vector<float>& actual) {
  ASSERT_FALSE(actual.empty()) << "refused, or wrote outside the output";
  for (int64_t m = 0; m < problem.product.rows; ++m) {
    for (int64_t n = 0; n < problem.product.columns; ++n) {
      const LinearProblem::Reference expected = problem.expected(m, n);
      const float value = actual[static_cast<size_t>(m * problem.product.columns + n)];
      ASSERT_LE(std::abs(value - expected.value), expected.bound) << "row " << m << ", column " << n;
    }
  }
}

TEST(EmulatedLinearInt8, EveryByteWidensExactly) {
  for (int low = -128; low < 128; ++low) {
    const int high = -1 - low;
    // The bytes above are not to matter.
    const uint32_t bytes =
        0x5a00a500u | static_cast<uint8_t>(low) | uint32_t{static_cast<uint8_t>(high)} << 16;
    const uint32_t pair = bf16_pair_of_bytes(bytes);
    EXPECT_EQ(std::bit_cast<float>(pair << 16), static_cast<float>(low));
    EXPECT_EQ(std::bit_cast<float>(pair & 0xffff0000u), static_cast<float>(high));
  }
}

TEST(LinearInt8Weight, EveryElementHasAPlaceOfItsOwn) {
  std::set<int64_t> places;
  for (int64_t k = 0; k < 48; ++k) {
    ASSERT_EQ(int8_place(k) / kInt8Group, k / kInt8Group);
    places.insert(int8_place(k));
  }
  EXPECT_EQ(places.size(), 48u);
}

TEST(LinearInt8Schedule, SegmentsCoverTheDepthOnceAndDependOnTheWeightAlone) {
  constexpr int32_t sizes[] = {1, 63, 127, 128, 129, 500, 4096, 14336, 28672, 133144, 1 << 24};
  for (const int32_t columns : sizes) {
    for (const int32_t depth : sizes) {
      const LinearSchedule one = invariant_int8_schedule({1, columns, depth}, 132);
      const int64_t tiles = (int64_t{depth} + kInt8DepthTile - 1) / kInt8DepthTile;
      for (const int32_t rows : {1, 16, 17, 65, 129, 100000}) {
        for (const int32_t multiprocessors : {1, 16, 132}) {
          const LinearSchedule schedule = invariant_int8_schedule({rows, columns, depth}, multiprocessors);
          ASSERT_EQ(schedule.segments, one.segments);
          ASSERT_EQ(schedule.segment_tiles, one.segment_tiles);
          for (const LinearSchedule& plan :
               {schedule, fast_int8_schedule({rows, columns, depth}, multiprocessors)}) {
            ASSERT_GE(int64_t{plan.segment_tiles} * plan.segments, tiles);
            ASSERT_LT(int64_t{plan.segment_tiles} * (plan.segments - 1), tiles);
          }
        }
      }
    }
  }
}

// Shapes on both sides of every tile edge, with whole and broken depth tiles and 16-byte groups. int8 rows
// are to be exact up to the roundings of scales, bias and epilogue.
TEST(EmulatedLinearInt8, AgreesWithExactArithmetic) {
  struct Shape {
    int32_t rows, columns, depth;
  };
  constexpr Shape shapes[] = {{1, 1, 1},     {1, 64, 128},   {3, 7, 17},      {16, 64, 512},
                              {17, 65, 257}, {33, 63, 1000}, {64, 128, 96},   {65, 129, 72},
                              {1, 200, 777}, {129, 130, 40}, {128, 128, 511}, {5, 72, 2700}};
  uint32_t seed = 1;
  for (const bool is_int8 : {false, true}) {
    for (const Shape& shape : shapes) {
      for (const LinearEpilogue epilogue : kEpilogues) {
        if (emu::is_sanitized && epilogue != LinearEpilogue::kSwiglu) continue;
        LinearInt8Problem problem{
            {shape.rows, shape.columns, shape.depth, epilogue, seed % 2 == 0, seed / 2 % 2 == 0}, is_int8};
        problem.fill(seed);
        SCOPED_TRACE(testing::Message() << (is_int8 ? "int8" : "bf16") << " rows, " << shape.rows << " x "
                                        << shape.columns << " x " << shape.depth << ", epilogue "
                                        << static_cast<int>(epilogue) << ", seed " << seed);
        expect_near(problem, problem.run(problem.invariant(shape.rows)));
        expect_near(problem, problem.run(problem.fast(shape.rows)));
        ++seed;
      }
    }
  }
}

// The largest sum that there can be: one product more could pass the range of int32.
TEST(EmulatedLinearInt8, TheDeepestSumIsExact) {
  for (const int sign : {1, -1}) {
    LinearInt8Problem problem{{2, 3, kMostInt8Products}, true};
    problem.fill(31);
    problem.source.assign(problem.source.size(), static_cast<int8_t>(127 * sign));
    problem.rows.assign(problem.rows.size(), 127);
    problem.pack(int8_stride(kMostInt8Products), kMostInt8Products);
    const std::vector<float> one = problem.run({LinearTile::kRows16Columns64, 1041, 1, false});
    ASSERT_FALSE(one.empty());
    expect_near(problem, one);
    EXPECT_EQ(problem.sum(0, 0).value, static_cast<float>(sign * int64_t{127 * 127} * kMostInt8Products) *
                                           problem.row_scale[0] * problem.source_scale[0]);
    expect_same_bits(one, problem.run(problem.fast(2)).data(), "split");
  }
}

// bf16 rows: the tree is the segments. int8 rows: not even those matter.
TEST(EmulatedLinearInt8, TilesAndSplitsChangeNoBit) {
  for (const bool is_int8 : {false, true}) {
    for (const LinearEpilogue epilogue : kEpilogues) {
      if (emu::is_sanitized && epilogue != LinearEpilogue::kNone) continue;
      LinearInt8Problem problem{{37, 75, 2100, epilogue, epilogue == LinearEpilogue::kNone, true}, is_int8};
      problem.fill(7);
      LinearSchedule schedule = problem.invariant(37);
      ASSERT_GE(schedule.segments, 3);
      std::vector<float> first;
      for (const LinearTile tile : kLinearTiles) {
        for (const bool is_split : {false, true}) {
          schedule.tile = tile;
          schedule.is_split = is_split;
          const std::vector<float> actual = problem.run(schedule);
          ASSERT_FALSE(actual.empty());
          if (first.empty()) first = actual;
          SCOPED_TRACE(testing::Message()
                       << (is_int8 ? "int8" : "bf16") << " rows, epilogue " << static_cast<int>(epilogue)
                       << ", tile " << static_cast<int>(tile));
          expect_same_bits(first, actual.data(), is_split ? "split" : "one after another");
        }
      }
      const std::vector<float> whole = problem.run({LinearTile::kRows32Columns64, 17, 1, false});
      ASSERT_FALSE(whole.empty());
      if (is_int8) {
        expect_same_bits(first, whole.data(), "one segment");
      } else if (problem.product.is_output_f32) {
        EXPECT_NE(first, whole) << "other segments are to give other bits";
      }
    }
  }
}

// A row's bits are what they are alone, wherever it stands and whatever stands around it; those of int8 rows
// under fast numerics too.
TEST(EmulatedLinearInt8, RowsDependOnThemselvesAlone) {
  for (const bool is_int8 : {false, true}) {
    LinearInt8Problem problem{{131, 70, 1200}, is_int8};
    problem.fill(11);
    // Two rows that would poison whatever they are mixed with.
    for (int64_t k = 0; k < problem.product.depth; ++k) {
      problem.product.input()[40 * problem.product.input_stride + k] =
          bf16(std::numeric_limits<float>::infinity());
      problem.product.input()[90 * problem.product.input_stride + k] =
          bf16(std::numeric_limits<float>::quiet_NaN());
    }
    problem.row_scale[40] = std::numeric_limits<float>::infinity();
    problem.row_scale[90] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> all = problem.run(problem.invariant(131));
    ASSERT_FALSE(all.empty());
    for (const int32_t count : {1, 2, 15, 16, 17, 32, 33, 64, 65, 128, 129}) {
      if (emu::is_sanitized && count % 16 != 1) continue;  // behind the edges of tiles alone
      for (const int32_t first : {0, 1, 39, 130}) {
        if (first + count > problem.product.rows || (emu::is_sanitized && first == 0)) continue;
        const std::vector<float> some =
            problem.run_rows(is_int8 ? problem.fast(count) : problem.invariant(count), first, count);
        ASSERT_FALSE(some.empty());
        SCOPED_TRACE(testing::Message()
                     << (is_int8 ? "int8" : "bf16") << " rows, " << count << " from row " << first);
        for (int32_t row = 0; row < count; ++row) {
          if (first + row == 90) continue;  // NaN in whatever form
          const auto begin = some.begin() + int64_t{row} * problem.product.columns;
          expect_same_bits({begin, begin + problem.product.columns},
                           all.data() + (int64_t{first} + row) * problem.product.columns, "among all rows");
        }
      }
    }
  }
}

// The negative control: fast numerics of bf16 rows do choose their sums by the number of rows.
TEST(EmulatedLinearInt8, FastBf16RowsDependOnTheBatch) {
  for (const bool is_int8 : {false, true}) {
    LinearInt8Problem problem{{300, 130, 2000}, is_int8};
    problem.fill(13);
    const std::vector<float> all = problem.run(problem.fast(300));
    const std::vector<float> alone = problem.run_rows(problem.fast(1), 0, 1);
    ASSERT_FALSE(all.empty());
    ASSERT_FALSE(alone.empty());
    ASSERT_NE(problem.fast(300).segments, problem.fast(1).segments);
    int different = 0;
    for (size_t i = 0; i < alone.size(); ++i) different += alone[i] != all[i];
    if (is_int8) {
      EXPECT_EQ(different, 0);
    } else {
      EXPECT_GT(different, 0);
    }
  }
}

TEST(EmulatedLinearInt8, EveryTileIsComputed) {
  for (const bool is_int8 : {false, true}) {
    LinearInt8Problem problem{{16 * 17 + 3, 140, 24}, is_int8};
    problem.fill(29);
    LinearSchedule schedule = problem.invariant(problem.product.rows);
    const std::vector<float> expected = problem.run(schedule);
    expect_near(problem, expected);
    for (const LinearTile tile : kLinearTiles) {
      schedule.tile = tile;
      const std::vector<float> actual = problem.run(schedule);
      ASSERT_FALSE(actual.empty());
      SCOPED_TRACE(testing::Message() << "tile " << static_cast<int>(tile));
      expect_same_bits(expected, actual.data(), "tile");
    }
  }
}

TEST(EmulatedLinearInt8, UnalignedRowsAndStridesChangeNoBit) {
  LinearInt8Problem plain{{19, 66, 203, LinearEpilogue::kNone, true, true}, false};
  plain.fill(17);
  const std::vector<float> expected = plain.run(plain.invariant(19));
  ASSERT_FALSE(expected.empty());
  for (const int64_t offset : {0, 1, 8}) {
    for (const int64_t stride : {203, 208, 211, 1024}) {
      LinearInt8Problem problem = plain;
      problem.product.input_offset = offset;
      problem.product.input_stride = stride;
      problem.product.output_stride = 66 + offset;
      problem.fill(17);
      const std::vector<float> actual = problem.run(problem.invariant(19));
      ASSERT_FALSE(actual.empty());
      SCOPED_TRACE(testing::Message() << "offset " << offset << ", stride " << stride);
      expect_same_bits(expected, actual.data(), "unaligned");
    }
  }
}

TEST(EmulatedLinearInt8, ResidualMayBeTheOutput) {
  for (const bool is_int8 : {false, true}) {
    for (const bool is_split : {false, true}) {
      LinearInt8Problem problem{{20, 45, 1300, LinearEpilogue::kResidual, false, true}, is_int8};
      problem.fill(19);
      LinearSchedule schedule = problem.invariant(20);
      schedule.is_split = is_split;
      const std::vector<float> expected = problem.run(schedule);
      ASSERT_FALSE(expected.empty());
      const int64_t bytes = linear_workspace_bytes(problem.shape(20), schedule);
      std::vector<float> workspace(static_cast<size_t>(bytes / 4) + 4);
      LinearInt8 work = problem.work();
      work.product.workspace = LinearInt8Problem::aligned(workspace);
      work.product.workspace_bytes = bytes;
      work.product.output = problem.product.residual.data();
      ASSERT_EQ(linear_int8(work, schedule, nullptr), cudaSuccess);
      const std::vector<float> actual(problem.product.residual.begin(), problem.product.residual.end());
      expect_same_bits(expected, actual.data(), "in place");
    }
  }
}

TEST(EmulatedLinearInt8, RefusesWhatItCannotRead) {
  for (const bool is_int8 : {false, true}) {
    LinearInt8Problem problem{{4, 64, 2048}, is_int8};
    problem.fill(23);
    LinearSchedule schedule = problem.invariant(4);
    schedule.is_split = true;
    std::vector<float> output(4 * 64), workspace(1 << 16);
    LinearInt8 good = problem.work();
    good.product.output = output.data();
    good.product.workspace = LinearInt8Problem::aligned(workspace);
    good.product.workspace_bytes = linear_workspace_bytes(problem.shape(4), schedule);
    ASSERT_EQ(linear_int8(good, schedule, nullptr), cudaSuccess);

    const auto refuses = [&](auto&& spoil) {
      LinearInt8 work = good;
      LinearSchedule plan = schedule;
      spoil(work, plan);
      return linear_int8(work, plan, nullptr) == cudaErrorInvalidValue;
    };
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { work.product.rows = 0; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { work.product.columns = INT32_MAX; }));
    EXPECT_TRUE(refuses(
        [](LinearInt8& work, LinearSchedule&) { work.product.epilogue = LinearEpilogue::kResidual; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { ++work.weight; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { work.weight_stride = 2040; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { work.weight_stride = 2032; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { work.weight_scale = nullptr; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { --work.product.workspace_bytes; }));
    EXPECT_TRUE(refuses([](LinearInt8&, LinearSchedule& plan) { --plan.segments; }));
    EXPECT_TRUE(refuses([](LinearInt8&, LinearSchedule& plan) { ++plan.segments; }));
    if (!is_int8) {
      EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { work.product.input = nullptr; }));
      continue;
    }
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { ++work.rows; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { work.rows_stride = 2032; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule&) { work.row_scale = nullptr; }));
    EXPECT_TRUE(refuses([](LinearInt8& work, LinearSchedule& plan) {
      work.product.depth = kMostInt8Products + 1;
      work.weight_stride = work.rows_stride = int8_stride(kMostInt8Products + 1);
      plan = {LinearTile::kRows16Columns64, 1041, 1, false};
    }));
  }
}

}  // namespace
}  // namespace llm42::cuda
