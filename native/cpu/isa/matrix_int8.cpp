// Products of int8 rows with int8 panels by the processor's matrix unit (AMX). Its sums are the integers of
// linear_int8.cpp, and so are the bits of what comes of them.
#include "cpu/isa/f32x16.h"
#include "cpu/isa/kernels.h"
#include "cpu/signal_stack.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

// A tile register holds 16 rows of 64 bytes: of the input 16 rows of 16 quads, of a panel 16 quads of half
// its columns, of the sums 16 rows of 16 columns.
constexpr int64_t tile_height = 16;
constexpr int64_t tile_quads = 16;
constexpr int64_t quad_bytes = 4 * panel_columns;
constexpr int64_t tile_bytes = 64;

// Rows at a time: two tiles of input by the two of a panel fill the eight registers.
constexpr int64_t step_rows = 2 * tile_height;

// Bytes ahead of the reads of a panel, as in linear.cpp. The panel comes no nearer than the second-level cache
// before it is read, as a stream, so that the first keeps the input.
constexpr int64_t prefetch_reach = 4096;

LLM42_INLINE int64_t at_most(int64_t most, int64_t count) {
  return count < most ? count : most;
}

// The intrinsics of tiles do not tell the compiler what memory they read: without this it drops the stores.
template <class Object>
LLM42_INLINE void keep(const Object& object) {
  __asm__ volatile("" : : "m"(object));
}

// What _tile_loadconfig reads.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

// Registers 0 to 3 are sums, 4 and 5 input, 6 and 7 the panel; 0, 1 and 4 have the upper rows.
void configure(int64_t rows) {
  const auto upper = static_cast<uint8_t>(at_most(tile_height, rows));
  const auto lower = static_cast<uint8_t>(rows > tile_height ? rows - tile_height : 1);
  const uint8_t heights[8] = {upper, upper, lower, lower, upper, lower, tile_quads, tile_quads};
  TileConfig config;
  for (int i = 0; i < 8; ++i) {
    config.row_bytes[i] = tile_bytes;
    config.rows[i] = heights[i];
  }
  keep(config);
  _tile_loadconfig(&config);
}

template <bool has_lower>
LLM42_INLINE void add_products(const int8_t* x, int64_t stride, const int8_t* panel) {
  _tile_stream_loadd(6, panel, quad_bytes);
  _tile_stream_loadd(7, panel + tile_bytes, quad_bytes);
  _tile_loadd(4, x, stride);
  _tile_dpbssd(0, 4, 6);
  _tile_dpbssd(1, 4, 7);
  if (has_lower) {
    _tile_loadd(5, x + tile_height * stride, stride);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
}

// Scales `rows` rows of a half of the columns.
void finish(const int32_t* totals, int64_t rows, const float* row_scales, const float* scales, float* sums) {
  const __m512 scale = _mm512_loadu_ps(scales);
  for (int64_t r = 0; r < rows; ++r) {
    const __m512 total = _mm512_cvtepi32_ps(_mm512_load_si512(totals + r * lanes));
    const __m512 sum = _mm512_mul_ps(total, _mm512_set1_ps(row_scales[r]));
    _mm512_storeu_ps(sums + r * panel_columns, _mm512_mul_ps(sum, scale));
  }
}

// Up to step_rows rows from row `first` on.
template <bool has_lower>
void multiply(const Int8Block& b, int64_t first, int64_t rows) {
  const int64_t stride = b.quads * 4;
  const int8_t* const x = b.x + first * stride;
  _tile_zero(0);
  _tile_zero(1);
  if (has_lower) {
    _tile_zero(2);
    _tile_zero(3);
  }
  int64_t q = 0;
  for (; q + tile_quads <= b.quads; q += tile_quads) {
    const int8_t* const panel = b.panel + q * quad_bytes;
    if (first == 0) {
      for (int64_t i = 0; i < tile_quads * quad_bytes; i += 64)
        __builtin_prefetch(panel + prefetch_reach + i, 0, 2);
    }
    add_products<has_lower>(x + q * 4, stride, panel);
  }
  if (q < b.quads) {
    // Zeros behind the last quads.
    alignas(64) int8_t input[step_rows * tile_bytes] = {};
    alignas(64) int8_t panel[tile_quads * quad_bytes] = {};
    const int64_t rest = b.quads - q;
    for (int64_t r = 0; r < rows; ++r)
      memcpy(input + r * tile_bytes, x + r * stride + q * 4, static_cast<size_t>(rest * 4));
    memcpy(panel, b.panel + q * quad_bytes, static_cast<size_t>(rest * quad_bytes));
    keep(input);
    keep(panel);
    add_products<has_lower>(input, tile_bytes, panel);
  }

  alignas(64) int32_t totals[tile_height * lanes];
  float* const sums = b.sums + first * panel_columns;
  const float* const row_scales = b.row_scales + first;
  const int64_t upper = at_most(tile_height, rows);
  _tile_stored(0, totals, tile_bytes);
  finish(totals, upper, row_scales, b.scales, sums);
  _tile_stored(1, totals, tile_bytes);
  finish(totals, upper, row_scales, b.scales + lanes, sums + lanes);
  if (has_lower) {
    const int64_t lower = rows - tile_height;
    float* const lower_sums = sums + tile_height * panel_columns;
    _tile_stored(2, totals, tile_bytes);
    finish(totals, lower, row_scales + tile_height, b.scales, lower_sums);
    _tile_stored(3, totals, tile_bytes);
    finish(totals, lower, row_scales + tile_height, b.scales + lanes, lower_sums + lanes);
  }
}

void block(const Int8Block& b) {
  make_room_for_tiles();
  int64_t configured = 0;
  for (int64_t first = 0; first < b.rows; first += step_rows) {
    const int64_t rows = at_most(step_rows, b.rows - first);
    if (rows != configured) configure(rows);
    configured = rows;
    if (rows > tile_height) {
      multiply<true>(b, first, rows);
    } else {
      multiply<false>(b, first, rows);
    }
  }
  // A thread that holds tiles pays for them at every switch.
  _tile_release();
}

int64_t round(int64_t rounds) {
  make_room_for_tiles();
  configure(step_rows);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (int64_t i = 0; i < rounds; ++i) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_release();
  return 4 * tile_height * lanes * tile_bytes * 2;
}

}  // namespace

void add_matrix_int8(Kernels& kernels) {
  kernels.int8_block = block;
  kernels.int8_round = round;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
