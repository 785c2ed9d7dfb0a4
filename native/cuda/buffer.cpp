#include "cuda/buffer.h"

#include "cuda/error.h"

namespace llm42::cuda {

CudaBuffer::CudaBuffer(CudaDevice& owner, int64_t bytes)
    : llm42_buffer(owner, bytes), block_(owner.memory(), bytes, "buffer", owner.memory().stream()) {
  check(cudaMemsetAsync(block_.data(), 0, static_cast<size_t>(bytes), owner.memory().stream()),
        "clearing a buffer");
  // Any stream may use it next.
  check(cudaStreamSynchronize(owner.memory().stream()), "clearing a buffer");
}

}  // namespace llm42::cuda
