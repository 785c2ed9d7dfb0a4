// Log-softmax and top log-probabilities.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness.h"

namespace llm42::test {

namespace {

struct Top {
  std::vector<int32_t> ids;
  std::vector<float> logprobs, chosen;
};

std::vector<float> log_softmax(const Machine& machine, const std::vector<float>& logits, int32_t rows) {
  const Buffer input = machine.upload(logits),
               output = machine.allocate(static_cast<int64_t>(logits.size()) * 4);
  llm42_log_softmax_params p{};
  p.struct_size = sizeof p;
  p.rows = rows;
  p.vocabulary = static_cast<int32_t>(logits.size()) / rows;
  p.logits = view(input);
  p.output = view(output);
  ok(llm42_log_softmax(machine.stream, &p));
  return machine.download<float>(output, logits.size());
}

Top top_logprobs(const Machine& machine, const std::vector<float>& logits, int32_t rows, int32_t count,
                 const std::vector<int32_t>& chosen) {
  const Buffer input = machine.upload(logits), ids = machine.upload(chosen);
  const Buffer chosen_logprobs = machine.allocate(rows * 4),
               top_ids = machine.allocate(std::max(1, rows * count * 4)),
               top = machine.allocate(std::max(1, rows * count * 4));
  llm42_top_logprobs_params p{};
  p.struct_size = sizeof p;
  p.rows = rows;
  p.vocabulary = static_cast<int32_t>(logits.size()) / rows;
  p.count = count;
  p.logits = view(input);
  p.chosen_ids = view(ids);
  p.chosen_logprobs = view(chosen_logprobs);
  p.top_ids = view(top_ids);
  p.top_logprobs = view(top);
  ok(llm42_top_logprobs(machine.stream, &p));
  const auto total = static_cast<size_t>(rows * count);
  return {machine.download<int32_t>(top_ids, total), machine.download<float>(top, total),
          machine.download<float>(chosen_logprobs, static_cast<size_t>(rows))};
}

}  // namespace

TEST(Logits, LogSoftmaxMatchesTheReferenceWithTheSameBitsOnEveryIsa) {
  for (const size_t vocabulary : {1, 5, 16, 33, 1000, 32003}) {
    std::vector<float> logits = random_floats(2 * vocabulary, 9, 4.0f);
    if (vocabulary > 5) logits[3] = -INFINITY;
    const std::vector<float> expected = log_softmax(Machine(LLM42_CPU_ISA_PORTABLE), logits, 2);
    for (size_t row = 0; row < 2; ++row) {
      double sum = 0.0;
      for (size_t i = 0; i < vocabulary; ++i)
        sum += std::exp(static_cast<double>(logits[row * vocabulary + i]));
      for (size_t i = 0; i < vocabulary; ++i) {
        const auto logit = static_cast<double>(logits[row * vocabulary + i]);
        if (std::isinf(logit)) {
          EXPECT_EQ(-INFINITY, expected[row * vocabulary + i]);
        } else {
          ASSERT_NEAR(logit - std::log(sum), static_cast<double>(expected[row * vocabulary + i]), 1e-5);
        }
      }
    }
    for (const llm42_cpu_isa isa : isas()) {
      EXPECT_EQ("", difference(expected, log_softmax(Machine(isa, 2), logits, 2))) << "isa " << isa;
    }
  }
}

TEST(Logits, TopLogprobsAreThoseOfLogSoftmaxInOrder) {
  for (const int32_t vocabulary : {1, 20, 1000, 70000}) {
    for (const int32_t shape :
         {0, 1, 2}) {  // random; rising (every value beats those before); few distinct values
      std::vector<float> logits = random_floats(static_cast<size_t>(vocabulary) * 2, 5);
      if (shape == 1) std::iota(logits.begin(), logits.end(), -1000.0f);
      if (shape == 2) {
        for (float& x : logits) x = std::round(x);
        logits[0] = -INFINITY;
      }
      for (const int32_t count : {0, 1, 20, 1024}) {
        if (count > vocabulary) continue;
        const Machine machine;
        const std::vector<float> all = log_softmax(machine, logits, 2);
        const Top top = top_logprobs(machine, logits, 2, count, {0, vocabulary - 1});
        EXPECT_EQ("", difference(&all[0], &top.chosen[0], 1));
        EXPECT_EQ("", difference(&all[static_cast<size_t>(2 * vocabulary - 1)], &top.chosen[1], 1));
        for (int32_t row = 0; row < 2; ++row) {
          std::vector<int32_t> order(static_cast<size_t>(vocabulary));
          std::iota(order.begin(), order.end(), 0);
          const float* x = logits.data() + row * vocabulary;
          std::stable_sort(order.begin(), order.end(), [x](int32_t a, int32_t b) { return x[a] > x[b]; });
          for (int32_t i = 0; i < count; ++i) {
            const auto place = static_cast<size_t>(row * count + i);
            ASSERT_EQ(order[static_cast<size_t>(i)], top.ids[place])
                << "vocabulary " << vocabulary << ", shape " << shape;
            ASSERT_EQ("", difference(&all[static_cast<size_t>(row * vocabulary + top.ids[place])],
                                     &top.logprobs[place], 1));
          }
        }
      }
    }
  }
}

}  // namespace llm42::test
