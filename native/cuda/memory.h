// Memory of a device: blocks from a pool, allocated and freed in the order of a stream, and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/memory_account.h"
#include "cuda/handles.h"

namespace llm42::cuda {

class Memory {
 public:
  // Of the current device, `ordinal`.
  Memory(int ordinal, int64_t limit);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  const MemoryAccount& account() const { return account_; }

  // The stream of what belongs to no llm42_stream: buffers, weights, caches.
  cudaStream_t stream() const { return stream_.get(); }

  // Streams in whose order blocks are freed.
  void add(cudaStream_t stream) { streams_.push_back(stream); }
  void remove(cudaStream_t stream) { std::erase(streams_, stream); }

  // Bytes that a block may have now; 0 where the device does not answer.
  int64_t available() const;

 private:
  friend class Block;
  void* acquire(int64_t size, const char* what, cudaStream_t stream);
  void give_back(void* data, int64_t size, cudaStream_t stream);
  cudaError_t wait_for_streams() const;

  const int ordinal_;
  MemoryAccount account_;
  PoolHandle pool_;
  StreamHandle stream_;
  std::vector<cudaStream_t> streams_;
};

// `size` bytes aligned to 256, with unspecified content, that may be used by work behind the allocation on
// `stream`. It is freed on the same stream, behind all work that is there by then. Fails with
// LLM42_STATUS_OUT_OF_MEMORY, naming `what`, the size and what is held already.
class Block {
 public:
  Block() = default;
  Block(Memory& memory, int64_t size, const char* what, cudaStream_t stream);
  Block(Block&& other) noexcept { *this = static_cast<Block&&>(other); }
  Block& operator=(Block&& other) noexcept;
  ~Block();

  std::byte* data() const { return static_cast<std::byte*>(data_); }
  int64_t size() const { return size_; }

 private:
  Memory* memory_ = nullptr;
  void* data_ = nullptr;
  int64_t size_ = 0;
  cudaStream_t stream_ = nullptr;
};

}  // namespace llm42::cuda
