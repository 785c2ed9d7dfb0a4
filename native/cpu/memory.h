// Memory of a device: zero-filled blocks, counted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace llm42::cpu {

class Memory {
 public:
  // Both bound what may be allocated at once: what the machine has, and what the caller allows; 0 = no bound.
  Memory(int64_t total, int64_t limit) : total_(total), limit_(limit) {}

  int64_t total() const { return total_; }
  int64_t limit() const { return limit_; }
  int64_t allocated() const { return allocated_; }
  int64_t peak() const { return peak_; }

 private:
  friend class Block;
  void reserve(int64_t size, const char* what);
  void release(int64_t size) { allocated_ -= size; }

  int64_t total_;
  int64_t limit_;
  int64_t allocated_ = 0;
  int64_t peak_ = 0;
};

// `size` bytes aligned to 64 or more. Fails with LLM42_STATUS_OUT_OF_MEMORY, naming `what`, the size and what
// is held already.
class Block {
 public:
  Block() = default;
  Block(Memory& memory, int64_t size, const char* what);
  Block(Block&& other) noexcept { *this = static_cast<Block&&>(other); }
  Block& operator=(Block&& other) noexcept;
  ~Block() { free(); }

  std::byte* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  void free();

  Memory* memory_ = nullptr;
  std::byte* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace llm42::cpu
