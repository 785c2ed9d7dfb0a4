// bf16 and fp16, over every 16-bit pattern and against the compiler's own half type.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "cuda/primitives/platform.h"

namespace llm42::cuda {
namespace {

TEST(EmulatedConversion, EveryPatternSurvivesTheWayToFloatAndBack) {
  for (unsigned pattern = 0; pattern <= 0xffff; ++pattern) {
    const auto bits = static_cast<unsigned short>(pattern);
    const float brain = __bfloat162float(__ushort_as_bfloat16(bits));
    const float half = __half2float(__ushort_as_half(bits));
    EXPECT_EQ(__bfloat16_as_ushort(__float2bfloat16(brain)), std::isnan(brain) ? 0x7fff : pattern);
    EXPECT_EQ(__half_as_ushort(__float2half(half)), std::isnan(half) ? 0x7fff : pattern);
  }
}

TEST(EmulatedConversion, RoundsToNearestTiesToEven) {
  EXPECT_EQ(__bfloat16_as_ushort(__float2bfloat16(1.00390625f)), 0x3f80);    // half way, down to even
  EXPECT_EQ(__bfloat16_as_ushort(__float2bfloat16(1.01171875f)), 0x3f82);    // half way, up to even
  EXPECT_EQ(__bfloat16_as_ushort(__float2bfloat16(1.003906369f)), 0x3f81);   // just above
  EXPECT_EQ(__bfloat16_as_ushort(__float2bfloat16(3.4028234e38f)), 0x7f80);  // to infinity
  EXPECT_EQ(__half_as_ushort(__float2half(65519.996f)), 0x7bff);
  EXPECT_EQ(__half_as_ushort(__float2half(65520.0f)), 0x7c00);
  EXPECT_EQ(__half_as_ushort(__float2half(-0.0f)), 0x8000);
  EXPECT_EQ(__half_as_ushort(__float2half(0x1p-25f)), 0);  // half of the least
  EXPECT_EQ(__half_as_ushort(__float2half(0x1.8p-25f)), 1);
}

#ifdef __FLT16_MANT_DIG__
TEST(EmulatedConversion, HalfAgreesWithTheCompilersOwn) {
  std::mt19937 random(11);
  for (int i = 0; i < 1000000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::isnan(value)) continue;
    const auto expected = std::bit_cast<unsigned short>(static_cast<_Float16>(value));
    ASSERT_EQ(__half_as_ushort(__float2half(value)), expected) << value;
  }
}
#endif

}  // namespace
}  // namespace llm42::cuda
