// Choice of the next token per row. What is added up is added as integers, and the rest is a search for the
// largest: a row has one result, whatever the schedule. Given the same logits the values compared are those
// of the CPU backend, bit for bit; only the cut of top-p may fall one token beside its, where the sum of the
// probabilities meets top_p to within rounding.
#pragma once

#include "cuda/primitives/platform.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

// llm42_sampling_row.
struct SamplingRow {
  float temperature;  // 0 = greedy, otherwise 0.01..100
  float top_p;        // 0 < top_p <= 1
  float min_p;        // 0..1
  int32_t top_k;      // 0 = all
  uint64_t seed;
  int64_t position;
};

// llm42_logit_adjustment.
struct LogitAdjustment {
  int32_t token_id;
  float bias;
  float repetition;
  float penalty;
};

struct Sample {
  const float* logits;  // [rows, vocabulary]
  int64_t logits_stride;
  const SamplingRow* sampling;         // [rows]
  int32_t* ids;                        // [rows]
  float* margins;                      // [rows], or null
  const int32_t* adjustment_starts;    // [rows + 1], or null
  const LogitAdjustment* adjustments;  // [adjustment_count]
  int64_t adjustment_count;
  const int32_t* mask_indices;  // [rows], or null
  const uint32_t* masks;        // [mask_count, (vocabulary + 31) / 32]
  int64_t mask_count;
  float* workspace;  // sample_workspace_bytes(); null if 0
  ErrorSlot* error;  // rows whose rule, adjustments or mask are out of range are left out
  int32_t rows;
  int32_t vocabulary;
};

// Masked and adjusted logits; none where nothing is masked or adjusted.
inline int64_t sample_workspace_bytes(int32_t rows, int32_t vocabulary, int64_t adjustment_count,
                                      int64_t mask_count) {
  return adjustment_count == 0 && mask_count == 0 ? 0 : int64_t{rows} * vocabulary * int64_t{sizeof(float)};
}

// As llm42_sample(): mask, adjustments, temperature, top-k, top-p, min-p, then Gumbel-max over what is kept.
cudaError_t sample(const Sample& work, cudaStream_t stream);

}  // namespace llm42::cuda
