// Copy of a page of the key/value cache.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// Copies page `source` over page `destination` in every layer.
struct CopyPage {
  bf16* cache;            // [layers][pages][page_elements], 16-byte aligned
  int64_t page_elements;  // keys and values of a page in one layer: a multiple of 8
  int32_t layers;         // 1..65535
  int32_t pages;
  int32_t source;       // 0..pages-1
  int32_t destination;  // 0..pages-1
};

// cudaErrorInvalidValue where something is out of its range.
cudaError_t copy_page(const CopyPage& work, cudaStream_t stream);

}  // namespace llm42::cuda
