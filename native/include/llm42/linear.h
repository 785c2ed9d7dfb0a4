/**
 * @file linear.h
 * Matrix products with a weight, and what may be fused behind them.
 */
#ifndef LLM42_LINEAR_H
#define LLM42_LINEAR_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** What happens to a product before it is stored. */
typedef int32_t llm42_epilogue;
/** Values of ::llm42_epilogue. */
enum llm42_epilogue_value {
  /** output = x W^T (+ bias). */
  LLM42_EPILOGUE_NONE = 0,
  /** output = residual + (x W^T (+ bias)). */
  LLM42_EPILOGUE_RESIDUAL = 1,
  /** output = silu(gate) * up, silu(a) = a / (1 + exp(-a)); the weight has ::LLM42_WEIGHT_LAYOUT_GATE_UP. */
  LLM42_EPILOGUE_SWIGLU = 2
};

/** Parameters of llm42_linear(). M = rows, K = weight columns, N = weight rows. */
typedef struct llm42_linear_params {
  /** sizeof(llm42_linear_params). */
  uint32_t struct_size;
  /** Rows (M), 0 or more. */
  int32_t rows;
  /** Fast or invariant. */
  llm42_numerics numerics;
  /** What is fused behind the product. */
  llm42_epilogue epilogue;
  /** dtype of the output: default activation, or f32 (logits). */
  llm42_dtype output_dtype;
  /**
   * dtype of the factors: default or i8.
   *
   * Default: activations as they are, with the weight's elements as they were packed. Those of format i8 are
   * widened exactly, and a feature's sum is multiplied by its scale before bias and epilogue.
   *
   * i8: only for a weight of format i8 with K up to 133144. Each input row is quantised as a row of a weight
   * is (see ::llm42_weight_params::format), the products are summed exactly in 32-bit integers, and the sum
   * as f32 is multiplied by the scale of the input row, then by that of the feature. A row's result depends
   * on that row alone, so fast and invariant numerics give the same bits. An infinity or a NaN in an input
   * row makes all outputs of that row NaN.
   */
  llm42_dtype compute_dtype;
  /** The weight, of one matrix. */
  const llm42_weight* weight;
  /** activation [M, K]. */
  llm42_view input;
  /** Elements from one input row to the next. */
  int64_t input_stride;
  /** Optional. f32 [N], in the order of the weight's rows (gate then up). */
  llm42_view bias;
  /** ::LLM42_EPILOGUE_RESIDUAL only. activation [M, N]; may be the output itself. */
  llm42_view residual;
  /** Elements from one residual row to the next. */
  int64_t residual_stride;
  /** [M, N], or [M, N / 2] behind ::LLM42_EPILOGUE_SWIGLU; must not overlap the input. */
  llm42_view output;
  /** Elements from one output row to the next. */
  int64_t output_stride;
} llm42_linear_params;

/** output = epilogue(input x weight^T + bias). Accumulates in f32, with compute_dtype i8 in integers. */
LLM42_API llm42_status llm42_linear(llm42_stream* stream, const llm42_linear_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
