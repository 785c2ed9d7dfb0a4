// Shuffles, votes, reductions; what else of the language kernels use.
#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "cuda/primitives/launch.h"

namespace llm42::cuda {
namespace {

constexpr unsigned all = 0xffffffffu;

__constant__ const int table[4] = {1, 2, 3, 4};

template <class T, int Width>
__device__ __forceinline__ T segment_sum(T value) {
#pragma unroll
  for (int distance = Width / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(all, value, distance, Width);
  }
  return value;
}

// A bit of everything: constants, static and dynamic shared memory, 2-D blocks, atomics on shared memory,
// votes, partial masks in divergent halves of a warp.
__global__ void __launch_bounds__(128, 2) features(int* output, int count) {
  __shared__ __align__(16) int histogram[16];
  LLM42_DYNAMIC_SHARED(float, exchanged);
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  if (thread < 16) histogram[thread] = 0;
  __syncthreads();
  atomicAdd(&histogram[thread & 15], table[thread & 3]);
  __syncthreads();
  const unsigned thirds = __ballot_sync(all, thread % 3 == 0);
  int sum = segment_sum<int, 8>(thread);
  if ((thread & 31) < 16) {
    sum += __shfl_down_sync(0x0000ffffu, sum, 1, 16);
  } else {
    sum -= __shfl_up_sync(0xffff0000u, sum, 2, 16);
  }
  exchanged[thread] = static_cast<float>(sum);
  __syncwarp();
  const int other = static_cast<int>(exchanged[thread ^ 1]);
  if (__any_sync(all, other < -1000000) && thread == 0) output[0] = -1;
  if (thread < count) {
    output[blockIdx.x * count + thread] = histogram[thread & 15] + __popc(thirds) * 1000 + other;
  }
}

int expected_feature(int thread) {
  const auto sum_of_eight = [](int t) { return 8 * (t & ~7) + 28; };
  const auto sum = [&](int t) {
    const int lane = t & 31;
    if (lane < 16) return sum_of_eight(t) + sum_of_eight(lane + 1 < 16 ? t + 1 : t);
    return sum_of_eight(t) - sum_of_eight((lane & 15) >= 2 ? t - 2 : t);
  };
  int histogram = 0, thirds = 0;
  for (int t = 0; t < 128; ++t) {
    if ((t & 15) == (thread & 15)) histogram += (t & 3) + 1;
  }
  for (int t = thread & ~31; t < (thread & ~31) + 32; ++t) thirds += t % 3 == 0 ? 1 : 0;
  return histogram + thirds * 1000 + sum(thread ^ 1);
}

TEST(EmulatedWarp, RunsAKernelThatUsesABitOfEverything) {
  std::vector<int> output(3 * 128);
  ASSERT_EQ(launch(features, dim3(3), dim3(16, 8), 128 * sizeof(float), nullptr, output.data(), 128),
            cudaSuccess);
  for (int block = 0; block < 3; ++block) {
    for (int thread = 0; thread < 128; ++thread) {
      EXPECT_EQ(output[block * 128 + thread], expected_feature(thread))
          << "block " << block << ", thread " << thread;
    }
  }
}

struct Collectives {
  unsigned ballot[64], match[64], add[64], max_u[64], bits_or[64], bits_xor[64], bits_and[64];
  int min_s[64], max_s[64], any[64], every[64], broadcast[64];
  double wide[64];
};

// 40 threads: the second warp has 8 lanes.
__global__ void collectives(Collectives* result) {
  const unsigned t = threadIdx.x;
  const int value = static_cast<int>(t * 7 % 13) - 6;
  result->ballot[t] = __ballot_sync(all, value > 0);
  result->match[t] = __match_any_sync(all, value);
  result->add[t] = __reduce_add_sync(all, t);
  result->max_u[t] = __reduce_max_sync(all, static_cast<unsigned>(value));
  result->min_s[t] = __reduce_min_sync(all, value);
  result->max_s[t] = __reduce_max_sync(all, value);
  result->bits_or[t] = __reduce_or_sync(all, 1u << (t & 31));
  result->bits_xor[t] = __reduce_xor_sync(all, t);
  result->bits_and[t] = __reduce_and_sync(all, t | 32u);
  result->any[t] = __any_sync(all, t == 35);
  result->every[t] = __all_sync(all, t >= 32);
  result->broadcast[t] = __shfl_sync(all, value, 3);
  result->wide[t] = __shfl_sync(all, 0.5 * t, 1, 4);
}

TEST(EmulatedWarp, CollectivesAgreeWithLoops) {
  Collectives r{};
  ASSERT_EQ(launch(collectives, dim3(1), dim3(40), 0, nullptr, &r), cudaSuccess);
  const auto value = [](int t) { return t * 7 % 13 - 6; };
  for (int t = 0; t < 40; ++t) {
    const int first = t & ~31, end = first == 0 ? 32 : 40;
    unsigned ballot = 0, match = 0, add = 0, max_u = 0, bits_or = 0, bits_xor = 0, bits_and = all;
    int min_s = 100, max_s = -100;
    for (int i = first; i < end; ++i) {
      const auto u = static_cast<unsigned>(i);
      ballot |= value(i) > 0 ? 1u << (i - first) : 0;
      match |= value(i) == value(t) ? 1u << (i - first) : 0;
      add += u;
      max_u = std::max(max_u, static_cast<unsigned>(value(i)));
      min_s = std::min(min_s, value(i));
      max_s = std::max(max_s, value(i));
      bits_or |= 1u << (i - first);
      bits_xor ^= u;
      bits_and &= u | 32u;
    }
    EXPECT_EQ(r.ballot[t], ballot) << t;
    EXPECT_EQ(r.match[t], match) << t;
    EXPECT_EQ(r.add[t], add) << t;
    EXPECT_EQ(r.max_u[t], max_u) << t;
    EXPECT_EQ(r.min_s[t], min_s) << t;
    EXPECT_EQ(r.max_s[t], max_s) << t;
    EXPECT_EQ(r.bits_or[t], bits_or) << t;
    EXPECT_EQ(r.bits_xor[t], bits_xor) << t;
    EXPECT_EQ(r.bits_and[t], bits_and) << t;
    EXPECT_EQ(r.any[t] != 0, first == 32) << t;
    EXPECT_EQ(r.every[t] != 0, first == 32) << t;
    EXPECT_EQ(r.broadcast[t], value(first + 3)) << t;
    EXPECT_EQ(r.wide[t], 0.5 * ((t & ~3) + 1)) << t;
  }
}

}  // namespace
}  // namespace llm42::cuda
