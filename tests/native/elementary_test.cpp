// exp, log and silu: accuracy against f64, and the same bits on every instruction set.
#include <cmath>
#include <functional>

#include "harness.h"

namespace llm42::test {

using namespace llm42::cpu;

namespace {

using Function = std::function<void(const Kernels&, const std::vector<float>&, std::vector<float>&)>;

void run_exp(const Kernels& kernels, const std::vector<float>& x, std::vector<float>& y) {
  kernels.exp(x.data(), 0.0f, y.data(), static_cast<int64_t>(x.size()));
}

void run_log(const Kernels& kernels, const std::vector<float>& x, std::vector<float>& y) {
  for (size_t i = 0; i < x.size(); ++i) y[i] = kernels.log(x[i]);
}

// SwiGLU with an up half of 1.
void run_silu(const Kernels& kernels, const std::vector<float>& x, std::vector<float>& y) {
  for (size_t i = 0; i < x.size(); i += 16) {
    float sums[32];
    const size_t count = std::min<size_t>(16, x.size() - i);
    for (size_t j = 0; j < 16; ++j) {
      sums[j] = j < count ? x[i + j] : 0.0f;
      sums[16 + j] = 1.0f;
    }
    TileStore tile{};
    tile.sums = sums;
    tile.rows = 1;
    tile.columns = static_cast<int64_t>(count);
    tile.output = y.data() + i;
    tile.output_stride = 16;
    kernels.store_swiglu(tile);
  }
}

double ulp_of(double value) {
  const float rounded = std::fabs(static_cast<float>(value));
  return static_cast<double>(std::nextafter(rounded, INFINITY)) - static_cast<double>(rounded);
}

double worst_ulp(const Function& function, const std::vector<float>& x, double (*reference)(double)) {
  std::vector<float> y(x.size());
  function(kernels_for(best_isa()), x, y);
  double worst = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = reference(static_cast<double>(x[i]));
    worst = std::max(worst, std::fabs(static_cast<double>(y[i]) - expected) / ulp_of(expected));
  }
  return worst;
}

std::vector<float> grid(double low, double high, size_t count) {
  std::vector<float> x(count);
  for (size_t i = 0; i < count; ++i) {
    x[i] = static_cast<float>(low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1));
  }
  return x;
}

// Every 4099th bit pattern, of which one in 64 when sanitized: all magnitudes, both signs, infinities and
// NaN.
std::vector<float> all_patterns() {
  std::vector<float> x;
  constexpr uint64_t step = is_sanitized ? 64 * 4099 : 4099;
  for (uint64_t bits = 0; bits <= 0xffffffffu; bits += step)
    x.push_back(float_of(static_cast<uint32_t>(bits)));
  for (const float special : {INFINITY, -INFINITY, 0.0f, -0.0f, NAN, 88.7228f, 88.73f, -87.0f, -87.01f}) {
    x.push_back(special);
  }
  return x;
}

void expect_same_bits(const Function& function) {
  const std::vector<float> x = all_patterns();
  std::vector<float> expected(x.size());
  function(kernels_for(LLM42_CPU_ISA_PORTABLE), x, expected);
  for (const llm42_cpu_isa isa : isas()) {
    std::vector<float> actual(x.size());
    function(kernels_for(isa), x, actual);
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(expected[i]) && std::isnan(actual[i])) continue;
      ASSERT_EQ(bits_of(expected[i]), bits_of(actual[i])) << "isa " << isa << ", x = " << x[i];
    }
  }
}

double silu(double x) {
  return x / (1.0 + std::exp(-x));
}

float value_of(const Function& function, float x) {
  std::vector<float> y(1);
  function(kernels_for(best_isa()), {x}, y);
  return y[0];
}

}  // namespace

TEST(Elementary, ExpIsWithinTwoUlp) {
  EXPECT_LE(worst_ulp(run_exp, grid(-87.0, 88.722, 2'000'003), std::exp), 2.0);
}

// The softmax of attention takes the shorter way of arguments that cannot be positive.
TEST(Elementary, SoftmaxTakesTheSameBitsOfExp) {
  std::vector<float> x{0.0f};
  for (const float value : all_patterns()) {
    if (!(value > 0.0f)) x.push_back(value);
  }
  for (const llm42_cpu_isa isa : isas()) {
    const Kernels& kernels = kernels_for(isa);
    std::vector<float> expected(x.size());
    run_exp(kernels, x, expected);
    std::vector<float> scores = x;
    scores.resize((x.size() + 15) / 16 * 16);
    float largest = 1.0f;
    float sum = 0.0f;
    kernels.softmax_part(scores.data(), 0, static_cast<int64_t>(x.size()), &largest, &sum);
    EXPECT_EQ(0.0f, largest);
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(bits_of(expected[i]), bits_of(scores[i])) << "isa " << isa << ", x = " << x[i];
    }
  }
}

TEST(Elementary, LogIsWithinTwoUlp) {
  EXPECT_LE(worst_ulp(run_log, grid(0.5, 2.0, 1'000'003), std::log), 2.0);
  EXPECT_LE(worst_ulp(run_log, grid(1e-6, 1e6, 500'003), std::log), 2.0);
  std::vector<float> x;
  for (uint32_t bits = 1; bits < 0x7f800000u; bits += 4099) x.push_back(float_of(bits));
  EXPECT_LE(worst_ulp(run_log, x, std::log), 2.0);
}

TEST(Elementary, SiluIsAccurate) {
  EXPECT_LE(worst_ulp(run_silu, grid(-80.0, 80.0, 1'000'003), silu), 4.0);
}

TEST(Elementary, ExpAtTheEdges) {
  EXPECT_EQ(0.0f, value_of(run_exp, -INFINITY));
  EXPECT_EQ(0.0f, value_of(run_exp, -1e30f));
  EXPECT_EQ(0.0f, value_of(run_exp, -87.5f));
  EXPECT_EQ(1.0f, value_of(run_exp, 0.0f));
  EXPECT_EQ(1.0f, value_of(run_exp, -0.0f));
  EXPECT_EQ(INFINITY, value_of(run_exp, 89.0f));
  EXPECT_EQ(INFINITY, value_of(run_exp, INFINITY));
  EXPECT_TRUE(std::isnan(value_of(run_exp, NAN)));
}

TEST(Elementary, LogAtTheEdges) {
  EXPECT_EQ(-INFINITY, value_of(run_log, 0.0f));
  EXPECT_EQ(-INFINITY, value_of(run_log, -0.0f));
  EXPECT_EQ(0.0f, value_of(run_log, 1.0f));
  EXPECT_EQ(INFINITY, value_of(run_log, INFINITY));
  EXPECT_TRUE(std::isnan(value_of(run_log, -1.0f)));
  EXPECT_TRUE(std::isnan(value_of(run_log, -INFINITY)));
  EXPECT_TRUE(std::isnan(value_of(run_log, NAN)));
}

TEST(Elementary, SiluAtTheEdges) {
  EXPECT_EQ(0.0f, value_of(run_silu, 0.0f));
  EXPECT_EQ(0.0f, value_of(run_silu, -INFINITY));
  EXPECT_EQ(0.0f, value_of(run_silu, -1000.0f));
  EXPECT_EQ(1000.0f, value_of(run_silu, 1000.0f));
  EXPECT_TRUE(std::isnan(value_of(run_silu, NAN)));
}

TEST(Elementary, SameBitsOnEveryIsa) {
  expect_same_bits(run_exp);
  expect_same_bits(run_log);
  expect_same_bits(run_silu);
}

}  // namespace llm42::test
