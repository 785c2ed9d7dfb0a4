/**
 * @file embedding.h
 * Rows of a table by index: token embedding, and the choice of the rows that go on to the logits.
 */
#ifndef LLM42_EMBEDDING_H
#define LLM42_EMBEDDING_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Parameters of llm42_embedding(). Exact: fast and invariant numerics coincide. */
typedef struct llm42_embedding_params {
  /** sizeof(llm42_embedding_params). */
  uint32_t struct_size;
  /** Rows of the output, 0 or more. */
  int32_t rows;
  /**
   * Embedding table, N = vocabulary, K = width, of any format but i8; the same handle may serve
   * llm42_linear() (tied embeddings).
   */
  const llm42_weight* table;
  /** i32 [rows]: indices 0..N-1. The cpu backend refuses an index out of range. */
  llm42_view ids;
  /** activation [rows, K], dense. */
  llm42_view output;
} llm42_embedding_params;

/** output[r] = table[ids[r]]. */
LLM42_API llm42_status llm42_embedding(llm42_stream* stream,
                                       const llm42_embedding_params* params) LLM42_NOEXCEPT;

/** Parameters of llm42_gather_rows(). Exact: fast and invariant numerics coincide. */
typedef struct llm42_gather_rows_params {
  /** sizeof(llm42_gather_rows_params). */
  uint32_t struct_size;
  /** Rows of the output, 0 or more. */
  int32_t rows;
  /** Rows of the input, 1 or more. */
  int32_t input_rows;
  /** Elements per row, 1 or more. */
  int32_t width;
  /** i32 [rows]: indices 0..input_rows-1. */
  llm42_view indices;
  /** activation [input_rows, width], dense. */
  llm42_view input;
  /** activation [rows, width], dense; must not overlap the input. */
  llm42_view output;
} llm42_gather_rows_params;

/** output[r] = input[indices[r]]. */
LLM42_API llm42_status llm42_gather_rows(llm42_stream* stream,
                                         const llm42_gather_rows_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
