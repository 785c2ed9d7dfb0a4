// The kernels of one instruction set. Kernels neither allocate, nor start threads, nor check arguments: the
// operators in cpu/ do.
#pragma once

#include <stdint.h>

namespace llm42 {
namespace cpu {

// Columns of a packed weight panel, in memory [K][panel_columns].
constexpr int64_t panel_columns = 32;
// Rows of the tile that plans of fast numerics count in, whatever the instruction set's own tile is.
constexpr int64_t planned_tile_rows = 12;

enum Format { format_f32, format_f16, format_bf16, format_count };

// Most rows that the functions for decode take.
constexpr int most_decode_rows = 8;

// What happens to a finished tile of sums. `columns` counts output columns, at most 32 (16 behind SwiGLU).
struct TileStore {
  const float* sums;  // [rows][panel_columns]
  int64_t rows;
  int64_t columns;
  const float* bias;     // NULL or the bias of the first column
  const float* up_bias;  // SwiGLU only: the same for the up half
  const float* residual;
  int64_t residual_stride;
  float* output;
  int64_t output_stride;
};

// Rows of int8 by panels of an int8 weight. Integers wrap, and the result fits: any order of the sums is
// exact.
struct Int8Tile {
  int64_t rows;     // 1..int8_tile_rows
  int64_t panels;   // 1, 2 or 4, with at most int8_tile_rows rows in all of them
  int64_t quads;    // groups of 4 columns
  const int8_t* x;  // [quads][rows][4]
  const float* row_scales;
  const int32_t* row_sums;  // of the elements of x
  const int8_t* panel;      // [quads][panel_columns][4]
  int64_t panel_stride;
  const float* scales;  // [panels][panel_columns]
  float* sums;          // [panels][rows][panel_columns]
};

// The same product by a matrix unit: many rows by one panel.
struct Int8Block {
  int64_t rows;
  int64_t quads;
  const int8_t* x;  // [rows][quads][4]
  const float* row_scales;
  const int8_t* panel;  // [quads][panel_columns][4]
  const float* scales;  // [panel_columns]
  float* sums;          // [rows][panel_columns]
};

// Best and second best of the values seen; ties go to the lower id.
struct Best {
  float value;
  float second;
  uint32_t id;
};

// Memory to fetch into the second-level cache: a line at each of data, data + step, ..., one per column of
// the input.
struct Ahead {
  const void* data;
  int64_t step;  // bytes
};

struct Kernels {
  // --- linear ---
  // Most rows that a tile function takes.
  int64_t tile_rows;
  // sums[rows][32] (+)= x * panel. x is packed [k][rows]; one FMA chain per element, k ascending, from zero
  // if `first`. Prefetches the panel from memory.
  void (*tile[format_count])(int64_t rows, const float* x, const void* panel, float* sums,
                             int64_t sums_stride, int64_t k, bool first);
  // Depth of the parts of a panel that several tiles share. The first tile of a part leaves it as f32 in
  // `expansion`, [k][32], except where the panel is f32 itself; the others take that. Meanwhile all fetch
  // what comes next.
  int64_t expanded_depth;
  void (*tile_expanding[format_count])(int64_t rows, const float* x, const void* panel, float* expansion,
                                       float* sums, int64_t sums_stride, int64_t k, bool first, Ahead ahead);
  void (*tile_cached)(int64_t rows, const float* x, const float* panel, float* sums, int64_t sums_stride,
                      int64_t k, bool first, Ahead ahead);
  // One row by two panels, for more memory streams at once. sums has 64 elements.
  void (*row_by_two[format_count])(const float* x, const void* panel, const void* next, float* sums,
                                   int64_t k);
  // packed[k][rows] = x[row * stride + k]
  void (*pack_rows)(const float* x, int64_t stride, int64_t rows, int64_t k, float* packed);
  void (*store_plain)(const TileStore& tile);
  void (*store_residual)(const TileStore& tile);
  void (*store_swiglu)(const TileStore& tile);

  // --- int8 ---
  int64_t int8_tile_rows;
  // sums = (x * panel) * row_scale * scale
  void (*int8_tile)(const Int8Tile& tile);
  // The same; NULL where the processor has no matrix unit.
  void (*int8_block)(const Int8Block& block);
  // Elements, scale and sum of a row as core/quantize.h has them; a row that is not finite has the scale NaN
  // and zeros. `elements` has room for k rounded up to 4, filled with zeros.
  void (*quantize_row)(const float* x, int64_t k, int8_t* elements, float* scale, int32_t* sum);
  // Makes `rounds` rounds of products in registers, with the fastest instructions there are; returns the
  // operations of one.
  int64_t (*int8_round)(int64_t rounds);
  // Quads of a panel to f32 [4 * quads][panel_columns].
  void (*expand_int8)(const int8_t* panel, int64_t quads, float* destination);

  // --- mixture of experts ---
  // output = (residual +) the sum over i < count of weights[i] * input[i * stride + ...]: per element one FMA
  // chain from zero, i ascending.
  void (*weighted_sum)(const float* input, int64_t stride, const float* weights, int64_t count,
                       const float* residual, float* output, int64_t width);

  // --- normalisation and rotation ---
  void (*rms_norm)(const float* x, float* residual, const float* weight, float* output, int64_t width,
                   float epsilon);
  // Rotates the pairs (x[i], x[i + half]) by the angles whose cosines and sines are given.
  void (*rotate)(float* x, const float* cosines, const float* sines, int64_t half);

  // --- attention ---
  // Converts `rows` rows of `width` (at most 32) elements of a cache, `stride` elements apart, into a panel
  // [rows][panel_columns].
  void (*gather_panel[format_count])(const void* source, int64_t stride, int64_t rows, int64_t width,
                                     float* panel);
  // Replaces scores [begin, end) by exp(score - largest). The sum has an accumulator per lane index % 16.
  void (*softmax_part)(float* scores, int64_t begin, int64_t end, float* largest, float* sum);
  // Joins a later part (largest, sum, values) into a running one.
  void (*merge)(float* running_largest, float* running_sum, float* running, float largest, float sum,
                const float* values, int64_t count);
  void (*divide)(const float* values, float divisor, float* output, int64_t count);
  void (*scale)(const float* values, float factor, float* output, int64_t count);

  // --- attention of a few queries, by their number less one ---
  static constexpr int64_t blocks_ahead = 8;
  // scores[row * scores_stride + 16 * block + lane] = the chain over element < depth of queries[element][row]
  // times keys[block][element * keys_stride + lane]. Behind the blocks' keys come `blocks_ahead` more
  // pointers, to what is fetched meanwhile.
  void (*score_rows[format_count][most_decode_rows])(const float* queries, int64_t depth,
                                                     const void* const* keys, int64_t blocks,
                                                     int64_t keys_stride, float* scores,
                                                     int64_t scores_stride);
  // Continues the chain over position < positions of weights[row * weights_stride + position] times
  // values[position][element] in sums[row * sums_stride + element]. `width` elements, a multiple of 16.
  // Fetches as much at `next` meanwhile.
  void (*weigh_rows[format_count][most_decode_rows])(const float* weights, int64_t weights_stride,
                                                     int64_t positions, const void* values, const void* next,
                                                     int64_t width, float* sums, int64_t sums_stride);

  // --- logits ---
  float (*largest)(const float* x, int64_t count);  // NaN is ignored; -inf if there is nothing else
  float (*sum_of_exp)(const float* x, int64_t count, float largest);
  float (*log)(float x);
  void (*log_softmax)(const float* x, int64_t count, float largest, float log_sum, float* output);
  void (*exp)(const float* x, float shift, float* output, int64_t count);  // exp(x - shift)
  // Appends ids with x > threshold, in ascending order, from `*position` on, until `capacity` of them are
  // there or `count` is reached (`*position` says where it stopped). Returns how many.
  int64_t (*find_above)(const float* x, int64_t count, float threshold, int64_t* position, uint32_t* ids,
                        int64_t capacity);

  // --- sampling ---
  // output = logit / temperature kept finite; NaN and -inf become -inf. Returns whether any logit is finite.
  bool (*temper)(const float* logits, float temperature, float* output, int64_t count);
  void (*best_of)(const float* x, int64_t count, Best* best);
  // Best of x[id] + gumbel(seed, position, id): over all ids below count, and over listed ids.
  void (*best_noisy)(const float* x, int64_t count, uint64_t seed, uint64_t position, Best* best);
  void (*best_noisy_of)(const float* x, const uint32_t* ids, int64_t count, uint64_t seed, uint64_t position,
                        Best* best);
};

// Each is filled by the translation units compiled for it.
#define LLM42_DECLARE_ISA(isa)            \
  namespace isa {                         \
  void add_linear(Kernels& kernels);      \
  void add_linear_int8(Kernels& kernels); \
  void add_moe(Kernels& kernels);         \
  void add_norm(Kernels& kernels);        \
  void add_attention(Kernels& kernels);   \
  void add_decode(Kernels& kernels);      \
  void add_logits(Kernels& kernels);      \
  void add_sampling(Kernels& kernels);    \
  }
LLM42_DECLARE_ISA(portable)
LLM42_DECLARE_ISA(avx2)
LLM42_DECLARE_ISA(avx512)
#undef LLM42_DECLARE_ISA
namespace avx512 {
void add_matrix_int8(Kernels& kernels);
}

}  // namespace cpu
}  // namespace llm42
