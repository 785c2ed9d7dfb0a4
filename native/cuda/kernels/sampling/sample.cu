#include <cmath>

#include "cuda/kernels/ranking/rank_select.h"
#include "cuda/kernels/sampling/best_token.h"
#include "cuda/kernels/sampling/gumbel.h"
#include "cuda/kernels/sampling/sampling.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

struct SharedMemory {
  RankHistogram histogram;
  BestToken best[row_warps];
  unsigned long long mass[row_warps];
  int flag[row_warps];
  uint32_t lowest[row_warps];
};

__device__ __forceinline__ bool check_float(ErrorSlot* error, Checked checked, int64_t place, float value,
                                            bool is_right) {
  if (!is_right) report(error, checked, place, __float_as_uint(value));
  return is_right;
}

// Comparisons are written so that NaN fails them.
__device__ __forceinline__ bool check_rule(ErrorSlot* error, int64_t row, const SamplingRow& rule) {
  const float temperature = rule.temperature;
  return check_float(error, Checked::sampling_temperature, row, temperature,
                     temperature == 0.0f || (temperature >= 0.01f && temperature <= 100.0f)) &&
         check_float(error, Checked::sampling_top_p, row, rule.top_p,
                     rule.top_p > 0.0f && rule.top_p <= 1.0f) &&
         check_float(error, Checked::sampling_min_p, row, rule.min_p,
                     rule.min_p >= 0.0f && rule.min_p <= 1.0f) &&
         check_index(error, Checked::sampling_top_k, row, rule.top_k, 0, INT32_MAX);
}

__device__ __forceinline__ bool is_finite(float x) {
  return (__float_as_uint(x) & 0x7f800000u) != 0x7f800000u;
}

__device__ __forceinline__ float adjusted(float logit, const LogitAdjustment& a) {
  const float biased = logit + a.bias;
  const float repeated = biased > 0.0f ? divide(biased, a.repetition) : multiply(biased, a.repetition);
  return repeated - a.penalty;
}

// logit / temperature within the finite numbers; NaN counts as -inf.
__device__ __forceinline__ float temper(float logit, float temperature) {
  const float minus_infinity = __uint_as_float(0xff800000u);
  constexpr float highest = 0x1.fffffep127f;
  if (logit != logit || logit == minus_infinity) return minus_infinity;
  const float scaled = divide(logit, temperature);
  return scaled > highest ? highest : scaled < -highest ? -highest : scaled;
}

// Whether any thread says so; the whole block must call this.
__device__ __forceinline__ bool any_thread(bool value, SharedMemory& shared) {
  return block_reduce(value ? 1 : 0, shared.flag, [](int a, int b) { return a | b; }) != 0;
}

__device__ __forceinline__ bool check_adjustment(const Sample& work, int64_t i, bool is_first) {
  const LogitAdjustment a = work.adjustments[i];
  const int64_t lowest = is_first ? 0 : int64_t{work.adjustments[i - 1].token_id} + 1;
  return check_index(work.error, Checked::adjustment_token, i, a.token_id, lowest > 0 ? lowest : 0,
                     work.vocabulary - 1) &&
         check_float(work.error, Checked::adjustment_bias, i, a.bias, is_finite(a.bias)) &&
         check_float(work.error, Checked::adjustment_repetition, i, a.repetition,
                     is_finite(a.repetition) && a.repetition > 0.0f) &&
         check_float(work.error, Checked::adjustment_penalty, i, a.penalty, is_finite(a.penalty));
}

// Whether the adjustments of a row are what the sampling rules allow; the whole block must call this.
__device__ __forceinline__ bool are_valid(const Sample& work, int32_t begin, int32_t end,
                                          SharedMemory& shared) {
  if (begin < 0 || end < begin || end > work.adjustment_count) return false;
  bool is_bad = false;
  for (int64_t i = int64_t{begin} + threadIdx.x; i < end; i += row_threads) {
    is_bad = !check_adjustment(work, i, i == begin) || is_bad;
  }
  return !any_thread(is_bad, shared);
}

// The lowest token of a mask; no_token if it has none. The whole block must call this.
__device__ __forceinline__ uint32_t lowest_of(const uint32_t* mask, int32_t vocabulary,
                                              SharedMemory& shared) {
  uint32_t lowest = no_token;
  for (int64_t first = int64_t{threadIdx.x} * 32; first < vocabulary; first += row_threads * 32) {
    const uint32_t word = mask[first / 32];
    if (word == 0 || lowest != no_token) continue;
    const int64_t id = first + __ffs(static_cast<int>(word)) - 1;
    if (id < vocabulary) lowest = static_cast<uint32_t>(id);
  }
  return block_reduce(lowest, shared.lowest, [](uint32_t a, uint32_t b) { return a < b ? a : b; });
}

// The logits that a mask leaves, -inf for the others, written to the row's place in the workspace.
__device__ __forceinline__ const float* apply_mask(const Sample& work, const float* logits,
                                                   const uint32_t* mask) {
  float* const copy = work.workspace + int64_t{blockIdx.x} * work.vocabulary;
  for (int64_t i = threadIdx.x; i < work.vocabulary; i += row_threads) {
    copy[i] = (mask[i / 32] >> (i % 32) & 1) != 0 ? logits[i] : __uint_as_float(0xff800000u);
  }
  __syncthreads();
  return copy;
}

// A row's adjusted logits, written to its place in the workspace, where they may be already.
__device__ __forceinline__ const float* adjust(const Sample& work, const float* logits, int32_t begin,
                                               int32_t end) {
  float* const copy = work.workspace + int64_t{blockIdx.x} * work.vocabulary;
  if (logits != copy) {
    for (int64_t i = threadIdx.x; i < work.vocabulary; i += row_threads) copy[i] = logits[i];
    __syncthreads();
  }
  for (int64_t i = int64_t{begin} + threadIdx.x; i < end; i += row_threads) {
    const LogitAdjustment a = work.adjustments[i];
    copy[a.token_id] = adjusted(copy[a.token_id], a);
  }
  __syncthreads();
  return copy;
}

// Probabilities relative to the most likely token's, as integers: 1 is 2^scale, so that a whole vocabulary of
// them stays below 2^63 and, for real vocabularies, nothing that matters is rounded.
struct Masses {
  float largest;
  float one;

  __device__ __forceinline__ float weight(float value) const { return exponential(value - largest); }
  __device__ __forceinline__ unsigned long long operator()(float value) const {
    return static_cast<unsigned long long>(multiply(weight(value), one));
  }
};

__device__ __forceinline__ Masses masses_of(float largest, int32_t vocabulary) {
  const int scale = 62 - (32 - __clz(vocabulary));
  return {largest, __uint_as_float(static_cast<uint32_t>(127 + scale) << 23)};
}

// Lowest rank key that top-k and top-p keep.
template <class ForEachValue>
__device__ __forceinline__ uint64_t kept_from(const SamplingRow& rule, int32_t vocabulary,
                                              const Masses& masses, SharedMemory& shared,
                                              ForEachValue for_each_value) {
  uint64_t cut = 0;
  if (rule.top_k > 0 && rule.top_k < vocabulary) {
    cut = select_cut(shared.histogram, false, static_cast<unsigned int>(rule.top_k), 0, [&](auto take) {
      for_each_value([&](int32_t id, float value) { take(rank_key(value, id), 0ull); });
    });
  }
  if (rule.top_p >= 1.0f) return cut;
  unsigned long long total = 0;
  for_each_value([&](int32_t id, float value) {
    if (rank_key(value, id) >= cut) total += masses(value);
  });
  total = block_reduce(total, shared.mass, [](unsigned long long a, unsigned long long b) { return a + b; });
  // Not 0: the most likely token has the mass of 1.
  const double needed = ::ceil(static_cast<double>(rule.top_p) * static_cast<double>(total));
  const unsigned long long wanted = min(max(static_cast<unsigned long long>(needed), 1ull), total);
  const uint64_t nucleus = select_cut(shared.histogram, true, 0, wanted, [&](auto take) {
    for_each_value([&](int32_t id, float value) {
      const uint64_t key = rank_key(value, id);
      if (key >= cut) take(key, masses(value));
    });
  });
  // A cut that was found early may lie below tokens that top-k has dropped.
  return max(cut, nucleus);
}

__global__ void __launch_bounds__(row_threads) sample_kernel(Sample work) {
  __shared__ SharedMemory shared;
  const int64_t row = blockIdx.x;
  const SamplingRow rule = work.sampling[row];
  if (row == 0 && work.adjustment_starts != nullptr) {
    check_starts(work.error, Checked::adjustment_starts, work.adjustment_starts, work.rows,
                 work.adjustment_count, static_cast<int>(threadIdx.x), row_threads);
  }
  if (!check_rule(work.error, row, rule)) return;
  const float* logits = work.logits + row * work.logits_stride;
  uint32_t lowest = 0;
  if (work.mask_indices != nullptr) {
    const int32_t index = work.mask_indices[row];
    if (!check_index(work.error, Checked::mask_indices, row, index, -1, work.mask_count - 1)) return;
    if (index >= 0) {
      const uint32_t* const mask = work.masks + index * ((int64_t{work.vocabulary} + 31) / 32);
      lowest = lowest_of(mask, work.vocabulary, shared);
      if (lowest == no_token) {
        if (threadIdx.x == 0) report(work.error, Checked::mask_tokens, row, index);
        return;
      }
      logits = apply_mask(work, logits, mask);
    }
  }
  if (work.adjustment_starts != nullptr) {
    const int32_t begin = work.adjustment_starts[row];
    const int32_t end = work.adjustment_starts[row + 1];
    if (!are_valid(work, begin, end, shared)) return;
    if (begin < end) logits = adjust(work, logits, begin, end);
  }

  const bool is_greedy = rule.temperature == 0.0f;
  const float temperature = is_greedy ? 1.0f : rule.temperature;
  BestToken best = nothing();
  bool has_finite = false;
  for_each(logits, work.vocabulary, [&](int32_t id, float logit) {
    has_finite = has_finite || is_finite(logit);
    consider(best, temper(logit, temperature), id);
  });
  best = over_block(best, shared.best);
  if (!any_thread(has_finite, shared)) {
    best = {0.0f, 0.0f, lowest};
  } else if (!is_greedy) {
    const bool is_filtered = (rule.top_k > 0 && rule.top_k < work.vocabulary) || rule.top_p < 1.0f;
    const Masses masses = masses_of(best.value, work.vocabulary);
    uint64_t cut = 0;
    if (is_filtered) {
      cut = kept_from(rule, work.vocabulary, masses, shared, [&](auto take) {
        for_each(logits, work.vocabulary,
                 [&](int32_t id, float logit) { take(id, temper(logit, temperature)); });
      });
    }
    // With every token kept, values below can be neither best nor second best, whatever their noise.
    const bool is_whole = !is_filtered && rule.min_p <= 0.0f;
    const float floor = is_whole ? best.second + (noise_below - noise_above) : __uint_as_float(0xff800000u);
    best = nothing();
    for_each_four(logits, work.vocabulary, [&](int32_t first, const float(&four)[4], int held) {
      float values[4];
      bool is_kept[4];
      bool is_any_kept = false;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        values[i] = temper(four[i], temperature);
        is_kept[i] = i < held && values[i] >= floor &&
                     (!is_filtered || rank_key(values[i], first + i) >= cut) &&
                     (rule.min_p <= 0.0f || masses.weight(values[i]) >= rule.min_p);
        is_any_kept = is_any_kept || is_kept[i];
      }
      if (!is_any_kept) return;
      uint32_t words[4];
      philox(first, rule.seed, static_cast<uint64_t>(rule.position), words);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (is_kept[i]) consider(best, values[i] + gumbel(words[i]), first + i);
      }
    });
    best = over_block(best, shared.best);
  }
  if (threadIdx.x == 0) {
    work.ids[row] = static_cast<int32_t>(best.id);
    if (work.margins != nullptr)
      work.margins[row] = best.value == best.second ? 0.0f : best.value - best.second;
  }
}

}  // namespace

cudaError_t sample(const Sample& work, cudaStream_t stream) {
  return launch(sample_kernel, dim3(static_cast<unsigned>(work.rows)), dim3(row_threads), 0, stream, work);
}

}  // namespace llm42::cuda
