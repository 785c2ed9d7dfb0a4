/**
 * @file verify.h
 * Comparison of draft tokens with canonical predictions.
 */
#ifndef LLM42_VERIFY_H
#define LLM42_VERIFY_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Parameters of llm42_first_mismatch(). Exact. */
typedef struct llm42_first_mismatch_params {
  /** sizeof(llm42_first_mismatch_params). */
  uint32_t struct_size;
  /** Windows (G), 0 or more. */
  int32_t windows;
  /** Drafts over all windows, 0 or more. */
  int32_t draft_count;
  /** Must be 0. */
  int32_t reserved;
  /** i32 [G + 1]: drafts of window g are starts[g] .. starts[g + 1] - 1; starts[0] = 0, starts[G] =
   * draft_count. */
  llm42_view starts;
  /** i32 [draft_count]. */
  llm42_view drafts;
  /** i32 [draft_count + G]: window g has one prediction more than drafts, from starts[g] + g on. */
  llm42_view predictions;
  /** i32 [G]: number of leading drafts that equal their prediction. */
  llm42_view accepted;
} llm42_first_mismatch_params;

/** accepted[g] = first i with drafts[i] != predictions[i] in window g, or its number of drafts. */
LLM42_API llm42_status llm42_first_mismatch(llm42_stream* stream,
                                            const llm42_first_mismatch_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
