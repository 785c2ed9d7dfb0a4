// Attention of a few queries over keys and values as they lie in the cache: each is read once, expanded in
// registers, and the sums of all queries stay in registers meanwhile. The chains are those of the tiles.
#include "cpu/isa/elementary.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

// Vectors of sums that a function keeps in registers.
#if defined(LLM42_ISA_AVX512)
constexpr int most_sums = 24;
#else
constexpr int most_sums = 6;
#endif

// How many vectors of each row are summed at a time: enough for the multipliers not to wait for one another.
constexpr int vectors_for(int rows) {
  int vectors = 8;
  while (vectors > 1 && vectors * rows > most_sums) vectors /= 2;
  return vectors;
}

LLM42_INLINE F32x16 load_any(const float* p) {
  return load(p);
}
LLM42_INLINE F32x16 load_any(const uint16_t* p) {
  return load_bf16(p);
}

template <class Element, int rows, int blocks>
LLM42_INLINE void score(const float* queries, int64_t depth, const void* const* keys, int64_t keys_stride,
                        float* scores, int64_t scores_stride) {
  const Element* from[blocks];
  const Element* next[blocks];
  F32x16 total[rows][blocks];
#pragma GCC unroll 8
  for (int b = 0; b < blocks; ++b) {
    from[b] = static_cast<const Element*>(keys[b]);
    next[b] = static_cast<const Element*>(keys[blocks + b]);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) total[r][b] = zero();
  }
  for (int64_t d = 0; d < depth; ++d) {
    F32x16 query[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) query[r] = splat(queries[d * rows + r]);
#pragma GCC unroll 8
    for (int b = 0; b < blocks; ++b) {
      const F32x16 key = load_any(from[b] + d * keys_stride);
      __builtin_prefetch(next[b] + d * keys_stride, 0, 2);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) total[r][b] = fma(query[r], key, total[r][b]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int b = 0; b < blocks; ++b) store(scores + r * scores_stride + b * lanes, total[r][b]);
  }
}

// As many blocks at a time as registers hold, then half as many, and so on.
template <class Element, int rows, int step>
LLM42_INLINE void score_from(int64_t block, const float* queries, int64_t depth, const void* const* keys,
                             int64_t blocks, int64_t keys_stride, float* scores, int64_t scores_stride) {
  static_assert(step <= Kernels::blocks_ahead);
  for (; block + step <= blocks; block += step) {
    score<Element, rows, step>(queries, depth, keys + block, keys_stride, scores + block * lanes,
                               scores_stride);
  }
  if constexpr (step > 1) {
    score_from<Element, rows, step / 2>(block, queries, depth, keys, blocks, keys_stride, scores,
                                        scores_stride);
  }
}

template <class Element, int rows>
void score_rows(const float* queries, int64_t depth, const void* const* keys, int64_t blocks,
                int64_t keys_stride, float* scores, int64_t scores_stride) {
  score_from<Element, rows, vectors_for(rows)>(0, queries, depth, keys, blocks, keys_stride, scores,
                                               scores_stride);
}

template <class Element, int rows, int vectors>
LLM42_INLINE void weigh(const float* weights, int64_t weights_stride, int64_t positions,
                        const Element* values, const Element* next, int64_t width, float* sums,
                        int64_t sums_stride) {
  F32x16 total[rows][vectors];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) total[r][v] = load(sums + r * sums_stride + v * lanes);
  }
  for (int64_t i = 0; i < positions; ++i) {
    F32x16 weight[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) weight[r] = splat(weights[r * weights_stride + i]);
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      const F32x16 value = load_any(values + i * width + v * lanes);
      __builtin_prefetch(next + i * width + v * lanes, 0, 2);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) total[r][v] = fma(weight[r], value, total[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) store(sums + r * sums_stride + v * lanes, total[r][v]);
  }
}

template <class Element, int rows, int step>
LLM42_INLINE void weigh_from(int64_t element, const float* weights, int64_t weights_stride, int64_t positions,
                             const Element* values, const Element* next, int64_t width, float* sums,
                             int64_t sums_stride) {
  for (; element + step * lanes <= width; element += step * lanes) {
    weigh<Element, rows, step>(weights, weights_stride, positions, values + element, next + element, width,
                               sums + element, sums_stride);
  }
  if constexpr (step > 1) {
    weigh_from<Element, rows, step / 2>(element, weights, weights_stride, positions, values, next, width,
                                        sums, sums_stride);
  }
}

template <class Element, int rows>
void weigh_rows(const float* weights, int64_t weights_stride, int64_t positions, const void* values,
                const void* next, int64_t width, float* sums, int64_t sums_stride) {
  weigh_from<Element, rows, vectors_for(rows)>(0, weights, weights_stride, positions,
                                               static_cast<const Element*>(values),
                                               static_cast<const Element*>(next), width, sums, sums_stride);
}

template <class Element, int rows>
void add_rows(Kernels& kernels, Format format) {
  static_assert(rows <= most_decode_rows);
  kernels.score_rows[format][rows - 1] = score_rows<Element, rows>;
  kernels.weigh_rows[format][rows - 1] = weigh_rows<Element, rows>;
  if constexpr (rows < most_decode_rows) add_rows<Element, rows + 1>(kernels, format);
}

}  // namespace

void add_decode(Kernels& kernels) {
  add_rows<float, 1>(kernels, format_f32);
  add_rows<uint16_t, 1>(kernels, format_bf16);
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
