#include "cuda/kernels/verify/first_mismatch.h"

#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

constexpr int kWarps = 4;

// A warp per window.
__global__ void __launch_bounds__(kWarps * 32) first_mismatch_kernel(FirstMismatch work) {
  if (blockIdx.x == 0) {
    check_starts(work.error, Checked::starts, work.starts, work.windows, work.draft_count,
                 static_cast<int>(threadIdx.x), kWarps * 32);
  }
  const int64_t window = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  if (window >= work.windows) return;
  const int32_t lane = static_cast<int32_t>(threadIdx.x % 32);
  const int32_t begin = work.starts[window];
  const int32_t end = work.starts[window + 1];
  int32_t accepted = 0;
  if (begin >= 0 && begin <= end && end <= work.draft_count) {
    const int32_t count = end - begin;
    accepted = count;
    for (int32_t base = 0; base < count && accepted == count; base += 32) {
      const int32_t i = base + lane;
      const bool differs = i < count && work.drafts[begin + i] != work.predictions[begin + window + i];
      const unsigned differing = __ballot_sync(0xffffffffu, differs);
      if (differing != 0) accepted = base + __ffs(static_cast<int>(differing)) - 1;
    }
  }
  if (lane == 0) work.accepted[window] = accepted;
}

}  // namespace

cudaError_t first_mismatch(const FirstMismatch& work, cudaStream_t stream) {
  const unsigned blocks = static_cast<unsigned>((int64_t{work.windows} + kWarps - 1) / kWarps);
  return launch(first_mismatch_kernel, dim3(blocks), dim3(kWarps * 32), 0, stream, work);
}

}  // namespace llm42::cuda
