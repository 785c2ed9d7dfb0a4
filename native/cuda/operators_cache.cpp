// Operators that touch the KV cache.
#include "core/error.h"
#include "cuda/buffer.h"
#include "cuda/error.h"
#include "cuda/kernels/attention/attention.h"
#include "cuda/kernels/copy_page/copy_page.h"
#include "cuda/kernels/rope_write_kv/rope_write_kv.h"
#include "cuda/kv_cache.h"
#include "cuda/stream.h"

namespace llm42::cuda {

void CudaStream::copy_page(llm42_kv_cache& cache, int32_t source, int32_t destination) {
  const cudaStream_t stream = begin();
  const auto& pages = static_cast<const CudaKvCache&>(cache);
  const CopyPage work{pages.layer(0), pages.page_elements(), pages.shape.layers, pages.shape.pages, source,
                      destination};
  check(cuda::copy_page(work, stream), "launching copy_page");
}

void CudaStream::rope_write_kv(const llm42_rope_write_kv_params& p) {
  const cudaStream_t stream = begin();
  const auto& cache = static_cast<const CudaKvCache&>(*p.cache);
  RopeWriteKv work{};
  work.qkv = at<bf16>(p.qkv);
  work.qkv_stride = p.qkv_stride;
  work.positions = at<const int32_t>(p.positions);
  work.slots = at<const int32_t>(p.slots);
  work.table = at<const float>(p.table);
  work.cache = cache.layer(p.layer);
  work.error = errors();
  work.rows = p.rows;
  work.query_heads = p.query_heads;
  work.kv_heads = cache.shape.kv_heads;
  work.head_size = cache.shape.head_size;
  work.rotary_size = p.rotary_size;
  work.table_positions = p.table_positions;
  work.page_size = cache.shape.page_size;
  work.pages = cache.shape.pages;
  check(cuda::rope_write_kv(work, stream), "launching rope_write_kv");
}

void CudaStream::attention(const llm42_attention_params& p) {
  const cudaStream_t stream = begin();
  const auto& cache = static_cast<const CudaKvCache&>(*p.cache);
  if (cache.shape.head_size > attention_max_head_size) {
    fail(LLM42_STATUS_UNSUPPORTED, "head_size of the cache is ", cache.shape.head_size,
         "; attention of the cuda backend takes up to ", attention_max_head_size);
  }
  Attention work{};
  work.shape.rows = p.rows;
  work.shape.sequences = p.sequences;
  work.shape.query_heads = p.query_heads;
  work.shape.kv_heads = cache.shape.kv_heads;
  work.shape.head_size = cache.shape.head_size;
  work.shape.page_size = cache.shape.page_size;
  work.shape.max_blocks = p.max_blocks;
  work.shape.is_invariant = p.numerics == LLM42_NUMERICS_INVARIANT;
  work.query = at<const bf16>(p.query);
  work.query_stride = p.query_stride;
  work.cache = cache.layer(p.layer);
  work.pages = cache.shape.pages;
  work.window = p.window;
  work.sequence_starts = at<const int32_t>(p.sequence_starts);
  work.positions = at<const int32_t>(p.positions);
  work.block_tables = at<const int32_t>(p.block_tables);
  work.output = at<bf16>(p.output);
  work.output_stride = p.output_stride;
  work.scale = p.scale;
  work.error = errors();

  const AttentionSchedule schedule = schedule_attention(work.shape, device_.multiprocessors());
  if (schedule.workspace_bytes > 0) {
    work.workspace = reinterpret_cast<float*>(workspace(schedule.workspace_bytes));
  }
  check(cuda::attention(work, schedule, stream), "launching attention");
}

}  // namespace llm42::cuda
