// exp and silu of the kernels: the bits of the CPU backend.
#include "cuda/primitives/elementary.h"

#include <gtest/gtest.h>

#include <limits>

#include "cpu/isa/elementary.h"
#include "emulator/sanitizer.h"

namespace llm42::cuda {
namespace {

using namespace llm42::cpu::portable;

void expect_same(float x) {
  const auto bits = [](float value) { return std::bit_cast<uint32_t>(value); };
  const float exp_x = first_lane(cpu::portable::exp(splat(x)));
  const float silu_x = first_lane(cpu::portable::silu(splat(x)));
  if (x != x) {
    EXPECT_TRUE(std::isnan(exponential(x)));
    EXPECT_TRUE(std::isnan(cuda::silu(x)));
    return;
  }
  ASSERT_EQ(bits(exp_x), bits(exponential(x))) << "exp of " << x;
  ASSERT_EQ(bits(silu_x), bits(cuda::silu(x))) << "silu of " << x;
}

TEST(CudaElementary, HasTheBitsOfTheCpuBackend) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const float x : {0.0f, -0.0f, 1.0f, -1.0f, 88.7f, 88.72283935546875f, 88.8f, -87.0f, -87.1f, 1e-40f,
                        infinity, -infinity, std::numeric_limits<float>::max(),
                        std::numeric_limits<float>::lowest(), std::numeric_limits<float>::quiet_NaN()}) {
    expect_same(x);
  }
  constexpr uint32_t step = emu::is_sanitized ? 1000003 : 30011;
  for (uint32_t bits = 0; bits < 0xff800000u; bits += step) {
    if (const float x = std::bit_cast<float>(bits); x == x) expect_same(x);
  }
}

}  // namespace
}  // namespace llm42::cuda
