#include "cuda/kernels/logprobs/logprobs.h"
#include "cuda/kernels/logprobs/row_log_sum.h"
#include "cuda/kernels/ranking/rank_select.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

// Bitonic sort of as many keys as threads, the largest first.
__device__ __forceinline__ void sort_descending(uint64_t* keys) {
  const int i = static_cast<int>(threadIdx.x);
  for (int size = 2; size <= max_top_logprobs; size *= 2) {
    for (int distance = size / 2; distance > 0; distance /= 2) {
      const int other = i ^ distance;
      if (other > i) {
        const uint64_t a = keys[i];
        const uint64_t b = keys[other];
        const bool is_descending = (i & size) == 0;
        if ((a < b) == is_descending) {
          keys[i] = b;
          keys[other] = a;
        }
      }
      __syncthreads();
    }
  }
}

__global__ void __launch_bounds__(row_threads) top_logprobs_kernel(TopLogprobs work) {
  static_assert(max_top_logprobs == row_threads);
  __shared__ float shared[row_warps];
  __shared__ RankHistogram histogram;
  __shared__ uint64_t keys[max_top_logprobs];
  __shared__ unsigned int found;
  const int64_t row_index = blockIdx.x;
  const float* const row = work.logits + row_index * work.logits_stride;
  const RowNormaliser normaliser = normaliser_of(row, work.vocabulary, shared);
  if (work.chosen_ids != nullptr && threadIdx.x == 0) {
    const int32_t id = work.chosen_ids[row_index];
    const bool is_token = check_index(work.error, Checked::chosen_ids, row_index, id, 0, work.vocabulary - 1);
    work.chosen_logprobs[row_index] =
        is_token ? log_probability(row[id], normaliser) : __uint_as_float(0x7fc00000u);
  }
  if (work.count == 0) return;

  const uint64_t cut = select_cut(histogram, false, static_cast<unsigned int>(work.count), 0, [&](auto take) {
    for_each(row, work.vocabulary, [&](int32_t id, float logit) { take(rank_key(logit, id), 0); });
  });
  keys[threadIdx.x] = 0;  // behind every token
  if (threadIdx.x == 0) found = 0;
  __syncthreads();
  for_each(row, work.vocabulary, [&](int32_t id, float logit) {
    const uint64_t key = rank_key(logit, id);
    if (key >= cut) keys[atomicAdd(&found, 1u)] = key;
  });
  __syncthreads();
  sort_descending(keys);
  if (static_cast<int32_t>(threadIdx.x) < work.count) {
    const int32_t id = id_of(keys[threadIdx.x]);
    work.top_ids[row_index * work.count + threadIdx.x] = id;
    work.top_logprobs[row_index * work.count + threadIdx.x] = log_probability(row[id], normaliser);
  }
}

}  // namespace

cudaError_t top_logprobs(const TopLogprobs& work, cudaStream_t stream) {
  return launch(top_logprobs_kernel, dim3(static_cast<unsigned>(work.rows)), dim3(row_threads), 0, stream,
                work);
}

}  // namespace llm42::cuda
