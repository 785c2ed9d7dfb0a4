// A thread takes 8 elements, then the 8 that are THREADS * 8 further on, and so on. It adds their squares in
// ascending order with FMAs; the lanes of a warp are added by halving distances, then the warps in ascending
// order. How an element is loaded (16 bytes at once, or one by one where the address or the end of the group
// forbids it) does not show in this tree.
#include "cuda/kernels/rms_norm/rms_norm.h"

#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

constexpr int kBlock = 256;
constexpr int kVector = 8;

// Widths up to this have a warp per group, as attention heads do; larger ones a block.
constexpr int kWarpWidth = 512;

// Elements first .. first + 7 of a group, as far as it goes; zeros behind its end.
__device__ __forceinline__ void load(float (&x)[kVector], const bf16* group, int64_t first, int width,
                                     bool vectors) {
  if (vectors && first + kVector <= width) {
    const uint4 bits = *reinterpret_cast<const uint4*>(group + first);
    const uint32_t words[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      const uint32_t word = words[i / 2];
      x[i] = __uint_as_float(i % 2 == 0 ? word << 16 : word & 0xffff0000u);
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < kVector; ++i) x[i] = first + i < width ? __bfloat162float(group[first + i]) : 0.0f;
}

__device__ __forceinline__ uint32_t bits_of_bf16(float value) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(value, 0.0f);
  uint32_t bits;
  memcpy(&bits, &pair, sizeof bits);
  return bits & 0xffffu;
}

__device__ __forceinline__ void store(const float (&x)[kVector], bf16* group, int64_t first, int width,
                                      bool vectors) {
  if (vectors && first + kVector <= width) {
    uint32_t words[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) words[i] = bits_of_bf16(x[2 * i]) | bits_of_bf16(x[2 * i + 1]) << 16;
    *reinterpret_cast<uint4*>(group + first) = make_uint4(words[0], words[1], words[2], words[3]);
    return;
  }
#pragma unroll
  for (int i = 0; i < kVector; ++i) {
    if (first + i < width) group[first + i] = __float2bfloat16(x[i]);
  }
}

__device__ __forceinline__ bool is_aligned(const void* address) {
  return (reinterpret_cast<uintptr_t>(address) & 15) == 0;
}

// THREADS: 32, or the block.
template <int THREADS>
__global__ void __launch_bounds__(kBlock) rms_norm_kernel(RmsNorm work) {
  __shared__ float partial[kBlock / 32];
  const int64_t units = static_cast<int64_t>(work.rows) * work.groups;
  const int thread = static_cast<int>(threadIdx.x) % THREADS;
  for (int64_t first_unit = static_cast<int64_t>(blockIdx.x) * (kBlock / THREADS); first_unit < units;
       first_unit += static_cast<int64_t>(gridDim.x) * (kBlock / THREADS)) {
    // A warp without a group of its own repeats the last one's sum, so that the warp stays together.
    const int64_t own_unit = first_unit + threadIdx.x / THREADS;
    const bool is_idle = own_unit >= units;
    const int64_t unit = is_idle ? units - 1 : own_unit;
    const int64_t row = unit / work.groups;
    const int64_t column = unit % work.groups * work.width;
    const bf16* const input = work.input + row * work.input_stride + column;
    bf16* const output = work.output + row * work.output_stride + column;
    bf16* const residual =
        work.residual == nullptr
            ? nullptr
            : work.residual + row * (static_cast<int64_t>(work.groups) * work.width) + column;
    const bool vectors = is_aligned(input) && is_aligned(output) && is_aligned(residual);

    float sum = 0.0f;
    if (!is_idle) {
      for (int64_t i = thread * kVector; i < work.width; i += THREADS * kVector) {
        float x[kVector];
        load(x, input, i, work.width, vectors);
        if (residual != nullptr) {
          float y[kVector];
          load(y, residual, i, work.width, vectors);
#pragma unroll
          for (int k = 0; k < kVector; ++k) x[k] = __bfloat162float(__float2bfloat16(y[k] + x[k]));
          store(x, residual, i, work.width, vectors);
        }
#pragma unroll
        for (int k = 0; k < kVector; ++k) sum = fmaf(x[k], x[k], sum);
      }
    }
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) {
      sum += __shfl_xor_sync(0xffffffffu, sum, distance);
    }
    if (THREADS > 32) {
      if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
      __syncthreads();
      sum = 0.0f;
      for (int warp = 0; warp < THREADS / 32; ++warp) sum += partial[warp];
      __syncthreads();  // the next round writes `partial`
    }
    if (is_idle) continue;

    const float scale = 1.0f / sqrtf(sum / static_cast<float>(work.width) + work.epsilon);
    const bf16* const source = residual == nullptr ? input : residual;
    for (int64_t i = thread * kVector; i < work.width; i += THREADS * kVector) {
      float x[kVector];
      load(x, source, i, work.width, vectors);
#pragma unroll
      for (int k = 0; k < kVector; ++k) {
        if (i + k < work.width) x[k] = x[k] * scale * work.weight[i + k];
      }
      store(x, output, i, work.width, vectors);
    }
  }
}

}  // namespace

cudaError_t rms_norm(const RmsNorm& work, cudaStream_t stream) {
  const bool is_narrow = work.width <= kWarpWidth;
  const int64_t units = static_cast<int64_t>(work.rows) * work.groups;
  const int64_t per_block = is_narrow ? kBlock / 32 : 1;
  const int64_t blocks = (units + per_block - 1) / per_block;
  const dim3 grid(static_cast<unsigned>(blocks < 0x7fffffff ? blocks : 0x7fffffff));
  return launch(is_narrow ? rms_norm_kernel<32> : rms_norm_kernel<kBlock>, grid, dim3(kBlock), 0, stream,
                work);
}

}  // namespace llm42::cuda
