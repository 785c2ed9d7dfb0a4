// Choice of a token per row: keep, then Gumbel-max over what is kept.
#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "core/error.h"
#include "cpu/objects.h"
#include "cpu/thread_pool.h"
#include "cpu/top.h"

namespace llm42::cpu {

namespace {

// Scratch memory of one row in work.
struct Scratch {
  float* tempered;  // [vocabulary] logits / temperature
  RankKey* keys;    // [vocabulary + 16]
  uint32_t* ids;    // [vocabulary + 16]
  float* weights;   // [vocabulary] exp(tempered - largest) of ranked tokens

  static int64_t bytes(int64_t vocabulary) {
    const int64_t element = int64_t{2 * sizeof(float) + sizeof(RankKey) + sizeof(uint32_t)};
    return ((vocabulary + 16) * element + 63) / 64 * 64;
  }

  Scratch(std::byte* memory, int64_t vocabulary) {
    keys = reinterpret_cast<RankKey*>(memory);
    ids = reinterpret_cast<uint32_t*>(keys + vocabulary + 16);
    tempered = reinterpret_cast<float*>(ids + vocabulary + 16);
    weights = tempered + vocabulary + 16;
  }
};

struct Row {
  const Kernels& kernels;
  const llm42_sampling_row& rule;
  const Scratch& scratch;
  int64_t vocabulary;
  float largest;
};

// Weights of the ranked tokens keys[0 .. count - 1], and their ids.
void weigh(const Row& row, int64_t count) {
  const Scratch& s = row.scratch;
  for (int64_t i = 0; i < count; ++i) {
    s.ids[i] = id_of(s.keys[i]);
    s.weights[i] = s.tempered[s.ids[i]];
  }
  row.kernels.exp(s.weights, row.largest, s.weights, count);
}

// Shortest prefix of the ranked tokens whose weights, added in order, reach `needed`; 0 if none does.
int64_t prefix_reaching(const float* weights, int64_t count, double needed) {
  double total = 0.0;
  for (int64_t i = 0; i < count; ++i) {
    total += static_cast<double>(weights[i]);
    if (total >= needed) return i + 1;
  }
  return 0;
}

// Ranks and weighs all tokens with tempered > threshold. Returns how many there are.
int64_t rank_above(const Row& row, float threshold) {
  const Scratch& s = row.scratch;
  int64_t position = 0;
  const int64_t count =
      row.kernels.find_above(s.tempered, row.vocabulary, threshold, &position, s.ids, row.vocabulary + 16);
  for (int64_t i = 0; i < count; ++i) s.keys[i] = rank_key(s.tempered[s.ids[i]], s.ids[i]);
  std::sort(s.keys, s.keys + count, std::greater<>());
  weigh(row, count);
  return count;
}

// Nucleus of the whole vocabulary. The distance to the largest logit grows until enough probability is
// inside, so that a peaked row ranks few tokens.
int64_t rank_nucleus(const Row& row) {
  const double all =
      static_cast<double>(row.kernels.sum_of_exp(row.scratch.tempered, row.vocabulary, row.largest));
  const double needed = static_cast<double>(row.rule.top_p) * all;
  for (const float distance : {2.0f, 5.0f, 9.0f, 14.0f, 20.0f}) {
    const int64_t count = rank_above(row, row.largest - distance);
    const int64_t kept = prefix_reaching(row.scratch.weights, count, needed);
    if (kept > 0) return kept;
  }
  const int64_t count = rank_above(row, -std::numeric_limits<float>::infinity());
  const int64_t kept = prefix_reaching(row.scratch.weights, count, needed);
  return kept > 0 ? kept : count;
}

// Ranks what top-k and top-p keep. Only called where one of top-k, top-p and min-p is in force.
int64_t rank_kept(const Row& row) {
  const llm42_sampling_row& rule = row.rule;
  const Scratch& s = row.scratch;
  if (rule.top_k > 0 && rule.top_k < row.vocabulary) {
    select_top(row.kernels, s.tempered, row.vocabulary, rule.top_k, s.keys, s.ids);
    weigh(row, rule.top_k);
    if (rule.top_p >= 1.0f) return rule.top_k;
    double all = 0.0;
    for (int64_t i = 0; i < rule.top_k; ++i) all += static_cast<double>(s.weights[i]);
    const int64_t kept = prefix_reaching(s.weights, rule.top_k, static_cast<double>(rule.top_p) * all);
    return kept > 0 ? kept : rule.top_k;
  }
  if (rule.top_p < 1.0f) return rank_nucleus(row);
  // min-p alone: nothing below this distance can pass it; the weights decide.
  return rank_above(row, row.largest + row.kernels.log(rule.min_p) - 0.01f);
}

float adjusted(float logit, const llm42_logit_adjustment& a) {
  const float biased = logit + a.bias;
  const float repeated = biased > 0.0f ? biased / a.repetition : biased * a.repetition;
  return repeated - a.penalty;
}

// The logits as the sampling rules see them: a copy, since log-probabilities are taken from the logits
// themselves.
const float* adjust(const float* logits, const llm42_logit_adjustment* begin,
                    const llm42_logit_adjustment* end, const Scratch& scratch, int64_t vocabulary) {
  if (begin == end) return logits;
  float* const copy = scratch.tempered;
  if (logits != copy) std::copy(logits, logits + vocabulary, copy);
  for (const auto* a = begin; a != end; ++a) copy[a->token_id] = adjusted(copy[a->token_id], *a);
  return copy;
}

// The logits that a mask leaves, -inf for the others: a copy, in which the adjustments may work.
const float* apply_mask(const float* logits, const uint32_t* mask, const Scratch& scratch,
                        int64_t vocabulary) {
  float* const copy = scratch.tempered;
  for (int64_t first = 0; first < vocabulary; first += 32) {
    const uint32_t word = mask[first / 32];
    const int64_t end = std::min(first + 32, vocabulary);
    for (int64_t id = first; id < end; ++id) {
      copy[id] = (word >> (id - first) & 1) != 0 ? logits[id] : -std::numeric_limits<float>::infinity();
    }
  }
  return copy;
}

// The lowest token of a mask; `vocabulary` or above if it has none.
int64_t lowest_of(const uint32_t* mask, int64_t vocabulary) {
  for (int64_t first = 0; first < vocabulary; first += 32) {
    if (mask[first / 32] != 0) return first + std::countr_zero(mask[first / 32]);
  }
  return vocabulary;
}

// `logits` may be the scratch's own copy. `lowest`: what a row without a finite logit chooses.
Best choose(const Row& row, const float* logits, uint32_t lowest) {
  const llm42_sampling_row& rule = row.rule;
  const Scratch& s = row.scratch;
  Best best{};
  const float temperature = rule.temperature == 0.0f ? 1.0f : rule.temperature;
  if (!row.kernels.temper(logits, temperature, s.tempered, row.vocabulary)) {
    best.id = lowest;  // margin 0
    return best;
  }
  if (rule.temperature == 0.0f) {
    row.kernels.best_of(s.tempered, row.vocabulary, &best);
    return best;
  }
  const uint64_t position = static_cast<uint64_t>(rule.position);
  const bool has_top_k = rule.top_k > 0 && rule.top_k < row.vocabulary;
  if (!has_top_k && rule.top_p >= 1.0f && rule.min_p <= 0.0f) {
    row.kernels.best_noisy(s.tempered, row.vocabulary, rule.seed, position, &best);
    return best;
  }
  const Row ranked{row.kernels, rule, s, row.vocabulary, row.kernels.largest(s.tempered, row.vocabulary)};
  int64_t kept = rank_kept(ranked);
  // The most likely token has weight 1. Weights fall, so the first one below min-p ends what is kept.
  if (rule.min_p > 0.0f) {
    int64_t likely = 1;
    while (likely < kept && s.weights[likely] >= rule.min_p) ++likely;
    kept = likely;
  }
  row.kernels.best_noisy_of(s.tempered, s.ids, kept, rule.seed, position, &best);
  return best;
}

void check_rule(int64_t row, const llm42_sampling_row& rule) {
  const auto refuse = [row](const char* field, auto value, const char* range) {
    fail_argument("sampling[", row, "].", field, " is ", value, "; it must be ", range);
  };
  if (rule.temperature != 0.0f && !(rule.temperature >= 0.01f && rule.temperature <= 100.0f)) {
    refuse("temperature", rule.temperature, "0 or 0.01..100");
  }
  if (!(rule.top_p > 0.0f && rule.top_p <= 1.0f)) refuse("top_p", rule.top_p, "above 0 and at most 1");
  if (!(rule.min_p >= 0.0f && rule.min_p <= 1.0f)) refuse("min_p", rule.min_p, "0..1");
  if (rule.top_k < 0) refuse("top_k", rule.top_k, "0 or more");
}

void check_adjustments(int64_t row, const llm42_logit_adjustment* all, int64_t begin, int64_t end,
                       int64_t vocabulary) {
  for (int64_t i = begin; i < end; ++i) {
    const llm42_logit_adjustment& a = all[i];
    const auto refuse = [row, i](const char* field, auto value, const auto&... range) {
      fail_argument("adjustments[", i, "].", field, " (row ", row, ") is ", value, "; it must be ", range...);
    };
    if (a.token_id < 0 || a.token_id >= vocabulary) {
      refuse("token_id", a.token_id, "0..", vocabulary - 1, ", the vocabulary");
    }
    if (i > begin && a.token_id <= all[i - 1].token_id) {
      refuse("token_id", a.token_id, "above ", all[i - 1].token_id, ", the one before it in its row");
    }
    if (!std::isfinite(a.bias)) refuse("bias", a.bias, "finite");
    if (!std::isfinite(a.repetition) || a.repetition <= 0.0f) {
      refuse("repetition", a.repetition, "above 0 and finite");
    }
    if (!std::isfinite(a.penalty)) refuse("penalty", a.penalty, "finite");
  }
}

void check_mask(int64_t row, const int32_t* indices, const uint32_t* masks, int64_t mask_count,
                int64_t vocabulary) {
  const int32_t index = indices[row];
  if (index < -1 || index >= mask_count) {
    fail_argument("mask_indices[", row, "] is ", index, "; it must be -1..", mask_count - 1);
  }
  if (index >= 0 && lowest_of(masks + index * ((vocabulary + 31) / 32), vocabulary) >= vocabulary) {
    fail_argument("masks[", index, "] (row ", row, ") has no token; it must have one at least");
  }
}

}  // namespace

void CpuStream::sample(const llm42_sample_params& p) {
  const auto* logits = at<const float>(p.logits);
  const auto* rules = at<const llm42_sampling_row>(p.sampling);
  auto* ids = at<int32_t>(p.ids);
  auto* margins = at<float>(p.margins);
  const auto* starts = at<const int32_t>(p.adjustment_starts);
  const auto* adjustments = at<const llm42_logit_adjustment>(p.adjustments);
  const auto* mask_indices = at<const int32_t>(p.mask_indices);
  const auto* masks = at<const uint32_t>(p.masks);
  const int64_t vocabulary = p.vocabulary;
  const int64_t mask_words = (vocabulary + 31) / 32;
  if (starts != nullptr) check_starts("adjustment_starts", starts, p.rows, p.adjustment_count);
  for (int64_t row = 0; row < p.rows; ++row) {
    check_rule(row, rules[row]);
    if (starts != nullptr) check_adjustments(row, adjustments, starts[row], starts[row + 1], vocabulary);
    if (mask_indices != nullptr) check_mask(row, mask_indices, masks, p.mask_count, vocabulary);
  }

  const int threads = device_.threads_for(p.rows * vocabulary * 8);
  const int64_t thread_bytes = Scratch::bytes(vocabulary);
  std::byte* const workspace = device_.workspace(threads * thread_bytes);
  parallel_for(device_.pool(), threads, p.rows, 1, [&](int64_t row, int thread) {
    const Scratch scratch(workspace + thread * thread_bytes, vocabulary);
    const Row work{device_.kernels(), rules[row], scratch, vocabulary, 0.0f};
    const float* row_logits = logits + row * p.logits_stride;
    uint32_t lowest = 0;
    if (mask_indices != nullptr && mask_indices[row] >= 0) {
      const uint32_t* const mask = masks + mask_indices[row] * mask_words;
      row_logits = apply_mask(row_logits, mask, scratch, vocabulary);
      lowest = static_cast<uint32_t>(lowest_of(mask, vocabulary));
    }
    if (starts != nullptr) {
      row_logits =
          adjust(row_logits, adjustments + starts[row], adjustments + starts[row + 1], scratch, vocabulary);
    }
    const Best best = choose(work, row_logits, lowest);
    ids[row] = static_cast<int32_t>(best.id);
    if (margins != nullptr) margins[row] = best.value == best.second ? 0.0f : best.value - best.second;
  });
}

}  // namespace llm42::cpu
