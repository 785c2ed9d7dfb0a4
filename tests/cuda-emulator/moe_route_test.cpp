// The choice of experts: float64, ties, rows by themselves, what is not finite.
#include "cuda/kernels/moe_route/moe_route.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace llm42::cuda {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Routed {
  std::vector<int32_t> ids;
  std::vector<float> weights;
};

Routed route(const std::vector<float>& logits, int32_t experts, int32_t top_k, bool renormalizes,
             int64_t stride = 0) {
  if (stride == 0) stride = experts;
  const int32_t rows = static_cast<int32_t>((static_cast<int64_t>(logits.size()) + stride - 1) / stride);
  const size_t slots = static_cast<size_t>(rows) * static_cast<size_t>(top_k);
  Routed routed{std::vector<int32_t>(slots + 1, -7), std::vector<float>(slots + 1, -7.0f)};
  const MoeRoute work{logits.data(), stride, routed.ids.data(), routed.weights.data(), rows,
                      experts,       top_k,  renormalizes};
  EXPECT_EQ(moe_route(work, nullptr), cudaSuccess);
  EXPECT_EQ(routed.ids.back(), -7);
  EXPECT_EQ(routed.weights.back(), -7.0f);
  routed.ids.pop_back();
  routed.weights.pop_back();
  return routed;
}

std::vector<float> random_logits(int32_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 2.0f);
  std::vector<float> logits(static_cast<size_t>(count));
  for (float& logit : logits) logit = normal(random);
  return logits;
}

TEST(EmulatedMoeRoute, AgreesWithFloat64) {
  struct Shape {
    int32_t experts, top_k;
  };
  uint32_t seed = 1;
  for (const Shape shape : {Shape{1, 1},
                            {2, 2},
                            {8, 2},
                            {31, 31},
                            {32, 5},
                            {33, 33},
                            {64, 8},
                            {65, 64},
                            {128, 8},
                            {256, 33},
                            {257, 1},
                            {1000, 64},
                            {1024, 32}}) {
    for (const bool renormalizes : {false, true}) {
      constexpr int32_t rows = 6;
      const std::vector<float> logits = random_logits(rows * shape.experts, seed++);
      const Routed routed = route(logits, shape.experts, shape.top_k, renormalizes);
      for (int32_t row = 0; row < rows; ++row) {
        SCOPED_TRACE(testing::Message() << shape.experts << " experts, top " << shape.top_k << ", row " << row
                                        << ", seed " << seed - 1);
        const float* x = logits.data() + row * shape.experts;
        std::vector<int32_t> order(static_cast<size_t>(shape.experts));
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return x[a] > x[b]; });
        double total = 0, chosen = 0;
        for (int32_t e = 0; e < shape.experts; ++e) total += std::exp(double(x[e]) - x[order[0]]);
        for (int32_t j = 0; j < shape.top_k; ++j)
          chosen += std::exp(double(x[order[size_t(j)]]) - x[order[0]]);
        for (int32_t j = 0; j < shape.top_k; ++j) {
          const size_t slot = size_t(row * shape.top_k + j);
          ASSERT_EQ(routed.ids[slot], order[size_t(j)]);
          const double expected =
              std::exp(double(x[order[size_t(j)]]) - x[order[0]]) / (renormalizes ? chosen : total);
          // x - largest is rounded, exp is 2 ulp off, the sums have at most 1024 terms in trees 37 deep.
          ASSERT_NEAR(routed.weights[slot], expected, expected * 120 * 0x1p-24) << "rank " << j;
        }
      }
    }
  }
}

TEST(EmulatedMoeRoute, TiesGoToTheLowerExpertAndMinusZeroIsZero) {
  const Routed routed = route({1, 3, 2, 3, 3, 1, -0.0f, 0.0f}, 8, 8, true);
  EXPECT_EQ(routed.ids, (std::vector<int32_t>{1, 3, 4, 2, 0, 5, 6, 7}));
  EXPECT_EQ(routed.weights[0], routed.weights[2]);
  std::vector<float> equal(200, 0.25f);
  const Routed all = route(equal, 200, 40, false);
  for (int32_t j = 0; j < 40; ++j) {
    EXPECT_EQ(all.ids[size_t(j)], j);
    EXPECT_FLOAT_EQ(all.weights[size_t(j)], 1.0f / 200);
  }
}

// What is not finite makes NaN of its own row's weights; the experts stay in range.
TEST(EmulatedMoeRoute, WhatIsNotFiniteStaysInItsRow) {
  std::vector<float> logits = random_logits(5 * 16, 3);
  const Routed clean = route(logits, 16, 4, true);
  logits[1 * 16 + 9] = kNaN;
  logits[2 * 16 + 3] = kInfinity;
  std::fill_n(logits.begin() + 3 * 16, 16, -kInfinity);
  logits[4 * 16 + 1] = -kInfinity;
  const Routed routed = route(logits, 16, 4, true);
  for (size_t j = 0; j < 4; ++j) {
    EXPECT_EQ(std::bit_cast<uint32_t>(routed.weights[j]), std::bit_cast<uint32_t>(clean.weights[j]));
    EXPECT_TRUE(std::isnan(routed.weights[4 + j]));
    EXPECT_NE(routed.ids[4 + j], 9);
    EXPECT_TRUE(std::isnan(routed.weights[8 + j]));
    EXPECT_TRUE(std::isnan(routed.weights[12 + j]));
    EXPECT_EQ(routed.ids[12 + j], int32_t(j));
    EXPECT_TRUE(std::isfinite(routed.weights[16 + j]));
    EXPECT_NE(routed.ids[16 + j], 1);
  }
  EXPECT_EQ(routed.ids[8], 3);
}

TEST(EmulatedMoeRoute, ARowHasTheBitsThatItHasAloneWhateverTheStride) {
  for (const int32_t experts : {5, 60, 129, 700}) {
    constexpr int32_t rows = 13;
    const int32_t top_k = std::min(experts, 9);
    const std::vector<float> logits = random_logits(rows * experts, uint32_t(experts));
    const Routed all = route(logits, experts, top_k, true);
    std::vector<float> spread(static_cast<size_t>(rows * (experts + 3)), kNaN);
    for (int32_t row = 0; row < rows; ++row) {
      std::copy_n(logits.begin() + row * experts, experts, spread.begin() + row * (experts + 3));
    }
    const Routed strided = route(spread, experts, top_k, true, experts + 3);
    EXPECT_EQ(strided.ids, all.ids);
    EXPECT_EQ(strided.weights, all.weights);
    for (int32_t row = 0; row < rows; ++row) {
      const auto begin = logits.begin() + row * experts;
      const Routed alone = route({begin, begin + experts}, experts, top_k, true);
      for (int32_t j = 0; j < top_k; ++j) {
        const size_t slot = size_t(row * top_k + j);
        ASSERT_EQ(alone.ids[size_t(j)], all.ids[slot]);
        ASSERT_EQ(std::bit_cast<uint32_t>(alone.weights[size_t(j)]),
                  std::bit_cast<uint32_t>(all.weights[slot]))
            << experts << " experts, row " << row << ", rank " << j;
      }
    }
  }
}

TEST(EmulatedMoeRoute, RefusesSizesOutOfRange) {
  std::vector<float> logits(2000);
  std::vector<int32_t> ids(100);
  const MoeRoute good{logits.data(), 8, ids.data(), logits.data(), 1, 8, 2, true};
  const auto refuses = [&](auto&& spoil) {
    MoeRoute work = good;
    spoil(work);
    return moe_route(work, nullptr) == cudaErrorInvalidValue;
  };
  EXPECT_TRUE(refuses([](MoeRoute& work) { work.rows = 0; }));
  EXPECT_TRUE(refuses([](MoeRoute& work) { work.experts = 0; }));
  EXPECT_TRUE(refuses([](MoeRoute& work) { work.experts = 1025; }));
  EXPECT_TRUE(refuses([](MoeRoute& work) { work.top_k = 0; }));
  EXPECT_TRUE(refuses([](MoeRoute& work) { work.top_k = 9; }));
  EXPECT_TRUE(refuses([](MoeRoute& work) { work.experts = 100, work.top_k = 65; }));
}

}  // namespace
}  // namespace llm42::cuda
