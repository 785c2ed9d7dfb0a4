#include "cuda/kernels/attention/attention_schedule.h"

#include <gtest/gtest.h>

#include "llm42/attention.h"

namespace llm42::cuda {
namespace {

static_assert(attention_split == LLM42_ATTENTION_SPLIT);
static_assert(attention_split % attention_tile == 0);

AttentionShape shape_of(int rows, int sequences, int head_size, int blocks, bool is_invariant) {
  return {rows, sequences, 32, 8, head_size, 64, blocks, is_invariant};
}

TEST(AttentionSchedule, HeadsGoToTheSmallestKernelThatHoldsThem) {
  EXPECT_EQ(attention_head_tile(1), 64);
  EXPECT_EQ(attention_head_tile(64), 64);
  EXPECT_EQ(attention_head_tile(65), 80);
  EXPECT_EQ(attention_head_tile(96), 96);
  EXPECT_EQ(attention_head_tile(112), 128);
  EXPECT_EQ(attention_head_tile(129), 256);
  EXPECT_EQ(attention_head_tile(256), 256);
  EXPECT_EQ(attention_head_tile(257), 0);
}

TEST(AttentionSchedule, ReservesATileForEveryShareOfRows) {
  for (const int sequences : {1, 2, 7, 32}) {
    for (int rows = sequences; rows < 300; rows += 13) {
      const AttentionSchedule s = schedule_attention(shape_of(rows, sequences, 128, 4, true), 100);
      const int tile = s.query_warps * attention_warp_queries;
      // All rows but one each in the first sequence; and evenly.
      const int uneven =
          (sequences - 1) * ((4 + tile - 1) / tile) + ((rows - sequences + 1) * 4 + tile - 1) / tile;
      int even = 0;
      for (int i = 0; i < sequences; ++i) even += ((rows + i) / sequences * 4 + tile - 1) / tile;
      EXPECT_GE(s.query_tiles, uneven) << rows << " rows, " << sequences << " sequences";
      EXPECT_GE(s.query_tiles, even) << rows << " rows, " << sequences << " sequences";
    }
  }
}

TEST(AttentionSchedule, InvariantSplitsDoNotDependOnTheBatch) {
  for (const int rows : {1, 2, 64, 5000}) {
    for (const int multiprocessors : {1, 108, 132}) {
      const AttentionSchedule s = schedule_attention(shape_of(rows, 1, 128, 100, true), multiprocessors);
      EXPECT_EQ(s.split_length, attention_split);
      EXPECT_EQ(s.splits, 25);
    }
  }
}

TEST(AttentionSchedule, SmallBatchesRunTheirSplitsSideBySide) {
  EXPECT_TRUE(schedule_attention(shape_of(1, 1, 128, 100, true), 108).is_parallel);
  EXPECT_FALSE(schedule_attention(shape_of(8192, 1, 128, 100, true), 108).is_parallel);
  EXPECT_FALSE(schedule_attention(shape_of(1, 1, 128, 4, true), 108).is_parallel) << "a single split";
  EXPECT_EQ(schedule_attention(shape_of(1, 1, 128, 4, true), 108).workspace_bytes, 0);
}

TEST(AttentionSchedule, TheWorkspaceIsBounded) {
  for (const bool is_invariant : {true, false}) {
    for (const int blocks : {1, 100, 1 << 20, INT32_MAX}) {
      for (const int rows : {1, 30, 100000}) {
        const AttentionSchedule s = schedule_attention(shape_of(rows, rows, 256, blocks, is_invariant), 132);
        EXPECT_LE(s.workspace_bytes, attention_workspace_limit);
        EXPECT_EQ(s.is_parallel, s.workspace_bytes > 0);
        EXPECT_LE(s.split_blocks, 65535);
        EXPECT_LE(int64_t{s.splits} * s.split_length, INT32_MAX);
        EXPECT_GE(int64_t{s.splits} * s.split_length, s.max_positions);
        EXPECT_EQ(s.split_length % attention_tile, 0);
      }
    }
  }
}

TEST(AttentionSchedule, FastSplitsFillTheMachine) {
  const AttentionSchedule one = schedule_attention(shape_of(1, 1, 128, 1000, false), 132);
  const AttentionSchedule many = schedule_attention(shape_of(64, 64, 128, 1000, false), 132);
  EXPECT_GT(one.splits, many.splits);
  EXPECT_GE(one.splits * 8, 132);
  EXPECT_EQ(schedule_attention(shape_of(4096, 1, 128, 1000, false), 132).splits, 1);
}

}  // namespace
}  // namespace llm42::cuda
