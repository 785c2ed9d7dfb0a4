// Barriers, copies that are waited for, and the ways in which blocks may work together.
#include <gtest/gtest.h>

#include <vector>

#include "cuda/primitives/barrier.h"
#include "cuda/primitives/cp_async.h"
#include "cuda/primitives/launch.h"
#include "emulator/settings.h"

namespace llm42::cuda {
namespace {

__global__ void counted(int* result) {
  const int thread = static_cast<int>(threadIdx.x);
  result[3 * thread] = __syncthreads_count(thread % 3 == 0);
  result[3 * thread + 1] = __syncthreads_or(thread == 70);
  result[3 * thread + 2] = __syncthreads_and(thread < 70);
}

TEST(EmulatedBarrier, CountsVotes) {
  std::vector<int> result(3 * 96);
  ASSERT_EQ(launch(counted, dim3(1), dim3(96), 0, nullptr, result.data()), cudaSuccess);
  for (int thread = 0; thread < 96; ++thread) {
    EXPECT_EQ(result[3 * thread], 32);
    EXPECT_EQ(result[3 * thread + 1], 1);
    EXPECT_EQ(result[3 * thread + 2], 0);
  }
}

// Warp 0 fills a buffer that warp 1 empties, in turns, while warps 2 and 3 meet among themselves.
__global__ void producer_consumer(int* sums, int rounds) {
  __shared__ int buffer[32];
  __shared__ int pair[64];
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  if (warp == 0) {
    for (int round = 0; round < rounds; ++round) {
      buffer[lane] = round * lane;
      named_barrier_sync(1, 64);  // full
      named_barrier_sync(2, 64);  // empty
    }
  } else if (warp == 1) {
    int sum = 0;
    for (int round = 0; round < rounds; ++round) {
      named_barrier_sync(1, 64);
      sum += buffer[31 - lane];
      named_barrier_sync(2, 64);
    }
    sums[lane] = sum;
  } else {
    const int thread = static_cast<int>(threadIdx.x) - 64;
    pair[thread] = thread;
    named_barrier_sync(15, 64);
    sums[32 + thread] = pair[63 - thread];
  }
}

TEST(EmulatedBarrier, NamedBarriersAreApart) {
  std::vector<int> sums(96);
  ASSERT_EQ(launch(producer_consumer, dim3(1), dim3(128), 0, nullptr, sums.data(), 5), cudaSuccess);
  for (int lane = 0; lane < 32; ++lane) EXPECT_EQ(sums[lane], 10 * (31 - lane));
  for (int thread = 0; thread < 64; ++thread) EXPECT_EQ(sums[32 + thread], 63 - thread);
}

// Every block adds a part; the last to arrive adds the parts in order.
__global__ void last_block_sums(const float* values, float* parts, unsigned* arrived, float* sum) {
  __shared__ bool is_last;
  if (threadIdx.x == 0) {
    float part = 0.0f;
    for (int i = 0; i < 8; ++i) part += values[8 * blockIdx.x + i];
    __stcg(&parts[blockIdx.x], part);
    __threadfence();
    is_last = atomicInc(arrived, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (is_last && threadIdx.x == 0) {
    __threadfence();
    float total = 0.0f;
    for (unsigned block = 0; block < gridDim.x; ++block) total += __ldcg(&parts[block]);
    *sum = total;
  }
}

TEST(EmulatedBarrier, TheLastBlockSeesWhatTheOthersDid) {
  std::vector<float> values(64 * 8);
  float expected = 0.0f;
  for (size_t i = 0; i < values.size(); ++i) values[i] = 1.0f / static_cast<float>(i + 1);
  for (size_t block = 0; block < 64; ++block) {
    float part = 0.0f;
    for (size_t i = 0; i < 8; ++i) part += values[8 * block + i];
    expected += part;
  }
  std::vector<float> parts(64);
  unsigned arrived = 0;
  for (int repetition = 0; repetition < 3; ++repetition) {
    float sum = 0.0f;
    ASSERT_EQ(
        launch(last_block_sums, dim3(64), dim3(64), 0, nullptr, values.data(), parts.data(), &arrived, &sum),
        cudaSuccess);
    EXPECT_EQ(sum, expected);
    EXPECT_EQ(arrived, 0u);
  }
}

// Threads of one block may spin for each other.
__global__ void spin_inside_block(unsigned* turns) {
  __shared__ unsigned turn;
  if (threadIdx.x == 0) turn = 0;
  __syncthreads();
  while (atomicAdd(&turn, 0u) != blockDim.x - 1 - threadIdx.x) __nanosleep(20);
  turns[threadIdx.x] = blockDim.x - 1 - threadIdx.x;
  atomicAdd(&turn, 1u);
}

TEST(EmulatedBarrier, ThreadsOfABlockMaySpinForEachOther) {
  std::vector<unsigned> turns(64);
  ASSERT_EQ(launch(spin_inside_block, dim3(1), dim3(64), 0, nullptr, turns.data()), cudaSuccess);
  for (unsigned thread = 0; thread < 64; ++thread) EXPECT_EQ(turns[thread], 63 - thread);
}

// Two stages of copies in flight; the ends of the rows are filled with zeros.
template <int Bytes>
__global__ void copy_rows(const unsigned char* source, unsigned char* output, int rows, int valid) {
  LLM42_DYNAMIC_SHARED(unsigned char, stages);
  const int lane = static_cast<int>(threadIdx.x), width = 32 * Bytes;
  const auto issue = [&](int row) {
    if (row < rows) {
      const int left = valid - lane * Bytes, count = left < 0 ? 0 : (left < Bytes ? left : Bytes);
      unsigned char* to = stages + row % 2 * width + lane * Bytes;
      const unsigned char* from = source + row * width + lane * Bytes;
      if constexpr (Bytes == 4) cp_async4(to, from, count);
      if constexpr (Bytes == 8) cp_async8(to, from, count);
      if constexpr (Bytes == 16) cp_async16(to, from, count);
    }
    cp_async_commit();
  };
  issue(0);
  for (int row = 0; row < rows; ++row) {
    issue(row + 1);
    cp_async_wait<1>();
    __syncwarp();
    for (int i = 0; i < Bytes; ++i)
      output[row * width + lane + 32 * i] = stages[row % 2 * width + lane + 32 * i];
    __syncwarp();
  }
}

template <int Bytes>
void check_copies() {
  constexpr int rows = 5, width = 32 * Bytes, valid = width - Bytes - 1;
  alignas(16) unsigned char source[rows * width];
  std::vector<unsigned char> output(rows * width);
  for (int i = 0; i < rows * width; ++i) source[i] = static_cast<unsigned char>(i % 251 + 1);
  ASSERT_EQ(
      launch(copy_rows<Bytes>, dim3(1), dim3(32), 2 * width, nullptr, source, output.data(), rows, valid),
      cudaSuccess);
  for (int i = 0; i < rows * width; ++i) EXPECT_EQ(output[i], i % width < valid ? source[i] : 0) << i;
}

TEST(EmulatedBarrier, AsyncCopiesLandAndFillUpWithZeros) {
  check_copies<4>();
  check_copies<8>();
  check_copies<16>();
}

// Sums of floats in the order in which blocks come: the order of blocks is what shuffling changes.
__global__ void add_in_any_order(float* sum) {
  if (threadIdx.x == 0) atomicAdd(sum, 1.0f / static_cast<float>(blockIdx.x + 1));
}

TEST(EmulatedBarrier, ShufflingChangesTheOrderOfBlocksAndASeedRepeatsIt) {
  const emu::Settings kept = emu::settings();
  const auto sum = [](bool is_shuffled, uint32_t seed) {
    emu::settings().workers = 1;
    emu::settings().is_shuffled = is_shuffled;
    emu::settings().shuffle_seed = seed;
    float result = 0.0f;
    EXPECT_EQ(launch(add_in_any_order, dim3(500), dim3(32), 0, nullptr, &result), cudaSuccess);
    return result;
  };
  bool differs = false;
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    EXPECT_EQ(sum(true, seed), sum(true, seed)) << "seed " << seed;
    differs = differs || sum(true, seed) != sum(false, 0);
  }
  EXPECT_TRUE(differs);
  emu::settings() = kept;
}

}  // namespace
}  // namespace llm42::cuda
