/**
 * @file kv_cache.h
 * The paged key/value cache of all layers.
 *
 * A page holds `page_size` consecutive positions of one sequence, in every layer. A *slot* is
 * `page * page_size + position % page_size`. The layout inside a page is the backend's own.
 */
#ifndef LLM42_KV_CACHE_H
#define LLM42_KV_CACHE_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Parameters of llm42_kv_cache_create(). */
typedef struct llm42_kv_cache_params {
  /** sizeof(llm42_kv_cache_params). */
  uint32_t struct_size;
  /** Element type: f32 or bf16 (default bf16). */
  llm42_dtype dtype;
  /** Layers, 1..4096. */
  int32_t layers;
  /** Key/value heads per layer, 1..1024. */
  int32_t kv_heads;
  /** Elements per head, 1..1024. */
  int32_t head_size;
  /** Positions per page: a power of two, 8..1024. */
  int32_t page_size;
  /** Pages, 1 or more; pages x page_size must stay below 2^31. */
  int32_t pages;
} llm42_kv_cache_params;

/** Allocates a cache. Its content is unspecified until written. Errors: ::LLM42_STATUS_OUT_OF_MEMORY. */
LLM42_API llm42_status llm42_kv_cache_create(llm42_device* device, const llm42_kv_cache_params* params,
                                             llm42_kv_cache** cache) LLM42_NOEXCEPT;

/** Frees a cache. Work that uses it must have been synchronised. */
LLM42_API void llm42_kv_cache_destroy(llm42_kv_cache* cache) LLM42_NOEXCEPT;

/** Copies page `source` over page `destination` in every layer. Both in 0..pages-1. */
LLM42_API llm42_status llm42_kv_cache_copy_page(llm42_stream* stream, llm42_kv_cache* cache, int32_t source,
                                                int32_t destination) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
