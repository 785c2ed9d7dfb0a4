#include "cuda/memory.h"

#include <utility>

#include "core/error.h"
#include "cuda/error.h"
#include "cuda/relaxed_capture.h"

namespace llm42::cuda {

namespace {

struct MemoryInfo {
  size_t free = 0;
  size_t total = 0;
};

MemoryInfo memory_info() {
  MemoryInfo info;
  check(cudaMemGetInfo(&info.free, &info.total), "asking for the device's memory");
  return info;
}

}  // namespace

Memory::Memory(int ordinal, int64_t limit)
    : ordinal_(ordinal),
      account_("GPU", static_cast<int64_t>(memory_info().total), limit),
      pool_(make_pool(ordinal)),
      stream_(make_stream()) {}

Memory::~Memory() {
  const RelaxedCapture relaxed;  // of a stream of another device
  cudaSetDevice(ordinal_);
  cudaStreamSynchronize(stream_.get());
}

void* Memory::acquire(int64_t size, const char* what, cudaStream_t stream) {
  const RelaxedCapture relaxed;
  account_.reserve(size, what);
  void* data = nullptr;
  cudaError_t error = cudaMallocFromPoolAsync(&data, static_cast<size_t>(size), pool_.get(), stream);
  if (error == cudaErrorMemoryAllocation) {
    // What was freed in the order of another stream comes back when that work is done.
    cudaGetLastError();  // not sticky: the next call shall not see it
    error = wait_for_streams();
    if (error == cudaSuccess) {
      error = cudaMallocFromPoolAsync(&data, static_cast<size_t>(size), pool_.get(), stream);
    }
  }
  if (error == cudaSuccess) return data;
  const int64_t held = account_.allocated() - size;
  account_.release(size);
  if (error != cudaErrorMemoryAllocation) check(error, "allocating device memory");
  cudaGetLastError();
  fail(LLM42_STATUS_OUT_OF_MEMORY, what, " of ", size, " bytes: the GPU has ", account_.total(),
       " bytes, of which ", memory_info().free, " are free and ", held, " are in use by this device");
}

// Not the whole device: to wait for it would spoil what another stream, or another engine, records.
cudaError_t Memory::wait_for_streams() const {
  for (const cudaStream_t stream : streams_) {
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    cudaError_t error = cudaStreamIsCapturing(stream, &status);
    if (error == cudaSuccess && status == cudaStreamCaptureStatusNone) error = cudaStreamSynchronize(stream);
    if (error != cudaSuccess) return error;
  }
  return cudaStreamSynchronize(stream_.get());
}

int64_t Memory::available() const {
  const RelaxedCapture relaxed;
  MemoryInfo info;
  // The pool gives back what was freed when somebody waits for the stream.
  if (cudaSetDevice(ordinal_) == cudaSuccess && cudaStreamSynchronize(stream_.get()) == cudaSuccess &&
      cudaMemGetInfo(&info.free, &info.total) == cudaSuccess) {
    return account_.available(static_cast<int64_t>(info.free));
  }
  cudaGetLastError();
  return 0;
}

void Memory::give_back(void* data, int64_t size, cudaStream_t stream) {
  cudaSetDevice(ordinal_);
  cudaFreeAsync(data, stream);
  account_.release(size);
}

Block::Block(Memory& memory, int64_t size, const char* what, cudaStream_t stream)
    : memory_(&memory), data_(memory.acquire(size, what, stream)), size_(size), stream_(stream) {}

Block& Block::operator=(Block&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(stream_, other.stream_);
  return *this;
}

Block::~Block() {
  if (data_ != nullptr) memory_->give_back(data_, size_, stream_);
}

}  // namespace llm42::cuda
