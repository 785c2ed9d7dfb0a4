// Log-probabilities of rows of logits. One fixed tree per row: thread t of 1024 adds the exponentials of
// elements 4t .. 4t + 3, 4t + 4096 .. and so on, ascending; threads are added by halves. Fast and invariant
// numerics coincide.
#pragma once

#include "cuda/primitives/platform.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

struct LogSoftmax {
  const float* logits;  // [rows, vocabulary]
  int64_t logits_stride;
  float* output;  // [rows, vocabulary], dense; may be the logits
  int32_t rows;
  int32_t vocabulary;
};

// output = logits - log(sum(exp(logits))) per row. A logit of -inf gives -inf.
cudaError_t log_softmax(const LogSoftmax& work, cudaStream_t stream);

constexpr int32_t max_top_logprobs = 1024;

struct TopLogprobs {
  const float* logits;  // [rows, vocabulary]
  int64_t logits_stride;
  const int32_t* chosen_ids;  // [rows], or null
  float* chosen_logprobs;     // [rows]
  int32_t* top_ids;           // [rows, count]: most likely first, ties to the lower id; NaN counts as -inf
  float* top_logprobs;        // [rows, count]
  ErrorSlot* error;           // a chosen id out of range gives NaN
  int32_t rows;
  int32_t vocabulary;
  int32_t count;  // 0..min(vocabulary, 1024)
};

// The values of log_softmax(), bit for bit, for chosen tokens and for the most likely ones.
cudaError_t top_logprobs(const TopLogprobs& work, cudaStream_t stream);

}  // namespace llm42::cuda
