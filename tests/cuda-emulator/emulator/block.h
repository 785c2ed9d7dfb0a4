// The scheduler of a block: its threads are fibers that run until they wait for each other.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "emulator/block_barrier.h"
#include "emulator/fiber.h"
#include "emulator/fixed_queue.h"
#include "emulator/limits.h"
#include "emulator/sanitizer.h"
#include "emulator/shared_memory.h"
#include "emulator/thread.h"
#include "emulator/warp.h"

namespace emu {

// A kernel with its arguments.
struct Launch {
  dim3 grid, block;
  size_t shared_bytes = 0;
  std::function<void()> body;
  const char* name = "";
  // What precedes the launch, and what follows it.
  Order started, ended;
};

// One per worker; runs one block after another.
class Block {
 public:
  void run(Launch& launch, uint3 index);

  // Hands the processor to other threads until somebody calls wake() for this one.
  void park(const char* reason);
  void wake(Thread* thread) { ready_.push(thread); }
  // Lets the others run first; for threads that spin. Fails where all of the block have done nothing but that
  // for long: what they wait for is in another block, which may never run beside this one.
  void spin();
  // A thread got past a barrier or a warp operation, or left.
  void progressed();

  const Launch& launch() const { return *launch_; }
  unsigned size() const { return size_; }
  unsigned left() const { return left_; }
  Warp& warp_of(const Thread& thread) { return warps_[thread.context.warp]; }
  BlockBarrier& barrier(int id) { return barriers_[id]; }
  SharedMemory& shared() { return shared_; }

 private:
  static void run_thread();
  void prepare(uint3 index);
  Thread* next_ready();
  void leave(Thread& thread);
  [[noreturn]] void report_deadlock();

  Launch* launch_ = nullptr;
  Fiber origin_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Warp> warps_;
  BlockBarrier barriers_[named_barriers];
  FixedQueue<Thread*, max_threads_per_block> ready_;
  SharedMemory shared_;
  std::mt19937 random_;
  bool is_shuffled_ = false;
  unsigned size_ = 0;
  unsigned left_ = 0;
  uint64_t spins_ = 0;
};

}  // namespace emu
