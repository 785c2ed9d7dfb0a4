// Operators on rows of activations: embedding, row gather, linear, RMS norm.
#include "cuda/buffer.h"
#include "cuda/error.h"
#include "cuda/kernels/gather_rows/gather_rows.h"
#include "cuda/kernels/linear/linear.h"
#include "cuda/kernels/rms_norm/rms_norm.h"
#include "cuda/stream.h"
#include "cuda/weight.h"

namespace llm42::cuda {

namespace {

LinearEpilogue epilogue_of(llm42_epilogue epilogue) {
  switch (epilogue) {
    case LLM42_EPILOGUE_RESIDUAL:
      return LinearEpilogue::kResidual;
    case LLM42_EPILOGUE_SWIGLU:
      return LinearEpilogue::kSwiglu;
    default:
      return LinearEpilogue::kNone;
  }
}

}  // namespace

void CudaStream::embedding(const llm42_embedding_params& p) {
  const cudaStream_t stream = begin();
  const auto& table = static_cast<const CudaWeight&>(*p.table);
  GatherRows work{};
  work.input = table.data();
  work.input_stride = table.stride();
  work.indices = at<const int32_t>(p.ids);
  work.output = at<bf16>(p.output);
  work.output_stride = table.info.columns;
  work.error = errors();
  work.checked = Checked::ids;
  work.rows = p.rows;
  work.width = table.info.columns;
  work.input_rows = table.info.rows;
  check(cuda::gather_rows(work, stream), "launching embedding");
}

void CudaStream::gather_rows(const llm42_gather_rows_params& p) {
  const cudaStream_t stream = begin();
  GatherRows work{};
  work.input = at<const bf16>(p.input);
  work.input_stride = p.width;
  work.indices = at<const int32_t>(p.indices);
  work.output = at<bf16>(p.output);
  work.output_stride = p.width;
  work.error = errors();
  work.checked = Checked::indices;
  work.rows = p.rows;
  work.width = p.width;
  work.input_rows = p.input_rows;
  check(cuda::gather_rows(work, stream), "launching gather_rows");
}

void CudaStream::linear(const llm42_linear_params& p) {
  const cudaStream_t stream = begin();
  const auto& weight = static_cast<const CudaWeight&>(*p.weight);
  const bool is_swiglu = p.epilogue == LLM42_EPILOGUE_SWIGLU;
  Linear work{};
  work.input = at<const bf16>(p.input);
  work.input_stride = p.input_stride;
  work.bias = at<const float>(p.bias);
  work.residual = at<const bf16>(p.residual);
  work.residual_stride = p.residual_stride;
  work.output = at<std::byte>(p.output);
  work.output_stride = p.output_stride;
  work.rows = p.rows;
  work.columns = static_cast<int32_t>(is_swiglu ? weight.info.rows / 2 : weight.info.rows);
  work.depth = weight.info.columns;
  work.epilogue = epilogue_of(p.epilogue);
  work.is_output_f32 = p.output_dtype == LLM42_DTYPE_F32;
  if (weight.info.format == LLM42_DTYPE_I8) return linear_int8(p, work);
  work.weight = weight.data();
  work.weight_stride = weight.stride();

  const LinearShape shape = linear_shape(work);
  const LinearSchedule schedule = p.numerics == LLM42_NUMERICS_INVARIANT
                                      ? invariant_linear_schedule(shape, device_.multiprocessors())
                                      : fast_linear_schedule(shape, device_.multiprocessors());
  work.workspace_bytes = linear_workspace_bytes(shape, schedule);
  if (work.workspace_bytes > 0) {
    work.workspace = reinterpret_cast<float*>(workspace(work.workspace_bytes));
  }
  check(cuda::linear(work, schedule, stream), "launching linear");
}

void CudaStream::rms_norm(const llm42_rms_norm_params& p) {
  const cudaStream_t stream = begin();
  RmsNorm work{};
  work.input = at<const bf16>(p.input);
  work.input_stride = p.input_stride;
  work.residual = at<bf16>(p.residual);
  work.residual_stride = int64_t{p.groups} * p.width;
  work.weight = at<const float>(p.weight);
  work.output = at<bf16>(p.output);
  work.output_stride = p.output_stride;
  work.rows = p.rows;
  work.groups = p.groups;
  work.width = p.width;
  work.epsilon = p.epsilon;
  check(cuda::rms_norm(work, stream), "launching rms_norm");
}

}  // namespace llm42::cuda
