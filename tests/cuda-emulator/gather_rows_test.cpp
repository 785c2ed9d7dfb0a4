#include "cuda/kernels/gather_rows/gather_rows.h"

#include <gtest/gtest.h>

#include <vector>

namespace llm42::cuda {
namespace {

constexpr float kUntouched = 12345.0f;

TEST(EmulatedGatherRows, CopiesRowsBitForBit) {
  for (const int32_t width : {1, 7, 8, 64, 2049, 5000}) {
    for (const int64_t gap : {0, 1, 8}) {
      constexpr int64_t input_rows = 9;
      const int64_t stride = width + gap;
      std::vector<bf16> input(static_cast<size_t>(input_rows * stride));
      for (size_t i = 0; i < input.size(); ++i) input[i].bits = static_cast<uint16_t>(i * 40503);
      const std::vector<int32_t> indices{8, 0, 3, 3, 7};
      std::vector<bf16> output(static_cast<size_t>(width) * indices.size() + 1, bf16(kUntouched));
      ErrorSlot error{};
      const GatherRows work{input.data(), stride,       indices.data(),          output.data(), width,
                            &error,       Checked::ids, int32_t(indices.size()), width,         input_rows};
      ASSERT_EQ(gather_rows(work, nullptr), cudaSuccess);
      EXPECT_EQ(error.checked, Checked::nothing);
      for (size_t row = 0; row < indices.size(); ++row) {
        for (int32_t i = 0; i < width; ++i) {
          ASSERT_EQ(output[row * static_cast<size_t>(width) + static_cast<size_t>(i)].bits,
                    input[static_cast<size_t>(indices[row] * stride + i)].bits)
              << "row " << row << ", element " << i << " of " << width << ", gap " << gap;
        }
      }
      EXPECT_EQ(float(output.back()), float(bf16(kUntouched)));
    }
  }
}

TEST(EmulatedGatherRows, ReportsAnIndexOutOfRangeAndLeavesItsRowAlone) {
  for (const int32_t bad : {-1, 4, INT32_MAX, INT32_MIN}) {
    const std::vector<bf16> input(4 * 16, bf16(1.0f));
    const std::vector<int32_t> indices{3, bad, 0};
    std::vector<bf16> output(3 * 16, bf16(kUntouched));
    ErrorSlot error{};
    GatherRows work{input.data(), 16, indices.data(), output.data(), 16, &error, Checked::indices, 3, 16, 4};
    ASSERT_EQ(gather_rows(work, nullptr), cudaSuccess);
    EXPECT_EQ(error.checked, Checked::indices);
    EXPECT_EQ(error.place, 1);
    EXPECT_EQ(error.value, bad);
    EXPECT_EQ(error.low, 0);
    EXPECT_EQ(error.high, 3);
    for (size_t i = 0; i < output.size(); ++i) {
      EXPECT_EQ(float(output[i]), i / 16 == 1 ? float(bf16(kUntouched)) : 1.0f);
    }
    work.error = nullptr;
    EXPECT_EQ(gather_rows(work, nullptr), cudaErrorInvalidValue);
  }
}

}  // namespace
}  // namespace llm42::cuda
