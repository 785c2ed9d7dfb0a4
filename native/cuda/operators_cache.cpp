// Operators that touch the KV cache.
#include "cuda/not_implemented.h"
#include "cuda/stream.h"

namespace llm42::cuda {

void CudaStream::copy_page(llm42_kv_cache&, int32_t, int32_t) {
  not_implemented("copy_page");
}

void CudaStream::rope_write_kv(const llm42_rope_write_kv_params&) {
  not_implemented("rope_write_kv");
}

void CudaStream::attention(const llm42_attention_params&) {
  not_implemented("attention");
}

}  // namespace llm42::cuda
