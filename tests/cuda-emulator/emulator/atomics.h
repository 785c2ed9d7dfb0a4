// Atomic operations on shared and global memory. Relaxed, as CUDA's are: they order nothing else.
#pragma once

#include <concepts>
#include <type_traits>

namespace emu {

// Lets other threads run now and then, since kernels spin on atomics.
void atomic_turn();

// Applies `change` to *address; returns what was there.
template <class T, class Change>
T atomic_update(T* address, Change change) {
  atomic_turn();
  T old, desired;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  do {
    desired = change(old);
  } while (!__atomic_compare_exchange(address, &old, &desired, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return old;
}

}  // namespace emu

template <class T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T old) { return static_cast<T>(old + value); });
}
template <class T>
T atomicSub(T* address, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T old) { return static_cast<T>(old - value); });
}
template <class T>
T atomicMin(T* address, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T old) { return value < old ? value : old; });
}
template <class T>
T atomicMax(T* address, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T old) { return old < value ? value : old; });
}
template <std::integral T>
T atomicAnd(T* address, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T old) { return static_cast<T>(old & value); });
}
template <std::integral T>
T atomicOr(T* address, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T old) { return static_cast<T>(old | value); });
}
template <std::integral T>
T atomicXor(T* address, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T old) { return static_cast<T>(old ^ value); });
}
template <class T>
T atomicExch(T* address, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T) { return value; });
}
template <std::integral T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  return emu::atomic_update(address, [=](T old) { return old == expected ? value : old; });
}
// Counts up to `last`, then starts at 0 again.
inline unsigned atomicInc(unsigned* address, unsigned last) {
  return emu::atomic_update(address, [=](unsigned old) { return old >= last ? 0u : old + 1; });
}
// Counts down from `first`, then starts there again.
inline unsigned atomicDec(unsigned* address, unsigned first) {
  return emu::atomic_update(address, [=](unsigned old) { return old == 0 || old > first ? first : old - 1; });
}
