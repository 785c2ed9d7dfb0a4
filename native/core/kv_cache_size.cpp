#include "core/kv_cache_size.h"

#include "core/error.h"

namespace llm42 {

int64_t kv_cache_size(const llm42_kv_cache_params& shape) {
  // The factors' ranges keep every product but the last below 2^63.
  const int64_t element = shape.dtype == LLM42_DTYPE_F32 ? 4 : 2;
  const int64_t slots = int64_t{shape.pages} * shape.page_size;
  const int64_t slot_bytes = int64_t{2} * shape.kv_heads * shape.head_size * element;
  const int64_t layer_bytes = slots * slot_bytes;
  constexpr int64_t limit = int64_t{1} << 46;
  if (layer_bytes > limit / shape.layers) {
    fail(LLM42_STATUS_OUT_OF_MEMORY, "KV cache of ", shape.layers, " layers of ", layer_bytes,
         " bytes: more than 2^46 bytes");
  }
  return layer_bytes * shape.layers;
}

}  // namespace llm42
