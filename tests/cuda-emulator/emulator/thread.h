// A CUDA thread: its place in the grid, its fiber, its copies in flight.
#pragma once

#include <cstdint>
#include <vector>

#include "emulator/async_copy.h"
#include "emulator/fiber.h"
#include "emulator/vector_types.h"

namespace emu {

class Block;

struct Context {
  uint3 thread_index, block_index;
  dim3 block_size, grid_size;
  unsigned lane, warp;
};

struct Thread {
  Context context;
  Fiber fiber;
  // What it waits for, for messages; NULL while it runs or may run.
  const char* waiting_for = nullptr;
  bool has_left = false;
  // Atomic operations so far.
  uint64_t atomics = 0;
  AsyncCopies copies;
};

// All that the emulator keeps per OS thread. One variable, so that the rest of a worker's thread-local memory
// is known to be the __shared__ variables of kernels.
struct Local {
  Thread* thread;
  Block* block;
};
extern constinit thread_local Local local;

inline const Context& context() {
  return local.thread->context;
}

// The kernel that runs on this OS thread.
const char* kernel_name();

}  // namespace emu

#define threadIdx (::emu::context().thread_index)
#define blockIdx (::emu::context().block_index)
#define blockDim (::emu::context().block_size)
#define gridDim (::emu::context().grid_size)
#define warpSize 32
