#include "cpu/memory.h"

#include <cstring>
#include <new>
#include <utility>

#include "core/error.h"
#include "cpu/regions.h"

namespace llm42::cpu {

namespace {

constexpr std::align_val_t alignment{64};

#if defined(__linux__)
// Smaller blocks come from the heap.
constexpr int64_t smallest_in_regions = int64_t{64} << 10;
#endif

std::byte* acquire(int64_t size) {
#if defined(__linux__)
  if (size >= smallest_in_regions) return Regions::shared().take(size);
#endif
  void* const data = ::operator new(static_cast<size_t>(size), alignment, std::nothrow);
  if (data != nullptr) std::memset(data, 0, static_cast<size_t>(size));
  return static_cast<std::byte*>(data);
}

void give_back(std::byte* data, [[maybe_unused]] int64_t size) {
#if defined(__linux__)
  if (size >= smallest_in_regions) return Regions::shared().give_back(data, size);
#endif
  ::operator delete(data, alignment);
}

}  // namespace

Block::Block(MemoryAccount& memory, int64_t size, const char* what) {
  memory.reserve(size, what);
  data_ = acquire(size);
  if (data_ == nullptr) {
    memory.release(size);
    fail(LLM42_STATUS_OUT_OF_MEMORY, what, " of ", size, " bytes: the system refused the memory");
  }
  memory_ = &memory;
  size_ = size;
}

Block& Block::operator=(Block&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void Block::free() {
  if (data_ == nullptr) return;
  give_back(data_, size_);
  memory_->release(size_);
  data_ = nullptr;
}

}  // namespace llm42::cpu
