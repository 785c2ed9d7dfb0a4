// Conversions, over every 16-bit pattern.
#include "core/dtype.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness.h"

namespace llm42::test {

using namespace llm42::cpu;

TEST(Dtype, Bf16RoundTripsEveryPattern) {
  for (uint32_t i = 0; i <= 0xffff; ++i) {
    const auto pattern = static_cast<uint16_t>(i);
    const float value = bf16_to_f32(pattern);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(value)))) << i;
    } else {
      EXPECT_EQ(pattern, f32_to_bf16(value));
    }
  }
}

TEST(Dtype, F16RoundTripsEveryPattern) {
  for (uint32_t i = 0; i <= 0xffff; ++i) {
    const auto pattern = static_cast<uint16_t>(i);
    const float value = f16_to_f32(pattern);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value)))) << i;
    } else {
      const uint32_t exponent = (i >> 10) & 0x1f;
      const uint32_t mantissa = i & 0x3ff;
      double expected = exponent == 0x1f ? INFINITY
                        : exponent == 0  ? std::ldexp(mantissa, -24)
                                         : std::ldexp(1024.0 + mantissa, static_cast<int>(exponent) - 25);
      if ((i & 0x8000) != 0) expected = -expected;
      EXPECT_EQ(expected, static_cast<double>(value)) << i;
      EXPECT_EQ(pattern, f32_to_f16(value));
    }
  }
}

// Between neighbours the nearer one wins, and half-way the even one.
TEST(Dtype, RoundsToNearestEven) {
  for (uint32_t i = 0; i < 0x7c00; ++i) {
    const float low = f16_to_f32(static_cast<uint16_t>(i));
    const float high = i + 1 == 0x7c00 ? 65536.0f : f16_to_f32(static_cast<uint16_t>(i + 1));
    const float middle = 0.5f * (low + high);
    EXPECT_EQ(i + (i & 1), f32_to_f16(middle)) << i;
    EXPECT_EQ(i, f32_to_f16(std::nextafter(middle, 0.0f))) << i;
    EXPECT_EQ(i + 1, f32_to_f16(std::nextafter(middle, INFINITY))) << i;
  }
  for (uint32_t i = 0; i < 0x7f80; ++i) {
    EXPECT_EQ(i + (i & 1), f32_to_bf16(float_of((i << 16) | 0x8000u))) << i;
    EXPECT_EQ(i, f32_to_bf16(float_of((i << 16) | 0x7fffu))) << i;
    EXPECT_EQ(i + 1, f32_to_bf16(float_of((i << 16) | 0x8001u))) << i;
  }
}

TEST(Dtype, ExpandsEveryPatternAlikeOnEveryIsa) {
  std::vector<uint16_t> patterns(0x10000);
  for (uint32_t i = 0; i <= 0xffff; ++i) patterns[i] = static_cast<uint16_t>(i);
  for (const llm42_cpu_isa isa : isas()) {
    for (const Format format : {format_f16, format_bf16}) {
      std::vector<float> expanded(patterns.size());
      const int64_t depth = static_cast<int64_t>(patterns.size()) / panel_columns;
      const std::vector<float> input(static_cast<size_t>(depth));
      std::vector<float> sums(panel_columns);
      kernels_for(isa).tile_expanding[format](1, input.data(), patterns.data(), expanded.data(), sums.data(),
                                              panel_columns, depth, true, {patterns.data(), 0});
      for (uint32_t i = 0; i <= 0xffff; ++i) {
        const float expected = format == format_f16 ? f16_to_f32(patterns[i]) : bf16_to_f32(patterns[i]);
        ASSERT_EQ(bits_of(expected), bits_of(expanded[i]))
            << "isa " << isa << ", format " << format << ", " << i;
      }
    }
  }
}

}  // namespace llm42::test
