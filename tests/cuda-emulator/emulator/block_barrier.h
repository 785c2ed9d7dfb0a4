// bar.sync: a barrier of a block's threads. Number 0 with all threads is __syncthreads.
#pragma once

#include <cstdint>

#include "emulator/fixed_queue.h"
#include "emulator/limits.h"
#include "emulator/sanitizer.h"
#include "emulator/thread.h"

namespace emu {

class BlockBarrier {
 public:
  void reset();
  // `count` threads meet here, in whole warps; 0 = all of the block. `vote` is counted, for __syncthreads_or
  // and the like; returns how many of this meeting's votes were not 0.
  int wait(const char* operation, unsigned count, bool vote);
  // Called when a thread leaves: whoever waits for all the block would wait for that thread too.
  void check_no_one_waits_for_all() const;

 private:
  FixedQueue<Thread*, max_threads_per_block> waiting_;
  unsigned count_ = 0;
  const char* operation_ = nullptr;
  int votes_ = 0;
  // Results and order of a meeting. Two of them by turns: the first to get past this meeting may reach the
  // next before the last has got past this one, but not the one after it.
  uint64_t meeting_ = 0;
  int result_[2] = {};
  Order order_[2];
};

}  // namespace emu
