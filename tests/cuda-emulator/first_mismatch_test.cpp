#include "cuda/kernels/verify/first_mismatch.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace llm42::cuda {
namespace {

struct Windows {
  std::vector<int32_t> starts, drafts, predictions;
};

std::vector<int32_t> run(const Windows& w, Checked expected_error = Checked::nothing) {
  const int32_t windows = int32_t(w.starts.size()) - 1;
  std::vector<int32_t> accepted(windows, -5);
  ErrorSlot error{};
  const FirstMismatch work{w.starts.data(), w.drafts.data(), w.predictions.data(),    accepted.data(),
                           &error,          windows,         int32_t(w.drafts.size())};
  EXPECT_EQ(first_mismatch(work, nullptr), cudaSuccess);
  EXPECT_EQ(error.checked, expected_error);
  return accepted;
}

TEST(EmulatedFirstMismatch, CountsLeadingDraftsThatEqualTheirPrediction) {
  std::mt19937 random(4);
  Windows w{{0}, {}, {}};
  std::vector<int32_t> expected;
  for (int window = 0; window < 300; ++window) {
    const int count = window % 7 == 0 ? 0 : int(random() % 100);
    const int mismatch = window % 3 == 0 ? count : int(random() % (count + 1));
    for (int i = 0; i < count; ++i) {
      const int32_t token = int32_t(random() % 1000);
      w.drafts.push_back(token);
      // Behind the first mismatch anything may follow.
      w.predictions.push_back(i < mismatch || (i > mismatch && random() % 2 == 0) ? token : token + 1);
    }
    w.predictions.push_back(-1);
    w.starts.push_back(int32_t(w.drafts.size()));
    expected.push_back(mismatch);
  }
  EXPECT_EQ(run(w), expected);
}

TEST(EmulatedFirstMismatch, StartsOutOfRangeAreReported) {
  for (const int32_t start : {-1, 4, INT32_MAX, INT32_MIN}) {
    const std::vector<int32_t> accepted =
        run({{0, start, 3, 3}, {1, 2, 3}, {1, 2, 3, 4, 5, 6}}, Checked::starts);
    EXPECT_EQ(accepted[0], 0) << start;
    EXPECT_EQ(accepted[1], 0) << start;
    EXPECT_EQ(accepted[2], 0) << start;
  }
}

}  // namespace
}  // namespace llm42::cuda
