// Rows of activations as int8, bit for bit as the host quantises weights.
#include "cuda/kernels/linear_int8/quantize_rows.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/quantize.h"

namespace llm42::cuda {
namespace {

struct Quantized {
  std::vector<int8_t> bytes;  // [rows, int8_stride(width)], as packed
  std::vector<float> scale;
};

// `offset` and `gap` are elements before the input and between its rows: odd ones leave them unaligned.
Quantized quantize(const std::vector<bf16>& rows, int32_t width, int64_t offset = 0, int64_t gap = 0) {
  const auto count = static_cast<int32_t>(rows.size()) / width;
  const int64_t stride = int8_stride(width);
  const bf16 nan(std::numeric_limits<float>::quiet_NaN());
  std::vector<bf16> memory(static_cast<size_t>(count * (width + gap) + offset + 8), nan);
  bf16* input = reinterpret_cast<bf16*>((reinterpret_cast<uintptr_t>(memory.data()) + 15) / 16 * 16) + offset;
  for (int64_t m = 0; m < count; ++m) {
    for (int64_t k = 0; k < width; ++k) {
      input[m * (width + gap) + k] = rows[static_cast<size_t>(m * width + k)];
    }
  }
  std::vector<int8_t> output(static_cast<size_t>(count * stride + 32), 99);
  auto* place = reinterpret_cast<int8_t*>((reinterpret_cast<uintptr_t>(output.data()) + 15) / 16 * 16);
  Quantized result;
  result.scale.assign(static_cast<size_t>(count), -1.0f);
  QuantizeRows work{};
  work.input = input;
  work.input_stride = width + gap;
  work.output = place;
  work.output_stride = stride;
  work.scale = result.scale.data();
  work.rows = count;
  work.width = width;
  EXPECT_EQ(quantize_rows(work, nullptr), cudaSuccess);
  EXPECT_EQ(place[count * stride], 99) << "wrote behind the last row";
  result.bytes.assign(place, place + count * stride);
  return result;
}

void expect_as_on_the_host(const std::vector<bf16>& rows, int32_t width, const Quantized& actual) {
  const auto count = static_cast<int64_t>(rows.size()) / width;
  const int64_t stride = int8_stride(width);
  for (int64_t m = 0; m < count; ++m) {
    const bf16* row = rows.data() + m * width;
    float largest = 0.0f;
    bool is_finite = true;
    for (int64_t k = 0; k < width; ++k) {
      is_finite = is_finite && std::isfinite(float(row[k]));
      largest = std::max(largest, std::abs(float(row[k])));
    }
    const float scale = is_finite ? i8_scale(largest) : 0.0f;
    const float reported = actual.scale[static_cast<size_t>(m)];
    if (is_finite) {
      ASSERT_EQ(std::bit_cast<uint32_t>(scale), std::bit_cast<uint32_t>(reported)) << "row " << m;
    } else {
      ASSERT_TRUE(std::isnan(reported)) << "row " << m;
    }
    const int8_t* bytes = actual.bytes.data() + m * stride;
    for (int64_t k = 0; k < stride; ++k) {
      const int8_t expected = k < width && is_finite ? f32_to_i8(float(row[k]), scale) : int8_t{0};
      ASSERT_EQ(bytes[int8_place(k)], expected) << "row " << m << ", element " << k << ", width " << width;
      if (k >= width || !is_finite) continue;
      // Nearest: at most half a step away, and rounding of the quotient (127 at most) adds 2^-18 of a step.
      ASSERT_LE(std::abs(double(float(row[k])) - double(expected) * scale),
                scale == 0.0f ? 127 * 0x1p-126 : (0.5 + 0x1p-17) * scale);
    }
  }
}

std::vector<bf16> random_rows(int32_t rows, int32_t width, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> exponent(-30, 30);
  std::vector<bf16> values;
  for (int32_t m = 0; m < rows; ++m) {
    const int power = exponent(random);
    for (int32_t k = 0; k < width; ++k) values.emplace_back(std::ldexp(normal(random), power));
  }
  return values;
}

TEST(EmulatedQuantizeRows, AgreesWithTheHostBitForBit) {
  for (const int32_t width : {1, 7, 8, 15, 16, 17, 33, 256, 1000, 4095, 4096, 4101, 9000}) {
    const std::vector<bf16> rows = random_rows(5, width, static_cast<uint32_t>(width));
    SCOPED_TRACE(testing::Message() << "width " << width);
    for (const int64_t offset : {0, 1, 8})
      expect_as_on_the_host(rows, width, quantize(rows, width, offset, 3));
    expect_as_on_the_host(rows, width, quantize(rows, width));
  }
}

TEST(EmulatedQuantizeRows, KeepsWhatIsSpecialInItsRow) {
  constexpr int32_t width = 40;
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<bf16> rows = random_rows(10, width, 3);
  const auto set = [&](int row, int k, float value) {
    rows[static_cast<size_t>(row * width + k)] = bf16(value);
  };
  for (int k = 0; k < width; ++k) {
    set(0, k, k % 2 == 0 ? 0.0f : -0.0f);
    set(2, k, 0x1p-133f);                                           // subnormal: no scale to divide by
    set(3, k, k == 5 ? 127 * 0x1p-126f : 0.0f);                     // the smallest scale that there is
    set(4, k, k == 5 ? -126 * 0x1p-126f : 0.0f);                    // just below it
    set(5, k, k == 39 ? -0x1.fep127f : 0x1p127f);                   // the largest bf16
    set(9, k, k == 0 ? 127.0f : static_cast<float>(k % 8) + 0.5f);  // ties, with a scale of 1
  }
  set(6, 39, infinity);
  set(7, 0, -infinity);
  set(8, 17, std::numeric_limits<float>::quiet_NaN());
  const Quantized actual = quantize(rows, width);
  expect_as_on_the_host(rows, width, actual);
  EXPECT_EQ(actual.scale[0], 0.0f);
  EXPECT_EQ(actual.scale[2], 0.0f);
  EXPECT_EQ(actual.scale[3], 0x1p-126f);
  EXPECT_EQ(actual.scale[4], 0.0f);
  EXPECT_EQ(actual.bytes[static_cast<size_t>(5 * int8_stride(width) + int8_place(39))], -127);
  EXPECT_EQ(actual.scale[9], 1.0f);
  EXPECT_EQ(actual.bytes[static_cast<size_t>(9 * int8_stride(width) + int8_place(2))], 2);  // 2.5
  EXPECT_EQ(actual.bytes[static_cast<size_t>(9 * int8_stride(width) + int8_place(3))], 4);  // 3.5
}

TEST(EmulatedQuantizeRows, RowsDependOnThemselvesAlone) {
  constexpr int32_t width = 600;
  std::vector<bf16> rows = random_rows(30, width, 5);
  rows[12 * width + 3] = bf16(std::numeric_limits<float>::quiet_NaN());
  const Quantized all = quantize(rows, width);
  const auto stride = static_cast<size_t>(int8_stride(width));
  for (size_t m = 0; m < 30; ++m) {
    if (m == 12) continue;
    const auto first = rows.begin() + static_cast<int64_t>(m) * width;
    const Quantized one = quantize({first, first + width}, width);
    ASSERT_EQ(one.scale[0], all.scale[m]);
    for (size_t k = 0; k < stride; ++k) ASSERT_EQ(one.bytes[k], all.bytes[m * stride + k]) << m << ", " << k;
  }
}

TEST(EmulatedQuantizeRows, RefusesWhatItCannotWrite) {
  std::vector<bf16> input(64, bf16(1.0f));
  alignas(16) int8_t output[80];
  float scale[2];
  const QuantizeRows good{input.data(), 20, output, 32, scale, 2, 20};
  ASSERT_EQ(quantize_rows(good, nullptr), cudaSuccess);
  const auto refuses = [&](auto&& spoil) {
    QuantizeRows work = good;
    spoil(work);
    return quantize_rows(work, nullptr) == cudaErrorInvalidValue;
  };
  EXPECT_TRUE(refuses([](QuantizeRows& work) { work.rows = 0; }));
  EXPECT_TRUE(refuses([](QuantizeRows& work) { work.width = 0; }));
  EXPECT_TRUE(refuses([](QuantizeRows& work) { ++work.output; }));
  EXPECT_TRUE(refuses([](QuantizeRows& work) { work.output_stride = 16; }));
  EXPECT_TRUE(refuses([](QuantizeRows& work) { work.output_stride = 40; }));
}

}  // namespace
}  // namespace llm42::cuda
