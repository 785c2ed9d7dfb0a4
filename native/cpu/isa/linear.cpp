// Tiles of a product with a packed panel: one FMA chain per output, k ascending.
#include "cpu/isa/elementary.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

// Rows and vectors of 16 columns that a tile keeps in registers.
#if defined(LLM42_ISA_AVX512)
constexpr int tile_rows = 12;
constexpr int tile_vectors = 2;
#elif defined(LLM42_ISA_AVX2)
constexpr int tile_rows = 6;
constexpr int tile_vectors = 1;
#else
constexpr int tile_rows = 4;
constexpr int tile_vectors = 1;
#endif

struct LoadF32 {
  using Element = float;
  LLM42_INLINE F32x16 at(const Element* p) { return load(p); }
};
struct LoadF16 {
  using Element = uint16_t;
  LLM42_INLINE F32x16 at(const Element* p) { return load_f16(p); }
};
struct LoadBf16 {
  using Element = uint16_t;
  LLM42_INLINE F32x16 at(const Element* p) { return load_bf16(p); }
};

// Bytes ahead of the reads. The hardware prefetcher stops at page borders; a longer reach covers the start of
// the next page.
constexpr int64_t prefetch_reach = 4096;

template <class Load, int rows, int vectors, bool is_streamed>
LLM42_INLINE void accumulate(const float* x, const typename Load::Element* panel, float* sums, int64_t stride,
                             int64_t k, bool is_first) {
  F32x16 total[rows][vectors];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) total[r][v] = is_first ? zero() : load(sums + r * stride + v * lanes);
  }
  for (int64_t i = 0; i < k; ++i) {
    F32x16 weight[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) weight[v] = Load::at(panel + i * panel_columns + v * lanes);
    if (is_streamed)
      __builtin_prefetch(reinterpret_cast<const char*>(panel + i * panel_columns) + prefetch_reach);
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      const F32x16 input = splat(x[i * rows + r]);
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) total[r][v] = fma(input, weight[v], total[r][v]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) store(sums + r * stride + v * lanes, total[r][v]);
  }
}

template <class Load, int rows, bool is_streamed>
void tile_of_rows(const float* x, const typename Load::Element* panel, float* sums, int64_t stride, int64_t k,
                  bool is_first) {
  // Few rows leave registers for the whole panel, which is then read once.
  constexpr int vectors = rows * 2 <= tile_rows * tile_vectors / 2 ? 2 : tile_vectors;
  for (int64_t column = 0; column < panel_columns; column += vectors * lanes) {
    accumulate<Load, rows, vectors, is_streamed>(x, panel + column, sums + column, stride, k, is_first);
  }
}

template <class Load, bool is_streamed>
LLM42_INLINE void dispatch(int64_t rows, const float* x, const typename Load::Element* panel, float* sums,
                           int64_t stride, int64_t k, bool is_first) {
#define LLM42_TILE(n)                                                                                      \
  case n:                                                                                                  \
    if constexpr (n <= tile_rows) tile_of_rows<Load, n, is_streamed>(x, panel, sums, stride, k, is_first); \
    break
  switch (rows) {
    LLM42_TILE(1);
    LLM42_TILE(2);
    LLM42_TILE(3);
    LLM42_TILE(4);
    LLM42_TILE(5);
    LLM42_TILE(6);
    LLM42_TILE(7);
    LLM42_TILE(8);
    LLM42_TILE(9);
    LLM42_TILE(10);
    LLM42_TILE(11);
    LLM42_TILE(12);
    default:
      break;
  }
#undef LLM42_TILE
}

template <class Load>
void tile(int64_t rows, const float* x, const void* panel, float* sums, int64_t stride, int64_t k,
          bool is_first) {
  dispatch<Load, true>(rows, x, static_cast<const typename Load::Element*>(panel), sums, stride, k, is_first);
}

void tile_cached(int64_t rows, const float* x, const float* panel, float* sums, int64_t stride, int64_t k,
                 bool is_first) {
  dispatch<LoadF32, false>(rows, x, panel, sums, stride, k, is_first);
}

template <class Load>
void row_by_two(const float* x, const void* panel, const void* next, float* sums, int64_t k) {
  using Element = typename Load::Element;
  const Element* a = static_cast<const Element*>(panel);
  const Element* b = static_cast<const Element*>(next);
  F32x16 a0 = zero(), a1 = zero(), b0 = zero(), b1 = zero();
  for (int64_t i = 0; i < k; ++i) {
    const F32x16 input = splat(x[i]);
    a0 = fma(input, Load::at(a + i * panel_columns), a0);
    a1 = fma(input, Load::at(a + i * panel_columns + lanes), a1);
    b0 = fma(input, Load::at(b + i * panel_columns), b0);
    b1 = fma(input, Load::at(b + i * panel_columns + lanes), b1);
    __builtin_prefetch(reinterpret_cast<const char*>(a + i * panel_columns) + prefetch_reach);
    __builtin_prefetch(reinterpret_cast<const char*>(b + i * panel_columns) + prefetch_reach);
  }
  store(sums, a0);
  store(sums + lanes, a1);
  store(sums + 2 * lanes, b0);
  store(sums + 3 * lanes, b1);
}

template <class Load>
void expand(const void* source, float* destination, int64_t count) {
  const auto* elements = static_cast<const typename Load::Element*>(source);
  for (int64_t i = 0; i < count; i += lanes) store(destination + i, Load::at(elements + i));
}

template <int rows>
LLM42_INLINE void interleave(const float* x, int64_t stride, int64_t k, float* packed) {
  for (int64_t i = 0; i < k; ++i) {
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) packed[i * rows + r] = x[r * stride + i];
  }
}

void pack_rows(const float* x, int64_t stride, int64_t rows, int64_t k, float* packed) {
  if (rows == tile_rows) {
    interleave<tile_rows>(x, stride, k, packed);
    return;
  }
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t r = 0; r < rows; ++r) packed[i * rows + r] = x[r * stride + i];
  }
}

LLM42_INLINE F32x16 biased(const float* sums, const float* bias, int64_t count) {
  const F32x16 value = load(sums);
  return bias == nullptr ? value : add(value, load_first(bias, count));
}

template <bool has_residual>
void store_rows(const TileStore& t) {
  for (int64_t r = 0; r < t.rows; ++r) {
    for (int64_t column = 0; column < t.columns; column += lanes) {
      const int64_t count = t.columns - column < lanes ? t.columns - column : lanes;
      F32x16 value =
          biased(t.sums + r * panel_columns + column, t.bias == nullptr ? nullptr : t.bias + column, count);
      if (has_residual) value = add(load_first(t.residual + r * t.residual_stride + column, count), value);
      store_first(t.output + r * t.output_stride + column, value, count);
    }
  }
}

void store_swiglu(const TileStore& t) {
  for (int64_t r = 0; r < t.rows; ++r) {
    const float* sums = t.sums + r * panel_columns;
    const F32x16 gate = biased(sums, t.bias, t.columns);
    const F32x16 up = biased(sums + lanes, t.up_bias, t.columns);
    store_first(t.output + r * t.output_stride, mul(silu(gate), up), t.columns);
  }
}

}  // namespace

void add_linear(Kernels& kernels) {
  kernels.tile_rows = tile_rows;
  kernels.tile[format_f32] = tile<LoadF32>;
  kernels.tile[format_f16] = tile<LoadF16>;
  kernels.tile[format_bf16] = tile<LoadBf16>;
  kernels.tile_cached = tile_cached;
  kernels.row_by_two[format_f32] = row_by_two<LoadF32>;
  kernels.row_by_two[format_f16] = row_by_two<LoadF16>;
  kernels.row_by_two[format_bf16] = row_by_two<LoadBf16>;
  kernels.expand[format_f32] = expand<LoadF32>;
  kernels.expand[format_f16] = expand<LoadF16>;
  kernels.expand[format_bf16] = expand<LoadBf16>;
  kernels.pack_rows = pack_rows;
  kernels.store_plain = store_rows<false>;
  kernels.store_residual = store_rows<true>;
  kernels.store_swiglu = store_swiglu;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
