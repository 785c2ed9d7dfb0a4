// cp.async: copies from global to shared memory that are done only when somebody waited for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace emu {

// Those of one thread. Nothing lands before the wait, and what was in the destination is gone as soon as the
// copy is issued: a missing wait and a destination still in use both show as NaN.
class AsyncCopies {
 public:
  void issue(void* destination, const void* source, int bytes, int source_bytes);
  void commit() { ++group_; }
  // Until at most `keep` of the latest groups are in flight.
  void wait(int keep);
  void clear();

 private:
  struct Copy {
    void* destination;
    const void* source;
    size_t bytes, source_bytes;
    int64_t group;
  };
  std::vector<Copy> copies_;
  int64_t group_ = 0;
};

// Of the running thread: 4, 8 or 16 bytes, of which the first `source_bytes` are copied and the rest are 0.
void cp_async(void* destination, const void* source, int bytes, int source_bytes);
void cp_async_commit();
void cp_async_wait(int keep);

}  // namespace emu
