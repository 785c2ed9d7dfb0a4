// Operators that touch the KV cache.
#include "core/check.h"
#include "core/validate.h"

namespace llm42 {

bool validate(const Stream& stream, llm42_rope_write_kv_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_handle("cache", p.cache, stream);
  const llm42_kv_cache_params& cache = p.cache->shape;
  check_range("query_heads", p.query_heads, 1, INT32_MAX);
  check_multiple("query_heads", p.query_heads, "kv_heads", cache.kv_heads);
  check_range("rotary_size", p.rotary_size, 0, cache.head_size);
  check_multiple("rotary_size", p.rotary_size, "two", 2);
  check_range("table_positions", p.table_positions, 1, INT32_MAX);
  check_range("layer", p.layer, 0, cache.layers - 1);
  const int64_t width = (p.query_heads + int64_t{2} * cache.kv_heads) * cache.head_size;
  check_range("(query_heads + 2 x kv_heads) x head_size", width, 1, max_extent);
  p.qkv_stride = resolve_stride("qkv_stride", p.qkv_stride, width);
  if (p.rows == 0) return false;

  const Matrix qkv{"qkv", p.qkv, activation_size(stream), p.rows, width, p.qkv_stride};
  const Matrix positions = vector("positions", p.positions, 4, p.rows);
  const Matrix slots = vector("slots", p.slots, 4, p.rows);
  check_matrix(qkv, stream);
  check_matrix(positions, stream);
  check_matrix(slots, stream);
  check_disjoint(qkv, {positions, slots});
  if (p.rotary_size > 0) {
    const Matrix table{"table", p.table, 4, p.table_positions, p.rotary_size, p.rotary_size};
    check_matrix(table, stream);
    check_disjoint(qkv, {table});
  }
  return true;
}

bool validate(const Stream& stream, llm42_attention_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_range("sequences", p.sequences, 0, INT32_MAX);
  check_handle("cache", p.cache, stream);
  const llm42_kv_cache_params& cache = p.cache->shape;
  check_range("query_heads", p.query_heads, 1, INT32_MAX);
  check_multiple("query_heads", p.query_heads, "kv_heads", cache.kv_heads);
  check_range("layer", p.layer, 0, cache.layers - 1);
  check_numerics(p.numerics);
  check_range("max_blocks", p.max_blocks, 1, INT32_MAX);
  check_range("window", p.window, 0, INT32_MAX);
  check_finite("scale", p.scale, -3.0e38f);
  check_zero("reserved", p.reserved);
  const int64_t width = static_cast<int64_t>(p.query_heads) * cache.head_size;
  check_range("query_heads x head_size", width, 1, max_extent);
  p.query_stride = resolve_stride("query_stride", p.query_stride, width);
  p.output_stride = resolve_stride("output_stride", p.output_stride, width);
  if (p.rows == 0) return false;
  check_range("sequences", p.sequences, 1, INT32_MAX - 1);

  const int32_t element = activation_size(stream);
  const Matrix query{"query", p.query, element, p.rows, width, p.query_stride};
  const Matrix starts = vector("sequence_starts", p.sequence_starts, 4, int64_t{1} + p.sequences);
  const Matrix positions = vector("positions", p.positions, 4, p.rows);
  const Matrix tables{"block_tables", p.block_tables, 4, p.sequences, p.max_blocks, p.max_blocks};
  const Matrix output{"output", p.output, element, p.rows, width, p.output_stride};
  check_matrix(query, stream);
  check_matrix(starts, stream);
  check_matrix(positions, stream);
  check_matrix(tables, stream);
  check_matrix(output, stream);
  check_disjoint(output, {query, starts, positions, tables});
  return true;
}

}  // namespace llm42
