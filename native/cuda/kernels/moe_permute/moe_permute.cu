#include "cuda/kernels/moe_permute/moe_permute.h"

#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

constexpr int kWarps = 32;
constexpr int kThreads = kWarps * 32;
// Loads of a lane that are under way together.
constexpr int kLoads = 4;

__device__ __forceinline__ int32_t warp_sum(int32_t value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, distance);
  }
  return value;
}

// A block per expert, a warp per range of consecutive slots: it counts the
// slots before the expert's and the expert's own, and then lists the latter.
// Each block reads all ids, twice; they stay in the cache, and nothing has to
// be exchanged between blocks.
__global__ void __launch_bounds__(kThreads) moe_permute_kernel(MoePermute work) {
  __shared__ int32_t warp_before[kWarps];
  __shared__ int32_t warp_own[kWarps];
  const int32_t expert = static_cast<int32_t>(blockIdx.x);
  const int lane = static_cast<int>(threadIdx.x) & 31;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int64_t range = (int64_t{work.slots} + kThreads - 1) / kThreads * 32;
  const int64_t begin = warp * range;
  const int64_t end = min(begin + range, int64_t{work.slots});

  int32_t before = 0;
  int32_t own = 0;
#pragma unroll 4
  for (int64_t slot = begin + lane; slot < end; slot += 32) {
    const int32_t id = work.expert_ids[slot];
    before += id >= 0 && id < expert;
    own += id == expert;
    if (expert == 0) check_index(work.error, Checked::expert_ids, slot, id, 0, work.experts - 1);
  }
  before = warp_sum(before);
  own = warp_sum(own);
  if (lane == 0) {
    warp_before[warp] = before;
    warp_own[warp] = own;
  }
  __syncthreads();
  const int32_t first = warp_sum(warp_before[lane]);
  if (warp == 0) {
    const int32_t all = warp_sum(warp_own[lane]);
    if (lane == 0) {
      if (expert == 0) work.starts[0] = 0;
      work.starts[expert + 1] = first + all;
    }
  }
  if (own == 0) return;

  int32_t next = first + warp_sum(lane < warp ? warp_own[lane] : 0);
  for (int64_t base = begin; base < end; base += 32 * kLoads) {
    bool is_own[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const int64_t slot = base + 32 * i + lane;
      is_own[i] = slot < end && work.expert_ids[slot] == expert;
    }
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const unsigned ballot = __ballot_sync(0xffffffffu, is_own[i]);
      if (is_own[i]) {
        work.order[next + __popc(ballot & ((1u << lane) - 1u))] = static_cast<int32_t>(base + 32 * i + lane);
      }
      next += __popc(ballot);
    }
  }
}

}  // namespace

cudaError_t moe_permute(const MoePermute& work, cudaStream_t stream) {
  if (work.slots < 1 || work.experts < 1 || work.error == nullptr) return cudaErrorInvalidValue;
  return launch(moe_permute_kernel, dim3(static_cast<unsigned>(work.experts)), dim3(kThreads), 0, stream,
                work);
}

}  // namespace llm42::cuda
