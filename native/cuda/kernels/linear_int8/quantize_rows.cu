#include "cuda/kernels/linear_int8/quantize_rows.h"

#include "cuda/primitives/elementary.h"
#include "cuda/primitives/launch.h"
#include "cuda/primitives/vector_access.h"

namespace llm42::cuda {

namespace {

constexpr int kThreads = 256;

// Bits of infinity as bf16: a magnitude of these bits or more is not finite.
constexpr uint32_t kInfinity = 0x7f80;

__device__ __forceinline__ uint32_t max_of_block(uint32_t value) {
  __shared__ uint32_t partial[kThreads / 32];
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value = max(value, __shfl_xor_sync(0xffffffffu, value, distance));
  }
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  __syncthreads();
#pragma unroll
  for (int warp = 0; warp < kThreads / 32; ++warp) value = max(value, partial[warp]);
  return value;
}

// 16 elements of a row from element k; those behind its end are zero.
__device__ __forceinline__ void load_group(const bf16* row, int32_t width, int64_t k, float (&value)[16]) {
#pragma unroll
  for (int half = 0; half < 16; half += 8) {
    float part[8];
    load8(row + k + half, static_cast<int>(min(int64_t{8}, width - k - half)), part);
#pragma unroll
    for (int i = 0; i < 8; ++i) value[half + i] = part[i];
  }
}

// A block for a row: its largest magnitude, then its bytes.
__global__ void __launch_bounds__(kThreads) quantize_rows_kernel(const __grid_constant__ QuantizeRows work) {
  const int64_t row = blockIdx.x;
  const bf16* input = work.input + row * work.input_stride;
  const int64_t first = int64_t{threadIdx.x} * kInt8Group;

  // Magnitudes are ordered as their bits are, NaN above all: the maximum needs no order of its own.
  uint32_t largest = 0;
  for (int64_t k = first; k < work.width; k += kThreads * kInt8Group) {
    float value[kInt8Group];
    load_group(input, work.width, k, value);
#pragma unroll
    for (int i = 0; i < kInt8Group; ++i) largest = max(largest, __float_as_uint(value[i]) & 0x7fffffffu);
  }
  largest = max_of_block(largest);

  const bool is_finite = largest < kInfinity << 16;
  const float quotient = divide(__uint_as_float(largest), 127.0f);
  const float scale = quotient < 0x1p-126f ? 0.0f : quotient;
  if (threadIdx.x == 0) work.scale[row] = is_finite ? scale : __uint_as_float(0x7fffffffu);

  int8_t* output = work.output + row * work.output_stride;
  for (int64_t k = first; k < work.width; k += kThreads * kInt8Group) {
    float value[kInt8Group];
    load_group(input, work.width, k, value);
    uint32_t bytes[kInt8Group / 4] = {};
    if (is_finite && scale != 0.0f) {
      // int8_place() the other way round
#pragma unroll
      for (int i = 0; i < kInt8Group; ++i) {
        const float element = value[i / 4 * 2 + i % 4 / 2 + i % 2 * 8];
        bytes[i / 4] |= (static_cast<uint32_t>(__float2int_rn(divide(element, scale))) & 0xffu) << i % 4 * 8;
      }
    }
    store16(output + k, make_uint4(bytes[0], bytes[1], bytes[2], bytes[3]));
  }
}

}  // namespace

cudaError_t quantize_rows(const QuantizeRows& work, cudaStream_t stream) {
  if (work.rows < 1 || work.width < 1 || work.output_stride < int8_stride(work.width) ||
      work.output_stride % kInt8Group != 0 || (reinterpret_cast<uintptr_t>(work.output) & 15) != 0) {
    return cudaErrorInvalidValue;
  }
  return launch(quantize_rows_kernel, dim3(static_cast<unsigned>(work.rows)), dim3(kThreads), 0, stream,
                work);
}

}  // namespace llm42::cuda
