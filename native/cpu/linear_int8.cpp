// Products with an int8 weight. With rows of int8 the sums are exact, so that neither the number of rows nor
// a thread nor the instruction set has a say in the bits; of rows as they are, every output is the FMA chain
// over k that linear.cpp has.
#include <algorithm>

#include "cpu/int8_rows.h"
#include "cpu/int8_weight.h"
#include "cpu/linear_plan.h"
#include "cpu/linear_store.h"
#include "cpu/objects.h"
#include "cpu/thread_pool.h"

namespace llm42::cpu {

namespace {

struct Problem {
  const llm42_linear_params& params;
  const CpuInt8Weight& weight;
  const Kernels& kernels;
  ThreadPool& pool;
  int threads;
  int64_t rows;
};

int64_t round_up(int64_t bytes) {
  return ceil_div(bytes, 64) * 64;
}

void quantize(const Problem& problem, const Int8Rows& rows, int8_t* scratch) {
  const int64_t quads = problem.weight.quads();
  const int64_t tile_rows = problem.kernels.int8_tile_rows;
  const auto* input = at<const float>(problem.params.input);
  const int threads = problem.rows * quads < 4096 ? 1 : problem.threads;
  parallel_for(problem.pool, threads, ceil_div(problem.rows, tile_rows), 1, [&](int64_t tile, int thread) {
    const int64_t first = tile * tile_rows;
    quantize_tile(
        problem.kernels, problem.weight.info.columns, first, std::min(tile_rows, problem.rows - first),
        [&](int64_t r) { return input + (first + r) * problem.params.input_stride; },
        uses_matrix_unit(problem.kernels, problem.rows), rows, scratch + thread * quads * 4);
  });
}

// Panels that are read side by side: more streams of memory at once, and more sums for few rows.
int64_t panels_at_once(const Problem& problem) {
  int64_t panels = 4;
  while (panels > 1 && (problem.rows * panels > problem.kernels.int8_tile_rows ||
                        ceil_div(problem.weight.panels(), panels) < 2 * problem.threads)) {
    panels /= 2;
  }
  return panels;
}

void run_tiles(const Problem& problem, const Int8Rows& rows) {
  const int64_t quads = problem.weight.quads();
  const int64_t panels = problem.weight.panels();
  const int64_t at_once = panels_at_once(problem);
  const int64_t tile_rows = problem.kernels.int8_tile_rows;
  parallel_for(problem.pool, problem.threads, ceil_div(panels, at_once), 1, [&](int64_t unit, int) {
    alignas(64) float sums[most_int8_tile_rows * panel_columns];
    const int64_t end = std::min((unit + 1) * at_once, panels);
    for (int64_t panel = unit * at_once; panel < end;) {
      const int64_t step = panel + at_once <= end ? at_once : 1;
      for (int64_t row = 0; row < problem.rows; row += tile_rows) {
        Int8Tile tile{};
        tile.rows = std::min(tile_rows, problem.rows - row);
        tile.panels = step;
        tile.quads = quads;
        tile.x = rows.elements + row * quads * 4;
        tile.row_scales = rows.scales + row;
        tile.row_sums = rows.sums + row;
        tile.panel = problem.weight.panel(panel);
        tile.panel_stride = problem.weight.panel_size();
        tile.scales = problem.weight.scales(panel);
        tile.sums = sums;
        problem.kernels.int8_tile(tile);
        for (int64_t i = 0; i < step; ++i) {
          store(problem.params, problem.kernels, panel + i, row, tile.rows,
                sums + i * tile.rows * panel_columns);
        }
      }
      panel += step;
    }
  });
}

void run_blocks(const Problem& problem, const Int8Rows& rows) {
  const int64_t quads = problem.weight.quads();
  const int64_t panels = problem.weight.panels();
  const int64_t share = panels_at_a_time(panels, problem.threads);
  parallel_for(problem.pool, problem.threads, panels, share, [&](int64_t panel, int) {
    alignas(64) float sums[most_int8_block_rows * panel_columns];
    for (int64_t row = 0; row < problem.rows; row += most_int8_block_rows) {
      Int8Block block{};
      block.rows = std::min(most_int8_block_rows, problem.rows - row);
      block.quads = quads;
      block.x = rows.elements + row * quads * 4;
      block.row_scales = rows.scales + row;
      block.panel = problem.weight.panel(panel);
      block.scales = problem.weight.scales(panel);
      block.sums = sums;
      problem.kernels.int8_block(block);
      store(problem.params, problem.kernels, panel, row, block.rows, sums);
    }
  });
}

// Activations as they are: panels are widened a part at a time, for all the rows of a block.
void run_widened(const Problem& problem, float* packed, float* scratch, int64_t block_rows) {
  const int64_t depth = problem.weight.info.columns;
  const int64_t tile_rows = problem.kernels.tile_rows;
  const int64_t expanded_depth = problem.kernels.expanded_depth;
  const auto* input = at<const float>(problem.params.input);
  for (int64_t row = 0; row < problem.rows; row += tile_rows) {
    problem.kernels.pack_rows(input + row * problem.params.input_stride, problem.params.input_stride,
                              std::min(tile_rows, problem.rows - row), depth, packed + row * depth);
  }
  parallel_for(problem.pool, problem.threads, problem.weight.panels(), 1, [&](int64_t panel, int thread) {
    float* const expanded = scratch + thread * (expanded_depth + block_rows) * panel_columns;
    float* const sums = expanded + expanded_depth * panel_columns;
    const float* const scales = problem.weight.scales(panel);
    for (int64_t first = 0; first < problem.rows; first += block_rows) {
      const int64_t count = std::min(block_rows, problem.rows - first);
      for (int64_t k = 0; k < depth; k += expanded_depth) {
        const int64_t part = std::min(expanded_depth, depth - k);
        problem.kernels.expand_int8(problem.weight.panel(panel) + k * panel_columns, ceil_div(part, 4),
                                    expanded);
        for (int64_t row = 0; row < count; row += tile_rows) {
          const int64_t tile = std::min(tile_rows, count - row);
          problem.kernels.tile_cached(tile, packed + (first + row) * depth + k * tile, expanded,
                                      sums + row * panel_columns, panel_columns, part, k == 0, {});
        }
      }
      for (int64_t i = 0; i < count * panel_columns; ++i) sums[i] *= scales[i % panel_columns];
      store(problem.params, problem.kernels, panel, first, count, sums);
    }
  });
}

}  // namespace

void CpuStream::linear_int8(const llm42_linear_params& p) {
  const auto& weight = static_cast<const CpuInt8Weight&>(*p.weight);
  const int64_t depth = weight.info.columns;
  const int threads = device_.threads_for(int64_t{p.rows} * weight.panels() * panel_columns * depth);
  const Problem problem{p, weight, device_.kernels(), device_.pool(), threads, p.rows};
  if (p.compute_dtype == LLM42_DTYPE_I8) {
    const int64_t row_bytes = weight.quads() * 4;
    const int64_t elements = round_up(p.rows * row_bytes);
    const int64_t per_row = round_up(p.rows * int64_t{sizeof(float)});
    std::byte* const memory = device_.workspace(elements + 2 * per_row + threads * row_bytes);
    const Int8Rows rows{reinterpret_cast<int8_t*>(memory), reinterpret_cast<float*>(memory + elements),
                        reinterpret_cast<int32_t*>(memory + elements + per_row)};
    quantize(problem, rows, reinterpret_cast<int8_t*>(memory + elements + 2 * per_row));
    if (uses_matrix_unit(problem.kernels, p.rows)) {
      run_blocks(problem, rows);
    } else {
      run_tiles(problem, rows);
    }
    return;
  }

  // Whole tiles, so that a block begins where a tile does.
  const int64_t tile_rows = problem.kernels.tile_rows;
  const int64_t block_rows = std::min(rows_per_block / tile_rows, ceil_div(p.rows, tile_rows)) * tile_rows;
  const int64_t packed = round_up(p.rows * depth * int64_t{sizeof(float)});
  const int64_t scratch =
      threads * (problem.kernels.expanded_depth + block_rows) * panel_columns * int64_t{sizeof(float)};
  std::byte* const memory = device_.workspace(packed + scratch);
  run_widened(problem, reinterpret_cast<float*>(memory), reinterpret_cast<float*>(memory + packed),
              block_rows);
}

}  // namespace llm42::cpu
