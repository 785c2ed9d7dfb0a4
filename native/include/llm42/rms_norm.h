/**
 * @file rms_norm.h
 * Root mean square layer normalisation (Zhang and Sennrich, 2019), with an optional residual sum before it.
 */
#ifndef LLM42_RMS_NORM_H
#define LLM42_RMS_NORM_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Parameters of llm42_rms_norm(). */
typedef struct llm42_rms_norm_params {
  /** sizeof(llm42_rms_norm_params). */
  uint32_t struct_size;
  /** Rows, 0 or more. */
  int32_t rows;
  /** Groups of `width` consecutive elements per row that are normalised apart (attention heads); 0 means 1.
   */
  int32_t groups;
  /** Elements per group, 1 or more. */
  int32_t width;
  /** Fast or invariant. */
  llm42_numerics numerics;
  /** Added to the mean square; 0 or more. */
  float epsilon;
  /** activation [rows, groups * width]. */
  llm42_view input;
  /** Elements from one input row to the next. */
  int64_t input_stride;
  /** Optional. activation [rows, groups * width], dense: residual += input, and the sum is normalised. */
  llm42_view residual;
  /** f32 [width]. */
  llm42_view weight;
  /** activation [rows, groups * width]; may be the input itself. */
  llm42_view output;
  /** Elements from one output row to the next. */
  int64_t output_stride;
} llm42_rms_norm_params;

/** output = x / sqrt(mean(x^2) + epsilon) * weight, with x = input, or residual + input. */
LLM42_API llm42_status llm42_rms_norm(llm42_stream* stream,
                                      const llm42_rms_norm_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
