// How a call of attention is cut into work. What an invariant row's pieces are follows from its position
// alone.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/objects.h"

namespace llm42::cpu {

// Positions that are scored together: keys and values are converted, and softmax is taken, chunk by chunk.
constexpr int64_t attention_chunk = LLM42_ATTENTION_SPLIT;

// Positions begin..end - 1.
struct Range {
  int64_t begin;
  int64_t end;
};

// Consecutive rows of one sequence, and the query heads of one kv head.
struct AttentionUnit {
  int64_t sequence;
  int64_t kv_head;
  int64_t first_row;
  int64_t end_row;
  int64_t first_piece;  // in AttentionPlan::pieces
  int64_t end_piece;
};

// A stretch of a unit's positions that a thread works through, chunk by chunk. Pieces are merged in order.
struct AttentionPiece {
  int64_t unit;
  Range positions;
};

struct AttentionPlan {
  std::vector<AttentionUnit> units;
  std::vector<AttentionPiece> pieces;
  int64_t queries_per_unit = 0;  // at most: rows x query heads per kv head
  int64_t operations = 0;        // multiply-adds, about
};

// Positions that a row sees.
Range visible(int64_t position, int64_t window);

// Checks the contents of the index arrays, then plans.
AttentionPlan plan_attention(const llm42_attention_params& params, const CpuKvCache& cache, int threads,
                             int planned_threads);

}  // namespace llm42::cpu
