// Rotary position embedding of queries and keys, and the write of keys and values into the cache.
#pragma once

#include "cuda/primitives/platform.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

// Element i of a head pairs with i + rotary_size / 2 (i < rotary_size / 2):
//   x[i]        <- x[i] cos - x[i + half] sin
//   x[i + half] <- x[i + half] cos + x[i] sin
// in f32 as the cpu backend does it (a rounded product, then an FMA), then rounded to bf16. Elements from
// rotary_size on, and values, are copied bit for bit. A row with a position or a slot out of range is left
// alone and reported; that slots are distinct is not checked.
struct RopeWriteKv {
  bf16* qkv;  // [rows, (query_heads + 2 * kv_heads) * head_size]; queries are rotated in place
  int64_t qkv_stride;
  const int32_t* positions;  // [rows]: 0..table_positions-1
  const int32_t* slots;      // [rows]: page * page_size + position in page; -1 writes nothing
  const float* table;        // [table_positions, rotary_size]: cosines, then sines
  bf16* cache;               // the layer: [page][k|v][kv_head][position in page][head_size]
  ErrorSlot* error;
  int32_t rows;         // 1 or more
  int32_t query_heads;  // 0 or more
  int32_t kv_heads;     // 1 or more
  int32_t head_size;    // 1 or more
  int32_t rotary_size;  // even, 0..head_size
  int32_t table_positions;
  int32_t page_size;
  int32_t pages;
};

// cudaErrorInvalidValue where a size is out of its range or `error` is null.
cudaError_t rope_write_kv(const RopeWriteKv& work, cudaStream_t stream);

}  // namespace llm42::cuda
