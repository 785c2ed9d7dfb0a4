#include "cuda/kernels/rms_norm/rms_norm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <vector>

namespace llm42::cuda {
namespace {

struct NormProblem {
  int32_t rows;
  int32_t groups;
  int32_t width;
  int64_t stride = 0;  // of input and output; 0: dense
  int64_t offset = 0;  // of input and output; an odd one leaves them unaligned
  std::vector<bf16> input{};
  std::vector<bf16> residual{};
  std::vector<float> weight{};

  void fill(uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    const int64_t row_width = int64_t{groups} * width;
    if (stride == 0) stride = row_width;
    input.assign(static_cast<size_t>(rows * stride + offset), bf16(std::nanf("")));
    residual.resize(static_cast<size_t>(rows * row_width));
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < row_width; ++i) {
        input[static_cast<size_t>(offset + row * stride + i)] = bf16(normal(random));
        residual[static_cast<size_t>(row * row_width + i)] = bf16(normal(random));
      }
    }
    weight.resize(static_cast<size_t>(width));
    for (float& value : weight) value = normal(random);
  }

  // Bits of the outputs of rows first .. first + count - 1, dense. `sums` is the residual, or null.
  std::vector<uint16_t> run(std::vector<bf16>* sums, int64_t first, int32_t count) const {
    const int64_t row_width = int64_t{groups} * width;
    std::vector<bf16> output(static_cast<size_t>(offset + count * stride + 8), bf16(77.0f));
    RmsNorm work{};
    work.input = input.data() + offset + first * stride;
    work.input_stride = stride;
    work.residual = sums == nullptr ? nullptr : sums->data() + first * row_width;
    work.residual_stride = row_width;
    work.weight = weight.data();
    work.output = output.data() + offset;
    work.output_stride = stride;
    work.rows = count;
    work.groups = groups;
    work.width = width;
    work.epsilon = 1e-6f;
    EXPECT_EQ(rms_norm(work, nullptr), cudaSuccess);
    std::vector<uint16_t> bits(static_cast<size_t>(count * row_width));
    for (int64_t row = 0; row < count; ++row) {
      for (int64_t i = 0; i < row_width; ++i) {
        bf16& value = output[static_cast<size_t>(offset + row * stride + i)];
        bits[static_cast<size_t>(row * row_width + i)] = value.bits;
        value = bf16(77.0f);
      }
    }
    for (const bf16& value : output) EXPECT_EQ(float(value), 77.0f) << "written outside the rows";
    return bits;
  }
  std::vector<uint16_t> run(std::vector<bf16>* sums = nullptr) const { return run(sums, 0, rows); }
};

float value_of(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

TEST(EmulatedRmsNorm, AgreesWithFloat64) {
  for (const int32_t width : {1, 7, 8, 33, 256, 1000, 1024, 1025, 2048, 5000}) {
    for (const int32_t groups : {1, 3}) {
      for (const bool has_residual : {false, true}) {
        NormProblem problem{7, groups, width};
        problem.fill(static_cast<uint32_t>(width));
        std::vector<bf16> sums = problem.residual;
        const std::vector<uint16_t> actual = problem.run(has_residual ? &sums : nullptr);
        for (size_t begin = 0; begin < actual.size(); begin += static_cast<size_t>(width)) {
          std::vector<double> x(static_cast<size_t>(width));
          double squares = 0;
          for (size_t i = 0; i < x.size(); ++i) {
            x[i] = float(problem.input[begin + i]);
            if (has_residual) {
              x[i] = float(bf16(float(problem.input[begin + i]) + float(problem.residual[begin + i])));
              ASSERT_EQ(x[i], double(float(sums[begin + i]))) << "the residual is the rounded sum";
            }
            squares += x[i] * x[i];
          }
          for (size_t i = 0; i < x.size(); ++i) {
            const double expected = x[i] / std::sqrt(squares / width + 1e-6) * problem.weight[i];
            // bf16 keeps 8 bits; the f32 sum and products before it add far less than half a bit more
            ASSERT_NEAR(value_of(actual[begin + i]), expected, std::abs(expected) * 0x1.01p-8 + 1e-38)
                << "width " << width << ", groups " << groups << ", element " << begin + i;
          }
        }
      }
    }
  }
}

// bf16 hides most of what a sum's order does. So the weights are chosen such that the first row's outputs lie
// on the edge between two bf16 values: the last bit of the scale shows in about half of them.
void put_on_edges(NormProblem& problem) {
  std::fill(problem.weight.begin(), problem.weight.end(), 1.5f);
  const std::vector<uint16_t> target = problem.run(nullptr, 0, 1);
  std::vector<float> low(problem.weight.size(), 1.0f), high(problem.weight.size(), 2.0f);
  for (int step = 0; step < 24; ++step) {
    for (size_t i = 0; i < low.size(); ++i) problem.weight[i] = (low[i] + high[i]) / 2;
    const std::vector<uint16_t> actual = problem.run(nullptr, 0, 1);
    for (size_t i = 0; i < low.size(); ++i) {
      const bool is_below = (actual[i] & 0x7fff) < (target[i] & 0x7fff);
      (is_below ? low : high)[i] = problem.weight[i];
    }
  }
}

TEST(EmulatedRmsNorm, RowsDependOnThemselvesAlone) {
  for (const int32_t width : {5, 64, 1024, 1500}) {
    for (uint32_t seed = 1; seed <= 10; ++seed) {
      NormProblem problem{11, 1, width};
      problem.fill(seed);
      put_on_edges(problem);
      const std::vector<uint16_t> expected = problem.run(nullptr, 0, 1);
      // The row again in all places but two, of which one would poison whatever it is mixed with.
      for (int64_t row = 1; row < problem.rows; ++row) {
        if (row == 5) continue;
        std::copy_n(problem.input.begin(), width, problem.input.begin() + row * problem.stride);
      }
      problem.input[static_cast<size_t>(7 * problem.stride)] = bf16(std::nanf(""));
      const std::vector<uint16_t> all = problem.run();
      for (int64_t row = 0; row < problem.rows; ++row) {
        if (row == 5 || row == 7) continue;
        for (int64_t i = 0; i < width; ++i) {
          ASSERT_EQ(expected[static_cast<size_t>(i)], all[static_cast<size_t>(row * width + i)])
              << "row " << row << ", element " << i << " of " << width << ", seed " << seed;
        }
      }
    }
  }
}

// A row does depend on each of its elements.
TEST(EmulatedRmsNorm, RowsDependOnAllOfTheirElements) {
  for (const int32_t width : {8, 1024, 1500}) {
    NormProblem problem{1, 1, width};
    problem.fill(5);
    const std::vector<uint16_t> before = problem.run();
    for (const int32_t i : {0, width / 2, width - 1}) {
      NormProblem changed = problem;
      changed.input[static_cast<size_t>(i)] = bf16(1000.0f);
      EXPECT_NE(before, changed.run()) << "element " << i << " of " << width;
    }
  }
}

TEST(EmulatedRmsNorm, AlignmentAndStridesChangeNoBit) {
  for (const int32_t width : {24, 64, 1304}) {
    NormProblem plain{5, 3, width};
    plain.fill(9);
    const std::vector<uint16_t> expected = plain.run();
    for (const int64_t offset : {0, 1, 3}) {
      for (const int64_t gap : {0, 1, 8}) {
        NormProblem problem{5, 3, width, int64_t{3} * width + gap, offset};
        problem.fill(9);
        EXPECT_EQ(expected, problem.run()) << "width " << width << ", offset " << offset << ", gap " << gap;
      }
    }
  }
}

TEST(EmulatedRmsNorm, OutputMayBeTheInput) {
  for (const int32_t width : {40, 2000}) {
    NormProblem problem{3, 2, width};
    problem.fill(11);
    const std::vector<uint16_t> expected = problem.run();
    RmsNorm work{problem.input.data(),  problem.stride,       nullptr,        0,
                 problem.weight.data(), problem.input.data(), problem.stride, problem.rows,
                 problem.groups,        problem.width,        1e-6f};
    ASSERT_EQ(rms_norm(work, nullptr), cudaSuccess);
    for (size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(expected[i], problem.input[i].bits);
    work.rows = 0;
    EXPECT_EQ(rms_norm(work, nullptr), cudaErrorInvalidValue);
  }
}

}  // namespace
}  // namespace llm42::cuda
