// Operators on logits and on tokens: log-probabilities, sampling, comparison of drafts.
#include <cstddef>

#include "cuda/buffer.h"
#include "cuda/error.h"
#include "cuda/kernels/logprobs/logprobs.h"
#include "cuda/kernels/sampling/sampling.h"
#include "cuda/kernels/verify/first_mismatch.h"
#include "cuda/stream.h"

namespace llm42::cuda {

// The kernels read the array elements of the C ABI as they are.
static_assert(sizeof(SamplingRow) == sizeof(llm42_sampling_row));
static_assert(offsetof(SamplingRow, top_k) == offsetof(llm42_sampling_row, top_k));
static_assert(offsetof(SamplingRow, position) == offsetof(llm42_sampling_row, position));
static_assert(sizeof(LogitAdjustment) == sizeof(llm42_logit_adjustment));
static_assert(offsetof(LogitAdjustment, penalty) == offsetof(llm42_logit_adjustment, penalty));

void CudaStream::log_softmax(const llm42_log_softmax_params& p) {
  const cudaStream_t stream = begin();
  LogSoftmax work{};
  work.logits = at<const float>(p.logits);
  work.logits_stride = p.logits_stride;
  work.output = at<float>(p.output);
  work.rows = p.rows;
  work.vocabulary = p.vocabulary;
  check(cuda::log_softmax(work, stream), "launching log_softmax");
}

void CudaStream::top_logprobs(const llm42_top_logprobs_params& p) {
  const cudaStream_t stream = begin();
  TopLogprobs work{};
  work.logits = at<const float>(p.logits);
  work.logits_stride = p.logits_stride;
  work.chosen_ids = at<const int32_t>(p.chosen_ids);
  work.chosen_logprobs = at<float>(p.chosen_logprobs);
  work.top_ids = at<int32_t>(p.top_ids);
  work.top_logprobs = at<float>(p.top_logprobs);
  work.error = errors();
  work.rows = p.rows;
  work.vocabulary = p.vocabulary;
  work.count = p.count;
  check(cuda::top_logprobs(work, stream), "launching top_logprobs");
}

void CudaStream::sample(const llm42_sample_params& p) {
  const cudaStream_t stream = begin();
  Sample work{};
  work.logits = at<const float>(p.logits);
  work.logits_stride = p.logits_stride;
  work.sampling = at<const SamplingRow>(p.sampling);
  work.ids = at<int32_t>(p.ids);
  work.margins = at<float>(p.margins);
  work.adjustment_starts = at<const int32_t>(p.adjustment_starts);
  work.adjustments = at<const LogitAdjustment>(p.adjustments);
  work.adjustment_count = p.adjustment_count;
  work.mask_indices = at<const int32_t>(p.mask_indices);
  work.masks = at<const uint32_t>(p.masks);
  work.mask_count = p.mask_count;
  work.error = errors();
  work.rows = p.rows;
  work.vocabulary = p.vocabulary;
  const int64_t workspace_bytes =
      sample_workspace_bytes(p.rows, p.vocabulary, p.adjustment_count, p.mask_count);
  if (workspace_bytes > 0) work.workspace = reinterpret_cast<float*>(workspace(workspace_bytes));
  check(cuda::sample(work, stream), "launching sample");
}

void CudaStream::first_mismatch(const llm42_first_mismatch_params& p) {
  const cudaStream_t stream = begin();
  FirstMismatch work{};
  work.starts = at<const int32_t>(p.starts);
  work.drafts = at<const int32_t>(p.drafts);
  work.predictions = at<const int32_t>(p.predictions);
  work.accepted = at<int32_t>(p.accepted);
  work.error = errors();
  work.windows = p.windows;
  work.draft_count = p.draft_count;
  check(cuda::first_mismatch(work, stream), "launching first_mismatch");
}

}  // namespace llm42::cuda
