// Sums over the experts of a row: the definition bit for bit, odd widths, strides, in place.
#include "cuda/kernels/moe_combine/moe_combine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace llm42::cuda {
namespace {

TEST(EmulatedMoeCombine, IsTheDefinitionBitForBit) {
  std::mt19937 random(9);
  std::normal_distribution<float> normal;
  for (const int32_t width : {1, 7, 8, 9, 64, 1030}) {
    for (const int32_t top_k : {1, 2, 8, 13}) {
      for (const int32_t gap : {0, 1, 8}) {
        for (const bool has_residual : {false, true}) {
          SCOPED_TRACE(testing::Message() << "width " << width << ", top " << top_k << ", gap " << gap
                                          << ", residual " << has_residual);
          constexpr int32_t rows = 3;
          const int32_t stride = width + gap;
          std::vector<float> weights(size_t(rows * top_k));
          for (float& weight : weights) weight = normal(random);
          std::vector<bf16> input(size_t(rows * top_k * stride)), residual(size_t(rows * stride));
          for (bf16& value : input) value = bf16(normal(random));
          for (bf16& value : residual) value = bf16(normal(random));
          std::vector<bf16> output = residual;  // in place
          MoeCombine work{};
          work.expert_weights = weights.data();
          work.input = input.data();
          work.input_stride = stride;
          work.residual = has_residual ? output.data() : nullptr;
          work.residual_stride = stride;
          work.output = output.data();
          work.output_stride = stride;
          work.rows = rows;
          work.top_k = top_k;
          work.width = width;
          ASSERT_EQ(moe_combine(work, nullptr), cudaSuccess);
          for (int32_t row = 0; row < rows; ++row) {
            for (int32_t i = 0; i < stride; ++i) {
              const size_t place = size_t(row * stride + i);
              bf16 expected = residual[place];
              if (i < width) {
                float sum = 0.0f;
                for (int32_t j = 0; j < top_k; ++j) {
                  const int32_t slot = row * top_k + j;
                  sum = std::fma(weights[size_t(slot)], float(input[size_t(slot * stride + i)]), sum);
                }
                expected = bf16(has_residual ? float(residual[place]) + sum : sum);
              }
              ASSERT_EQ(output[place].bits, expected.bits) << "row " << row << ", element " << i;
            }
          }
        }
      }
    }
  }
}

TEST(EmulatedMoeCombine, RefusesSizesBelowOne) {
  float weight = 1;
  bf16 value[1]{}, output[1]{};
  const MoeCombine good{&weight, value, 1, nullptr, 1, output, 1, 1, 1, 1};
  ASSERT_EQ(moe_combine(good, nullptr), cudaSuccess);
  for (int32_t MoeCombine::*size : {&MoeCombine::rows, &MoeCombine::top_k, &MoeCombine::width}) {
    MoeCombine work = good;
    work.*size = 0;
    EXPECT_EQ(moe_combine(work, nullptr), cudaErrorInvalidValue);
  }
}

}  // namespace
}  // namespace llm42::cuda
