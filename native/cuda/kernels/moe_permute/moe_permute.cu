#include "cuda/kernels/moe_permute/moe_permute.h"

#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

// A block per expert, which counts the slots before its own and then lists its own. Each block reads all ids,
// twice; they stay in the cache, and nothing has to be exchanged between blocks.
__global__ void __launch_bounds__(kThreads) moe_permute_kernel(MoePermute work) {
  __shared__ int32_t warp_counts[2][kWarps];
  const int32_t expert = static_cast<int32_t>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread & 31;
  const int warp = thread / 32;

  int32_t before = 0;
  int32_t own = 0;
  for (int64_t slot = thread; slot < work.slots; slot += kThreads) {
    const int32_t id = work.expert_ids[slot];
    before += id >= 0 && id < expert;
    own += id == expert;
    if (expert == 0) check_index(work.error, Checked::expert_ids, slot, id, 0, work.experts - 1);
  }
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    before += __shfl_xor_sync(0xffffffffu, before, distance);
    own += __shfl_xor_sync(0xffffffffu, own, distance);
  }
  if (lane == 0) {
    warp_counts[0][warp] = before;
    warp_counts[1][warp] = own;
  }
  __syncthreads();
  before = 0;
  own = 0;
#pragma unroll
  for (int i = 0; i < kWarps; ++i) {
    before += warp_counts[0][i];
    own += warp_counts[1][i];
  }
  if (thread == 0) {
    if (expert == 0) work.starts[0] = 0;
    work.starts[expert + 1] = before + own;
  }

  // `before` is now where the next slot of this expert goes.
  const int32_t end = before + own;
  for (int64_t base = 0; before < end; base += kThreads) {
    const int64_t slot = base + thread;
    const bool is_own = slot < work.slots && work.expert_ids[slot] == expert;
    const unsigned ballot = __ballot_sync(0xffffffffu, is_own);
    __syncthreads();  // the counts of the last round are read no more
    if (lane == 0) warp_counts[0][warp] = __popc(ballot);
    __syncthreads();
    int32_t place = before + __popc(ballot & ((1u << lane) - 1u));
#pragma unroll
    for (int i = 0; i < kWarps; ++i) {
      place += i < warp ? warp_counts[0][i] : 0;
      before += warp_counts[0][i];
    }
    if (is_own) work.order[place] = static_cast<int32_t>(slot);
  }
}

}  // namespace

cudaError_t moe_permute(const MoePermute& work, cudaStream_t stream) {
  if (work.slots < 1 || work.experts < 1 || work.error == nullptr) return cudaErrorInvalidValue;
  return launch(moe_permute_kernel, dim3(static_cast<unsigned>(work.experts)), dim3(kThreads), 0, stream,
                work);
}

}  // namespace llm42::cuda
