#include "cuda/kv_cache.h"

#include "core/error.h"
#include "core/kv_cache_size.h"
#include "cuda/error.h"

namespace llm42::cuda {

namespace {

const llm42_kv_cache_params& checked(const llm42_kv_cache_params& params) {
  if (params.dtype != LLM42_DTYPE_BF16) {
    fail(LLM42_STATUS_UNSUPPORTED, "dtype is f32; the cuda backend keeps keys and values in bf16: pass bf16");
  }
  return params;
}

}  // namespace

CudaKvCache::CudaKvCache(CudaDevice& owner, const llm42_kv_cache_params& params)
    : llm42_kv_cache(owner, checked(params)),
      block_(owner.memory(), kv_cache_size(params), "KV cache", owner.memory().stream()) {
  check(cudaStreamSynchronize(owner.memory().stream()), "allocating a KV cache");
}

}  // namespace llm42::cuda
