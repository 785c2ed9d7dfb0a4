#include "cuda/kernels/copy_page/copy_page.h"

#include "cuda/primitives/launch.h"
#include "cuda/primitives/vector_access.h"

namespace llm42::cuda {

namespace {

constexpr int kThreads = 256;
// 16-byte chunks that a thread copies: enough loads in flight, enough blocks for a small page.
constexpr int kChunks = 4;
constexpr int64_t kBlockElements = int64_t{kThreads} * kChunks * 8;

__global__ void __launch_bounds__(kThreads) copy_page_kernel(const __grid_constant__ CopyPage work) {
  bf16* layer = work.cache + int64_t{blockIdx.y} * work.pages * work.page_elements;
  const bf16* source = layer + work.source * work.page_elements;
  bf16* destination = layer + work.destination * work.page_elements;
  const int64_t first = int64_t{blockIdx.x} * kBlockElements + int64_t{threadIdx.x} * 8;
  uint4 chunks[kChunks];
#pragma unroll
  for (int i = 0; i < kChunks; ++i) {
    const int64_t place = first + int64_t{i} * kThreads * 8;
    if (place < work.page_elements) chunks[i] = load16(source + place);
  }
#pragma unroll
  for (int i = 0; i < kChunks; ++i) {
    const int64_t place = first + int64_t{i} * kThreads * 8;
    if (place < work.page_elements) store16(destination + place, chunks[i]);
  }
}

}  // namespace

cudaError_t copy_page(const CopyPage& work, cudaStream_t stream) {
  if ((reinterpret_cast<uintptr_t>(work.cache) & 15) != 0 || work.page_elements < 8 ||
      work.page_elements % 8 != 0 || work.layers < 1 || work.layers > 65535 || work.source < 0 ||
      work.source >= work.pages || work.destination < 0 || work.destination >= work.pages) {
    return cudaErrorInvalidValue;
  }
  if (work.source == work.destination) return cudaSuccess;
  const int64_t blocks = (work.page_elements + kBlockElements - 1) / kBlockElements;
  if (blocks > INT32_MAX) return cudaErrorInvalidValue;
  return launch(copy_page_kernel, dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(work.layers)),
                dim3(kThreads), 0, stream, work);
}

}  // namespace llm42::cuda
