// Tiles of a product with a packed panel: one FMA chain per output, k ascending.
#include "cpu/isa/elementary.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

// Rows and vectors of 16 columns that a tile keeps in registers, and rows of a panel that are expanded at a
// time: they leave room for the input in a first-level cache of 48 KiB, or of 32 KiB.
#if defined(LLM42_ISA_AVX512)
constexpr int tile_rows = 12;
constexpr int tile_vectors = 2;
constexpr int expanded_depth = 256;
#elif defined(LLM42_ISA_AVX2)
constexpr int tile_rows = 6;
constexpr int tile_vectors = 1;
constexpr int expanded_depth = 128;
#else
constexpr int tile_rows = 4;
constexpr int tile_vectors = 1;
constexpr int expanded_depth = 128;
#endif

struct LoadF32 {
  using Element = float;
  static constexpr bool is_narrow = false;
  LLM42_INLINE F32x16 at(const Element* p) { return load(p); }
};
struct LoadF16 {
  using Element = uint16_t;
  static constexpr bool is_narrow = true;
  LLM42_INLINE F32x16 at(const Element* p) { return load_f16(p); }
};
struct LoadBf16 {
  using Element = uint16_t;
  static constexpr bool is_narrow = true;
  LLM42_INLINE F32x16 at(const Element* p) { return load_bf16(p); }
};

// Bytes ahead of the reads. The hardware prefetcher stops at page borders; a longer reach covers the start of
// the next page.
constexpr int64_t prefetch_reach = 4096;

// The same from the second-level cache to the first.
constexpr int64_t near_reach = 1024;

// Where a tile's weights come from, and what it does for those that come next.
enum class Source {
  memory,     // read once: prefetched far ahead
  part,       // of a panel, fetched into the second-level cache before: kept as f32 for the other tiles
  expansion,  // that f32 in the first-level cache
};

template <class Load, Source source, int rows, int vectors>
LLM42_INLINE void accumulate(const float* x, const typename Load::Element* panel, float* expansion,
                             float* sums, int64_t stride, int64_t k, bool is_first, Ahead ahead) {
  F32x16 total[rows][vectors];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) total[r][v] = is_first ? zero() : load(sums + r * stride + v * lanes);
  }
  const auto* next = static_cast<const char*>(ahead.data);
  for (int64_t i = 0; i < k; ++i) {
    const typename Load::Element* at = panel + i * panel_columns;
    F32x16 weight[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      weight[v] = Load::at(at + v * lanes);
      if (source == Source::part && Load::is_narrow)
        store(expansion + i * panel_columns + v * lanes, weight[v]);
    }
    if (source == Source::memory)
      __builtin_prefetch(reinterpret_cast<const char*>(at) + prefetch_reach, 0, 2);
    if (source != Source::expansion) __builtin_prefetch(reinterpret_cast<const char*>(at) + near_reach);
    if (source != Source::memory) __builtin_prefetch(next + i * ahead.step, 0, 2);
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

template <class Load, Source source, int rows>
void tile_of_rows(const float* x, const typename Load::Element* panel, float* expansion, float* sums,
                  int64_t stride, int64_t k, bool is_first, Ahead ahead) {
  // Few rows leave registers for the whole panel, which is then read once.
  constexpr int vectors = rows * 2 <= tile_rows * tile_vectors / 2 ? 2 : tile_vectors;
  for (int64_t column = 0; column < panel_columns; column += vectors * lanes) {
    accumulate<Load, source, rows, vectors>(x, panel + column, expansion + column, sums + column, stride, k,
                                            is_first, ahead);
  }
}

template <class Load, Source source>
LLM42_INLINE void dispatch(int64_t rows, const float* x, const typename Load::Element* panel,
                           float* expansion, float* sums, int64_t stride, int64_t k, bool is_first,
                           Ahead ahead) {
#define LLM42_TILE(n)                                                                       \
  case n:                                                                                   \
    if constexpr (n <= tile_rows)                                                           \
      tile_of_rows<Load, source, n>(x, panel, expansion, sums, stride, k, is_first, ahead); \
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
  dispatch<Load, Source::memory>(rows, x, static_cast<const typename Load::Element*>(panel), sums, sums,
                                 stride, k, is_first, {});
}

template <class Load>
void tile_expanding(int64_t rows, const float* x, const void* panel, float* expansion, float* sums,
                    int64_t stride, int64_t k, bool is_first, Ahead ahead) {
  dispatch<Load, Source::part>(rows, x, static_cast<const typename Load::Element*>(panel), expansion, sums,
                               stride, k, is_first, ahead);
}

void tile_cached(int64_t rows, const float* x, const float* panel, float* sums, int64_t stride, int64_t k,
                 bool is_first, Ahead ahead) {
  dispatch<LoadF32, Source::expansion>(rows, x, panel, sums, sums, stride, k, is_first, ahead);
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

typedef float F32x4 __attribute__((vector_size(16), aligned(4)));
typedef int32_t I32x4 __attribute__((vector_size(16)));

// Four columns of four rows, as four rows.
LLM42_INLINE void transpose(const float* x, int64_t stride, float* packed, int64_t packed_stride) {
  const auto row = [&](int64_t r) { return *reinterpret_cast<const F32x4*>(x + r * stride); };
  const auto column = [&](int64_t i) -> F32x4& {
    return *reinterpret_cast<F32x4*>(packed + i * packed_stride);
  };
  const F32x4 a = __builtin_shuffle(row(0), row(1), I32x4{0, 4, 1, 5});
  const F32x4 b = __builtin_shuffle(row(2), row(3), I32x4{0, 4, 1, 5});
  const F32x4 c = __builtin_shuffle(row(0), row(1), I32x4{2, 6, 3, 7});
  const F32x4 d = __builtin_shuffle(row(2), row(3), I32x4{2, 6, 3, 7});
  column(0) = __builtin_shuffle(a, b, I32x4{0, 1, 4, 5});
  column(1) = __builtin_shuffle(a, b, I32x4{2, 3, 6, 7});
  column(2) = __builtin_shuffle(c, d, I32x4{0, 1, 4, 5});
  column(3) = __builtin_shuffle(c, d, I32x4{2, 3, 6, 7});
}

template <int rows>
LLM42_INLINE void interleave(const float* x, int64_t stride, int64_t k, float* packed) {
  constexpr int in_fours = rows / 4 * 4;
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
#pragma GCC unroll 4
    for (int r = 0; r < in_fours; r += 4) transpose(x + r * stride + i, stride, packed + i * rows + r, rows);
#pragma GCC unroll 4
    for (int r = in_fours; r < rows; ++r) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) packed[(i + j) * rows + r] = x[r * stride + i + j];
    }
  }
  for (; i < k; ++i) {
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) packed[i * rows + r] = x[r * stride + i];
  }
}

void pack_rows(const float* x, int64_t stride, int64_t rows, int64_t k, float* packed) {
#define LLM42_INTERLEAVE(n)              \
  case n:                                \
    interleave<n>(x, stride, k, packed); \
    break
  switch (rows) {
    LLM42_INTERLEAVE(1);
    LLM42_INTERLEAVE(2);
    LLM42_INTERLEAVE(3);
    LLM42_INTERLEAVE(4);
    LLM42_INTERLEAVE(5);
    LLM42_INTERLEAVE(6);
    LLM42_INTERLEAVE(7);
    LLM42_INTERLEAVE(8);
    LLM42_INTERLEAVE(9);
    LLM42_INTERLEAVE(10);
    LLM42_INTERLEAVE(11);
    LLM42_INTERLEAVE(12);
    default:
      break;
  }
#undef LLM42_INTERLEAVE
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
  kernels.expanded_depth = expanded_depth;
  kernels.tile[format_f32] = tile<LoadF32>;
  kernels.tile[format_f16] = tile<LoadF16>;
  kernels.tile[format_bf16] = tile<LoadBf16>;
  kernels.tile_expanding[format_f32] = tile_expanding<LoadF32>;
  kernels.tile_expanding[format_f16] = tile_expanding<LoadF16>;
  kernels.tile_expanding[format_bf16] = tile_expanding<LoadBf16>;
  kernels.tile_cached = tile_cached;
  kernels.row_by_two[format_f32] = row_by_two<LoadF32>;
  kernels.row_by_two[format_f16] = row_by_two<LoadF16>;
  kernels.row_by_two[format_bf16] = row_by_two<LoadBf16>;
  kernels.pack_rows = pack_rows;
  kernels.store_plain = store_rows<false>;
  kernels.store_residual = store_rows<true>;
  kernels.store_swiglu = store_swiglu;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
