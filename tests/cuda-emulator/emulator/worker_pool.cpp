#include "emulator/worker_pool.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "emulator/block.h"
#include "emulator/sanitizer.h"
#include "emulator/settings.h"

namespace emu {

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  has_work_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void WorkerPool::run(Launch& launch) {
  const uint64_t count = uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
  int workers = static_cast<int>(std::min<uint64_t>(static_cast<uint64_t>(settings().workers), count));
#if LLM42_EMULATOR_ASAN || LLM42_EMULATOR_TSAN
  workers = 1;  // the address sanitizer needs plain statics; the other sees threads where there are fibers
#endif
  launch.started.release();
  {
    std::unique_lock lock(mutex_);
    while (static_cast<int>(workers_.size()) < workers) workers_.emplace_back([this] { work(); });
    launch_ = &launch;
    count_ = count;
    next_ = first_ = 0;
    step_ = 1;
    if (settings().is_shuffled) {
      std::mt19937_64 random(settings().shuffle_seed);
      first_ = random() % count;
      do {
        step_ = 1 + random() % count;
      } while (std::gcd(step_, count) != 1);
    }
    invited_ = active_ = workers;
    ++generation_;
    has_work_.notify_all();
    is_done_.wait(lock, [this] { return active_ == 0; });
    launch_ = nullptr;
  }
  launch.ended.acquire();
}

void WorkerPool::work() {
  // Their stacks serve every launch. Two by turns under the thread sanitizer: the threads of one block are
  // not those of the block before, so what two neighbours do without order shows as a race.
  Block blocks[LLM42_EMULATOR_TSAN ? 2 : 1];
  uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    has_work_.wait(lock, [&] { return is_ending_ || (generation_ != seen && invited_ > 0); });
    if (is_ending_) return;
    seen = generation_;
    --invited_;
    take_blocks(blocks);
    if (--active_ == 0) is_done_.notify_all();
  }
}

// Called with the mutex held, which it releases while a block runs.
void WorkerPool::take_blocks(std::span<Block> blocks) {
  Launch& launch = *launch_;
  while (next_ < count_) {
    Block& block = blocks[next_ % blocks.size()];
    const uint64_t number = (first_ + next_ * step_) % count_;
    ++next_;
    mutex_.unlock();
    const uint64_t x = launch.grid.x, y = launch.grid.y;
    block.run(launch, {static_cast<unsigned>(number % x), static_cast<unsigned>(number / x % y),
                       static_cast<unsigned>(number / (x * y))});
    mutex_.lock();
  }
}

WorkerPool& worker_pool() {
  static WorkerPool instance;
  return instance;
}

}  // namespace emu
