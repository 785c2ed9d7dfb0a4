// Every index exactly once, over many short jobs, pools side by side, and pools that die at once.
#include "cpu/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace llm42::test {

using cpu::ThreadPool;

namespace {

void run_many(int threads, int jobs) {
  ThreadPool pool(threads);
  for (int job = 0; job < jobs; ++job) {
    const int64_t count = job % 97 + 2;
    std::vector<int> visits(static_cast<size_t>(count));
    std::atomic<bool> is_thread_in_range{true};
    pool.run(count, job % 3 + 1, [&](int64_t i, int thread) {
      ++visits[static_cast<size_t>(i)];
      if (thread < 0 || thread >= threads) is_thread_in_range = false;
    });
    for (const int count_of_visits : visits) ASSERT_EQ(1, count_of_visits) << "job " << job;
    ASSERT_TRUE(is_thread_in_range);
  }
}

}  // namespace

TEST(ThreadPool, VisitsEveryIndexOnce) {
  for (const int threads : {1, 2, 7}) run_many(threads, 20'000);
}

TEST(ThreadPool, PoolsWorkSideBySide) {
  std::thread other([] { run_many(3, 10'000); });
  run_many(2, 10'000);
  other.join();
}

// Shares so long that the caller goes to sleep before the last worker is done.
TEST(ThreadPool, WaitsForLongShares) {
  ThreadPool pool(3);
  for (int job = 0; job < 60; ++job) {
    std::atomic<int> done{0};
    pool.run(3, 1, [&](int64_t i, int) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(i);
      while (std::chrono::steady_clock::now() < end) {
      }
      ++done;
    });
    ASSERT_EQ(3, done.load()) << "job " << job;
  }
}

TEST(ThreadPool, StopsWithoutAJob) {
  for (int i = 0; i < 200; ++i) ThreadPool pool(4);
}

// Generations wrap after 2^16 jobs.
TEST(ThreadPool, SurvivesManyJobs) {
  ThreadPool pool(2);
  std::atomic<int64_t> total{0};
  for (int job = 0; job < 140'000; ++job) {
    pool.run(2, 1, [&](int64_t i, int) { total.fetch_add(i + 1, std::memory_order_relaxed); });
  }
  EXPECT_EQ(3 * 140'000, total.load());
}

}  // namespace llm42::test
