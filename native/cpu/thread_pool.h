// Threads of a device. Why not OpenMP: its barriers wait for every thread of a team, also for one that has
// not been given a processor yet, and its threads spin for milliseconds between calls. On a machine that does
// something else as well (a server, a test run) that made two threads ten to twenty times slower than one.
// Here the caller starts at once, waits only for workers that took a share, and idle workers go to sleep
// after microseconds.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace llm42::cpu {

class ThreadPool {
 public:
  // `threads` counts the caller. Fails with LLM42_STATUS_DEVICE_UNAVAILABLE if the system refuses a thread.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  // Calls body(index, thread) for every index below `count`, `chunk` consecutive ones at a time, on whichever
  // threads are free: results must not depend on which. 0 <= thread < threads. The body must not throw.
  template <class Body>
  void run(int64_t count, int64_t chunk, const Body& body) {
    run_job(count, chunk, &body, [](const void* context, int64_t begin, int64_t end, int thread) {
      for (int64_t i = begin; i < end; ++i) (*static_cast<const Body*>(context))(i, thread);
    });
  }

 private:
  using Function = void (*)(const void* context, int64_t begin, int64_t end, int thread);

  void run_job(int64_t count, int64_t chunk, const void* context, Function function);
  void take_shares(int thread);
  void work(int thread);
  void stop();

  // Generation of the job, whether workers may still join it, whether the caller sleeps, and how many are at
  // it.
  std::atomic<uint32_t> state_{0};
  std::atomic<bool> is_stopping_{false};
  // The job; written only while nobody is at one.
  int64_t count_ = 0;
  int64_t chunk_ = 1;
  const void* context_ = nullptr;
  Function function_ = nullptr;
  alignas(64) std::atomic<int64_t> next_{0};
  std::vector<std::thread> workers_;
};

// The same, on the calling thread alone where `threads` is 1 or there is but one share.
template <class Body>
void parallel_for(ThreadPool& pool, int threads, int64_t count, int64_t chunk, const Body& body) {
  if (threads <= 1 || count <= chunk) {
    for (int64_t i = 0; i < count; ++i) body(i, 0);
  } else {
    pool.run(count, chunk, body);
  }
}

}  // namespace llm42::cpu
