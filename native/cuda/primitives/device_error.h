// How a kernel tells of indices in device memory that are out of their range.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// What a kernel found. It leaves out the row concerned and touches no memory out of bounds.
enum DeviceError : int32_t {
  device_error_none = 0,
  device_error_sequence_starts = 101,  // attention: starts that descend or leave 0..rows
  device_error_position = 102,         // attention: a position outside 0..max_blocks * page_size - 1
  device_error_page = 103,             // attention: a block table entry outside 0..pages - 1
  device_error_chosen_id = 104,        // top_logprobs: a chosen id outside 0..vocabulary - 1
  device_error_sampling_row = 105,     // sample: a rule with a field outside its range
  device_error_adjustment = 106,       // sample: adjustments or their starts outside their ranges
  device_error_window_starts = 107,    // first_mismatch: starts that descend or leave 0..draft_count
};

// Keeps the first code. `error` may be null.
__device__ __forceinline__ void report(int32_t* error, DeviceError code) {
  if (error != nullptr) atomicCAS(error, static_cast<int32_t>(device_error_none), static_cast<int32_t>(code));
}

}  // namespace llm42::cuda
