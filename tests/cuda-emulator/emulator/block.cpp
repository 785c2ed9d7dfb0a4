#include "emulator/block.h"

#include <cstdio>

#include "emulator/fault.h"
#include "emulator/sanitizer.h"
#include "emulator/settings.h"

namespace emu {

constinit thread_local Local local{};

const char* kernel_name() {
  return local.block->launch().name;
}

void Block::run(Launch& launch, uint3 index) {
  launch_ = &launch;
  local.block = this;
  prepare(index);
  origin_.adopt_running_stack();
  Thread* first = next_ready();
  local.thread = first;
  Fiber::run(origin_, first->fiber);
  if (left_ != size_) report_deadlock();
  local.block = nullptr;
}

void Block::prepare(uint3 index) {
  const dim3 grid = launch_->grid, shape = launch_->block;
  size_ = shape.x * shape.y * shape.z;
  left_ = 0;
  spins_ = 0;
  is_shuffled_ = settings().is_shuffled;
  if (is_shuffled_) {
    // Not from the worker: a block is shuffled alike whoever runs it.
    std::seed_seq seed{settings().shuffle_seed, index.x, index.y, index.z};
    random_.seed(seed);
  }
  while (threads_.size() < size_) threads_.push_back(std::make_unique<Thread>());
  warps_.resize((size_ + warp_size - 1) / warp_size);
  for (Warp& warp : warps_) warp.reset();
  for (BlockBarrier& barrier : barriers_) barrier.reset();
  shared_.prepare(launch_->shared_bytes);
  ready_.clear();
  for (unsigned i = 0; i < size_; ++i) {
    Thread& thread = *threads_[i];
    const uint3 place{i % shape.x, i / shape.x % shape.y, i / (shape.x * shape.y)};
    thread.context = {place, index, shape, grid, i % warp_size, i / warp_size};
    thread.waiting_for = nullptr;
    thread.has_left = false;
    thread.copies.clear();
    thread.fiber.prepare(&Block::run_thread);
    warp_of(thread).add(thread.context.lane);
    ready_.push(&thread);
  }
  // The worker never follows `ended`, so this orders the threads behind the launch and not behind other
  // blocks.
  launch_->started.release();
}

void Block::run_thread() {
  Block& block = *local.block;
  Fiber::arrived(block.origin_);
  Thread& self = *local.thread;
  block.launch_->started.acquire();
  block.launch_->body();
  block.launch_->ended.release();
  block.leave(self);
}

void Block::leave(Thread& thread) {
  Thread* next = nullptr;
  {
    const Unobserved unobserved;
    thread.has_left = true;
    ++left_;
    progressed();
    warp_of(thread).leave(thread.context.lane);
    for (BlockBarrier& barrier : barriers_) barrier.check_no_one_waits_for_all();
    next = next_ready();
  }
  local.thread = next;
  Fiber::run(thread.fiber, next != nullptr ? next->fiber : origin_, true);
}

Thread* Block::next_ready() {
  if (ready_.empty()) return nullptr;
  return ready_.take(is_shuffled_ ? random_() % ready_.size() : 0);
}

void Block::park(const char* reason) {
  Thread* self = local.thread;
  self->waiting_for = reason;
  Thread* next = next_ready();
  if (next != self) {
    local.thread = next;
    Fiber::run(self->fiber, next != nullptr ? next->fiber : origin_);
  }
  self->waiting_for = nullptr;
}

void Block::progressed() {
  spins_ = 0;
}

void Block::spin() {
  const Unobserved unobserved;
  constexpr uint64_t patience = uint64_t{1} << 20;
  if (++spins_ > patience) {
    fail(
        "the block spins without end. What it waits for is not done by its own threads, and blocks do not "
        "run "
        "side by side here; let the last block that increments a counter do the rest");
  }
  Thread* self = local.thread;
  ready_.push(self);
  park("its turn while spinning");
}

void Block::report_deadlock() {
  constexpr unsigned most = 8;
  unsigned shown = 0;
  for (unsigned i = 0; i < size_ && shown < most; ++i) {
    if (threads_[i]->has_left) continue;
    const uint3 place = threads_[i]->context.thread_index;
    std::fprintf(stderr, "CUDA emulator: thread %u,%u,%u waits at %s\n", place.x, place.y, place.z,
                 threads_[i]->waiting_for);
    ++shown;
  }
  local.thread = nullptr;
  const uint3 index = threads_[0]->context.block_index;
  fail("deadlock in block %u,%u,%u: %u of %u threads wait for ever", index.x, index.y, index.z, size_ - left_,
       size_);
}

}  // namespace emu
