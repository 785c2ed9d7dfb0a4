#include "emulator/barrier.h"

#include <atomic>

#include "emulator/block.h"
#include "emulator/fault.h"
#include "emulator/intrinsics.h"
#include "emulator/sanitizer.h"

namespace emu {

int block_barrier(const char* operation, int id, unsigned count, bool vote) {
  return local.block->barrier(id).wait(operation, count, vote);
}

void named_barrier(int id, unsigned count) {
  if (id < 0 || id >= named_barriers) fail("bar.sync: barrier %d, but there are 0..15", id);
  if (count == 0 || count % warp_size != 0 || count > local.block->size()) {
    fail("bar.sync: %u threads, not whole warps of a block of %u", count, local.block->size());
  }
  block_barrier("bar.sync", id, count, false);
}

void fence() {
  // One object for all fences: more order than CUDA gives, but none without a fence on both sides.
  static Order order;
  order.release();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  order.acquire();
}

[[noreturn]] void trap() {
  fail("__trap");
}

void sleep() {
  local.block->spin();
}

}  // namespace emu
