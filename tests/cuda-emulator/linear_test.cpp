// Products: float64, the same bits whatever the schedule and the neighbours, bad input.
#include "cuda/kernels/linear/linear.h"

#include <gtest/gtest.h>

#include "emulator/sanitizer.h"
#include "linear_problem.h"

namespace llm42::cuda {
namespace {

LinearSchedule invariant(const LinearProblem& problem) {
  return invariant_linear_schedule(problem.shape(), kTestMultiprocessors);
}

void expect_near(const LinearProblem& problem, const std::vector<float>& actual) {
  ASSERT_FALSE(actual.empty()) << "refused, or wrote outside the output";
  for (int64_t m = 0; m < problem.rows; ++m) {
    for (int64_t n = 0; n < problem.columns; ++n) {
      const LinearProblem::Reference expected = problem.expected(m, n);
      const float value = actual[static_cast<size_t>(m * problem.columns + n)];
      ASSERT_LE(std::abs(value - expected.value), expected.bound) << "row " << m << ", column " << n;
    }
  }
}

// Shapes on both sides of every tile edge, with whole and broken depth tiles and 16-byte chunks.
TEST(EmulatedLinear, AgreesWithFloat64) {
  struct Shape {
    int32_t rows, columns, depth;
  };
  constexpr Shape shapes[] = {{1, 1, 1},     {1, 64, 64},    {3, 7, 17},      {16, 64, 256},
                              {17, 65, 257}, {33, 63, 1000}, {64, 128, 96},   {65, 129, 72},
                              {1, 200, 777}, {129, 130, 40}, {128, 128, 511}, {5, 72, 1344}};
  uint32_t seed = 1;
  for (const Shape& shape : shapes) {
    for (const LinearEpilogue epilogue :
         {LinearEpilogue::kNone, LinearEpilogue::kResidual, LinearEpilogue::kSwiglu}) {
      if (emu::is_sanitized && epilogue != LinearEpilogue::kSwiglu) continue;
      LinearProblem problem{shape.rows, shape.columns, shape.depth,
                            epilogue,   seed % 2 == 0, seed / 2 % 2 == 0};
      problem.fill(seed);
      SCOPED_TRACE(testing::Message() << shape.rows << " x " << shape.columns << " x " << shape.depth
                                      << ", epilogue " << static_cast<int>(epilogue) << ", seed " << seed);
      expect_near(problem, problem.run(invariant(problem)));
      expect_near(problem, problem.run(fast_linear_schedule(problem.shape(), kTestMultiprocessors)));
      ++seed;
    }
  }
}

// The tree is the segments: neither the tile nor the blocks that share the work may change a bit.
TEST(EmulatedLinear, TilesAndSplitsChangeNoBit) {
  for (const LinearEpilogue epilogue :
       {LinearEpilogue::kNone, LinearEpilogue::kResidual, LinearEpilogue::kSwiglu}) {
    if (emu::is_sanitized && epilogue != LinearEpilogue::kNone) continue;
    LinearProblem problem{37, 75, 1100, epilogue, epilogue == LinearEpilogue::kNone, true};
    problem.fill(7);
    LinearSchedule schedule = invariant(problem);
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
                     << "epilogue " << static_cast<int>(epilogue) << ", tile " << static_cast<int>(tile));
        expect_same_bits(first, actual.data(), is_split ? "split" : "one after another");
      }
    }
  }
}

// A row's bits are what they are alone, wherever it stands and whatever stands around it.
TEST(EmulatedLinear, InvariantRowsDependOnThemselvesAlone) {
  LinearProblem problem{131, 70, 600};
  problem.fill(11);
  // Two rows that would poison whatever they are mixed with.
  for (int64_t k = 0; k < problem.depth; ++k) {
    problem.input()[40 * problem.input_stride + k] = bf16(std::numeric_limits<float>::infinity());
    problem.input()[90 * problem.input_stride + k] = bf16(std::numeric_limits<float>::quiet_NaN());
  }
  const std::vector<float> all = problem.run(invariant(problem));
  ASSERT_FALSE(all.empty());
  for (const int32_t count : {1, 2, 15, 16, 17, 32, 33, 64, 65, 128, 129}) {
    if (emu::is_sanitized && count % 16 != 1) continue;  // behind the edges of tiles alone
    for (const int32_t first : {0, 1, 39, 130}) {
      if (first + count > problem.rows || (emu::is_sanitized && first == 0)) continue;
      LinearShape shape = problem.shape();
      shape.rows = count;
      const std::vector<float> some =
          problem.run_rows(invariant_linear_schedule(shape, kTestMultiprocessors), first, count);
      ASSERT_FALSE(some.empty());
      SCOPED_TRACE(testing::Message() << count << " rows from row " << first);
      for (int32_t row = 0; row < count; ++row) {
        if (first + row == 90) continue;  // NaN in whatever form
        const auto begin = some.begin() + int64_t{row} * problem.columns;
        expect_same_bits({begin, begin + problem.columns},
                         all.data() + (int64_t{first} + row) * problem.columns, "among all rows");
      }
    }
  }
}

// The negative control: fast numerics do choose their sums by the number of rows.
TEST(EmulatedLinear, FastRowsDependOnTheBatch) {
  LinearProblem problem{300, 130, 2000};
  problem.fill(13);
  const std::vector<float> all = problem.run(fast_linear_schedule(problem.shape(), kTestMultiprocessors));
  LinearShape one = problem.shape();
  one.rows = 1;
  const std::vector<float> alone = problem.run_rows(fast_linear_schedule(one, kTestMultiprocessors), 0, 1);
  ASSERT_FALSE(all.empty());
  ASSERT_FALSE(alone.empty());
  int different = 0;
  for (size_t i = 0; i < alone.size(); ++i) different += alone[i] != all[i];
  EXPECT_GT(different, 0);
}

// More row tiles than go through the columns together.
TEST(EmulatedLinear, EveryTileIsComputed) {
  LinearProblem problem{16 * 37 + 3, 140, 24};
  problem.fill(29);
  LinearSchedule schedule = invariant(problem);
  const std::vector<float> expected = problem.run(schedule);
  ASSERT_FALSE(expected.empty());
  for (const LinearTile tile : kLinearTiles) {
    schedule.tile = tile;
    const std::vector<float> actual = problem.run(schedule);
    ASSERT_FALSE(actual.empty());
    SCOPED_TRACE(testing::Message() << "tile " << static_cast<int>(tile));
    expect_same_bits(expected, actual.data(), "tile");
  }
  expect_near(problem, expected);
}

TEST(EmulatedLinear, UnalignedRowsAndStridesChangeNoBit) {
  LinearProblem plain{19, 66, 203, LinearEpilogue::kNone, true, true};
  plain.fill(17);
  const std::vector<float> expected = plain.run(invariant(plain));
  ASSERT_FALSE(expected.empty());
  for (const int64_t offset : {0, 1, 8}) {
    for (const int64_t stride : {203, 208, 211, 1024}) {
      LinearProblem problem = plain;
      problem.input_offset = offset;
      problem.input_stride = stride;
      problem.output_stride = 66 + offset;
      problem.fill(17);
      const std::vector<float> actual = problem.run(invariant(problem));
      ASSERT_FALSE(actual.empty());
      SCOPED_TRACE(testing::Message() << "offset " << offset << ", stride " << stride);
      expect_same_bits(expected, actual.data(), "unaligned");
    }
  }
}

TEST(EmulatedLinear, ResidualMayBeTheOutput) {
  for (const bool is_split : {false, true}) {
    LinearProblem problem{20, 45, 700, LinearEpilogue::kResidual, false, true};
    problem.fill(19);
    LinearSchedule schedule = invariant(problem);
    schedule.is_split = is_split;
    const std::vector<float> expected = problem.run(schedule);
    ASSERT_FALSE(expected.empty());
    std::vector<float> workspace(static_cast<size_t>(linear_workspace_bytes(problem.shape(), schedule) / 4) +
                                 4);
    Linear work = problem.work();
    work.workspace = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(workspace.data()) + 15) / 16 * 16);
    work.workspace_bytes = linear_workspace_bytes(problem.shape(), schedule);
    work.output = problem.residual.data();
    ASSERT_EQ(linear(work, schedule, nullptr), cudaSuccess);
    std::vector<float> actual(problem.residual.begin(), problem.residual.end());
    expect_same_bits(expected, actual.data(), "in place");
  }
}

TEST(EmulatedLinear, RefusesWhatItCannotRead) {
  LinearProblem problem{4, 64, 1024};
  problem.fill(23);
  LinearSchedule schedule = invariant(problem);
  schedule.is_split = true;
  std::vector<float> output(4 * 64), workspace(1 << 16);
  Linear good = problem.work();
  good.output = output.data();
  good.workspace = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(workspace.data()) + 15) / 16 * 16);
  good.workspace_bytes = linear_workspace_bytes(problem.shape(), schedule);
  ASSERT_EQ(linear(good, schedule, nullptr), cudaSuccess);

  const auto refuses = [&](auto&& spoil) {
    Linear work = good;
    LinearSchedule plan = schedule;
    spoil(work, plan);
    return linear(work, plan, nullptr) == cudaErrorInvalidValue;
  };
  EXPECT_TRUE(refuses([](Linear& work, LinearSchedule&) { work.rows = 0; }));
  EXPECT_TRUE(refuses([](Linear& work, LinearSchedule&) { work.columns = INT32_MAX; }));
  EXPECT_TRUE(refuses([](Linear& work, LinearSchedule&) { work.epilogue = LinearEpilogue::kResidual; }));
  EXPECT_TRUE(refuses([](Linear& work, LinearSchedule&) { ++work.weight; }));
  EXPECT_TRUE(refuses([](Linear& work, LinearSchedule&) { work.weight_stride = 1023; }));
  EXPECT_TRUE(refuses([](Linear& work, LinearSchedule&) { work.weight_stride = 1016; }));
  EXPECT_TRUE(refuses([](Linear& work, LinearSchedule&) { --work.workspace_bytes; }));
  EXPECT_TRUE(refuses([](Linear&, LinearSchedule& plan) { --plan.segments; }));
  EXPECT_TRUE(refuses([](Linear&, LinearSchedule& plan) { ++plan.segments; }));
}

}  // namespace
}  // namespace llm42::cuda
