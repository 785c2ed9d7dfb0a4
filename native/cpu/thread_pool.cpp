#include "cpu/thread_pool.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace llm42::cpu {

namespace {

// state_: generation in the upper half, then whether the job is open, whether the caller sleeps until it is
// done, and the workers at it.
constexpr uint32_t generation_step = 1u << 16;
constexpr uint32_t open_flag = 1u << 15;
constexpr uint32_t asleep_flag = 1u << 14;
constexpr uint32_t worker_mask = asleep_flag - 1;

uint32_t generation_of(uint32_t state) {
  return state / generation_step;
}

// Some ten microseconds: longer than the host needs from one operator to the next, shorter than anybody
// minds.
constexpr int spins_before_sleep = 1000;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  try {
    workers_.reserve(static_cast<size_t>(threads - 1));
    for (int thread = 1; thread < threads; ++thread) workers_.emplace_back(&ThreadPool::work, this, thread);
  } catch (const std::system_error& error) {
    const size_t started = workers_.size() + 1;
    stop();
    fail(LLM42_STATUS_DEVICE_UNAVAILABLE, "options.threads asks for ", threads, " threads; the system gave ",
         started, " (", error.what(), ")");
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  is_stopping_.store(true, std::memory_order_relaxed);
  state_.fetch_add(generation_step, std::memory_order_release);
  state_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

void ThreadPool::run_job(int64_t count, int64_t chunk, const void* context, Function function) {
  count_ = count;
  chunk_ = chunk;
  context_ = context;
  function_ = function;
  next_.store(0, std::memory_order_relaxed);
  const uint32_t generation = generation_of(state_.load(std::memory_order_relaxed)) + 1;
  state_.store(generation * generation_step + open_flag, std::memory_order_release);
  state_.notify_all();

  take_shares(0);
  // Every share is taken: who has not come needs not come, and who has is waited for.
  state_.fetch_and(~open_flag, std::memory_order_relaxed);
  for (int spins = 0; spins < spins_before_sleep; ++spins) {
    if ((state_.load(std::memory_order_acquire) & worker_mask) == 0) return;
    pause();
  }
  // A worker that takes so long has lost its processor to somebody else. Asleep, the caller gives up its own,
  // where the system can then go on with the worker.
  uint32_t state = state_.fetch_or(asleep_flag, std::memory_order_acquire) | asleep_flag;
  while ((state & worker_mask) != 0) {
    state_.wait(state, std::memory_order_acquire);
    state = state_.load(std::memory_order_acquire);
  }
}

void ThreadPool::take_shares(int thread) {
  for (;;) {
    const int64_t begin = next_.fetch_add(chunk_, std::memory_order_relaxed);
    if (begin >= count_) return;
    function_(context_, begin, std::min(begin + chunk_, count_), thread);
  }
}

void ThreadPool::work(int thread) {
  uint32_t seen = 0;  // generation last looked at
  for (;;) {
    uint32_t state = state_.load(std::memory_order_acquire);
    for (int spins = 0; generation_of(state) == seen; ++spins) {
      if (spins < spins_before_sleep) {
        pause();
      } else {
        state_.wait(state, std::memory_order_acquire);
      }
      state = state_.load(std::memory_order_acquire);
    }
    if (is_stopping_.load(std::memory_order_relaxed)) return;
    // Join while the job is open; a closed one may already be gone.
    while ((state & open_flag) != 0) {
      if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire)) {
        take_shares(thread);
        if ((state_.fetch_sub(1, std::memory_order_release) & asleep_flag) != 0) state_.notify_all();
        break;
      }
    }
    seen = generation_of(state);
  }
}

}  // namespace llm42::cpu
