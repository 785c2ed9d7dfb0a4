// Operators on rows of activations: embedding, row gather, linear, RMS norm.
#include "core/check.h"
#include "core/error.h"
#include "core/validate.h"

namespace llm42 {

namespace {

void check_rows_layout(const char* name, const Weight& weight) {
  if (weight.info.layout != LLM42_WEIGHT_LAYOUT_ROWS) {
    fail_argument(name, " has layout gate_up; it must have layout rows");
  }
}

void check_one_matrix(const char* name, const Weight& weight) {
  if (weight.info.groups != 1) {
    fail_argument(name, " has ", weight.info.groups,
                  " groups; it must have 1 (llm42_grouped_linear takes a matrix per expert)");
  }
}

}  // namespace

bool validate(const Stream& stream, llm42_embedding_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_handle("table", p.table, stream);
  check_rows_layout("table", *p.table);
  if (p.table->info.format == LLM42_DTYPE_I8) {
    fail(LLM42_STATUS_UNSUPPORTED,
         "table has format i8; an embedding needs a table of format f32, f16 or bf16");
  }
  check_one_matrix("table", *p.table);
  if (p.rows == 0) return false;
  const int64_t width = p.table->info.columns;
  const Matrix ids = vector("ids", p.ids, 4, p.rows);
  const Matrix output{"output", p.output, activation_size(stream), p.rows, width, width};
  check_matrix(ids, stream);
  check_matrix(output, stream);
  check_disjoint(output, {ids});
  return true;
}

bool validate(const Stream& stream, llm42_gather_rows_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_range("input_rows", p.input_rows, 1, INT32_MAX);
  check_range("width", p.width, 1, INT32_MAX);
  if (p.rows == 0) return false;
  const int32_t element = activation_size(stream);
  const Matrix indices = vector("indices", p.indices, 4, p.rows);
  const Matrix input{"input", p.input, element, p.input_rows, p.width, p.width};
  const Matrix output{"output", p.output, element, p.rows, p.width, p.width};
  check_matrix(indices, stream);
  check_matrix(input, stream);
  check_matrix(output, stream);
  check_disjoint(output, {indices, input});
  return true;
}

bool validate(const Stream& stream, llm42_linear_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_numerics(p.numerics);
  check_range("epilogue", p.epilogue, LLM42_EPILOGUE_NONE, LLM42_EPILOGUE_SWIGLU);
  check_handle("weight", p.weight, stream);
  check_one_matrix("weight", *p.weight);
  check_compute_dtype(p.compute_dtype, p.weight->info);
  const llm42_weight_info& weight = p.weight->info;
  const bool is_swiglu = p.epilogue == LLM42_EPILOGUE_SWIGLU;
  if (is_swiglu != (weight.layout == LLM42_WEIGHT_LAYOUT_GATE_UP)) {
    fail_argument("epilogue is ", p.epilogue, ", but the weight has layout ",
                  weight.layout == 0 ? "rows" : "gate_up",
                  "; epilogue swiglu (2) goes with layout gate_up, the others with layout rows");
  }
  const int32_t element = activation_size(stream);
  if (p.output_dtype == LLM42_DTYPE_DEFAULT) {
    p.output_dtype = element == 4 ? LLM42_DTYPE_F32 : LLM42_DTYPE_DEFAULT;
  } else if (p.output_dtype != LLM42_DTYPE_F32) {
    fail_argument("output_dtype is ", p.output_dtype, " (", name_of(p.output_dtype),
                  "); it must be default or f32");
  }
  const int64_t width = is_swiglu ? weight.rows / 2 : weight.rows;
  p.input_stride = resolve_stride("input_stride", p.input_stride, weight.columns);
  p.output_stride = resolve_stride("output_stride", p.output_stride, width);
  if (p.epilogue == LLM42_EPILOGUE_RESIDUAL) {
    p.residual_stride = resolve_stride("residual_stride", p.residual_stride, width);
  } else if (p.residual.buffer != nullptr) {
    fail_argument("residual is given, but epilogue is ", p.epilogue, "; only epilogue residual (1) reads it");
  }
  if (p.rows == 0) return false;

  const int32_t output_element = p.output_dtype == LLM42_DTYPE_F32 ? 4 : element;
  const Matrix input{"input", p.input, element, p.rows, weight.columns, p.input_stride};
  const Matrix output{"output", p.output, output_element, p.rows, width, p.output_stride};
  check_matrix(input, stream);
  check_matrix(output, stream);
  check_disjoint(output, {input});
  if (p.bias.buffer != nullptr) {
    const Matrix bias = vector("bias", p.bias, 4, weight.rows);
    check_matrix(bias, stream);
    check_disjoint(output, {bias});
  }
  if (p.epilogue == LLM42_EPILOGUE_RESIDUAL) {
    const Matrix residual{"residual", p.residual, element, p.rows, width, p.residual_stride};
    check_matrix(residual, stream);
    check_same_or_disjoint(output, residual);
  }
  return true;
}

bool validate(const Stream& stream, llm42_rms_norm_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  if (p.groups == 0) p.groups = 1;
  check_range("groups", p.groups, 1, INT32_MAX);
  check_range("width", p.width, 1, INT32_MAX);
  const int64_t width = static_cast<int64_t>(p.groups) * p.width;
  check_range("groups x width", width, 1, max_extent);
  check_numerics(p.numerics);
  check_finite("epsilon", p.epsilon, 0.0f);
  p.input_stride = resolve_stride("input_stride", p.input_stride, width);
  p.output_stride = resolve_stride("output_stride", p.output_stride, width);
  if (p.rows == 0) return false;

  const int32_t element = activation_size(stream);
  const Matrix input{"input", p.input, element, p.rows, width, p.input_stride};
  const Matrix weight = vector("weight", p.weight, 4, p.width);
  const Matrix output{"output", p.output, element, p.rows, width, p.output_stride};
  check_matrix(input, stream);
  check_matrix(weight, stream);
  check_matrix(output, stream);
  check_disjoint(output, {weight});
  check_same_or_disjoint(output, input);
  if (p.residual.buffer != nullptr) {
    const Matrix residual{"residual", p.residual, element, p.rows, width, width};
    check_matrix(residual, stream);
    check_disjoint(residual, {input, weight, output});
  }
  return true;
}

}  // namespace llm42
