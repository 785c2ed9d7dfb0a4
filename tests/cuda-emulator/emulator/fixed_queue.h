// A queue without an allocator behind it.
#pragma once

#include <cstddef>
#include <utility>

namespace emu {

template <class T, size_t Capacity>
class FixedQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  void clear() { first_ = size_ = 0; }
  void push(T value) { items_[(first_ + size_++) % Capacity] = value; }
  // The item at `offset` behind the first; its place is taken by the first.
  T take(size_t offset = 0) {
    std::swap(items_[first_], items_[(first_ + offset) % Capacity]);
    T value = items_[first_];
    first_ = (first_ + 1) % Capacity;
    --size_;
    return value;
  }

 private:
  T items_[Capacity] = {};
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace emu
