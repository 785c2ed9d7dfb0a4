#include "cuda/kernels/moe_combine/moe_combine.h"

#include "cuda/primitives/launch.h"
#include "cuda/primitives/vector_access.h"

namespace llm42::cuda {

namespace {

constexpr int kThreads = 128;

// A thread for 8 elements of a row.
__global__ void __launch_bounds__(kThreads) moe_combine_kernel(const __grid_constant__ MoeCombine work) {
  const int32_t chunks = (work.width - 1) / 8 + 1;
  const int64_t index = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const int64_t row = index / chunks;
  if (row >= work.rows) return;
  const int64_t column = index % chunks * 8;
  const int count = static_cast<int>(min(int64_t{8}, work.width - column));
  const float* weights = work.expert_weights + row * work.top_k;
  const bf16* input = work.input + row * work.top_k * work.input_stride + column;
  float sums[8], more[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) sums[i] = 0.0f;
#pragma unroll 4
  for (int j = 0; j < work.top_k; ++j) {
    load8(input + j * work.input_stride, count, more);
#pragma unroll
    for (int i = 0; i < 8; ++i) sums[i] = fmaf(weights[j], more[i], sums[i]);
  }
  if (work.residual != nullptr) {
    load8(work.residual + row * work.residual_stride + column, count, more);
#pragma unroll
    for (int i = 0; i < 8; ++i) sums[i] = more[i] + sums[i];
  }
  store8(work.output + row * work.output_stride + column, count, sums);
}

}  // namespace

cudaError_t moe_combine(const MoeCombine& work, cudaStream_t stream) {
  if (work.rows < 1 || work.top_k < 1 || work.width < 1) return cudaErrorInvalidValue;
  const int64_t threads = int64_t{work.rows} * ((work.width - 1) / 8 + 1);
  const int64_t blocks = (threads + kThreads - 1) / kThreads;
  if (blocks > INT32_MAX) return cudaErrorInvalidValue;
  return launch(moe_combine_kernel, dim3(static_cast<unsigned>(blocks)), dim3(kThreads), 0, stream, work);
}

}  // namespace llm42::cuda
