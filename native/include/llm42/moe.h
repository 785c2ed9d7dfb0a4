/**
 * @file moe.h
 * Mixture of experts: the choice of experts, products with the experts' matrices, and the sum of what they
 * say.
 *
 * A row that goes to top_k experts makes top_k slots: slot row * top_k + rank, rank 0 being the expert with
 * the largest weight. A layer is llm42_linear() (the router), llm42_moe_route(), llm42_moe_permute(),
 * llm42_grouped_linear() twice and llm42_moe_combine(). No row is copied: a grouped product reads its input
 * rows and writes its output rows where they are.
 */
#ifndef LLM42_MOE_H
#define LLM42_MOE_H

#include "llm42/common.h"
#include "llm42/linear.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Parameters of llm42_moe_route(). One fixed tree per row that depends on the number of experts alone: fast
 * and invariant numerics coincide. */
typedef struct llm42_moe_route_params {
  /** sizeof(llm42_moe_route_params). */
  uint32_t struct_size;
  /** Rows, 0 or more; rows x top_k is at most 2^31 - 1. */
  int32_t rows;
  /** Experts, 1..1024. */
  int32_t experts;
  /** Experts per row, 1..min(experts, 64). */
  int32_t top_k;
  /** 1: the weights of a row are divided by their sum, added in rank order (a softmax over the chosen experts
   * alone, as Mixtral has it). 0: they are left as they are. */
  int32_t renormalize;
  /** Must be 0. */
  int32_t reserved;
  /** f32 [rows, experts]: the router's output. */
  llm42_view logits;
  /** Elements from one row of logits to the next. */
  int64_t logits_stride;
  /** i32 [rows, top_k], dense: largest logit first, ties to the lower expert; NaN ranks as -inf. */
  llm42_view expert_ids;
  /** f32 [rows, top_k], dense: the softmax over all experts at `expert_ids`. NaN where a logit of the row is
   * NaN or +inf, or all are -inf. */
  llm42_view expert_weights;
} llm42_moe_route_params;

/** Chooses the experts of each row, and how much each counts. */
LLM42_API llm42_status llm42_moe_route(llm42_stream* stream,
                                       const llm42_moe_route_params* params) LLM42_NOEXCEPT;

/** Parameters of llm42_moe_permute(). Exact: the result is a function of the ids alone. */
typedef struct llm42_moe_permute_params {
  /** sizeof(llm42_moe_permute_params). */
  uint32_t struct_size;
  /** Rows, 0 or more (with 0 nothing is written); rows x top_k is at most 2^31 - 1. */
  int32_t rows;
  /** Experts, 1..1024. */
  int32_t experts;
  /** Experts per row, 1..64. */
  int32_t top_k;
  /** i32 [rows, top_k], dense: 0..experts-1. */
  llm42_view expert_ids;
  /** i32 [experts + 1]: the slots of expert e stand in order[starts[e]] .. order[starts[e + 1] - 1]. */
  llm42_view starts;
  /** i32 [rows x top_k]: the slots sorted by expert, ascending inside an expert. */
  llm42_view order;
} llm42_moe_permute_params;

/** Sorts slots by expert. */
LLM42_API llm42_status llm42_moe_permute(llm42_stream* stream,
                                         const llm42_moe_permute_params* params) LLM42_NOEXCEPT;

/** Parameters of llm42_grouped_linear(). K = weight columns, N = rows of one of the weight's matrices. */
typedef struct llm42_grouped_linear_params {
  /** sizeof(llm42_grouped_linear_params). */
  uint32_t struct_size;
  /** Slots, which are the rows of the output, 0 or more. */
  int32_t slots;
  /** Slots that read the same row of the input: slot s reads row s / slots_per_row. top_k for the first
   * product of a layer, 1 for the second. 1 or more; a divisor of `slots`. */
  int32_t slots_per_row;
  /** Fast or invariant. Under invariant numerics a slot has the bits that llm42_linear() gives its row with
   * the matrix of its expert alone. */
  llm42_numerics numerics;
  /** ::LLM42_EPILOGUE_NONE, or ::LLM42_EPILOGUE_SWIGLU for a weight of ::LLM42_WEIGHT_LAYOUT_GATE_UP. */
  llm42_epilogue epilogue;
  /**
   * dtype of the factors: default for a weight of f32, f16 or bf16, i8 for one of format i8. With i8 each
   * slot's row is quantised and summed as ::llm42_linear_params::compute_dtype has it, exactly: fast and
   * invariant numerics give the same bits.
   */
  llm42_dtype compute_dtype;
  /** A weight of ::llm42_weight_params::groups 2 or more: a matrix per expert. */
  const llm42_weight* weight;
  /** i32 [groups + 1], as llm42_moe_permute() makes them: from 0, never falling, up to `slots`. */
  llm42_view starts;
  /** i32 [slots], as llm42_moe_permute() makes it: every slot once. An entry outside 0..slots-1 is refused; a
   * slot that is not there leaves its output as it is, and one that is there twice may get either result. */
  llm42_view order;
  /** activation [slots / slots_per_row, K]. */
  llm42_view input;
  /** Elements from one input row to the next. */
  int64_t input_stride;
  /** activation [slots, N], or [slots, N / 2] behind ::LLM42_EPILOGUE_SWIGLU, by slot; must not overlap the
   * input. */
  llm42_view output;
  /** Elements from one output row to the next. */
  int64_t output_stride;
} llm42_grouped_linear_params;

/** output[s] = epilogue(input[s / slots_per_row] x matrix^T), the matrix being that of the expert whose slots
 * s is among. Accumulates in f32, with compute_dtype i8 in integers. */
LLM42_API llm42_status llm42_grouped_linear(llm42_stream* stream,
                                            const llm42_grouped_linear_params* params) LLM42_NOEXCEPT;

/** Parameters of llm42_moe_combine(). One fixed tree per element: fast and invariant numerics coincide. */
typedef struct llm42_moe_combine_params {
  /** sizeof(llm42_moe_combine_params). */
  uint32_t struct_size;
  /** Rows, 0 or more; rows x top_k is at most 2^31 - 1. */
  int32_t rows;
  /** Experts per row, 1..64. */
  int32_t top_k;
  /** Elements per row, 1 or more. */
  int32_t width;
  /** f32 [rows, top_k], dense: how much each expert counts. */
  llm42_view expert_weights;
  /** activation [rows x top_k, width], by slot. */
  llm42_view input;
  /** Elements from one input row to the next. */
  int64_t input_stride;
  /** Optional. activation [rows, width]; may be the output itself. */
  llm42_view residual;
  /** Elements from one residual row to the next. */
  int64_t residual_stride;
  /** activation [rows, width]; must not overlap the input. */
  llm42_view output;
  /** Elements from one output row to the next. */
  int64_t output_stride;
} llm42_moe_combine_params;

/** output[r] = (residual[r] +) the sum over ranks j of expert_weights[r, j] * input[r * top_k + j], in f32
 * from zero by fused multiply-adds, ranks ascending. */
LLM42_API llm42_status llm42_moe_combine(llm42_stream* stream,
                                         const llm42_moe_combine_params* params) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
