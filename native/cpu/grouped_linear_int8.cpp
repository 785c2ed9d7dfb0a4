// Products of slots with int8 matrices of their experts: sums as exact as those of linear_int8.cpp.
#include <algorithm>

#include "cpu/grouped_plan.h"
#include "cpu/int8_rows.h"
#include "cpu/int8_weight.h"
#include "cpu/thread_pool.h"

namespace llm42::cpu {

namespace {

struct Problem {
  Slots slots;
  const CpuInt8Weight& weight;
  const Kernels& kernels;
  ThreadPool& pool;
  int threads;
  const Span* spans;
  int64_t span_count;
  Int8Rows rows;  // by entry of `order`
};

int64_t round_up(int64_t bytes) {
  return ceil_div(bytes, 64) * 64;
}

// Each slot by itself, also where several read one row: that is little beside its products.
void quantize(const Problem& problem, int8_t* scratch) {
  const int64_t tile_rows = problem.kernels.int8_tile_rows;
  const int64_t row_bytes = problem.weight.quads() * 4;
  const int64_t entries = problem.slots.params.slots;
  const int threads = entries * row_bytes < 16384 ? 1 : problem.threads;
  parallel_for(problem.pool, threads, problem.span_count, 1, [&](int64_t index, int thread) {
    const Span& span = problem.spans[index];
    for (int64_t row = 0; row < span.rows; row += tile_rows) {
      const int64_t first = span.first + row;
      quantize_tile(
          problem.kernels, problem.weight.info.columns, first, std::min(tile_rows, span.rows - row),
          [&](int64_t r) { return problem.slots.input_row(first + r); },
          uses_matrix_unit(problem.kernels, span.rows), problem.rows, scratch + thread * row_bytes);
    }
  });
}

// All rows of a span by panels [begin, end), `at_once` of them side by side while there are as many.
void multiply(const Problem& problem, const Span& span, int64_t begin, int64_t end, int64_t at_once) {
  alignas(64) float sums[most_int8_tile_rows * panel_columns];
  const int64_t quads = problem.weight.quads();
  const int64_t tile_rows = problem.kernels.int8_tile_rows;
  for (int64_t panel = begin; panel < end;) {
    const int64_t step = panel + at_once <= end ? at_once : 1;
    const int64_t packed = span.expert * problem.weight.panels() + panel;
    for (int64_t row = 0; row < span.rows; row += tile_rows) {
      const int64_t first = span.first + row;
      Int8Tile tile{};
      tile.rows = std::min(tile_rows, span.rows - row);
      tile.panels = step;
      tile.quads = quads;
      tile.x = problem.rows.elements + first * quads * 4;
      tile.row_scales = problem.rows.scales + first;
      tile.row_sums = problem.rows.sums + first;
      tile.panel = problem.weight.panel(packed);
      tile.panel_stride = problem.weight.panel_size();
      tile.scales = problem.weight.scales(packed);
      tile.sums = sums;
      problem.kernels.int8_tile(tile);
      for (int64_t i = 0; i < step; ++i) {
        problem.slots.store(first, panel + i, tile.rows, sums + i * tile.rows * panel_columns);
      }
    }
    panel += step;
  }
}

// All rows of a span by panels [begin, end), by a matrix unit.
void multiply_blocks(const Problem& problem, const Span& span, int64_t begin, int64_t end) {
  alignas(64) float sums[most_int8_block_rows * panel_columns];
  const int64_t quads = problem.weight.quads();
  for (int64_t panel = begin; panel < end; ++panel) {
    const int64_t packed = span.expert * problem.weight.panels() + panel;
    for (int64_t row = 0; row < span.rows; row += most_int8_block_rows) {
      const int64_t first = span.first + row;
      Int8Block block{};
      block.rows = std::min(most_int8_block_rows, span.rows - row);
      block.quads = quads;
      block.x = problem.rows.elements + first * quads * 4;
      block.row_scales = problem.rows.scales + first;
      block.panel = problem.weight.panel(packed);
      block.scales = problem.weight.scales(packed);
      block.sums = sums;
      problem.kernels.int8_block(block);
      problem.slots.store(first, panel, block.rows, sums);
    }
  }
}

void run(const Problem& problem) {
  const int64_t panels = problem.weight.panels();
  // Neighbouring panels of one unit, fewer where the threads would have too few units.
  int64_t share = 4;
  while (share > 1 && problem.span_count * ceil_div(panels, share) < 2 * problem.threads) share /= 2;
  const int64_t units = ceil_div(panels, share);
  parallel_for(problem.pool, problem.threads, problem.span_count * units, 1, [&](int64_t unit, int) {
    const Span& span = problem.spans[unit / units];
    const int64_t begin = unit % units * share;
    const int64_t end = std::min(begin + share, panels);
    if (uses_matrix_unit(problem.kernels, span.rows)) return multiply_blocks(problem, span, begin, end);
    int64_t at_once = share;
    while (at_once > 1 && span.rows * at_once > problem.kernels.int8_tile_rows) at_once /= 2;
    multiply(problem, span, begin, end, at_once);
  });
}

}  // namespace

void CpuStream::grouped_linear_int8(const llm42_grouped_linear_params& p) {
  const auto& weight = static_cast<const CpuInt8Weight&>(*p.weight);
  const int64_t slots = p.slots;
  const int64_t experts = weight.info.groups;
  const int threads = device_.threads_for(slots * weight.panels() * weight.info.columns * panel_columns);
  const int64_t row_bytes = weight.quads() * 4;
  const int64_t elements = round_up(slots * row_bytes);
  const int64_t per_row = round_up(slots * int64_t{sizeof(float)});
  const int64_t spans_size = round_up(most_spans(slots, experts) * int64_t{sizeof(Span)});
  std::byte* const memory = device_.workspace(spans_size + elements + 2 * per_row + threads * row_bytes);
  auto* const spans = reinterpret_cast<Span*>(memory);
  std::byte* const packed = memory + spans_size;
  const Problem problem{Slots(p, device_.kernels()),
                        weight,
                        device_.kernels(),
                        device_.pool(),
                        threads,
                        spans,
                        cut_into_spans(at<const int32_t>(p.starts), experts, spans),
                        {reinterpret_cast<int8_t*>(packed), reinterpret_cast<float*>(packed + elements),
                         reinterpret_cast<int32_t*>(packed + elements + per_row)}};
  quantize(problem, reinterpret_cast<int8_t*>(packed + elements + 2 * per_row));
  run(problem);
}

}  // namespace llm42::cpu
