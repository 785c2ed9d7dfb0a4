/**
 * @file logprobs.h
 * Log-probabilities of logits. One fixed tree per row that depends on the vocabulary size alone: fast and
 * invariant numerics coincide.
 */
#ifndef LLM42_LOGPROBS_H
#define LLM42_LOGPROBS_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Parameters of llm42_log_softmax(). V = vocabulary. */
typedef struct llm42_log_softmax_params {
  /** sizeof(llm42_log_softmax_params). */
  uint32_t struct_size;
  /** Rows, 0 or more. */
  int32_t rows;
  /** Vocabulary (V), 1 or more. */
  int32_t vocabulary;
  /** Must be 0. */
  int32_t reserved;
  /** f32 [rows, V]. */
  llm42_view logits;
  /** Elements from one row of logits to the next. */
  int64_t logits_stride;
  /** f32 [rows, V], dense; may be the logits themselves if those are dense. */
  llm42_view output;
} llm42_log_softmax_params;

/** output = logits - log(sum(exp(logits))) per row. A logit of -inf gives -inf. */
LLM42_API llm42_status llm42_log_softmax(llm42_stream* stream,
                                         const llm42_log_softmax_params* params) LLM42_NOEXCEPT;

/** Parameters of llm42_top_logprobs(). V = vocabulary. */
typedef struct llm42_top_logprobs_params {
  /** sizeof(llm42_top_logprobs_params). */
  uint32_t struct_size;
  /** Rows, 0 or more. */
  int32_t rows;
  /** Vocabulary (V), 1 or more. */
  int32_t vocabulary;
  /** Most likely tokens to report per row, 0..min(V, 1024). */
  int32_t count;
  /** f32 [rows, V]. */
  llm42_view logits;
  /** Elements from one row of logits to the next. */
  int64_t logits_stride;
  /** Optional. i32 [rows]: token whose log-probability goes to `chosen_logprobs`, 0..V-1. */
  llm42_view chosen_ids;
  /** f32 [rows]; needed if and only if `chosen_ids` is given. */
  llm42_view chosen_logprobs;
  /** i32 [rows, count]: most likely first, ties to the lower id. Needed if count > 0. */
  llm42_view top_ids;
  /** f32 [rows, count]. Needed if count > 0. */
  llm42_view top_logprobs;
} llm42_top_logprobs_params;

/** Log-probabilities of chosen tokens and of the `count` most likely ones; equal to llm42_log_softmax() bit
 * for bit. */
LLM42_API llm42_status llm42_top_logprobs(llm42_stream* stream,
                                          const llm42_top_logprobs_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
