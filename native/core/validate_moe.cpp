// Mixture of experts.
#include <algorithm>

#include "core/check.h"
#include "core/error.h"
#include "core/validate.h"

namespace llm42 {

namespace {

constexpr int32_t max_experts = 1024;
constexpr int32_t max_top_k = 64;

void check_slots(int32_t rows, int32_t top_k) {
  check_range("rows x top_k", int64_t{rows} * top_k, 0, INT32_MAX);
}

}  // namespace

bool validate(const Stream& stream, llm42_moe_route_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_range("experts", p.experts, 1, max_experts);
  check_range("top_k", p.top_k, 1, std::min(p.experts, max_top_k));
  check_slots(p.rows, p.top_k);
  check_range("renormalize", p.renormalize, 0, 1);
  check_zero("reserved", p.reserved);
  p.logits_stride = resolve_stride("logits_stride", p.logits_stride, p.experts);
  if (p.rows == 0) return false;
  const Matrix logits{"logits", p.logits, 4, p.rows, p.experts, p.logits_stride};
  const Matrix expert_ids{"expert_ids", p.expert_ids, 4, p.rows, p.top_k, p.top_k};
  const Matrix expert_weights{"expert_weights", p.expert_weights, 4, p.rows, p.top_k, p.top_k};
  check_matrix(logits, stream);
  check_matrix(expert_ids, stream);
  check_matrix(expert_weights, stream);
  check_disjoint(expert_ids, {logits, expert_weights});
  check_disjoint(expert_weights, {logits});
  return true;
}

bool validate(const Stream& stream, llm42_moe_permute_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_range("experts", p.experts, 1, max_experts);
  check_range("top_k", p.top_k, 1, max_top_k);
  check_slots(p.rows, p.top_k);
  if (p.rows == 0) return false;
  const int64_t slots = int64_t{p.rows} * p.top_k;
  const Matrix expert_ids = vector("expert_ids", p.expert_ids, 4, slots);
  const Matrix starts = vector("starts", p.starts, 4, int64_t{1} + p.experts);
  const Matrix order = vector("order", p.order, 4, slots);
  check_matrix(expert_ids, stream);
  check_matrix(starts, stream);
  check_matrix(order, stream);
  check_disjoint(starts, {expert_ids, order});
  check_disjoint(order, {expert_ids});
  return true;
}

bool validate(const Stream& stream, llm42_grouped_linear_params& p) {
  check_range("slots", p.slots, 0, INT32_MAX);
  check_range("slots_per_row", p.slots_per_row, 1, INT32_MAX);
  check_multiple("slots", p.slots, "slots_per_row", p.slots_per_row);
  check_numerics(p.numerics);
  if (p.epilogue != LLM42_EPILOGUE_NONE && p.epilogue != LLM42_EPILOGUE_SWIGLU) {
    fail_argument("epilogue is ", p.epilogue, "; it must be 0 (none) or 2 (swiglu)");
  }
  check_handle("weight", p.weight, stream);
  const llm42_weight_info& weight = p.weight->info;
  if (weight.groups < 2) {
    fail_argument("weight has 1 group; it must have 2 or more (llm42_linear takes a weight of one matrix)");
  }
  check_compute_dtype(p.compute_dtype, weight);
  if (weight.format == LLM42_DTYPE_I8 && p.compute_dtype != LLM42_DTYPE_I8) {
    fail(LLM42_STATUS_UNSUPPORTED, "weight has format i8 and compute_dtype is ", p.compute_dtype,
         "; a grouped product takes such a weight with compute_dtype i8");
  }
  const bool is_swiglu = p.epilogue == LLM42_EPILOGUE_SWIGLU;
  if (is_swiglu != (weight.layout == LLM42_WEIGHT_LAYOUT_GATE_UP)) {
    fail_argument("epilogue is ", p.epilogue, ", but the weight has layout ",
                  weight.layout == LLM42_WEIGHT_LAYOUT_ROWS ? "rows" : "gate_up",
                  "; epilogue swiglu (2) goes with layout gate_up, none (0) with layout rows");
  }
  const int64_t width = is_swiglu ? weight.rows / 2 : weight.rows;
  p.input_stride = resolve_stride("input_stride", p.input_stride, weight.columns);
  p.output_stride = resolve_stride("output_stride", p.output_stride, width);
  if (p.slots == 0) return false;

  const int32_t element = activation_size(stream);
  const Matrix starts = vector("starts", p.starts, 4, int64_t{1} + weight.groups);
  const Matrix order = vector("order", p.order, 4, p.slots);
  const Matrix input{"input", p.input, element, p.slots / p.slots_per_row, weight.columns, p.input_stride};
  const Matrix output{"output", p.output, element, p.slots, width, p.output_stride};
  check_matrix(starts, stream);
  check_matrix(order, stream);
  check_matrix(input, stream);
  check_matrix(output, stream);
  check_disjoint(output, {starts, order, input});
  return true;
}

bool validate(const Stream& stream, llm42_moe_combine_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_range("top_k", p.top_k, 1, max_top_k);
  check_range("width", p.width, 1, INT32_MAX);
  check_slots(p.rows, p.top_k);
  p.input_stride = resolve_stride("input_stride", p.input_stride, p.width);
  p.residual_stride = resolve_stride("residual_stride", p.residual_stride, p.width);
  p.output_stride = resolve_stride("output_stride", p.output_stride, p.width);
  if (p.rows == 0) return false;

  const int32_t element = activation_size(stream);
  const Matrix expert_weights{"expert_weights", p.expert_weights, 4, p.rows, p.top_k, p.top_k};
  const Matrix input{"input", p.input, element, int64_t{p.rows} * p.top_k, p.width, p.input_stride};
  const Matrix output{"output", p.output, element, p.rows, p.width, p.output_stride};
  check_matrix(expert_weights, stream);
  check_matrix(input, stream);
  check_matrix(output, stream);
  check_disjoint(output, {expert_weights, input});
  if (p.residual.buffer != nullptr) {
    const Matrix residual{"residual", p.residual, element, p.rows, p.width, p.residual_stride};
    check_matrix(residual, stream);
    check_same_or_disjoint(output, residual);
  }
  return true;
}

}  // namespace llm42
