// The shared memory of the block that a worker runs.
#pragma once

#include <cstddef>

namespace emu {

class SharedMemory {
 public:
  SharedMemory() = default;
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();

  // For the next block: dynamic shared memory of `bytes`, and all of it, the kernels' __shared__ variables
  // too, filled with bytes 0xff, which are NaN in every floating-point type, so that reads of what nobody
  // wrote show. Under the address sanitizer the __shared__ variables keep what they held.
  void prepare(size_t bytes);
  void* dynamic() const { return dynamic_; }

 private:
  void resize(size_t bytes);

  char* dynamic_ = nullptr;
  size_t bytes_ = 0;
};

// Of the running block; 128-byte aligned.
void* dynamic_shared();

}  // namespace emu
