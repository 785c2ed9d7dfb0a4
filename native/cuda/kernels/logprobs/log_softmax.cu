#include "cuda/kernels/logprobs/logprobs.h"
#include "cuda/kernels/logprobs/row_log_sum.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

__global__ void __launch_bounds__(row_threads) log_softmax_kernel(LogSoftmax work) {
  __shared__ float shared[row_warps];
  const float* const row = work.logits + int64_t{blockIdx.x} * work.logits_stride;
  float* const output = work.output + int64_t{blockIdx.x} * work.vocabulary;
  const RowNormaliser normaliser = normaliser_of(row, work.vocabulary, shared);
  // In place: a thread has read its elements before it writes them.
  for_each(row, work.vocabulary,
           [&](int32_t id, float logit) { output[id] = log_probability(logit, normaliser); });
}

}  // namespace

cudaError_t log_softmax(const LogSoftmax& work, cudaStream_t stream) {
  return launch(log_softmax_kernel, dim3(static_cast<unsigned>(work.rows)), dim3(row_threads), 0, stream,
                work);
}

}  // namespace llm42::cuda
