#include "emulator/atomics.h"

#include "emulator/block.h"

namespace emu {

void atomic_turn() {
  constexpr uint64_t operations_per_turn = 16;
  if (++local.thread->atomics % operations_per_turn == 0) local.block->spin();
}

}  // namespace emu
