#include "attention_problem.h"
#include "emulator/sanitizer.h"

namespace llm42::cuda {
namespace {

uint16_t bits(bf16 value) {
  uint16_t result;
  std::memcpy(&result, &value, 2);
  return result;
}

// Number of elements whose bits differ; names the first.
void expect_same_bits(const std::vector<bf16>& expected, const std::vector<bf16>& actual,
                      int64_t expected_from, int64_t actual_from, int count, const std::string& what) {
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(bits(expected[expected_from + i]), bits(actual[actual_from + i]))
        << what << ": element " << i << ", " << float(expected[expected_from + i]) << " and "
        << float(actual[actual_from + i]);
  }
}

void expect_near_reference(AttentionProblem& problem, const std::vector<Rows>& batch, const Manner& manner,
                           const std::string& what) {
  const std::vector<bf16> output = problem.run(batch, manner);
  int64_t row = 0;
  const int d = problem.model().head_size;
  for (const Rows& rows : batch) {
    for (const int position : rows.positions) {
      for (int head = 0; head < problem.model().query_heads; ++head) {
        const auto expected = problem.expected(rows.sequence, position, head);
        for (int i = 0; i < d; ++i) {
          const float actual = output[row * problem.width() + head * d + i];
          ASSERT_LE(std::abs(actual - expected.values[i]), expected.bounds[i])
              << what << ": sequence " << rows.sequence << ", position " << position << ", head " << head
              << ", element " << i << ": " << actual << ", expected " << expected.values[i];
        }
      }
      ++row;
    }
  }
}

TEST(EmulatedAttention, AgreesWithFloat64ForEveryHeadSize) {
  for (const int head_size : {64, 80, 96, 128, 256, 8, 33, 40, 66, 112, 200}) {
    AttentionProblem problem({4, 2, head_size}, {70, 300}, 17 + head_size);
    const std::vector<Rows> batch{rows_from_to(0, 60, 70), rows_from_to(1, 299, 300), rows_from_to(0, 0, 3)};
    for (const int parallel : {0, 1}) {
      Manner manner;
      manner.parallel = parallel;
      expect_near_reference(
          problem, batch, manner,
          "head size " + std::to_string(head_size) + ", parallel " + std::to_string(parallel));
    }
  }
}

TEST(EmulatedAttention, AgreesWithFloat64ForEveryGroupPageSizeAndWindow) {
  struct Case {
    int query_heads, kv_heads, page_size, window;
  };
  for (const Case c : {Case{1, 1, 8, 0},
                       {3, 1, 16, 5},
                       {8, 1, 64, 300},
                       {6, 2, 256, 64},
                       {20, 1, 1024, 1},
                       {48, 2, 32, 0}}) {
    AttentionProblem problem({c.query_heads, c.kv_heads, 64, c.window}, {600}, 5);
    Manner manner;
    manner.page_size = c.page_size;
    for (const bool is_invariant : {true, false}) {
      manner.is_invariant = is_invariant;
      expect_near_reference(problem, {rows_from_to(0, 509, 514), rows_from_to(0, 599, 600)}, manner,
                            std::to_string(c.query_heads) + " heads, page size " +
                                std::to_string(c.page_size) + ", window " + std::to_string(c.window));
    }
  }
}

// Every row of a sequence alone, as a decode step.
std::map<int, std::vector<bf16>> rows_alone(const AttentionProblem& problem, int sequence,
                                            const std::vector<int>& positions) {
  std::map<int, std::vector<bf16>> alone;
  for (const int position : positions) {
    Manner manner;
    manner.parallel = 0;
    manner.large_blocks = 0;
    alone[position] = problem.run({{sequence, {position}}}, manner);
  }
  return alone;
}

void expect_invariant(const AttentionModel& model) {
  AttentionProblem problem(model, {600, 40}, 99);
  std::vector<int> positions{0,   1,   14,  15,  16,  31,  32,  62,  63,  64,  65,  127, 128, 129,
                             254, 255, 256, 257, 258, 300, 319, 320, 510, 511, 512, 513, 514, 599};
  if (emu::is_sanitized) positions = {0, 15, 16, 63, 64, 254, 255, 256, 257, 258, 511, 512, 599};
  const auto alone = rows_alone(problem, 0, positions);
  struct Case {
    const char* name;
    std::vector<Rows> batch;
    Manner manner;
  };
  Manner pages_of_8, pages_of_512, small_blocks, large_blocks, side_by_side, two_blocks, in_order, long_table;
  pages_of_8.page_size = 8;
  pages_of_512.page_size = 512;
  small_blocks.large_blocks = 0;
  small_blocks.parallel = 0;
  large_blocks.large_blocks = 1;
  large_blocks.parallel = 0;
  side_by_side.parallel = 1;
  two_blocks.parallel = 1;
  two_blocks.split_blocks = 2;
  two_blocks.large_blocks = 1;
  in_order.parallel = 0;
  in_order.page_size = 64;
  long_table.extra_blocks = 40;
  long_table.multiprocessors = 132;
  const Rows all{0, positions};
  const Rows windows = rows_from_to(0, 250, 262);
  std::vector<Case> cases{
      {"all rows, small blocks", {all}, small_blocks},
      {"all rows, large blocks", {all}, large_blocks},
      {"all rows, splits side by side", {all}, side_by_side},
      {"all rows, two blocks for the splits", {all}, two_blocks},
      {"pages of 8", {all}, pages_of_8},
      {"pages of 512", {all}, pages_of_512},
      {"behind another sequence", {rows_from_to(1, 3, 10), all, rows_from_to(1, 39, 40)}, in_order},
      {"window of rows", {rows_from_to(1, 30, 31), windows}, in_order},
      {"window of rows, side by side", {windows, rows_from_to(0, 505, 520)}, side_by_side},
      {"long table", {windows, all}, long_table},
      {"chunk from the beginning", {rows_from_to(0, 0, 70)}, large_blocks},
  };
  Manner off_alignment = in_order;
  off_alignment.query_offset = 1;
  off_alignment.padding = 3;
  cases.push_back({"queries off their alignment", {all}, off_alignment});
  for (const Case& c : cases) {
    const std::vector<bf16> output = problem.run(c.batch, c.manner);
    int64_t row = 0;
    int compared = 0;
    for (const Rows& rows : c.batch) {
      for (const int position : rows.positions) {
        const auto found = alone.find(position);
        if (rows.sequence == 0 && found != alone.end()) {
          expect_same_bits(found->second, output, 0, row * problem.width(), problem.width(),
                           std::string(c.name) + ", position " + std::to_string(position));
          if (testing::Test::HasFatalFailure()) return;
          ++compared;
        }
        ++row;
      }
    }
    EXPECT_GT(compared, 4) << c.name;
  }
}

TEST(EmulatedAttention, InvariantRowsHaveTheBitsThatTheyHaveAlone) {
  expect_invariant({4, 1, 64});
  expect_invariant({3, 1, 80});
  expect_invariant({2, 1, 128});
  expect_invariant({3, 1, 256});
}

TEST(EmulatedAttention, InvariantRowsHaveTheBitsThatTheyHaveAloneWithASlidingWindow) {
  expect_invariant({2, 1, 64, 1});
  expect_invariant({4, 2, 64, 100});
  expect_invariant({5, 1, 33, 300});
}

// The test above can fail: other cuts give other bits.
TEST(EmulatedAttention, FastRowsDependOnTheirNeighbours) {
  AttentionProblem problem({4, 1, 64}, {600}, 99);
  Manner manner;
  manner.is_invariant = false;
  manner.multiprocessors = 1;
  const std::vector<bf16> alone = problem.run({{0, {599}}}, manner);
  std::vector<int> many(80, 599);
  const std::vector<bf16> among = problem.run({{0, many}}, manner);
  int differing = 0;
  for (int i = 0; i < problem.width(); ++i) differing += bits(alone[i]) != bits(among[i]) ? 1 : 0;
  EXPECT_GT(differing, 0);
}

// Sequences without rows, and more sequences than lanes of a warp.
TEST(EmulatedAttention, FindsTheRowsOfManySequences) {
  AttentionProblem problem({2, 1, 64}, {90}, 3);
  const std::vector<bf16> alone = problem.run({rows_from_to(0, 60, 90)}, {});
  std::vector<Rows> batch;
  for (int i = 0; i < 70; ++i)
    batch.push_back(rows_from_to(0, 60 + i % 30, 60 + (i % 7 == 0 ? i % 30 : i % 30 + 1)));
  for (const int large_blocks : {0, 1}) {
    Manner manner;
    manner.large_blocks = large_blocks;
    const std::vector<bf16> output = problem.run(batch, manner);
    int row = 0;
    for (const Rows& rows : batch) {
      for (const int position : rows.positions) {
        expect_same_bits(alone, output, (position - 60) * problem.width(), row * problem.width(),
                         problem.width(), "row " + std::to_string(row));
        ++row;
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_EQ(row, 60);
  }
}

// What a row does not see may be infinite or NaN without a trace; what it sees makes the element NaN.
TEST(EmulatedAttention, UnboundedValuesReachOnlyRowsThatSeeThem) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const int window = 40, last = 119;
  for (int unbounded = 48; unbounded < 64; unbounded += emu::is_sanitized ? 7 : 1) {
    const int head_size = unbounded % 5 == 0 ? 256 : 64;
    const int element = unbounded % 16 * 4 + unbounded / 2 % 2;
    AttentionProblem problem({2, 1, head_size, window}, {last + 1}, uint32_t(unbounded));
    const std::vector<int> positions{10, unbounded - 1,          unbounded,          unbounded + 1,
                                     66, unbounded + window - 1, unbounded + window, last};
    const auto clean = rows_alone(problem, 0, positions);
    problem.value(0, unbounded, 0, element) = bf16(unbounded % 3 == 0   ? nan
                                                   : unbounded % 3 == 1 ? infinity
                                                                        : -infinity);
    problem.key(0, last - 4, 0, 3) = bf16(nan);
    const auto alone = rows_alone(problem, 0, positions);
    for (const int large_blocks : {0, 1}) {
      Manner manner;
      manner.large_blocks = large_blocks;
      const std::vector<bf16> output = problem.run({{0, positions}}, manner);
      for (size_t row = 0; row < positions.size(); ++row) {
        const int position = positions[row];
        const std::string what = std::to_string(unbounded) + ", seen from " + std::to_string(position);
        expect_same_bits(alone.at(position), output, 0, row * problem.width(), problem.width(), what);
        if (HasFatalFailure()) return;
        const bool sees = position >= unbounded && position < unbounded + window;
        for (int i = 0; i < problem.width(); ++i) {
          const bf16 value = output[row * problem.width() + i];
          if (position == last || (sees && i % head_size == element)) {
            ASSERT_TRUE(std::isnan(float(value))) << what << ", element " << i;
          } else {
            ASSERT_EQ(bits(value), bits(clean.at(position)[i])) << what << ", element " << i;
          }
        }
      }
    }
  }
}

TEST(EmulatedAttention, IndicesOutOfRangeAreReportedAndHarmOnlyTheirRows) {
  AttentionProblem problem({2, 1, 64}, {300, 60}, 4);
  const std::vector<Rows> batch{rows_from_to(0, 290, 300), rows_from_to(1, 50, 60)};
  for (const int parallel : {0, 1}) {
    Manner manner;
    manner.parallel = parallel;
    manner.page_size = 64;
    const std::vector<bf16> good = problem.run(batch, manner);
    const auto expect_rest = [&](const std::vector<bf16>& output, int from, int to) {
      expect_same_bits(good, output, from * problem.width(), from * problem.width(),
                       (to - from) * problem.width(), "parallel " + std::to_string(parallel));
    };
    for (const int32_t position : {-1, 320, INT32_MAX, INT32_MIN}) {
      manner.error = Checked::positions;
      manner.spoil = [&](auto&, auto& positions, auto&) { positions[3] = position; };
      const std::vector<bf16> output = problem.run(batch, manner);
      expect_rest(output, 0, 3);
      expect_rest(output, 4, 20);
      for (int i = 0; i < problem.width(); ++i)
        EXPECT_TRUE(std::isnan(float(output[3 * problem.width() + i])));
    }
    for (const int32_t page : {-1, 1000, INT32_MAX, INT32_MIN}) {
      manner.error = Checked::block_tables;
      manner.spoil = [&](auto&, auto&, auto& tables) { tables[2] = page; };
      expect_rest(problem.run(batch, manner), 10, 20);
    }
    for (const int32_t start : {-1, 21, INT32_MAX, INT32_MIN}) {
      manner.error = Checked::sequence_starts;
      manner.spoil = [&](auto& starts, auto&, auto&) { starts[2] = start; };
      expect_rest(problem.run(batch, manner), 0, 10);
    }
  }
}

}  // namespace
}  // namespace llm42::cuda
