#include "cpu/memory.h"

#include <cstring>
#include <new>
#include <utility>

#include "core/error.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace llm42::cpu {

namespace {

constexpr std::align_val_t alignment{64};

#if defined(__linux__)
// Large blocks come from the kernel, zeroed on first touch, and in huge pages where it has them: weights are
// read once per token, so the translation look-aside buffer matters.
constexpr int64_t mapping_threshold = int64_t{1} << 20;

std::byte* map(int64_t size) {
  void* const data =
      mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  madvise(data, static_cast<size_t>(size), MADV_HUGEPAGE);  // advice: failing does no harm
  return static_cast<std::byte*>(data);
}
#endif

std::byte* acquire(int64_t size) {
#if defined(__linux__)
  if (size >= mapping_threshold) return map(size);
#endif
  void* const data = ::operator new(static_cast<size_t>(size), alignment, std::nothrow);
  if (data != nullptr) std::memset(data, 0, static_cast<size_t>(size));
  return static_cast<std::byte*>(data);
}

void give_back(std::byte* data, [[maybe_unused]] int64_t size) {
#if defined(__linux__)
  if (size >= mapping_threshold) {
    munmap(data, static_cast<size_t>(size));
    return;
  }
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
