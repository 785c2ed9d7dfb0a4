// Operators on logits and on tokens: log-probabilities, sampling, comparison of drafts.
#include "cuda/not_implemented.h"
#include "cuda/stream.h"

namespace llm42::cuda {

void CudaStream::log_softmax(const llm42_log_softmax_params&) {
  not_implemented("log_softmax");
}

void CudaStream::top_logprobs(const llm42_top_logprobs_params&) {
  not_implemented("top_logprobs");
}

void CudaStream::sample(const llm42_sample_params&) {
  not_implemented("sample");
}

void CudaStream::first_mismatch(const llm42_first_mismatch_params&) {
  not_implemented("first_mismatch");
}

}  // namespace llm42::cuda
