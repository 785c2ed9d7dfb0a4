// Products of int8 rows with int8 panels, exact in 32-bit integers that wrap.
#include "core/quantize.h"
#include "cpu/isa/f32x16.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

constexpr int64_t quad_bytes = 4 * panel_columns;

// Bytes ahead of the reads, as in linear.cpp.
constexpr int64_t prefetch_reach = 4096;

LLM42_INLINE int32_t quad_at(const int8_t* x) {
  int32_t quad;
  memcpy(&quad, x, sizeof quad);
  return quad;
}

#if defined(LLM42_ISA_AVX512)

constexpr int tile_rows = 12;

// total += weight * input, four products of unsigned by signed bytes a lane. Not the intrinsic: GCC 12 makes
// copies of every sum around it, which takes half of the speed.
LLM42_INLINE void add_products(__m512i& total, __m512i weight, __m512i input) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(total) : "v"(weight), "v"(input));
}

// vpdpbusd takes one factor unsigned: the weight, moved up by 128. What that adds, 128 times the sum of the
// row, is taken off beforehand.
template <int rows, int panels>
void multiply(const Int8Tile& t) {
  constexpr int vectors = 2 * panels;
  __m512i total[rows][vectors];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
    const uint32_t excess = static_cast<uint32_t>(t.row_sums[r]) * 128u;
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) total[r][v] = _mm512_set1_epi32(static_cast<int32_t>(0u - excess));
  }
  const __m512i upwards = _mm512_set1_epi8(-128);
  const int8_t* panel[panels];
#pragma GCC unroll 4
  for (int p = 0; p < panels; ++p) panel[p] = t.panel + p * t.panel_stride;
  for (int64_t q = 0; q < t.quads; ++q) {
    __m512i weight[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      const int8_t* at = panel[v / 2] + q * quad_bytes + v % 2 * 64;
      __builtin_prefetch(at + prefetch_reach);
      weight[v] = _mm512_xor_si512(_mm512_loadu_si512(at), upwards);
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      const __m512i input = _mm512_set1_epi32(quad_at(t.x + (q * rows + r) * 4));
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) add_products(total[r][v], weight[v], input);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
    const __m512 row_scale = _mm512_set1_ps(t.row_scales[r]);
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      const __m512 sum = _mm512_mul_ps(_mm512_cvtepi32_ps(total[r][v]), row_scale);
      const __m512 scale = _mm512_loadu_ps(t.scales + v * lanes);
      _mm512_storeu_ps(t.sums + ((v / 2) * rows + r) * panel_columns + v % 2 * lanes,
                       _mm512_mul_ps(sum, scale));
    }
  }
}

void tile(const Int8Tile& t) {
#define LLM42_TILE(rows, panels) \
  case rows * 8 + panels:        \
    multiply<rows, panels>(t);   \
    break
  switch (t.rows * 8 + t.panels) {
    LLM42_TILE(1, 1);
    LLM42_TILE(2, 1);
    LLM42_TILE(3, 1);
    LLM42_TILE(4, 1);
    LLM42_TILE(5, 1);
    LLM42_TILE(6, 1);
    LLM42_TILE(7, 1);
    LLM42_TILE(8, 1);
    LLM42_TILE(9, 1);
    LLM42_TILE(10, 1);
    LLM42_TILE(11, 1);
    LLM42_TILE(12, 1);
    LLM42_TILE(1, 2);
    LLM42_TILE(2, 2);
    LLM42_TILE(3, 2);
    LLM42_TILE(4, 2);
    LLM42_TILE(5, 2);
    LLM42_TILE(6, 2);
    LLM42_TILE(1, 4);
    LLM42_TILE(2, 4);
    LLM42_TILE(3, 4);
    default:
      break;
  }
#undef LLM42_TILE
}

// Sums in flight: latency times units of any processor with the instruction, and few enough for the
// registers.
constexpr int chains = 12;

int64_t run_rounds(int64_t rounds) {
  __m512i total[chains];
#pragma GCC unroll 16
  for (int c = 0; c < chains; ++c) total[c] = _mm512_set1_epi32(c);
  const __m512i weight = _mm512_set1_epi8(3);
  const __m512i input = _mm512_set1_epi8(5);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int c = 0; c < chains; ++c) add_products(total[c], weight, input);
  }
  // Kept, so that the loop is.
#pragma GCC unroll 16
  for (int c = 0; c < chains; ++c) __asm__ volatile("" ::"v"(total[c]));
  return chains * 64 * 2;
}

#else

constexpr int tile_rows = 4;

// Scales the sums of one row of one panel.
LLM42_INLINE void finish(const Int8Tile& t, int64_t panel, int64_t row, const int32_t* totals, int64_t column,
                         int64_t count) {
  const float* const scales = t.scales + panel * panel_columns + column;
  float* const sums = t.sums + (panel * t.rows + row) * panel_columns + column;
  for (int64_t c = 0; c < count; ++c) sums[c] = static_cast<float>(totals[c]) * t.row_scales[row] * scales[c];
}

#if defined(LLM42_ISA_AVX2)

// vpmaddubsw takes one factor unsigned: the magnitude of the row's element, whose sign goes to the weight.
// Two products are 2 * 127 * 127 at most, which 16 bits hold: it never saturates.
template <int rows, int vectors>
LLM42_INLINE void multiply(const Int8Tile& t, int64_t panel, int64_t column) {
  __m256i total[rows][vectors];
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) total[r][v] = _mm256_setzero_si256();
  }
  const __m256i ones = _mm256_set1_epi16(1);
  const int8_t* const elements = t.panel + panel * t.panel_stride + column * 4;
  for (int64_t q = 0; q < t.quads; ++q) {
    __m256i weight[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int8_t* at = elements + q * quad_bytes + v * 32;
      if (v % 2 == 0) __builtin_prefetch(at + prefetch_reach);
      weight[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      const __m256i input = _mm256_set1_epi32(quad_at(t.x + (q * rows + r) * 4));
      const __m256i magnitude = _mm256_abs_epi8(input);
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) {
        const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(weight[v], input));
        total[r][v] = _mm256_add_epi32(total[r][v], _mm256_madd_epi16(pairs, ones));
      }
    }
  }
  for (int r = 0; r < rows; ++r) {
    alignas(32) int32_t totals[8 * vectors];
    for (int v = 0; v < vectors; ++v) _mm256_store_si256(reinterpret_cast<__m256i*>(totals) + v, total[r][v]);
    finish(t, panel, r, totals, column, 8 * vectors);
  }
}

int64_t run_rounds(int64_t rounds) {
  constexpr int chains = 8;
  __m256i total[chains];
  for (int c = 0; c < chains; ++c) total[c] = _mm256_set1_epi32(c);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i weight = _mm256_set1_epi8(3);
  const __m256i input = _mm256_set1_epi8(5);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 8
    for (int c = 0; c < chains; ++c) {
      __asm__ volatile("" : "+x"(weight));  // or one product would do for all
      total[c] = _mm256_add_epi32(total[c], _mm256_madd_epi16(_mm256_maddubs_epi16(input, weight), ones));
    }
  }
  for (int c = 0; c < chains; ++c) __asm__ volatile("" ::"x"(total[c]));
  return chains * 32 * 2;
}

template <int rows>
void multiply_rows(const Int8Tile& t) {
  constexpr int vectors = rows <= 2 ? 4 : 2;
  for (int64_t panel = 0; panel < t.panels; ++panel) {
    for (int64_t column = 0; column < panel_columns; column += 8 * vectors) {
      multiply<rows, vectors>(t, panel, column);
    }
  }
}

#else

int64_t run_rounds(int64_t rounds) {
  int32_t totals[panel_columns] = {};
  alignas(64) int8_t weight[quad_bytes];
  int8_t x[4] = {5, 6, 7, 8};
  for (int64_t i = 0; i < quad_bytes; ++i) weight[i] = static_cast<int8_t>(i);
  for (int64_t round = 0; round < rounds; ++round) {
    x[0] = static_cast<int8_t>(round);
    for (int64_t c = 0; c < panel_columns; ++c) {
      const int8_t* w = weight + c * 4;
      totals[c] += x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3];
    }
  }
  volatile int32_t sink = 0;  // kept, so that the loop is
  for (const int32_t total : totals) sink = sink + (total & 1);
  return panel_columns * 4 * 2;
}

template <int rows>
void multiply_rows(const Int8Tile& t) {
  for (int64_t panel = 0; panel < t.panels; ++panel) {
    int32_t totals[rows][panel_columns] = {};
    const int8_t* weight = t.panel + panel * t.panel_stride;
    for (int64_t q = 0; q < t.quads; ++q, weight += quad_bytes) {
      for (int r = 0; r < rows; ++r) {
        const int8_t* x = t.x + (q * rows + r) * 4;
        for (int64_t c = 0; c < panel_columns; ++c) {
          const int8_t* w = weight + c * 4;
          totals[r][c] += x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3];
        }
      }
    }
    for (int r = 0; r < rows; ++r) finish(t, panel, r, totals[r], 0, panel_columns);
  }
}

#endif

void tile(const Int8Tile& t) {
  switch (t.rows) {
    case 1:
      multiply_rows<1>(t);
      break;
    case 2:
      multiply_rows<2>(t);
      break;
    case 3:
      multiply_rows<3>(t);
      break;
    case 4:
      multiply_rows<4>(t);
      break;
    default:
      break;
  }
}

#endif

void quantize_row(const float* x, int64_t k, int8_t* elements, float* scale, int32_t* sum) {
  uint32_t largest = 0;  // magnitudes are ordered as their bits are
  for (int64_t i = 0; i < k; ++i) {
    const uint32_t magnitude = bits_of(x[i]) & 0x7fffffffu;
    largest = magnitude > largest ? magnitude : largest;
  }
  const bool is_finite = largest < 0x7f800000u;
  *scale = is_finite ? i8_scale(float_of(largest)) : __builtin_nanf("");
  *sum = 0;
  memset(elements, 0, static_cast<size_t>((k + 3) / 4 * 4));
  if (!is_finite || *scale == 0.0f) return;
  const float divisor = *scale;
  int32_t total = 0;
  for (int64_t i = 0; i < k; ++i) {
    const auto element = static_cast<int8_t>(bits_of(x[i] / divisor + 0x1.8p23f));
    elements[i] = element;
    total += element;
  }
  *sum = total;
}

void expand(const int8_t* panel, int64_t quads, float* destination) {
  for (int64_t q = 0; q < quads; ++q, panel += quad_bytes, destination += 4 * panel_columns) {
    for (int64_t i = 0; i < 4; ++i) {
      for (int64_t c = 0; c < panel_columns; ++c) destination[i * panel_columns + c] = panel[c * 4 + i];
    }
  }
}

}  // namespace

void add_linear_int8(Kernels& kernels) {
  kernels.int8_tile_rows = tile_rows;
  kernels.int8_tile = tile;
  kernels.int8_round = run_rounds;
  kernels.quantize_row = quantize_row;
  kernels.expand_int8 = expand;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
