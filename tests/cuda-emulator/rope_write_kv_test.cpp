#include "cuda/kernels/rope_write_kv/rope_write_kv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace llm42::cuda {
namespace {

constexpr uint16_t kUnwritten = 0x7fc1;

struct RopeProblem {
  int32_t query_heads;
  int32_t kv_heads;
  int32_t head_size;
  int32_t rotary_size;
  int64_t gap = 0;  // elements between rows
  int32_t page_size = 8;
  int32_t pages = 5;
  int32_t table_positions = 50;
  std::vector<int32_t> positions{0, 49, 7, 7, 31};
  std::vector<int32_t> slots{39, 0, -1, 17, 8};
  std::vector<bf16> qkv{};
  std::vector<float> table{};
  std::vector<bf16> cache{};
  ErrorSlot error{};

  int64_t stride() const { return (query_heads + 2 * kv_heads) * int64_t{head_size} + gap; }

  void fill(uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    qkv.resize(positions.size() * static_cast<size_t>(stride()));
    for (bf16& value : qkv) value = bf16(normal(random));
    table.resize(static_cast<size_t>(table_positions) * static_cast<size_t>(rotary_size));
    for (float& value : table) value = normal(random);
    // Where both terms cancel, the result is what was rounded away: it shows which product was rounded.
    if (rotary_size > 0) {
      const int32_t half = rotary_size / 2;
      const auto cancel = [&](size_t row, float sign) {
        float* angles = table.data() + positions[row] * rotary_size;
        for (int32_t i = 0; i < half; ++i) angles[i] = sign * angles[half + i];
        bf16* heads = qkv.data() + row * static_cast<size_t>(stride());
        for (int32_t i = 0; i < (query_heads + kv_heads) * head_size; i += head_size) {
          std::copy(heads + i, heads + i + half, heads + i + half);
        }
      };
      cancel(0, 1.0f);
      cancel(4, -1.0f);
    }
    cache.resize(static_cast<size_t>(pages) * static_cast<size_t>(2 * kv_heads * page_size * head_size));
    for (bf16& value : cache) value.bits = kUnwritten;
  }

  RopeWriteKv work() {
    return {qkv.data(),   stride(),    positions.data(),          slots.data(), table.data(),
            cache.data(), &error,      int32_t(positions.size()), query_heads,  kv_heads,
            head_size,    rotary_size, table_positions,           page_size,    pages};
  }

  // Element of a head after rotation.
  bf16 rotated(const bf16* head, int32_t i, int32_t position) const {
    const int32_t half = rotary_size / 2;
    if (i >= rotary_size) return head[i];
    const float* angles = table.data() + position * rotary_size;
    const float cosine = angles[i % half], sine = angles[half + i % half];
    if (i < half) return bf16(std::fma(-float(head[half + i]), sine, float(head[i]) * cosine));
    return bf16(std::fma(float(head[i - half]), sine, float(head[i]) * cosine));
  }

  size_t place(int32_t slot, int32_t kv, int32_t head, int32_t i) const {
    return static_cast<size_t>(
        (((slot / page_size * 2 + kv) * kv_heads + head) * page_size + slot % page_size) * head_size + i);
  }

  // Checks queries and cache after a run on `before`. Rows of which `is_skipped` must not have changed.
  void expect_done(const std::vector<bf16>& before, const std::vector<bool>& is_skipped) const {
    std::vector<uint16_t> expected(cache.size(), kUnwritten);
    for (size_t row = 0; row < positions.size(); ++row) {
      const bf16* source = before.data() + row * static_cast<size_t>(stride());
      const bf16* result = qkv.data() + row * static_cast<size_t>(stride());
      for (int32_t head = 0; head < query_heads; ++head) {
        for (int32_t i = 0; i < head_size; ++i) {
          const bf16 value = is_skipped[row] ? source[head * head_size + i]
                                             : rotated(source + head * head_size, i, positions[row]);
          ASSERT_EQ(value.bits, result[head * head_size + i].bits)
              << "row " << row << ", query head " << head << ", element " << i;
        }
      }
      if (is_skipped[row] || slots[row] < 0) continue;
      for (int32_t head = 0; head < kv_heads; ++head) {
        const bf16* key = source + (query_heads + head) * head_size;
        const bf16* value = key + kv_heads * head_size;
        for (int32_t i = 0; i < head_size; ++i) {
          expected[place(slots[row], 0, head, i)] = rotated(key, i, positions[row]).bits;
          expected[place(slots[row], 1, head, i)] = value[i].bits;
        }
      }
    }
    for (size_t i = 0; i < cache.size(); ++i) ASSERT_EQ(expected[i], cache[i].bits) << "cache element " << i;
  }
};

TEST(EmulatedRopeWriteKv, RotatesAndWritesBitForBit) {
  uint32_t seed = 1;
  for (RopeProblem problem :
       {RopeProblem{4, 2, 64, 64}, RopeProblem{2, 2, 16, 8}, RopeProblem{3, 1, 6, 2}, RopeProblem{1, 1, 1, 0},
        RopeProblem{8, 2, 80, 40}, RopeProblem{9, 3, 128, 128}, RopeProblem{0, 2, 24, 20},
        RopeProblem{4, 2, 64, 64, 1}, RopeProblem{4, 4, 20, 20, 8}}) {
    problem.fill(seed);
    SCOPED_TRACE(testing::Message() << "head size " << problem.head_size << ", rotary size "
                                    << problem.rotary_size << ", seed " << seed);
    const std::vector<bf16> before = problem.qkv;
    ASSERT_EQ(rope_write_kv(problem.work(), nullptr), cudaSuccess);
    EXPECT_EQ(problem.error.checked, Checked::nothing);
    problem.expect_done(before, std::vector<bool>(5, false));
    ++seed;
  }
}

TEST(EmulatedRopeWriteKv, ReportsWhatIsOutOfRangeAndLeavesItsRowAlone) {
  struct Bad {
    Checked checked;
    int32_t value;
    int64_t low, high;
  };
  for (const Bad bad : {Bad{Checked::positions, -1, 0, 49}, Bad{Checked::positions, 50, 0, 49},
                        Bad{Checked::positions, INT32_MAX, 0, 49}, Bad{Checked::slots, -2, -1, 39},
                        Bad{Checked::slots, 40, -1, 39}, Bad{Checked::slots, INT32_MIN, -1, 39}}) {
    RopeProblem problem{2, 1, 16, 16};
    problem.fill(3);
    (bad.checked == Checked::positions ? problem.positions : problem.slots)[3] = bad.value;
    const std::vector<bf16> before = problem.qkv;
    ASSERT_EQ(rope_write_kv(problem.work(), nullptr), cudaSuccess);
    EXPECT_EQ(problem.error.checked, bad.checked);
    EXPECT_EQ(problem.error.place, 3);
    EXPECT_EQ(problem.error.value, bad.value);
    EXPECT_EQ(problem.error.low, bad.low);
    EXPECT_EQ(problem.error.high, bad.high);
    problem.expect_done(before, {false, false, false, true, false});
  }
}

TEST(EmulatedRopeWriteKv, RefusesSizesOutOfRange) {
  RopeProblem problem{2, 1, 16, 16};
  problem.fill(4);
  const auto refuses = [&](auto&& spoil) {
    RopeWriteKv work = problem.work();
    spoil(work);
    return rope_write_kv(work, nullptr) == cudaErrorInvalidValue;
  };
  EXPECT_TRUE(refuses([](RopeWriteKv& work) { work.rows = 0; }));
  EXPECT_TRUE(refuses([](RopeWriteKv& work) { work.rotary_size = 15; }));
  EXPECT_TRUE(refuses([](RopeWriteKv& work) { work.rotary_size = 18; }));
  EXPECT_TRUE(refuses([](RopeWriteKv& work) { work.kv_heads = 0; }));
  EXPECT_TRUE(refuses([](RopeWriteKv& work) { work.pages = INT32_MAX; }));
  EXPECT_TRUE(refuses([](RopeWriteKv& work) { work.error = nullptr; }));
}

}  // namespace
}  // namespace llm42::cuda
