/**
 * @file attention.h
 * Causal attention over the paged cache, for a ragged batch of decode, prefill and verify rows in one call.
 */
#ifndef LLM42_ATTENTION_H
#define LLM42_ATTENTION_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Positions after which an invariant split of the keys and values begins: 0, 256, 512 and so on. */
#define LLM42_ATTENTION_SPLIT 256

/** Parameters of llm42_attention(). H = query heads, D = head size, S = sequences. */
typedef struct llm42_attention_params {
  /** sizeof(llm42_attention_params). */
  uint32_t struct_size;
  /** Rows over all sequences, 0 or more. */
  int32_t rows;
  /** Sequences (S), 0 or more. */
  int32_t sequences;
  /** Query heads (H), a multiple of the cache's kv_heads; head h reads kv head h / (H / kv_heads). */
  int32_t query_heads;
  /** Layer of the cache to read, 0..layers-1. */
  int32_t layer;
  /** Fast or invariant. */
  llm42_numerics numerics;
  /** Columns of `block_tables`, 1 or more. */
  int32_t max_blocks;
  /** Sliding window: a row sees the last `window` positions, itself among them; 0 = all. */
  int32_t window;
  /** Factor of the scores, usually 1 / sqrt(D). */
  float scale;
  /** Must be 0. */
  int32_t reserved;
  /** The cache, already holding keys and values of the rows themselves. */
  const llm42_kv_cache* cache;
  /** activation [rows, H * D]. */
  llm42_view query;
  /** Elements from one query row to the next. */
  int64_t query_stride;
  /** i32 [S + 1]: rows of sequence s are starts[s] .. starts[s + 1] - 1; starts[0] = 0, starts[S] = rows. */
  llm42_view sequence_starts;
  /** i32 [rows]: position of each row; it sees positions 0..position (within the window). */
  llm42_view positions;
  /** i32 [S, max_blocks]: page of each block of page_size positions. Entries past a sequence's last row's
   * block are not read. */
  llm42_view block_tables;
  /** activation [rows, H * D]; must not overlap the query. */
  llm42_view output;
  /** Elements from one output row to the next. */
  int64_t output_stride;
} llm42_attention_params;

/** output = softmax(scale * q k^T) v per head, over the positions that a row sees. */
LLM42_API llm42_status llm42_attention(llm42_stream* stream,
                                       const llm42_attention_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
