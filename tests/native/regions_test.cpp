// Blocks that lie side by side: none is another's, all are zero, and what is given back is gone.
#if defined(__linux__)

#include <sys/mman.h>

#include <algorithm>
#include <random>
#include <vector>

#include "cpu/regions.h"
#include "harness.h"

namespace llm42::test {

using cpu::Regions;

namespace {

constexpr int64_t mebibyte = int64_t{1} << 20;

struct Taken {
  std::byte* data;
  int64_t size;
  std::byte mark;
};

bool is_filled_with(const Taken& block, std::byte value) {
  return std::all_of(block.data, block.data + block.size, [&](std::byte byte) { return byte == value; });
}

bool is_resident(std::byte* page) {
  unsigned char state = 0;
  EXPECT_EQ(0, mincore(page, 4096, &state));
  return (state & 1) != 0;
}

}  // namespace

TEST(Regions, BlocksAreZeroAlignedAndApart) {
  constexpr uint32_t seed = 7;
  std::mt19937 random(seed);
  Regions regions;
  std::vector<Taken> blocks;
  for (int step = 0; step < 300; ++step) {
    if (blocks.size() < 8 || random() % 3 != 0) {
      // A few are as large as a region, or larger.
      const int64_t size =
          random() % 40 == 0 ? 60 * mebibyte + random() % (10 * mebibyte) : 1 + random() % mebibyte;
      Taken block{regions.take(size), size, static_cast<std::byte>(1 + step % 255)};
      ASSERT_NE(nullptr, block.data);
      ASSERT_EQ(0u, reinterpret_cast<uintptr_t>(block.data) % 64);
      ASSERT_TRUE(is_filled_with(block, std::byte{0})) << "seed " << seed << ", step " << step;
      std::fill_n(block.data, size, block.mark);
      blocks.push_back(block);
    } else {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      ASSERT_TRUE(is_filled_with(blocks.back(), blocks.back().mark)) << "seed " << seed << ", step " << step;
      regions.give_back(blocks.back().data, blocks.back().size);
      blocks.pop_back();
    }
  }
  for (const Taken& block : blocks) {
    EXPECT_TRUE(is_filled_with(block, block.mark)) << "seed " << seed;
    regions.give_back(block.data, block.size);
  }
}

TEST(Regions, WhatIsGivenBackIsNotHeldByItsNeighbours) {
  Regions regions;
  std::byte* const first = regions.take(mebibyte);
  std::byte* const second = regions.take(mebibyte);
  std::byte* const third = regions.take(mebibyte);
  ASSERT_EQ(first + mebibyte, second);
  std::fill_n(first, 3 * mebibyte, std::byte{5});
  ASSERT_TRUE(is_resident(second));
  regions.give_back(second, mebibyte);
  for (int64_t at = 0; at < mebibyte; at += 4096) ASSERT_FALSE(is_resident(second + at));
  EXPECT_TRUE(is_filled_with({first, mebibyte, {}}, std::byte{5}));
  EXPECT_TRUE(is_filled_with({third, mebibyte, {}}, std::byte{5}));
  regions.give_back(first, mebibyte);
  regions.give_back(third, mebibyte);
  unsigned char state = 0;
  EXPECT_EQ(-1, mincore(first, 4096, &state)) << "the region is still mapped";
}

TEST(Regions, RefuseWhatNoMachineHas) {
  Regions regions;
  EXPECT_EQ(nullptr, regions.take(INT64_MAX));
  EXPECT_EQ(nullptr, regions.take(int64_t{1} << 47));
}

}  // namespace llm42::test

#endif
