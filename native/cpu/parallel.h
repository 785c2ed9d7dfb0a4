// The one way in which operators use threads.
#pragma once

#include <omp.h>

#include <cstdint>

namespace llm42::cpu {

// Calls body(index, thread) for every index below `count`, on up to `threads` threads; thread is below
// `threads`. Indices are handed out `chunk` at a time to whoever is free, so results must not depend on who
// got which. The body must not throw.
template <class Body>
void parallel_for(int threads, int64_t count, int64_t chunk, const Body& body) {
  if (threads <= 1 || count <= chunk) {
    for (int64_t i = 0; i < count; ++i) body(i, 0);
    return;
  }
#pragma omp parallel for num_threads(threads) schedule(dynamic, chunk)
  for (int64_t i = 0; i < count; ++i) body(i, omp_get_thread_num());
}

}  // namespace llm42::cpu
