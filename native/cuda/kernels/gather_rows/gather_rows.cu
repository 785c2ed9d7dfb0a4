#include "cuda/kernels/gather_rows/gather_rows.h"

#include "cuda/primitives/launch.h"
#include "cuda/primitives/vector_access.h"

namespace llm42::cuda {

namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads) gather_rows_kernel(const __grid_constant__ GatherRows work) {
  const int64_t row = blockIdx.x;
  const int32_t index = work.indices[row];
  if (!check_index(work.error, work.checked, row, index, 0, work.input_rows - 1)) return;
  const bf16* input = work.input + index * work.input_stride;
  bf16* output = work.output + row * work.output_stride;
  for (int64_t i = int64_t{threadIdx.x} * 8; i < work.width; i += kThreads * 8) {
    copy8(output + i, input + i, static_cast<int>(min(int64_t{8}, work.width - i)));
  }
}

}  // namespace

cudaError_t gather_rows(const GatherRows& work, cudaStream_t stream) {
  if (work.rows < 1 || work.width < 1 || work.input_rows < 1 || work.error == nullptr) {
    return cudaErrorInvalidValue;
  }
  return launch(gather_rows_kernel, dim3(static_cast<unsigned>(work.rows)), dim3(kThreads), 0, stream, work);
}

}  // namespace llm42::cuda
