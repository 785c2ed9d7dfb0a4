// Barriers and fences as kernels call them.
#pragma once

namespace emu {

// The running thread's block meets; see BlockBarrier::wait.
int block_barrier(const char* operation, int id, unsigned count, bool vote);
// bar.sync id, count
void named_barrier(int id, unsigned count);
// Orders this thread's accesses against those of every thread that fences before or after it.
void fence();
// The others run first.
void sleep();

}  // namespace emu

inline void __syncthreads() {
  emu::block_barrier("__syncthreads", 0, 0, false);
}
inline int __syncthreads_count(int predicate) {
  return emu::block_barrier("__syncthreads_count", 0, 0, predicate != 0);
}
inline int __syncthreads_or(int predicate) {
  return emu::block_barrier("__syncthreads_or", 0, 0, predicate != 0) != 0;
}
inline int __syncthreads_and(int predicate) {
  return emu::block_barrier("__syncthreads_and", 0, 0, predicate == 0) == 0;
}
void __syncwarp(unsigned mask = 0xffffffffu);

inline void __threadfence() {
  emu::fence();
}
inline void __threadfence_block() {
  emu::fence();
}
inline void __threadfence_system() {
  emu::fence();
}
inline void __nanosleep(unsigned) {
  emu::sleep();
}
