// The paged cache: bf16, [layer][page][keys, then values][kv_head][position][head_size], without gaps.
#pragma once

#include "cuda/device.h"
#include "cuda/primitives/platform.h"

namespace llm42::cuda {

class CudaKvCache final : public llm42_kv_cache {
 public:
  CudaKvCache(CudaDevice& owner, const llm42_kv_cache_params& params);

  // Elements of a head's keys, or values, in a page.
  int64_t head_elements() const { return int64_t{shape.page_size} * shape.head_size; }
  // Elements of a page in one layer: keys and values of all heads.
  int64_t page_elements() const { return 2 * shape.kv_heads * head_elements(); }
  // Elements of all pages of a layer.
  int64_t layer_elements() const { return shape.pages * page_elements(); }
  // Page 0 of a layer.
  bf16* layer(int64_t index) const {
    return reinterpret_cast<bf16*>(block_.data()) + index * layer_elements();
  }

 private:
  Block block_;
};

}  // namespace llm42::cuda
