/**
 * @file sampling.h
 * Choice of the next token. One fixed tree per row: fast and invariant numerics coincide.
 *
 * Noise is counter-based: Philox4x32-10 (Salmon et al., 2011) with key = seed and counter = (token id / 4,
 * position low, position high, 0); word token id % 4 gives u = (word >> 8 + 0.5) / 2^24, and the Gumbel noise
 * g = -log(-log(u)). The sampled token is the argmax of logit / temperature + g over the tokens kept
 * (Gumbel-max), so that a row needs no state but (seed, position) and no other row.
 */
#ifndef LLM42_SAMPLING_H
#define LLM42_SAMPLING_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** How to sample one row; an array element, its layout is fixed for an ABI version. */
typedef struct llm42_sampling_row {
  /** 0 = greedy: the largest logit, ties to the lower id. Otherwise 0.01..100. */
  float temperature;
  /** Keep the most likely tokens until their probability reaches this; 1 keeps all. 0 < top_p <= 1. */
  float top_p;
  /** Drop tokens less likely than this times the most likely one; 0 drops none. 0..1. */
  float min_p;
  /** Keep this many of the most likely tokens; 0 keeps all. */
  int32_t top_k;
  /** Seed of the noise. */
  uint64_t seed;
  /** Position in the sequence of the token to be chosen; counter of the noise. */
  int64_t position;
} llm42_sampling_row;

/**
 * What bias and penalties do to the logit of one token of one row: x = logit + bias; then x / repetition
 * where x > 0, else x * repetition; then - penalty. An array element, its layout is fixed for an ABI version.
 */
typedef struct llm42_logit_adjustment {
  /** The token, 0..V-1. */
  int32_t token_id;
  /** Added to the logit; finite, 0 for none. */
  float bias;
  /** Above 0 and finite; above 1 makes the token less likely, below 1 more; 1 for none. */
  float repetition;
  /** Subtracted at last; finite, 0 for none. */
  float penalty;
} llm42_logit_adjustment;

/** Parameters of llm42_sample(). V = vocabulary. */
typedef struct llm42_sample_params {
  /** sizeof(llm42_sample_params). */
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
  /** ::llm42_sampling_row [rows]. */
  llm42_view sampling;
  /** i32 [rows]: the chosen tokens. */
  llm42_view ids;
  /** Optional. f32 [rows]: best minus second best of the values compared; +inf if only one token was kept. */
  llm42_view margins;
  /**
   * Optional. i32 [rows + 1]: adjustments of row r are adjustment_starts[r] .. adjustment_starts[r + 1] - 1;
   * adjustment_starts[0] = 0, adjustment_starts[rows] = adjustment_count.
   */
  llm42_view adjustment_starts;
  /** ::llm42_logit_adjustment [adjustment_count]: within a row the token ids strictly ascend. */
  llm42_view adjustments;
  /** Adjustments over all rows, 0..2147483647; 0 without adjustment_starts. */
  int64_t adjustment_count;
  /** Optional. i32 [rows]: the mask of each row, 0..mask_count-1; -1 for none. Rows may share one. */
  llm42_view mask_indices;
  /**
   * u32 [mask_count, (V + 31) / 32]: token t may be chosen if bit t % 32 of word t / 32 is set. Bits from V
   * on count for nothing. A mask that a row uses sets at least one.
   */
  llm42_view masks;
  /** Masks, 0..2147483647; 0 without mask_indices. */
  int64_t mask_count;
} llm42_sample_params;

/**
 * Chooses a token per row. Order: mask, adjustments, temperature, top-k, top-p over what top-k kept, min-p
 * over what is left (each renormalised), ties to the lower id throughout. NaN logits are never chosen,
 * adjusted or not; a row without a finite logit chooses token 0. Adjustments are plain f32 arithmetic, change
 * no other row and not the logits themselves. What a mask leaves out is as if its logit were -inf, and never
 * chosen: a row without a finite logit inside its mask chooses the lowest token of the mask. A struct that
 * ends behind `margins` has no adjustments, and one that ends behind `adjustment_count` no masks.
 */
LLM42_API llm42_status llm42_sample(llm42_stream* stream, const llm42_sample_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
