/**
 * @file rope.h
 * Rotary position embedding (Su et al., 2021) of queries and keys, and the write of keys and values.
 */
#ifndef LLM42_ROPE_H
#define LLM42_ROPE_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Parameters of llm42_rope_write_kv(). H = query heads, the rest as in the cache. Exact per element: fast
 * and invariant numerics coincide. */
typedef struct llm42_rope_write_kv_params {
  /** sizeof(llm42_rope_write_kv_params). */
  uint32_t struct_size;
  /** Rows, 0 or more. */
  int32_t rows;
  /** Query heads (H), a multiple of the cache's kv_heads. */
  int32_t query_heads;
  /** Leading elements of each head that are rotated: even, 0..head_size. Element i pairs with i + rotary_size
   * / 2. */
  int32_t rotary_size;
  /** Positions that the table covers, 1 or more. */
  int32_t table_positions;
  /** Layer of the cache to write, 0..layers-1. */
  int32_t layer;
  /** The cache. */
  llm42_kv_cache* cache;
  /** activation [rows, (H + 2 * kv_heads) * head_size]: queries, keys, values. Queries are rotated in place;
   * keys and values go to the cache and their place here is unspecified afterwards. */
  llm42_view qkv;
  /** Elements from one row to the next. */
  int64_t qkv_stride;
  /** i32 [rows]: 0..table_positions-1. */
  llm42_view positions;
  /** i32 [rows]: slot to write, distinct, 0..pages*page_size-1; -1 writes nothing. */
  llm42_view slots;
  /** f32 [table_positions, rotary_size]: cosines of the rotary_size / 2 angles, then their sines. */
  llm42_view table;
} llm42_rope_write_kv_params;

/** Rotates queries and keys and writes keys and values into their slots, rounded to the cache's dtype. */
LLM42_API llm42_status llm42_rope_write_kv(llm42_stream* stream,
                                           const llm42_rope_write_kv_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
