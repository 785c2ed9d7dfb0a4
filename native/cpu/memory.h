// Memory of a device: zero-filled blocks, counted.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/memory_account.h"

namespace llm42::cpu {

// `size` bytes aligned to 64 or more. Fails with LLM42_STATUS_OUT_OF_MEMORY, naming `what`, the size and what
// is held already.
class Block {
 public:
  Block() = default;
  Block(MemoryAccount& memory, int64_t size, const char* what);
  Block(Block&& other) noexcept { *this = static_cast<Block&&>(other); }
  Block& operator=(Block&& other) noexcept;
  ~Block() { free(); }

  std::byte* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  void free();

  MemoryAccount* memory_ = nullptr;
  std::byte* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace llm42::cpu
