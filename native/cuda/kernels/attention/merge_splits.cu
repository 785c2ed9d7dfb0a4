#include "cuda/kernels/attention/merge_splits.h"

namespace llm42::cuda {

namespace {

constexpr int kMergeWarps = 4;

// Merges the splits of a query in ascending order; a warp per query.
__global__ void __launch_bounds__(kMergeWarps * 32) merge_kernel(Attention work, AttentionSchedule schedule) {
  const int64_t index = int64_t{blockIdx.x} * kMergeWarps + threadIdx.x / 32;
  if (index >= int64_t{work.shape.rows} * work.shape.query_heads) return;
  const int32_t row = static_cast<int32_t>(index / work.shape.query_heads);
  const int32_t head = static_cast<int32_t>(index % work.shape.query_heads);
  const Range seen = visible(work, schedule, row);
  if (seen.begin >= seen.end) return;
  const int32_t first_split = seen.begin / schedule.split_length;
  const int32_t last_split = (seen.end - 1) / schedule.split_length;
  bf16* const to = work.output + row * work.output_stride + int64_t{head} * work.shape.head_size;
  const int lane = static_cast<int>(threadIdx.x % 32);
  constexpr int kElements = attention_max_head_size / 32;
  float values[kElements];
  SoftmaxState running = empty_state();
  for (int32_t split = first_split; split <= last_split; ++split) {
    const int64_t partial = partial_index(work.shape, schedule, row, head, split);
    const float* const state = partial_state(work, schedule, partial);
    const float* const later = partial_values(work, partial);
    const SoftmaxState later_state{state[0], state[1]};
    MergeFactors factors{0.0f, 0.0f};
    if (split == first_split) {
      running = later_state;
    } else {
      factors = merge(running, later_state);
    }
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      const int element = i * 32 + lane;
      if (element >= work.shape.head_size) continue;
      values[i] = split == first_split ? later[element] : merged(factors, values[i], later[element]);
    }
  }
#pragma unroll
  for (int i = 0; i < kElements; ++i) {
    const int element = i * 32 + lane;
    if (element < work.shape.head_size) to[element] = attention_output(values[i], running.sum);
  }
}

}  // namespace

cudaError_t merge_splits(const Attention& work, const AttentionSchedule& schedule, cudaStream_t stream) {
  const int64_t queries = int64_t{work.shape.rows} * work.shape.query_heads;
  return launch(merge_kernel, dim3(static_cast<unsigned>(ceil_div(queries, kMergeWarps))),
                dim3(kMergeWarps * 32), 0, stream, work, schedule);
}

}  // namespace llm42::cuda
