#include "cuda/staging.h"

#include <cstring>

namespace llm42::cuda {

namespace {

constexpr int64_t block_size = int64_t{1} << 20;

}  // namespace

UploadStaging::UploadStaging(cudaStream_t stream) : stream_(stream) {
  for (Block& block : blocks_) block = {make_pinned(block_size), make_event()};
}

int64_t UploadStaging::room() {
  if (used_ == block_size) {
    check(cudaEventRecord(blocks_[current_].read.get(), stream_), "recording an event");
    current_ = (current_ + 1) % blocks_.size();
    // An event that was never recorded does not wait.
    check(cudaEventSynchronize(blocks_[current_].read.get()), "waiting for a copy to the device");
    used_ = 0;
  }
  return block_size - used_;
}

DownloadStaging::DownloadStaging(cudaStream_t stream) : stream_(stream), memory_(make_pinned(block_size)) {}

void DownloadStaging::download(const std::byte* source, void* destination, int64_t size) {
  size_t others = pending_.size();
  try {
    for (int64_t begin = 0; begin < size;) {
      if (used_ == block_size) {
        check(cudaStreamSynchronize(stream_), "copying from the device");
        deliver();
        others = 0;
      }
      const int64_t piece = std::min(size - begin, block_size - used_);
      enqueue(source + begin, static_cast<std::byte*>(destination) + begin, piece);
      begin += piece;
    }
  } catch (...) {
    pending_.resize(others);  // nobody says that this destination is still there
    throw;
  }
}

void DownloadStaging::enqueue(const std::byte* source, std::byte* destination, int64_t size) {
  std::byte* const bytes = memory_.get() + used_;
  check(cudaMemcpyAsync(bytes, source, static_cast<size_t>(size), cudaMemcpyDeviceToHost, stream_),
        "copying from the device");
  pending_.push_back({bytes, destination, size});
  used_ += size;
}

void DownloadStaging::deliver() {
  for (const Copy& copy : pending_) {
    std::memcpy(copy.destination, copy.bytes, static_cast<size_t>(copy.size));
  }
  pending_.clear();
  used_ = 0;
}

}  // namespace llm42::cuda
