// Refusals that only a kernel can make: values in device memory that the host never sees.
//
// A kernel that reads an index takes an `ErrorSlot* error` among its parameters and checks before it uses it:
//
//   const int id = work.ids[row];
//   if (!check_index(work.error, Checked::ids, row, id, 0, work.table_rows - 1)) return;
//
// and leaves the row alone, or clamps where the threads of a block must stay together: it never reads or
// writes out of bounds. The first report of a stream is kept; llm42_stream_synchronize() returns it as
// LLM42_STATUS_INVALID_ARGUMENT with the words that the cpu backend uses ("ids[3] is 70; it must be 0..63").
// The slot is never NULL. Every thread of a row may report the same thing; one of them is enough.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// What was looked at. The host's words for each are in cuda/device_error.cpp.
enum class Checked : int32_t {
  nothing = 0,
  ids,
  indices,
  positions,
  slots,
  slots_distinct,  // value: a slot that is given twice
  sequence_starts,
  block_tables,
  chosen_ids,
  starts,
  adjustment_starts,
  expert_ids,
  order,
  mask_indices,
  mask_tokens,       // value: a mask that a row uses and that has no token
  adjustment_token,  // place: the adjustment; low..high: what it must be
  // From here on the value holds the bits of a float, and the host knows the range.
  sampling_temperature,
  sampling_top_p,
  sampling_min_p,
  adjustment_bias,
  adjustment_repetition,
  adjustment_penalty,
  // value: an integer of 0 or more is right
  sampling_top_k,
};

// Zero: nothing was reported.
struct ErrorSlot {
  Checked checked;
  int32_t reserved;
  int64_t place;  // index into the array
  int64_t value;  // what is there
  int64_t low;    // what would be right
  int64_t high;
};

#if defined(__CUDACC__) || !defined(LLM42_CUDA_RUNTIME)

__device__ inline void report(ErrorSlot* error, Checked checked, int64_t place, int64_t value,
                              int64_t low = 0, int64_t high = 0) {
  const int code = static_cast<int>(checked);
  if (atomicCAS(reinterpret_cast<int*>(&error->checked), 0, code) != 0) return;
  error->place = place;
  error->value = value;
  error->low = low;
  error->high = high;
}

// Whether low <= value <= high; reports it if not.
__device__ __forceinline__ bool check_index(ErrorSlot* error, Checked checked, int64_t place, int64_t value,
                                            int64_t low, int64_t high) {
  if (value >= low && value <= high) return true;
  report(error, checked, place, value, low, high);
  return false;
}

// Checks `starts[groups + 1]`: from 0, never falling, up to `total`. To be called by `threads` threads of one
// block, each with its own number; what a kernel does where they are wrong is its own affair.
__device__ inline void check_starts(ErrorSlot* error, Checked checked, const int32_t* starts, int64_t groups,
                                    int64_t total, int thread, int threads) {
  if (thread == 0) {
    check_index(error, checked, 0, starts[0], 0, 0);
    check_index(error, checked, groups, starts[groups], total, total);
  }
  for (int64_t i = thread; i < groups; i += threads) {
    check_index(error, checked, i + 1, starts[i + 1], starts[i], total);
  }
}

#endif

}  // namespace llm42::cuda
