// Products with a packed weight. Every output is one FMA chain over k, ascending, however the work is cut:
// threads share out panels and blocks of rows, never k. Fast numerics on many planned threads alone cut k.
#include <algorithm>

#include "cpu/linear_plan.h"
#include "cpu/linear_store.h"
#include "cpu/objects.h"
#include "cpu/panel_block.h"
#include "cpu/thread_pool.h"

namespace llm42::cpu {

namespace {

// Rows and panels that are multiplied together where there are many: their sums stay in the second-level
// cache, beside a part of those rows' input that all of these panels take before the next part comes.
constexpr int64_t most_rows_at_once = 240;
constexpr int64_t most_panels_at_once = 4;

struct Problem {
  const llm42_linear_params& params;
  const CpuWeight& weight;
  const Kernels& kernels;
  ThreadPool& pool;
  int64_t rows;
  int64_t depth;
  int64_t panels;
  int64_t row_tiles;
  int64_t tile_rows;  // of all but the last, which may have fewer
  int64_t element_size;
  Format format;
  const float* input;  // [tile][depth][rows of the tile]

  int64_t rows_of_tile(int64_t tile) const { return std::min(tile_rows, rows - tile * tile_rows); }

  // Input of a tile from column `k` on.
  const float* input_at(int64_t tile, int64_t k) const {
    return input + tile * tile_rows * depth + k * rows_of_tile(tile);
  }

  const void* panel_at(int64_t panel, int64_t k) const {
    return weight.panel(panel) + k * panel_columns * element_size;
  }
};

void run_row(const Problem& problem, int threads) {
  const int64_t length = panels_at_a_time(problem.panels, threads);
  parallel_for(problem.pool, threads, ceil_div(problem.panels, length), 1, [&](int64_t run, int) {
    const int64_t first = run * length;
    multiply_row(
        problem.kernels, problem.format, problem.input, problem.depth, first,
        std::min(first + length, problem.panels), [&](int64_t panel) { return problem.weight.panel(panel); },
        [&](int64_t panel, const float* sums) { store(problem.params, problem.kernels, panel, 0, 1, sums); });
  });
}

// One tile of rows.
void run_tile(const Problem& problem, int threads) {
  parallel_for(problem.pool, threads, problem.panels, 4, [&](int64_t panel, int) {
    alignas(64) float sums[planned_tile_rows * panel_columns];
    problem.kernels.tile[problem.format](problem.rows, problem.input, problem.panel_at(panel, 0), sums,
                                         panel_columns, problem.depth, true);
    store(problem.params, problem.kernels, panel, 0, problem.rows, sums);
  });
}

// Many rows, in blocks whose sums stay in cache.
void run_blocks(const Problem& problem, int threads, std::byte* scratch) {
  const Kernels& kernels = problem.kernels;
  const int64_t blocks = ceil_div(problem.rows, most_rows_at_once);
  const int64_t tiles_per_block = ceil_div(problem.row_tiles, blocks);
  const int64_t panel_sums = tiles_per_block * problem.tile_rows * panel_columns;
  const int64_t thread_floats = most_panels_at_once * panel_sums + kernels.expanded_depth * panel_columns;
  // Fewer panels at once where threads would wait for the last of them.
  const int64_t group = std::clamp<int64_t>(blocks * problem.panels / (threads * 8), 1, most_panels_at_once);
  const int64_t groups = ceil_div(problem.panels, group);
  parallel_for(problem.pool, threads, blocks * groups, 1, [&](int64_t unit, int thread) {
    float* const expansion = reinterpret_cast<float*>(scratch) + thread * thread_floats;
    float* const sums = expansion + kernels.expanded_depth * panel_columns;
    const int64_t first_panel = unit % groups * group;
    const int64_t panels = std::min(group, problem.panels - first_panel);
    const int64_t first_tile = unit / groups * tiles_per_block;
    const int64_t tiles = std::min(tiles_per_block, problem.row_tiles - first_tile);
    if (tiles <= 0) return;
    multiply(
        PanelBlock{kernels, problem.format, problem.element_size, problem.weight.panel(first_panel), panels,
                   problem.depth, tiles, problem.tile_rows, expansion, sums},
        [&](int64_t tile) { return problem.rows_of_tile(first_tile + tile); },
        [&](int64_t tile, int64_t k) { return problem.input_at(first_tile + tile, k); });
    const int64_t first_row = first_tile * problem.tile_rows;
    const int64_t end_row = std::min((first_tile + tiles) * problem.tile_rows, problem.rows);
    for (int64_t i = 0; i < panels; ++i) {
      store(problem.params, kernels, first_panel + i, first_row, end_row - first_row,
            sums + i * tiles * problem.tile_rows * panel_columns);
    }
  });
}

// Fast numerics with fewer units of work than planned threads: k is cut into segments, each a chain of its
// own; their sums are added in ascending order. The cut depends on the shape of the product and on the plan
// alone.
int64_t plan_segments(int64_t rows, int64_t depth, int64_t panels, int64_t planned_threads) {
  const int64_t units = panels * ceil_div(rows, planned_tile_rows);
  if (units >= planned_threads) return 1;
  const int64_t wanted = std::min<int64_t>(8, ceil_div(planned_threads, units));
  return std::clamp<int64_t>(depth / 32, 1, wanted);
}

void run_segments(const Problem& problem, int threads, int64_t segments, std::byte* scratch) {
  const int64_t tile_rows = problem.tile_rows;
  const int64_t sums_size = problem.row_tiles * tile_rows * panel_columns;
  const int64_t segment_depth = ceil_div(problem.depth, segments);
  float* const partial = reinterpret_cast<float*>(scratch);
  parallel_for(problem.pool, threads, problem.panels * segments, 1, [&](int64_t unit, int) {
    const int64_t panel = unit / segments;
    const int64_t k = std::min(unit % segments * segment_depth, problem.depth);
    const int64_t depth = std::min(segment_depth, problem.depth - k);
    for (int64_t tile = 0; tile < problem.row_tiles; ++tile) {
      problem.kernels.tile[problem.format](
          problem.rows_of_tile(tile), problem.input_at(tile, k), problem.panel_at(panel, k),
          partial + unit * sums_size + tile * tile_rows * panel_columns, panel_columns, depth, true);
    }
  });
  parallel_for(problem.pool, threads, problem.panels, 4, [&](int64_t panel, int) {
    float* const sums = partial + panel * segments * sums_size;
    for (int64_t segment = 1; segment < segments; ++segment) {
      const float* const more = sums + segment * sums_size;
      for (int64_t i = 0; i < problem.rows * panel_columns; ++i) sums[i] += more[i];
    }
    store(problem.params, problem.kernels, panel, 0, problem.rows, sums);
  });
}

// Rows of a tile side by side, [depth][rows], so that a tile reads its input as one stream.
void pack_input(const Problem& problem, int threads, float* packed) {
  const auto* input = at<const float>(problem.params.input);
  const int64_t stride = problem.params.input_stride;
  constexpr int64_t piece = 512;
  const int64_t pieces = ceil_div(problem.depth, piece);
  parallel_for(problem.pool, threads, problem.row_tiles * pieces, 1, [&](int64_t unit, int) {
    const int64_t tile = unit / pieces;
    const int64_t k = unit % pieces * piece;
    const int64_t count = problem.rows_of_tile(tile);
    const int64_t first_row = tile * problem.tile_rows;
    problem.kernels.pack_rows(input + first_row * stride + k, stride, count,
                              std::min(piece, problem.depth - k),
                              packed + first_row * problem.depth + k * count);
  });
}

}  // namespace

void CpuStream::linear(const llm42_linear_params& p) {
  if (p.weight->info.format == LLM42_DTYPE_I8) return linear_int8(p);
  const auto& weight = static_cast<const CpuWeight&>(*p.weight);
  const Kernels& kernels = device_.kernels();
  Problem problem{p,
                  weight,
                  kernels,
                  device_.pool(),
                  p.rows,
                  weight.info.columns,
                  weight.panels(),
                  ceil_div(p.rows, kernels.tile_rows),
                  0,
                  weight.element_size(),
                  weight.format(),
                  at<const float>(p.input)};
  // Of the same height as nearly as can be: a tile of few rows leaves the multipliers waiting.
  problem.tile_rows = ceil_div(problem.rows, problem.row_tiles);
  const int threads = device_.threads_for(problem.rows * problem.panels * problem.depth * panel_columns);
  const int64_t segments =
      plan_segments(problem.rows, problem.depth, problem.panels, device_.planned_threads(p.numerics));
  const bool has_blocks = problem.row_tiles > 1 && segments == 1;

  const int64_t packed_floats = problem.rows == 1 ? 0 : ceil_div(problem.rows * problem.depth, 16) * 16;
  int64_t scratch_floats = 0;
  if (segments > 1) {
    scratch_floats = problem.panels * segments * problem.row_tiles * problem.tile_rows * panel_columns;
  } else if (has_blocks) {
    const int64_t blocks = ceil_div(problem.rows, most_rows_at_once);
    const int64_t block_rows = ceil_div(problem.row_tiles, blocks) * problem.tile_rows;
    scratch_floats = threads * (most_panels_at_once * block_rows + kernels.expanded_depth) * panel_columns;
  }
  std::byte* const workspace = device_.workspace((packed_floats + scratch_floats) * int64_t{sizeof(float)});
  std::byte* const scratch = workspace + packed_floats * int64_t{sizeof(float)};
  if (problem.rows > 1) {
    auto* const packed = reinterpret_cast<float*>(workspace);
    pack_input(problem, threads, packed);
    problem.input = packed;
  }

  if (segments > 1) {
    run_segments(problem, threads, segments, scratch);
  } else if (problem.rows == 1) {
    run_row(problem, threads);
  } else if (has_blocks) {
    run_blocks(problem, threads, scratch);
  } else {
    run_tile(problem, threads);
  }
}

}  // namespace llm42::cpu
