#include "cpu/attention_plan.h"

#include <algorithm>

#include "core/error.h"

namespace llm42::cpu {

namespace {

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Queries that share one conversion of keys and values.
constexpr int64_t queries_wanted = 96;

// Multiple of which pieces of fast numerics begin: sixteen positions never straddle more than two pages.
constexpr int64_t piece_alignment = 16;

// Positions that any of the rows sees.
Range visible_to(const int32_t* positions, int64_t first_row, int64_t end_row, int64_t window) {
  Range all = visible(positions[first_row], window);
  for (int64_t row = first_row + 1; row < end_row; ++row) {
    const Range own = visible(positions[row], window);
    all = {std::min(all.begin, own.begin), std::max(all.end, own.end)};
  }
  return all;
}

void check_indices(const llm42_attention_params& p, const CpuKvCache& cache) {
  const auto* starts = at<const int32_t>(p.sequence_starts);
  const auto* positions = at<const int32_t>(p.positions);
  const auto* tables = at<const int32_t>(p.block_tables);
  const int64_t page_size = cache.shape.page_size;
  check_starts("sequence_starts", starts, p.sequences, p.rows);
  const int64_t last_position = std::min<int64_t>(p.max_blocks * page_size, int64_t{INT32_MAX} + 1) - 1;
  for (int64_t row = 0; row < p.rows; ++row) check_index("positions", row, positions[row], 0, last_position);
  for (int64_t sequence = 0; sequence < p.sequences; ++sequence) {
    if (starts[sequence] == starts[sequence + 1]) continue;
    const Range seen = visible_to(positions, starts[sequence], starts[sequence + 1], p.window);
    for (int64_t block = seen.begin / page_size; block <= (seen.end - 1) / page_size; ++block) {
      const int64_t place = sequence * p.max_blocks + block;
      check_index("block_tables", place, tables[place], 0, cache.shape.pages - 1);
    }
  }
}

// Splits that a many-core machine would choose from the shape of the batch: the row's positions in equal
// parts.
void cut_evenly(AttentionPlan& plan, int64_t unit, Range seen, int64_t parts) {
  const int64_t begin = seen.begin / piece_alignment * piece_alignment;
  const int64_t span = seen.end - begin;
  parts = std::clamp<int64_t>(span / piece_alignment, 1, parts);
  const int64_t length = ceil_div(ceil_div(span, parts), piece_alignment) * piece_alignment;
  for (int64_t from = begin; from < seen.end; from += length) {
    plan.pieces.push_back({unit, {from, std::min(from + length, seen.end)}});
  }
}

// One piece is worked through chunk by chunk, many pieces are merged in the same order: the bits are the
// same.
void cut_at_chunks(AttentionPlan& plan, int64_t unit, Range seen, bool is_parallel) {
  const int64_t begin = seen.begin / attention_chunk * attention_chunk;
  const int64_t length = is_parallel ? attention_chunk : seen.end - begin;
  for (int64_t from = begin; from < seen.end; from += length) {
    plan.pieces.push_back({unit, {from, std::min(from + length, seen.end)}});
  }
}

}  // namespace

Range visible(int64_t position, int64_t window) {
  return {window == 0 ? 0 : std::max<int64_t>(0, position + 1 - window), position + 1};
}

AttentionPlan plan_attention(const llm42_attention_params& p, const CpuKvCache& cache, int threads,
                             int planned_threads) {
  check_indices(p, cache);
  const auto* starts = at<const int32_t>(p.sequence_starts);
  const auto* positions = at<const int32_t>(p.positions);
  const int64_t kv_heads = cache.shape.kv_heads;
  const int64_t group = p.query_heads / kv_heads;
  const int64_t row_units = p.rows * kv_heads;
  const bool is_even = planned_threads > 1 && row_units < planned_threads;
  const int64_t rows_per_unit = is_even ? 1 : std::max<int64_t>(1, queries_wanted / group);

  AttentionPlan plan;
  plan.queries_per_unit = std::min<int64_t>(rows_per_unit, p.rows) * group;
  for (int64_t sequence = 0; sequence < p.sequences; ++sequence) {
    for (int64_t row = starts[sequence]; row < starts[sequence + 1]; row += rows_per_unit) {
      const int64_t end = std::min<int64_t>(row + rows_per_unit, starts[sequence + 1]);
      for (int64_t head = 0; head < kv_heads; ++head) plan.units.push_back({sequence, head, row, end, 0, 0});
    }
  }
  // Without enough units to go round, threads share the pieces of one.
  const bool is_parallel = static_cast<int64_t>(plan.units.size()) < 2 * threads && threads > 1;
  for (size_t i = 0; i < plan.units.size(); ++i) {
    AttentionUnit& unit = plan.units[i];
    const Range seen = visible_to(positions, unit.first_row, unit.end_row, p.window);
    unit.first_piece = static_cast<int64_t>(plan.pieces.size());
    if (is_even) {
      cut_evenly(plan, static_cast<int64_t>(i), seen, ceil_div(planned_threads, row_units));
    } else {
      cut_at_chunks(plan, static_cast<int64_t>(i), seen, is_parallel);
    }
    unit.end_piece = static_cast<int64_t>(plan.pieces.size());
    plan.operations +=
        (unit.end_row - unit.first_row) * group * (seen.end - seen.begin) * 2 * cache.shape.head_size;
  }
  return plan;
}

}  // namespace llm42::cpu
