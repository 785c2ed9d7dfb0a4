#include "cuda/stream.h"

#include <algorithm>
#include <cstring>

#include "cuda/buffer.h"
#include "cuda/device_error.h"
#include "cuda/error.h"
#include "cuda/relaxed_capture.h"

namespace llm42::cuda {

CudaStream::CudaStream(CudaDevice& owner)
    : llm42_stream(owner),
      device_(owner),
      handle_(make_stream()),
      uploads_(handle_.get()),
      downloads_(handle_.get()),
      errors_(owner.memory(), sizeof(ErrorSlot), "error slot", handle_.get()),
      reported_(make_pinned(sizeof(ErrorSlot))) {
  check(cudaMemsetAsync(errors_.data(), 0, sizeof(ErrorSlot), handle_.get()), "clearing the error slot");
  device_.memory().add(handle_.get());
}

CudaStream::~CudaStream() {
  const RelaxedCapture relaxed;  // of another stream
  cudaSetDevice(device_.ordinal());
  device_.memory().remove(handle_.get());
  if (recording) drop_graph();
  cudaStreamSynchronize(handle_.get());  // whoever wants to know of errors has synchronised before
}

void CudaStream::synchronize() {
  const RelaxedCapture relaxed;
  const cudaStream_t stream = begin();
  cudaError_t error = cudaSuccess;
  if (may_report_) {
    error =
        cudaMemcpyAsync(reported_.get(), errors_.data(), sizeof(ErrorSlot), cudaMemcpyDeviceToHost, stream);
  }
  if (error == cudaSuccess) error = cudaStreamSynchronize(stream);
  if (error != cudaSuccess) {
    downloads_.drop();
    check(error, "the work of the stream");
  }
  downloads_.deliver();
  if (!may_report_) return;
  may_report_ = false;
  ErrorSlot reported{};
  std::memcpy(&reported, reported_.get(), sizeof reported);
  if (reported.checked == Checked::nothing) return;
  check(cudaMemsetAsync(errors_.data(), 0, sizeof(ErrorSlot), stream), "clearing the error slot");
  check_reported(reported);
}

void CudaStream::upload(llm42_buffer& buffer, int64_t offset, const void* source, int64_t size) {
  const RelaxedCapture relaxed;
  begin();
  const auto* const bytes = static_cast<const std::byte*>(source);
  uploads_.upload(static_cast<CudaBuffer&>(buffer).data() + offset, size,
                  [bytes](int64_t from, int64_t to, std::byte* staged) {
                    std::memcpy(staged, bytes + from, static_cast<size_t>(to - from));
                  });
}

void CudaStream::download(const llm42_buffer& buffer, int64_t offset, void* destination, int64_t size) {
  const RelaxedCapture relaxed;
  begin();
  downloads_.download(static_cast<const CudaBuffer&>(buffer).data() + offset, destination, size);
}

std::byte* CudaStream::workspace(int64_t size) {
  if (recording) return recorded_workspace(size);
  if (workspace_.size() < size) {
    // First give back, so that the peak is the larger one alone. Work under way keeps the old one until it
    // is done: it is freed in the order of this stream.
    workspace_ = Block();
    workspace_ = Block(device_.memory(), std::max(size, smallest_workspace), "workspace", handle_.get());
  }
  return workspace_.data();
}

}  // namespace llm42::cuda
