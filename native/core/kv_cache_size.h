// Bytes of a KV cache whose pages hold their keys and values without gaps.
#pragma once

#include <cstdint>

#include "llm42/kv_cache.h"

namespace llm42 {

// Fails with LLM42_STATUS_OUT_OF_MEMORY above 2^46 bytes. `shape` is validated.
int64_t kv_cache_size(const llm42_kv_cache_params& shape);

}  // namespace llm42
