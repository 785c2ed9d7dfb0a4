// Products of slots with the matrices of their experts. Every output is the FMA chain over k that linear.cpp
// has, under fast numerics too: the experts make more units of work than there are threads.
#include <algorithm>

#include "cpu/grouped_plan.h"
#include "cpu/objects.h"
#include "cpu/panel_block.h"
#include "cpu/thread_pool.h"

namespace llm42::cpu {

namespace {

// Packed input to hold at a time, unless one span needs more.
constexpr int64_t packed_floats = int64_t{1} << 22;

int64_t round_up(int64_t bytes) {
  return ceil_div(bytes, 64) * 64;
}

struct Problem {
  Slots slots;
  const CpuWeight& weight;
  const Kernels& kernels;
  ThreadPool& pool;
  int threads;
  int64_t depth;
  int64_t panels;
  float* packed = nullptr;   // of the spans at hand: [row tile][depth][rows of the tile]
  int64_t first = 0;         // entry of `order` that `packed` begins with
  float* scratch = nullptr;  // [thread][scratch_floats]
  int64_t scratch_floats = 0;

  const std::byte* panel_at(const Span& span, int64_t panel) const {
    return weight.panel(span.expert * panels + panel);
  }

  // Input of the tile that begins `row` rows behind the start of a span, from column `k` on.
  const float* input_at(const Span& span, int64_t row, int64_t k) const {
    if (span.rows == 1) return slots.input_row(span.first) + k;
    return packed + (span.first - first + row) * depth + k * tile_rows(span, row);
  }

  int64_t tile_rows(const Span& span, int64_t row) const {
    return std::min(kernels.tile_rows, span.rows - row);
  }
};

// One tile of rows.
void multiply_tile(const Problem& problem, const Span& span, int64_t panel) {
  alignas(64) float sums[planned_tile_rows * panel_columns];
  problem.kernels.tile[problem.weight.format()](span.rows, problem.input_at(span, 0, 0),
                                                problem.panel_at(span, panel), sums, panel_columns,
                                                problem.depth, true);
  problem.slots.store(span.first, panel, span.rows, sums);
}

void multiply_tiles(const Problem& problem, const Span& span, int64_t panel, float* scratch) {
  const int64_t tile_rows = problem.kernels.tile_rows;
  float* const sums = scratch + problem.kernels.expanded_depth * panel_columns;
  multiply(
      PanelBlock{problem.kernels, problem.weight.format(), problem.weight.element_size(),
                 problem.panel_at(span, panel), 1, problem.depth, ceil_div(span.rows, tile_rows), tile_rows,
                 scratch, sums},
      [&](int64_t tile) { return problem.tile_rows(span, tile * tile_rows); },
      [&](int64_t tile, int64_t k) { return problem.input_at(span, tile * tile_rows, k); });
  problem.slots.store(span.first, panel, span.rows, sums);
}

void multiply(const Problem& problem, const Span* spans, int64_t count) {
  const int64_t length = panels_at_a_time(count * problem.panels, problem.threads);
  const int64_t runs = ceil_div(problem.panels, length);
  parallel_for(problem.pool, problem.threads, count * runs, 1, [&](int64_t unit, int thread) {
    const Span& span = spans[unit / runs];
    const int64_t begin = unit % runs * length;
    const int64_t end = std::min(begin + length, problem.panels);
    if (span.rows == 1) {
      multiply_row(
          problem.kernels, problem.weight.format(), problem.input_at(span, 0, 0), problem.depth, begin, end,
          [&](int64_t panel) { return problem.panel_at(span, panel); },
          [&](int64_t panel, const float* sums) { problem.slots.store(span.first, panel, 1, sums); });
      return;
    }
    for (int64_t panel = begin; panel < end; ++panel) {
      if (span.rows <= problem.kernels.tile_rows) {
        multiply_tile(problem, span, panel);
      } else {
        multiply_tiles(problem, span, panel, problem.scratch + thread * problem.scratch_floats);
      }
    }
  });
}

// Rows of a tile side by side, [depth][rows], gathered from where they are. A row alone is read in place.
void pack_input(const Problem& problem, const Span* spans, int64_t count) {
  constexpr int64_t piece = 512;
  const int64_t pieces = ceil_div(problem.depth, piece);
  parallel_for(problem.pool, problem.threads, count * pieces, 1, [&](int64_t unit, int) {
    const Span& span = spans[unit / pieces];
    if (span.rows == 1) return;
    const int64_t begin = unit % pieces * piece;
    const int64_t end = std::min(begin + piece, problem.depth);
    for (int64_t row = 0; row < span.rows; row += problem.kernels.tile_rows) {
      const int64_t rows = problem.tile_rows(span, row);
      const float* sources[planned_tile_rows];
      for (int64_t r = 0; r < rows; ++r) sources[r] = problem.slots.input_row(span.first + row + r);
      float* const tile = problem.packed + (span.first - problem.first + row) * problem.depth;
      for (int64_t k = begin; k < end; ++k) {
        for (int64_t r = 0; r < rows; ++r) tile[k * rows + r] = sources[r][k];
      }
    }
  });
}

}  // namespace

void CpuStream::grouped_linear(const llm42_grouped_linear_params& p) {
  const auto* starts = at<const int32_t>(p.starts);
  const auto* order = at<const int32_t>(p.order);
  const int64_t experts = p.weight->info.groups;
  const int64_t slots = p.slots;
  check_starts("starts", starts, experts, slots);
  for (int64_t i = 0; i < slots; ++i) check_index("order", i, order[i], 0, slots - 1);
  if (p.compute_dtype == LLM42_DTYPE_I8) return grouped_linear_int8(p);

  const auto& weight = static_cast<const CpuWeight&>(*p.weight);
  Problem problem{Slots(p, device_.kernels()),
                  weight,
                  device_.kernels(),
                  device_.pool(),
                  device_.threads_for(slots * weight.panels() * weight.info.columns * panel_columns),
                  weight.info.columns,
                  weight.panels()};

  // What is needed at most, whatever the groups are.
  const int64_t block_rows = std::min(slots, rows_per_block);
  const bool has_blocks = slots > problem.kernels.tile_rows;
  const int64_t wave_floats = std::max(packed_floats, block_rows * problem.depth);
  const int64_t packed_size = round_up(std::min(slots * problem.depth, wave_floats) * int64_t{sizeof(float)});
  problem.scratch_floats = has_blocks ? (block_rows + problem.kernels.expanded_depth) * panel_columns : 0;
  const int64_t scratch_size = problem.threads * problem.scratch_floats * int64_t{sizeof(float)};
  std::byte* const workspace =
      device_.workspace(packed_size + scratch_size + most_spans(slots, experts) * int64_t{sizeof(Span)});
  problem.packed = reinterpret_cast<float*>(workspace);
  problem.scratch = reinterpret_cast<float*>(workspace + packed_size);
  auto* const spans = reinterpret_cast<Span*>(workspace + packed_size + scratch_size);

  const int64_t count = cut_into_spans(starts, experts, spans);
  for (int64_t begin = 0; begin < count;) {
    problem.first = spans[begin].first;
    int64_t end = begin + 1;
    while (end < count &&
           (spans[end].first + spans[end].rows - problem.first) * problem.depth <= wave_floats) {
      ++end;
    }
    pack_input(problem, spans + begin, end - begin);
    multiply(problem, spans + begin, end - begin);
    begin = end;
  }
}

}  // namespace llm42::cpu
