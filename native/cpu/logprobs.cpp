// Log-softmax, and the log-probabilities of chosen and of the most likely tokens.
#include "cpu/objects.h"
#include "cpu/thread_pool.h"
#include "cpu/top.h"

namespace llm42::cpu {

namespace {

// log(sum(exp(x - largest))) by the fixed tree of a row.
float log_sum(const Kernels& kernels, const float* row, int64_t count, float largest) {
  return kernels.log(kernels.sum_of_exp(row, count, largest));
}

// Cost of a pass with exp, in multiply-adds.
constexpr int64_t exp_cost = 8;

}  // namespace

void CpuStream::log_softmax(const llm42_log_softmax_params& p) {
  const auto* logits = at<const float>(p.logits);
  auto* output = at<float>(p.output);
  const Kernels& kernels = device_.kernels();
  const int64_t vocabulary = p.vocabulary;
  parallel_for(device_.pool(), device_.threads_for(p.rows * vocabulary * exp_cost), p.rows, 1,
               [&](int64_t row, int) {
                 const float* const x = logits + row * p.logits_stride;
                 const float largest = kernels.largest(x, vocabulary);
                 kernels.log_softmax(x, vocabulary, largest, log_sum(kernels, x, vocabulary, largest),
                                     output + row * vocabulary);
               });
}

void CpuStream::top_logprobs(const llm42_top_logprobs_params& p) {
  const auto* logits = at<const float>(p.logits);
  const auto* chosen_ids = at<const int32_t>(p.chosen_ids);
  auto* chosen_logprobs = at<float>(p.chosen_logprobs);
  auto* top_ids = p.count > 0 ? at<int32_t>(p.top_ids) : nullptr;
  auto* top_logprobs = p.count > 0 ? at<float>(p.top_logprobs) : nullptr;
  const Kernels& kernels = device_.kernels();
  const int64_t vocabulary = p.vocabulary;
  const int64_t count = p.count;
  if (chosen_ids != nullptr) {
    for (int64_t row = 0; row < p.rows; ++row)
      check_index("chosen_ids", row, chosen_ids[row], 0, vocabulary - 1);
  }

  const int threads = device_.threads_for(p.rows * vocabulary * exp_cost);
  const int64_t capacity = top_capacity(vocabulary, count);
  const int64_t thread_bytes = (capacity * int64_t{sizeof(RankKey) + sizeof(uint32_t)} + 63) / 64 * 64;
  std::byte* const workspace = device_.workspace(threads * thread_bytes);
  parallel_for(device_.pool(), threads, p.rows, 1, [&](int64_t row, int thread) {
    const float* const x = logits + row * p.logits_stride;
    const float largest = kernels.largest(x, vocabulary);
    const float log_total = log_sum(kernels, x, vocabulary, largest);
    const auto logprob = [&](int64_t id, float* output) {
      kernels.log_softmax(x + id, 1, largest, log_total, output);
    };
    if (chosen_ids != nullptr) logprob(chosen_ids[row], chosen_logprobs + row);
    if (count == 0) return;
    auto* const keys = reinterpret_cast<RankKey*>(workspace + thread * thread_bytes);
    auto* const ids = reinterpret_cast<uint32_t*>(keys + capacity);
    select_top(kernels, x, vocabulary, count, keys, ids);
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t id = id_of(keys[i]);
      top_ids[row * count + i] = static_cast<int32_t>(id);
      logprob(id, top_logprobs + row * count + i);
    }
  });
}

}  // namespace llm42::cpu
