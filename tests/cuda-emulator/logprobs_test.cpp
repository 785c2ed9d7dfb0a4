#include "cuda/kernels/logprobs/logprobs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "cpu_backend.h"
#include "emulator/sanitizer.h"

namespace llm42::cuda {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> random_logits(int count, uint32_t seed, float spread = 4.0f) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

uint32_t bits(float value) {
  return std::bit_cast<uint32_t>(value);
}

std::vector<float> run_log_softmax(const std::vector<float>& logits, int rows, int vocabulary,
                                   int64_t stride) {
  std::vector<float> output(size_t(rows) * vocabulary, nan);
  EXPECT_EQ(log_softmax({logits.data(), stride, output.data(), rows, vocabulary}, nullptr), cudaSuccess);
  return output;
}

struct Top {
  std::vector<int32_t> ids;
  std::vector<float> logprobs, chosen;
  ErrorSlot error{};
};

Top run_top(const std::vector<float>& logits, int rows, int vocabulary, int count,
            const std::vector<int32_t>& chosen = {}) {
  Top top;
  top.ids.assign(size_t(rows) * count, -1);
  top.logprobs.assign(size_t(rows) * count, nan);
  top.chosen.assign(chosen.size(), 1.0f);
  const TopLogprobs work{logits.data(),
                         vocabulary,
                         chosen.empty() ? nullptr : chosen.data(),
                         chosen.empty() ? nullptr : top.chosen.data(),
                         top.ids.data(),
                         top.logprobs.data(),
                         &top.error,
                         rows,
                         vocabulary,
                         count};
  EXPECT_EQ(top_logprobs(work, nullptr), cudaSuccess);
  return top;
}

TEST(EmulatedLogSoftmax, AgreesWithFloat64) {
  for (const int vocabulary : {1, 2, 3, 31, 1000, 4095, 4097, 20011}) {
    const std::vector<float> logits = random_logits(vocabulary, vocabulary);
    const std::vector<float> output = run_log_softmax(logits, 1, vocabulary, vocabulary);
    const double top = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits) sum += std::exp(logit - top);
    // exp and log: 2 ulp; a chain of V / 1024 + 4 adds and the 10 of the tree; three roundings of the result.
    const double sum_error = (vocabulary / 1024 + 4 + 10 + 4) * 0x1p-23 + 3 * std::log(sum) * 0x1p-23;
    for (int i = 0; i < vocabulary; ++i) {
      const double expected = logits[i] - top - std::log(sum);
      const double bound = sum_error + (std::abs(logits[i] - top) + std::abs(expected)) * 0x1p-23;
      ASSERT_LE(std::abs(output[i] - expected), bound) << "vocabulary " << vocabulary << ", id " << i;
    }
  }
}

TEST(EmulatedLogSoftmax, ARowHasTheBitsThatItHasAloneWhateverItsPlaceAndAlignment) {
  const int vocabulary = 4999, stride = 5003, rows = 5;
  std::vector<float> many(rows * stride, nan);
  for (int row = 0; row < rows; ++row) {
    const std::vector<float> logits = random_logits(vocabulary, row);
    std::copy(logits.begin(), logits.end(), many.begin() + row * stride);
  }
  const std::vector<float> among = run_log_softmax(many, rows, vocabulary, stride);
  for (int row = 0; row < rows; ++row) {
    std::vector<float> alone = random_logits(vocabulary, row);
    const LogSoftmax in_place{alone.data(), vocabulary, alone.data(), 1, vocabulary};
    ASSERT_EQ(log_softmax(in_place, nullptr), cudaSuccess);
    for (int i = 0; i < vocabulary; ++i) {
      ASSERT_EQ(bits(alone[i]), bits(among[row * vocabulary + i])) << "row " << row << ", id " << i;
    }
  }
}

TEST(EmulatedLogSoftmax, KeepsMinusInfinity) {
  const std::vector<float> output = run_log_softmax({-infinity, 1.0f, -infinity, 1.0f}, 1, 4, 4);
  EXPECT_EQ(output[0], -infinity);
  EXPECT_EQ(output[2], -infinity);
  EXPECT_NEAR(output[1], -std::log(2.0), 1e-6);
  for (const float logit : run_log_softmax({-infinity, -infinity}, 1, 2, 2)) EXPECT_EQ(logit, -infinity);
}

TEST(EmulatedTopLogprobs, AreThoseOfLogSoftmaxInOrderOfRank) {
  for (const int vocabulary : {1, 7, 1024, 1500, 9001}) {
    for (const int wanted : {1, 5, 100, 1024}) {
      if (emu::is_sanitized && (vocabulary == 1500 || wanted != (vocabulary > 1024 ? 1024 : 100))) continue;
      const int count = std::min(vocabulary, wanted);
      std::vector<float> logits = random_logits(2 * vocabulary, vocabulary + wanted);
      for (float& logit : logits) logit = std::round(logit * 16) / 16;  // ties
      if (vocabulary > 6) {
        logits[3] = nan;
        logits[4] = -infinity;
        logits[5] = -0.0f;
        logits[6] = 0.0f;
      }
      const std::vector<float> expected = run_log_softmax(logits, 2, vocabulary, vocabulary);
      const std::vector<int32_t> chosen{vocabulary - 1, vocabulary / 2};
      const Top top = run_top(logits, 2, vocabulary, count, chosen);
      EXPECT_EQ(top.error.checked, Checked::nothing);
      for (int row = 0; row < 2; ++row) {
        const float* const x = logits.data() + row * vocabulary;
        std::vector<int32_t> order(vocabulary);
        std::iota(order.begin(), order.end(), 0);
        const auto value = [&](int id) { return std::isnan(x[id]) ? -infinity : x[id]; };
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return value(a) > value(b); });
        EXPECT_EQ(bits(top.chosen[row]), bits(expected[row * vocabulary + chosen[row]]));
        for (int i = 0; i < count; ++i) {
          ASSERT_EQ(top.ids[row * count + i], order[i])
              << "vocabulary " << vocabulary << ", row " << row << ", " << i;
          ASSERT_EQ(bits(top.logprobs[row * count + i]), bits(expected[row * vocabulary + order[i]]));
        }
      }
    }
  }
}

TEST(EmulatedTopLogprobs, EqualLogitsGoByTheirIds) {
  const Top top = run_top(std::vector<float>(5000, 2.5f), 1, 5000, 1000);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(top.ids[i], i);
}

TEST(EmulatedTopLogprobs, NameTheTokensOfTheCpuBackend) {
  const int vocabulary = 6007, count = 50, rows = 3;
  const std::vector<float> logits = random_logits(rows * vocabulary, 77);
  const Top top = run_top(logits, rows, vocabulary, count);
  CpuBackend cpu;
  llm42_top_logprobs_params p{};
  p.struct_size = sizeof p;
  p.rows = rows;
  p.vocabulary = vocabulary;
  p.count = count;
  p.logits = cpu.upload(logits);
  p.top_ids = cpu.allocate(rows * count * 4);
  p.top_logprobs = cpu.allocate(rows * count * 4);
  CpuBackend::check(llm42_top_logprobs(cpu.stream(), &p));
  EXPECT_EQ(cpu.download<int32_t>(p.top_ids, rows * count), top.ids);
  const std::vector<float> logprobs = cpu.download<float>(p.top_logprobs, rows * count);
  for (int i = 0; i < rows * count; ++i) EXPECT_NEAR(logprobs[i], top.logprobs[i], 1e-5);
}

TEST(EmulatedTopLogprobs, ChosenIdsOutOfRangeAreReported) {
  for (const int32_t id : {-1, 100, INT32_MAX, INT32_MIN}) {
    const Top top = run_top(random_logits(200, 1), 2, 100, 0, {id, 5});
    EXPECT_EQ(top.error.checked, Checked::chosen_ids);
    EXPECT_EQ(top.error.place, 0);
    EXPECT_EQ(top.error.value, id);
    EXPECT_TRUE(std::isnan(top.chosen[0]));
    EXPECT_EQ(bits(top.chosen[1]), bits(run_top(random_logits(200, 1), 2, 100, 0, {0, 5}).chosen[1]));
  }
}

}  // namespace
}  // namespace llm42::cuda
