// Page-locked memory between the host's pointers and the device, so that copies neither wait for the device
// nor read or write a caller's memory after its call.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "cuda/error.h"
#include "cuda/handles.h"

namespace llm42::cuda {

// Host to device: blocks used in turn. One is written again only when the device has read it.
class UploadStaging {
 public:
  explicit UploadStaging(cudaStream_t stream);

  // Calls fill(begin, end, bytes) for ranges that make up 0..size, in order; each writes its bytes, which are
  // copied behind the work of the stream to `destination`. Every range but the last has a multiple of 64
  // bytes. If it fails, nothing of it is under way any more: the caller may free the destination.
  template <class Fill>
  void upload(std::byte* destination, int64_t size, Fill&& fill) {
    used_ = (used_ + alignment - 1) / alignment * alignment;
    try {
      for (int64_t begin = 0; begin < size;) {
        const int64_t end = begin + std::min(size - begin, room());
        std::byte* const bytes = blocks_[current_].memory.get() + used_;
        fill(begin, end, bytes);
        check(cudaMemcpyAsync(destination + begin, bytes, static_cast<size_t>(end - begin),
                              cudaMemcpyHostToDevice, stream_),
              "copying to the device");
        used_ += end - begin;
        begin = end;
      }
    } catch (...) {
      cudaStreamSynchronize(stream_);
      throw;
    }
  }

 private:
  static constexpr int64_t alignment = 64;

  struct Block {
    PinnedMemory memory;
    EventHandle read;  // the device has read all of the block
  };

  // Free bytes of the current block, at least 1: takes the next block if there are none.
  int64_t room();

  cudaStream_t stream_;
  std::array<Block, 4> blocks_;
  size_t current_ = 0;
  int64_t used_ = 0;
};

// Device to host: copies that reach their destination when the stream is synchronised.
class DownloadStaging {
 public:
  explicit DownloadStaging(cudaStream_t stream);

  // Copies behind the work of the stream. Waits for the stream where more is under way than fits. If it
  // fails, other copies are not affected.
  void download(const std::byte* source, void* destination, int64_t size);

  // Writes to the destinations; the stream is synchronised.
  void deliver();

  // Forgets the destinations: after an error nobody says that they are still there.
  void drop() { pending_.clear(); }

 private:
  struct Copy {
    const std::byte* bytes;
    void* destination;
    int64_t size;
  };

  cudaStream_t stream_;
  PinnedMemory memory_;
  int64_t used_ = 0;
  std::vector<Copy> pending_;

  void enqueue(const std::byte* source, std::byte* destination, int64_t size);
};

}  // namespace llm42::cuda
