// Causal attention over the paged cache, for a ragged batch of decode, prefill and verify rows in one call.
//
// The tree of a row: positions are cut at absolute multiples of the split (256 under invariant numerics);
// inside a split, tiles of 64 positions ascend from an empty online softmax; splits are merged in ascending
// order. Scores are MMA k16 steps over the head, ascending; weights are rounded to bf16 for the product with
// the values and summed unrounded. A position that the row does not see has weight exactly 0 and leaves
// maximum, sum and values as they were, so that neither the other rows of a tile nor the unwritten part of a
// page matters. A result that is not finite is NaN.
//
// This rests on two properties of the MMA instruction: a row of the result depends on its own row of queries
// or weights alone, and products that are zero leave an accumulator as it was.
#pragma once

#include "cuda/kernels/attention/attention_schedule.h"
#include "cuda/primitives/platform.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

struct Attention {
  AttentionShape shape;
  const bf16* query;  // [rows, query_heads * head_size]
  int64_t query_stride;
  const bf16* cache;  // the layer: [page][k|v][kv_head][position in page][head_size]
  int32_t pages;
  int32_t window;                  // a row sees the last `window` positions; 0 = all
  const int32_t* sequence_starts;  // [sequences + 1]
  const int32_t* positions;        // [rows]
  const int32_t* block_tables;     // [sequences, max_blocks]
  bf16* output;                    // [rows, query_heads * head_size]; not the query
  int64_t output_stride;
  float scale;       // factor of the scores
  float* workspace;  // AttentionSchedule::workspace_bytes; null if 0
  ErrorSlot* error;  // rows whose indices are out of range are left out or hold anything
};

// output = softmax(scale * q k^T) v per head. Rows 1 or more, head size at most 256.
cudaError_t attention(const Attention& work, const AttentionSchedule& schedule, cudaStream_t stream);

}  // namespace llm42::cuda
