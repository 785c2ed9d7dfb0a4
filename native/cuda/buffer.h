// Untyped device memory.
#pragma once

#include "cuda/device.h"

namespace llm42::cuda {

class CudaBuffer final : public llm42_buffer {
 public:
  CudaBuffer(CudaDevice& owner, int64_t bytes);

  std::byte* data() const { return block_.data(); }

 private:
  Block block_;
};

// Device address of the first element of a view; NULL if it is absent.
template <class T>
T* at(const llm42_view& view) {
  if (view.buffer == nullptr) return nullptr;
  return reinterpret_cast<T*>(static_cast<const CudaBuffer*>(view.buffer)->data() + view.offset);
}

}  // namespace llm42::cuda
