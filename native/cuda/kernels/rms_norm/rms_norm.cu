#include "cuda/kernels/rms_norm/rms_norm.h"

#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads) rms_norm_kernel(RmsNorm work) {
  __shared__ float partial[kThreads / 32];
  const bf16* input = work.input + blockIdx.x * work.input_stride;
  float sum = 0.0f;
  for (int i = threadIdx.x; i < work.width; i += kThreads) {
    const float value = __bfloat162float(input[i]);
    sum = fmaf(value, value, sum);
  }
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, distance);
  if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = sum;
  __syncthreads();
  sum = 0.0f;
  for (int warp = 0; warp < kThreads / 32; ++warp) sum += partial[warp];
  const float scale = 1.0f / sqrtf(sum / static_cast<float>(work.width) + work.epsilon);
  bf16* output = work.output + blockIdx.x * work.output_stride;
  for (int i = threadIdx.x; i < work.width; i += kThreads) {
    output[i] = __float2bfloat16(__bfloat162float(input[i]) * scale * work.weight[i]);
  }
}

}  // namespace

cudaError_t rms_norm(const RmsNorm& work, cudaStream_t stream) {
  return launch(rms_norm_kernel, dim3(static_cast<unsigned>(work.rows)), dim3(kThreads), 0, stream, work);
}

}  // namespace llm42::cuda
