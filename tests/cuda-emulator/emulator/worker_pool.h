// The OS threads that run blocks. They run nothing else: a worker's thread-local memory is the shared memory
// of kernels.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace emu {

class Block;
struct Launch;

class WorkerPool {
 public:
  WorkerPool() = default;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  // All blocks of the launch; returns when they are done. One launch at a time.
  void run(Launch& launch);

 private:
  void work();
  void take_blocks(std::span<Block> blocks);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable has_work_, is_done_;
  uint64_t generation_ = 0;
  int active_ = 0;   // workers at the launch
  int invited_ = 0;  // those that may still join it
  bool is_ending_ = false;
  Launch* launch_ = nullptr;
  // Blocks by number, x fastest, in the order of `first_`, `first_` + `step_`, ... modulo their count.
  uint64_t count_ = 0, next_ = 0, first_ = 0, step_ = 1;
};

WorkerPool& worker_pool();

}  // namespace emu
