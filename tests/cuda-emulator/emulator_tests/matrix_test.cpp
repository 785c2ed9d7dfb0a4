// ldmatrix and mma against their definition in the PTX manual.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "cuda/primitives/launch.h"
#include "cuda/primitives/mma.h"

namespace llm42::cuda {
namespace {

struct Loaded {
  uint32_t x1[32][1], x2[32][2], x4[32][4], x1_trans[32][1], x2_trans[32][2], x4_trans[32][4];
};

__global__ void load_all(Loaded* result) {
  LLM42_DYNAMIC_SHARED(uint16_t, matrices);
  const unsigned lane = threadIdx.x;
  for (unsigned i = lane; i < 256; i += 32) matrices[i] = static_cast<uint16_t>(i);
  __syncwarp();
  const uint16_t* row = matrices + lane * 8;
  // The lanes whose addresses do not count pass none.
  ldmatrix_x1(result->x1[lane], lane < 8 ? row : nullptr);
  ldmatrix_x2(result->x2[lane], lane < 16 ? row : nullptr);
  ldmatrix_x4(result->x4[lane], row);
  ldmatrix_x1_trans(result->x1_trans[lane], lane < 8 ? row : nullptr);
  ldmatrix_x2_trans(result->x2_trans[lane], lane < 16 ? row : nullptr);
  ldmatrix_x4_trans(result->x4_trans[lane], row);
}

TEST(EmulatedMatrix, LdmatrixGivesEachLaneItsElements) {
  Loaded r{};
  ASSERT_EQ(launch(load_all, dim3(1), dim3(32), 512, nullptr, &r), cudaSuccess);
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned matrix = 0; matrix < 4; ++matrix) {
      const unsigned straight = 64 * matrix + lane / 4 * 8 + lane % 4 * 2;
      const unsigned transposed = 64 * matrix + lane % 4 * 2 * 8 + lane / 4;
      const uint32_t by_row = straight | (straight + 1) << 16;
      const uint32_t by_column = transposed | (transposed + 8) << 16;
      EXPECT_EQ(r.x4[lane][matrix], by_row) << lane;
      EXPECT_EQ(r.x4_trans[lane][matrix], by_column) << lane;
      if (matrix < 2) {
        EXPECT_EQ(r.x2[lane][matrix], by_row) << lane;
        EXPECT_EQ(r.x2_trans[lane][matrix], by_column) << lane;
      }
      if (matrix < 1) {
        EXPECT_EQ(r.x1[lane][matrix], by_row) << lane;
        EXPECT_EQ(r.x1_trans[lane][matrix], by_column) << lane;
      }
    }
  }
}

// One warp multiplies a[16][K] by b[8][K] (columns as rows) into d[16][8], from matrices in global memory.
template <class Element, class Sum,
          void (*Multiply)(Sum (&)[4], const uint32_t (&)[4], const uint32_t (&)[2])>
__global__ void multiply(const Element* a, const Element* b, Sum* d) {
  constexpr int per_register = 4 / sizeof(Element), depth = 8 * per_register;
  const int group = static_cast<int>(threadIdx.x) / 4, member = static_cast<int>(threadIdx.x) % 4;
  uint32_t left[4], right[2];
  Sum sums[4];
  for (int i = 0; i < 4; ++i) {
    const int row = group + i % 2 * 8, column = per_register * member + i / 2 * 4 * per_register;
    std::memcpy(&left[i], a + row * depth + column, 4);
    sums[i] = d[(group + i / 2 * 8) * 8 + member * 2 + i % 2];
  }
  for (int i = 0; i < 2; ++i) {
    std::memcpy(&right[i], b + group * depth + per_register * member + i * 4 * per_register, 4);
  }
  Multiply(sums, left, right);
  for (int i = 0; i < 4; ++i) d[(group + i / 2 * 8) * 8 + member * 2 + i % 2] = sums[i];
}

template <class Element, class Sum, auto Multiply>
void check_product(int depth, float scale) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-scale, scale);
  const auto element = [&] {
    const float value = uniform(random);
    if constexpr (std::is_same_v<Element, int8_t>)
      return static_cast<int8_t>(std::lround(value));
    else
      return Element(value);
  };
  std::vector<Element> a(16 * depth), b(8 * depth);
  for (Element& value : a) value = element();
  for (Element& value : b) value = element();
  std::vector<Sum> d(16 * 8);
  for (Sum& value : d) value = static_cast<Sum>(uniform(random));
  const std::vector<Sum> before = d;
  ASSERT_EQ(
      launch(multiply<Element, Sum, Multiply>, dim3(1), dim3(32), 0, nullptr, a.data(), b.data(), d.data()),
      cudaSuccess);
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      double sum = static_cast<double>(before[row * 8 + column]), magnitude = std::abs(sum);
      for (int k = 0; k < depth; ++k) {
        const double product =
            static_cast<double>(a[row * depth + k]) * static_cast<double>(b[column * depth + k]);
        sum += product;
        magnitude += std::abs(product);
      }
      // Products are exact, each of `depth` additions is rounded; nothing is in integers.
      const double bound = std::is_same_v<Sum, float> ? depth * magnitude * 0x1p-24 : 0.0;
      EXPECT_NEAR(static_cast<double>(d[row * 8 + column]), sum, bound) << row << ", " << column;
    }
  }
}

TEST(EmulatedMatrix, MmaAgreesWithFloat64) {
  check_product<bf16, float, mma_m16n8k16_bf16>(16, 2.0f);
  check_product<__half, float, mma_m16n8k16_f16>(16, 2.0f);
}

TEST(EmulatedMatrix, IntegerMmaIsExact) {
  check_product<int8_t, int32_t, mma_m16n8k32_s8>(32, 127.0f);
}

}  // namespace
}  // namespace llm42::cuda
