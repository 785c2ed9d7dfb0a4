// Mixture of experts.
#include "cuda/buffer.h"
#include "cuda/error.h"
#include "cuda/kernels/grouped_linear/grouped_linear.h"
#include "cuda/kernels/moe_combine/moe_combine.h"
#include "cuda/kernels/moe_permute/moe_permute.h"
#include "cuda/kernels/moe_route/moe_route.h"
#include "cuda/stream.h"
#include "cuda/weight.h"

namespace llm42::cuda {

void CudaStream::moe_route(const llm42_moe_route_params& p) {
  const cudaStream_t stream = begin();
  MoeRoute work{};
  work.logits = at<const float>(p.logits);
  work.logits_stride = p.logits_stride;
  work.expert_ids = at<int32_t>(p.expert_ids);
  work.expert_weights = at<float>(p.expert_weights);
  work.rows = p.rows;
  work.experts = p.experts;
  work.top_k = p.top_k;
  work.renormalizes = p.renormalize != 0;
  check(cuda::moe_route(work, stream), "launching moe_route");
}

void CudaStream::moe_permute(const llm42_moe_permute_params& p) {
  const cudaStream_t stream = begin();
  MoePermute work{};
  work.expert_ids = at<const int32_t>(p.expert_ids);
  work.starts = at<int32_t>(p.starts);
  work.order = at<int32_t>(p.order);
  work.error = errors();
  work.slots = p.rows * p.top_k;
  work.experts = p.experts;
  check(cuda::moe_permute(work, stream), "launching moe_permute");
}

void CudaStream::grouped_linear(const llm42_grouped_linear_params& p) {
  const cudaStream_t stream = begin();
  const auto& weight = static_cast<const CudaWeight&>(*p.weight);
  const bool is_swiglu = p.epilogue == LLM42_EPILOGUE_SWIGLU;
  GroupedLinear work{};
  work.product.input = at<const bf16>(p.input);
  work.product.input_stride = p.input_stride;
  work.product.weight = weight.data();
  work.product.weight_stride = weight.stride();
  work.product.output = at<std::byte>(p.output);
  work.product.output_stride = p.output_stride;
  work.product.rows = p.slots;
  work.product.columns = static_cast<int32_t>(is_swiglu ? weight.info.rows / 2 : weight.info.rows);
  work.product.depth = weight.info.columns;
  work.product.epilogue = is_swiglu ? LinearEpilogue::kSwiglu : LinearEpilogue::kNone;
  work.starts = at<const int32_t>(p.starts);
  work.order = at<const int32_t>(p.order);
  work.error = errors();
  work.experts = weight.info.groups;
  work.slots_per_row = p.slots_per_row;

  const GroupedShape shape = grouped_shape(work);
  const LinearSchedule schedule = p.numerics == LLM42_NUMERICS_INVARIANT
                                      ? invariant_grouped_schedule(shape, device_.multiprocessors())
                                      : fast_grouped_schedule(shape, device_.multiprocessors());
  work.product.workspace_bytes = linear_workspace_bytes(linear_shape(work.product), schedule);
  if (work.product.workspace_bytes > 0) {
    work.product.workspace = reinterpret_cast<float*>(workspace(work.product.workspace_bytes));
  }
  check(cuda::grouped_linear(work, schedule, stream), "launching grouped_linear");
}

void CudaStream::moe_combine(const llm42_moe_combine_params& p) {
  const cudaStream_t stream = begin();
  MoeCombine work{};
  work.expert_weights = at<const float>(p.expert_weights);
  work.input = at<const bf16>(p.input);
  work.input_stride = p.input_stride;
  work.residual = at<const bf16>(p.residual);
  work.residual_stride = p.residual_stride;
  work.output = at<bf16>(p.output);
  work.output_stride = p.output_stride;
  work.rows = p.rows;
  work.top_k = p.top_k;
  work.width = p.width;
  check(cuda::moe_combine(work, stream), "launching moe_combine");
}

}  // namespace llm42::cuda
