#include "cuda/kernels/rms_norm/rms_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace llm42::cuda {
namespace {

TEST(EmulatedRmsNorm, AgreesWithFloat64) {
  for (const int width : {1, 33, 256, 1000}) {
    const int rows = 7;
    std::mt19937 random(width);
    std::normal_distribution<float> normal;
    std::vector<bf16> input(rows * width), output(rows * width);
    std::vector<float> weight(width);
    for (bf16& value : input) value = bf16(normal(random));
    for (float& value : weight) value = normal(random);
    ASSERT_EQ(
        rms_norm({input.data(), width, weight.data(), output.data(), width, rows, width, 1e-6f}, nullptr),
        cudaSuccess);
    for (int row = 0; row < rows; ++row) {
      double sum = 0;
      for (int i = 0; i < width; ++i) sum += std::pow(double(float(input[row * width + i])), 2);
      for (int i = 0; i < width; ++i) {
        const double expected = float(input[row * width + i]) / std::sqrt(sum / width + 1e-6) * weight[i];
        ASSERT_NEAR(float(output[row * width + i]), expected, std::abs(expected) / 256 + 1e-30)
            << "width " << width << ", row " << row;
      }
    }
  }
}

}  // namespace
}  // namespace llm42::cuda
