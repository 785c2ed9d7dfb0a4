#include "cuda/kernels/rms_norm/rms_norm.h"

#include "cuda/primitives/elementary.h"
#include "cuda/primitives/launch.h"
#include "cuda/primitives/vector_access.h"

namespace llm42::cuda {

namespace {

// A block normalises one group with all of its warps, or a group with each.
constexpr int kWideThreads = 256;
constexpr int kNarrowThreads = 128;

__device__ __forceinline__ float sum_of_warp(float value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  return value;
}

// The same sum in every thread of the block.
__device__ __forceinline__ float sum_of_block(float value) {
  __shared__ float partial[kWideThreads / 32];
  value = sum_of_warp(value);
  if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = value;
  __syncthreads();
  float sum = 0.0f;
#pragma unroll
  for (int warp = 0; warp < kWideThreads / 32; ++warp) sum += partial[warp];
  return sum;
}

template <bool kIsWide>
__global__ void __launch_bounds__(kIsWide ? kWideThreads : kNarrowThreads)
    rms_norm_kernel(const __grid_constant__ RmsNorm work) {
  constexpr int kThreads = kIsWide ? kWideThreads : 32;  // of a group
  const int64_t unit =
      kIsWide ? int64_t{blockIdx.x} : int64_t{blockIdx.x} * (kNarrowThreads / 32) + threadIdx.x / 32;
  const int64_t row = unit / work.groups;
  if (row >= work.rows) return;
  const int64_t column = unit % work.groups * work.width;
  const bf16* input = work.input + row * work.input_stride + column;
  bf16* residual = work.residual == nullptr ? nullptr : work.residual + row * work.residual_stride + column;
  bf16* output = work.output + row * work.output_stride + column;
  const int64_t first = int64_t{threadIdx.x % kThreads} * 8;

  float squares = 0.0f;
  for (int64_t i = first; i < work.width; i += kThreads * 8) {
    const int count = static_cast<int>(min(int64_t{8}, work.width - i));
    float x[8];
    load8(input + i, count, x);
    if (residual != nullptr) {
      float sum[8];
      load8(residual + i, count, sum);
#pragma unroll
      for (int j = 0; j < 8; ++j) x[j] = __bfloat162float(__float2bfloat16(sum[j] + x[j]));
      store8(residual + i, count, x);
    }
#pragma unroll
    for (int j = 0; j < 8; ++j) squares = fmaf(x[j], x[j], squares);
  }
  const float sum = kIsWide ? sum_of_block(squares) : sum_of_warp(squares);
  const float mean = divide(sum, static_cast<float>(work.width));
  const float scale = divide(1.0f, square_root(mean + work.epsilon));

  const bf16* source = residual != nullptr ? residual : input;
  for (int64_t i = first; i < work.width; i += kThreads * 8) {
    const int count = static_cast<int>(min(int64_t{8}, work.width - i));
    float x[8], weight[8];
    load8(source + i, count, x);
    load8(work.weight + i, count, weight);
#pragma unroll
    for (int j = 0; j < 8; ++j) x[j] = multiply(multiply(x[j], scale), weight[j]);
    store8(output + i, count, x);
  }
}

}  // namespace

cudaError_t rms_norm(const RmsNorm& work, cudaStream_t stream) {
  if (work.rows < 1 || work.groups < 1 || work.width < 1) return cudaErrorInvalidValue;
  const bool is_wide = work.width > kWideRow;
  const int64_t units = int64_t{work.rows} * work.groups;
  constexpr int64_t kUnits = kNarrowThreads / 32;
  const int64_t blocks = is_wide ? units : (units + kUnits - 1) / kUnits;
  if (blocks > INT32_MAX) return cudaErrorInvalidValue;
  return launch(is_wide ? rms_norm_kernel<true> : rms_norm_kernel<false>, dim3(static_cast<unsigned>(blocks)),
                dim3(is_wide ? kWideThreads : kNarrowThreads), 0, stream, work);
}

}  // namespace llm42::cuda
