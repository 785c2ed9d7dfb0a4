// Grouped products: the bits of linear() with each expert's matrix alone, whatever the tiles, the splits and
// the other slots; bad starts and bad slots.
#include "cuda/kernels/grouped_linear/grouped_linear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "emulator/sanitizer.h"
#include "linear_problem.h"

namespace llm42::cuda {
namespace {

constexpr float kUntouched = -12345.0f;

// Experts are linear problems that share their input; slot s belongs to expert expert_of[s].
struct GroupedProblem {
  int32_t slots_per_row;
  std::vector<int32_t> expert_of;
  std::vector<LinearProblem> experts{};
  std::vector<bf16> weight_memory{};
  std::vector<int32_t> starts{};
  std::vector<int32_t> order{};

  int32_t slots() const { return int32_t(expert_of.size()); }

  void fill(int32_t expert_count, int32_t columns, int32_t depth, LinearEpilogue epilogue, uint32_t seed) {
    for (int32_t e = 0; e < expert_count; ++e) {
      LinearProblem problem{slots() / slots_per_row, columns, depth, epilogue};
      problem.fill(seed + uint32_t(e));
      if (e > 0) problem.input_memory = experts[0].input_memory;
      experts.push_back(problem);
    }
    const int64_t matrix =
        linear_weight_rows(experts[0].source_rows(), experts[0].is_gate_up()) * linear_weight_stride(depth);
    weight_memory.resize(size_t(expert_count * matrix + 16));
    bf16* weight = const_cast<bf16*>(LinearProblem::aligned(weight_memory));
    for (int32_t e = 0; e < expert_count; ++e) {
      std::copy_n(LinearProblem::aligned(experts[size_t(e)].weight_memory), matrix, weight + e * matrix);
    }
    sort();
  }

  void sort() {
    starts = {0};
    order.clear();
    for (int32_t e = 0; e < int32_t(experts.size()); ++e) {
      for (int32_t slot = 0; slot < slots(); ++slot) {
        if (expert_of[size_t(slot)] == e) order.push_back(slot);
      }
      starts.push_back(int32_t(order.size()));
    }
  }

  GroupedLinear work() const {
    GroupedLinear work{};
    work.product = experts[0].work();
    work.product.rows = slots();
    work.product.weight = LinearProblem::aligned(weight_memory);
    work.starts = starts.data();
    work.order = order.data();
    work.experts = int32_t(experts.size());
    work.slots_per_row = slots_per_row;
    return work;
  }

  GroupedShape shape() const { return grouped_shape(work()); }
  LinearSchedule invariant() const { return invariant_grouped_schedule(shape(), kTestMultiprocessors); }

  // Outputs by slot, kUntouched where nothing was written; what lies behind them must be untouched too.
  std::vector<float> run(const LinearSchedule& schedule, ErrorSlot* error = nullptr) const {
    ErrorSlot unexpected{};
    GroupedLinear grouped = work();
    grouped.error = error == nullptr ? &unexpected : error;
    std::vector<float> output(size_t(slots() * experts[0].output_stride + 16), kUntouched);
    grouped.product.output = output.data();
    const int64_t bytes = linear_workspace_bytes(linear_shape(grouped.product), schedule);
    std::vector<float> workspace(size_t(bytes / 4 + 8), std::numeric_limits<float>::quiet_NaN());
    grouped.product.workspace =
        reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(workspace.data()) + 15) / 16 * 16);
    grouped.product.workspace_bytes = bytes;
    EXPECT_EQ(grouped_linear(grouped, schedule, nullptr), cudaSuccess);
    EXPECT_EQ(unexpected.checked, Checked::nothing);
    for (size_t i = output.size() - 16; i < output.size(); ++i) EXPECT_EQ(output[i], kUntouched);
    output.resize(output.size() - 16);
    return output;
  }

  // What linear() says of every slot's row with its expert's matrix alone, one row at a time.
  std::vector<float> expected() const {
    std::vector<float> values;
    for (int32_t slot = 0; slot < slots(); ++slot) {
      const LinearProblem& expert = experts[size_t(expert_of[size_t(slot)])];
      LinearShape shape = expert.shape();
      shape.rows = 1;
      const std::vector<float> row =
          expert.run_rows(invariant_linear_schedule(shape, kTestMultiprocessors), slot / slots_per_row, 1);
      EXPECT_FALSE(row.empty());
      values.insert(values.end(), row.begin(), row.end());
    }
    return values;
  }
};

void expect_same_bits(const std::vector<float>& expected, const std::vector<float>& actual, int32_t columns) {
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(expected[i]), std::bit_cast<uint32_t>(actual[i]))
        << "slot " << i / size_t(columns) << ", column " << i % size_t(columns) << ": " << expected[i]
        << " and " << actual[i];
  }
}

// Expert 0 has 70 slots (more than one tile of 64), 1 none, 2 one, 3 and 5 the rest, 4 and 6 none.
std::vector<int32_t> uneven(int32_t slots) {
  std::vector<int32_t> expert_of(static_cast<size_t>(slots));
  std::mt19937 random(31);
  for (size_t i = 0; i < expert_of.size(); ++i)
    expert_of[i] = i < 70 ? 0 : i == 70 ? 2 : random() % 2 == 0 ? 3 : 5;
  std::shuffle(expert_of.begin(), expert_of.end(), random);
  return expert_of;
}

TEST(EmulatedGroupedLinear, SlotsHaveTheBitsOfLinearWithTheirExpertAlone) {
  for (const LinearEpilogue epilogue : {LinearEpilogue::kNone, LinearEpilogue::kSwiglu}) {
    if (emu::is_sanitized && epilogue != LinearEpilogue::kSwiglu) continue;
    GroupedProblem problem{2, uneven(94)};
    problem.fill(7, 45, 600, epilogue, 100);
    const std::vector<float> expected = problem.expected();
    LinearSchedule schedule = problem.invariant();
    ASSERT_GE(schedule.segments, 2);
    for (const LinearTile tile : kLinearTiles) {
      for (const bool is_split : {false, true}) {
        SCOPED_TRACE(testing::Message() << "epilogue " << static_cast<int>(epilogue) << ", tile "
                                        << static_cast<int>(tile) << ", split " << is_split);
        schedule.tile = tile;
        schedule.is_split = is_split;
        expect_same_bits(expected, problem.run(schedule), 45);
      }
    }
  }
}

TEST(EmulatedGroupedLinear, OneExpertMayHaveEverySlotAndEveryExpertOne) {
  for (const int32_t experts : {1, 3, 40, 70}) {
    if (emu::is_sanitized && (experts == 3 || experts == 40)) continue;
    for (const int32_t full : {-1, 0, experts - 1}) {
      std::vector<int32_t> expert_of(37);
      for (size_t i = 0; i < expert_of.size(); ++i) expert_of[i] = full < 0 ? int32_t(i * 7) % experts : full;
      GroupedProblem problem{1, expert_of};
      problem.fill(experts, 9, 300, LinearEpilogue::kNone, 200);
      SCOPED_TRACE(testing::Message() << experts << " experts, full " << full);
      const std::vector<float> expected = problem.expected();
      LinearSchedule schedule = problem.invariant();
      expect_same_bits(expected, problem.run(schedule), 9);
      schedule.is_split = !schedule.is_split;
      expect_same_bits(expected, problem.run(schedule), 9);
    }
  }
}

// What is in the other slots, however bad, changes no bit.
TEST(EmulatedGroupedLinear, SlotsDependOnThemselvesAlone) {
  GroupedProblem problem{1, uneven(90)};
  problem.fill(7, 20, 400, LinearEpilogue::kNone, 300);
  const std::vector<float> expected = problem.expected();
  for (LinearProblem& expert : problem.experts) {
    for (int64_t k = 0; k < 400; ++k) {
      expert.input()[11 * expert.input_stride + k] = bf16(std::numeric_limits<float>::quiet_NaN());
    }
  }
  std::vector<float> actual = problem.run(problem.invariant());
  std::copy_n(expected.begin() + 11 * 20, 20, actual.begin() + 11 * 20);
  expect_same_bits(expected, actual, 20);
}

// The negative control: fast numerics do choose their sums by the number of slots.
TEST(EmulatedGroupedLinear, FastSlotsDependOnTheBatch) {
  GroupedProblem one{1, {1}};
  one.fill(2, 60, 2000, LinearEpilogue::kNone, 400);
  GroupedProblem many{1, std::vector<int32_t>(150, 1)};
  many.fill(2, 60, 2000, LinearEpilogue::kNone, 400);
  std::copy_n(one.experts[0].input(), 2000, many.experts[0].input());
  many.weight_memory = one.weight_memory;
  const std::vector<float> alone = one.run(fast_grouped_schedule(one.shape(), kTestMultiprocessors));
  const std::vector<float> among = many.run(fast_grouped_schedule(many.shape(), kTestMultiprocessors));
  int different = 0;
  for (size_t i = 0; i < alone.size(); ++i) different += alone[i] != among[i];
  EXPECT_GT(different, 0);
  const std::vector<float> invariant_alone = one.run(one.invariant());
  std::vector<float> invariant_among = many.run(many.invariant());
  invariant_among.resize(invariant_alone.size());
  expect_same_bits(invariant_alone, invariant_among, 60);
}

TEST(EmulatedGroupedLinear, WrongStartsAreReportedAndNothingIsComputed) {
  const std::vector<int32_t> good{0, 3, 3, 6, 8};
  struct Change {
    size_t place;
    int32_t value;
  };
  for (const Change change : {Change{0, 1},
                              {0, -1},
                              {1, 4},
                              {2, -5},
                              {2, INT32_MIN},
                              {3, 9},
                              {3, INT32_MAX},
                              {4, 7},
                              {4, 9},
                              {4, INT32_MAX}}) {
    GroupedProblem problem{1, {0, 0, 0, 2, 2, 2, 3, 3}};
    problem.fill(4, 8, 100, LinearEpilogue::kNone, 500);
    ASSERT_EQ(problem.starts, good);
    problem.starts[change.place] = change.value;
    if (change.place == 1) problem.starts[2] = 3;  // falls from 4
    SCOPED_TRACE(testing::Message() << "starts[" << change.place << "] = " << change.value);
    ErrorSlot error{};
    LinearSchedule schedule = problem.invariant();
    schedule.is_split = false;
    for (const float value : problem.run(schedule, &error)) ASSERT_EQ(value, kUntouched);
    EXPECT_EQ(error.checked, Checked::starts);
  }
}

TEST(EmulatedGroupedLinear, SlotsOutOfRangeAreReportedAndLeftAlone) {
  for (const bool is_split : {false, true}) {
    for (const int32_t bad : {-1, 8, INT32_MAX, INT32_MIN}) {
      GroupedProblem problem{1, {0, 0, 0, 2, 2, 2, 3, 3}};
      problem.fill(4, 8, 600, LinearEpilogue::kNone, 600);
      std::vector<float> expected = problem.expected();
      std::fill_n(expected.begin() + 4 * 8, 8, kUntouched);
      problem.order[4] = bad;
      SCOPED_TRACE(testing::Message() << bad << ", split " << is_split);
      ErrorSlot error{};
      LinearSchedule schedule = problem.invariant();
      schedule.is_split = is_split;
      expect_same_bits(expected, problem.run(schedule, &error), 8);
      EXPECT_EQ(error.checked, Checked::order);
      EXPECT_EQ(error.place, 4);
      EXPECT_EQ(error.value, bad);
      EXPECT_EQ(error.high, 7);
    }
  }
}

TEST(EmulatedGroupedLinear, RefusesWhatItCannotRead) {
  GroupedProblem problem{1, {0, 1}};
  problem.fill(2, 8, 64, LinearEpilogue::kNone, 700);
  const LinearSchedule schedule = problem.invariant();
  std::vector<float> output(2 * 8);
  ErrorSlot error{};
  GroupedLinear good = problem.work();
  good.product.output = output.data();
  good.error = &error;
  ASSERT_EQ(grouped_linear(good, schedule, nullptr), cudaSuccess);
  const auto refuses = [&](auto&& spoil) {
    GroupedLinear work = good;
    spoil(work);
    return grouped_linear(work, schedule, nullptr) == cudaErrorInvalidValue;
  };
  const float bias = 0;
  EXPECT_TRUE(refuses([](GroupedLinear& work) { work.product.rows = 0; }));
  EXPECT_TRUE(refuses([](GroupedLinear& work) { work.product.epilogue = LinearEpilogue::kResidual; }));
  EXPECT_TRUE(refuses([&](GroupedLinear& work) { work.product.bias = &bias; }));
  EXPECT_TRUE(refuses([](GroupedLinear& work) { ++work.product.weight; }));
  EXPECT_TRUE(refuses([](GroupedLinear& work) { work.experts = 0; }));
  EXPECT_TRUE(refuses([](GroupedLinear& work) { work.slots_per_row = 0; }));
  EXPECT_TRUE(refuses([](GroupedLinear& work) { work.starts = nullptr; }));
  EXPECT_TRUE(refuses([](GroupedLinear& work) { work.order = nullptr; }));
  EXPECT_TRUE(refuses([](GroupedLinear& work) { work.error = nullptr; }));
}

// The segments are those of one expert's matrix, whatever else is chosen; and the bound of the tiles holds.
TEST(GroupedLinearSchedule, TreeDependsOnTheMatrixAloneAndTilesAreEnough) {
  std::mt19937 random(77);
  for (int i = 0; i < 2000; ++i) {
    const GroupedShape shape{int32_t(1 + random() % 3000), int32_t(1 + random() % 300),
                             int32_t(1 + random() % 6000), int32_t(1 + random() % 6000)};
    const LinearSchedule grouped = invariant_grouped_schedule(shape, 1 + int32_t(random() % 200));
    const LinearSchedule alone = invariant_linear_schedule({1, shape.columns, shape.depth}, 132);
    ASSERT_EQ(grouped.segment_tiles, alone.segment_tiles);
    ASSERT_EQ(grouped.segments, alone.segments);
    const LinearSchedule fast = fast_grouped_schedule(shape, 132);
    ASSERT_EQ(fast.is_split, fast.segments > 1);

    std::vector<int32_t> counts(static_cast<size_t>(shape.experts));
    const uint32_t used = 1 + random() % uint32_t(shape.experts);
    for (int32_t slot = 0; slot < shape.slots; ++slot) ++counts[random() % used];
    for (const LinearTile tile : kLinearTiles) {
      int64_t tiles = 0;
      for (const int32_t count : counts) tiles += (count + tile_rows(tile) - 1) / tile_rows(tile);
      ASSERT_LE(tiles, grouped_row_tiles(shape, tile_rows(tile)));
    }
  }
}

}  // namespace
}  // namespace llm42::cuda
