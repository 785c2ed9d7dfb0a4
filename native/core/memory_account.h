// What a device holds of its memory: counted before memory is asked for, so that a limit is kept and an error
// names all sizes.
#pragma once

#include <cstdint>

namespace llm42 {

class MemoryAccount {
 public:
  // `owner` names in messages what has `total` bytes: "machine". Both `total` and `limit`, the caller's own,
  // bound what may be held at once; 0 = no bound.
  MemoryAccount(const char* owner, int64_t total, int64_t limit)
      : owner_(owner), total_(total), limit_(limit) {}

  int64_t total() const { return total_; }
  int64_t limit() const { return limit_; }
  int64_t allocated() const { return allocated_; }
  int64_t peak() const { return peak_; }

  // Of `free` bytes, those that reserve() would grant; `free` is 0 where that is unknown.
  int64_t available(int64_t free) const;

  // Counts `size` bytes, or fails with LLM42_STATUS_OUT_OF_MEMORY and counts nothing. `what` is asked for.
  void reserve(int64_t size, const char* what);
  void release(int64_t size) { allocated_ -= size; }

 private:
  const char* owner_;
  int64_t total_;
  int64_t limit_;
  int64_t allocated_ = 0;
  int64_t peak_ = 0;
};

}  // namespace llm42
