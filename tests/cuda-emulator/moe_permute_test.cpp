// Slots by expert: the definition, empty and full experts, bad ids.
#include "cuda/kernels/moe_permute/moe_permute.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace llm42::cuda {
namespace {

struct Permuted {
  std::vector<int32_t> starts, order;
  ErrorSlot error;
};

Permuted permute(const std::vector<int32_t>& ids, int32_t experts) {
  Permuted permuted{
      std::vector<int32_t>(size_t(experts) + 2, -7), std::vector<int32_t>(ids.size() + 1, -7), {}};
  const MoePermute work{ids.data(),      permuted.starts.data(), permuted.order.data(),
                        &permuted.error, int32_t(ids.size()),    experts};
  EXPECT_EQ(moe_permute(work, nullptr), cudaSuccess);
  EXPECT_EQ(permuted.starts.back(), -7);
  EXPECT_EQ(permuted.order.back(), -7);
  permuted.starts.pop_back();
  permuted.order.pop_back();
  return permuted;
}

void expect_definition(const std::vector<int32_t>& ids, int32_t experts) {
  std::vector<int32_t> starts{0}, order;
  for (int32_t e = 0; e < experts; ++e) {
    for (size_t slot = 0; slot < ids.size(); ++slot) {
      if (ids[slot] == e) order.push_back(int32_t(slot));
    }
    starts.push_back(int32_t(order.size()));
  }
  const Permuted permuted = permute(ids, experts);
  EXPECT_EQ(permuted.error.checked, Checked::nothing);
  EXPECT_EQ(permuted.starts, starts);
  EXPECT_EQ(permuted.order, order);
}

TEST(EmulatedMoePermute, SortsByExpertAndThenBySlot) {
  std::mt19937 random(5);
  for (const int32_t experts : {1, 7, 40}) {
    for (const int32_t slots : {1, 31, 33, 1024, 1025, 4500}) {
      SCOPED_TRACE(testing::Message() << experts << " experts, " << slots << " slots");
      std::vector<int32_t> ids(static_cast<size_t>(slots));
      for (int32_t& id : ids) id = int32_t(random() % uint32_t(experts));
      expect_definition(ids, experts);
    }
  }
}

TEST(EmulatedMoePermute, OneExpertMayHaveEverySlot) {
  for (const int32_t expert : {0, 3, 7}) expect_definition(std::vector<int32_t>(600, expert), 8);
}

TEST(EmulatedMoePermute, ReportsAnIdOutOfRangeAndLeavesItOut) {
  for (const int32_t bad : {-1, 4, INT32_MAX, INT32_MIN}) {
    const Permuted permuted = permute({2, 0, bad, 2, 1}, 4);
    EXPECT_EQ(permuted.error.checked, Checked::expert_ids);
    EXPECT_EQ(permuted.error.place, 2);
    EXPECT_EQ(permuted.error.value, bad);
    EXPECT_EQ(permuted.error.high, 3);
    EXPECT_EQ(permuted.starts, (std::vector<int32_t>{0, 1, 2, 4, 4}));
    EXPECT_EQ(permuted.order, (std::vector<int32_t>{1, 4, 0, 3, -7}));
  }
}

TEST(EmulatedMoePermute, RefusesSizesBelowOne) {
  int32_t ids[2] = {}, starts[2] = {}, order[2] = {};
  ErrorSlot error{};
  EXPECT_EQ(moe_permute({ids, starts, order, &error, 0, 1}, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(moe_permute({ids, starts, order, &error, 1, 0}, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(moe_permute({ids, starts, order, nullptr, 1, 1}, nullptr), cudaErrorInvalidValue);
}

}  // namespace
}  // namespace llm42::cuda
