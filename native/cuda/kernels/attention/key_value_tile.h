// Copies from the paged cache to shared memory, and the MMA fragments read from there.
#pragma once

#include "cuda/kernels/attention/query_tile.h"
#include "cuda/primitives/cp_async.h"
#include "cuda/primitives/mma.h"

namespace llm42::cuda {

// A block and its shared memory: a tile of keys, one of values, then per warp 16 queries and running values.
// A row of a tile has 8 elements more than the head, so that the eight rows of a matrix lie in different
// banks. Up to 128 elements the queries move to registers and the running values take over their place.
// Above, the values of 16 queries alone would fill the registers of a warp: two warps work on the same
// queries, each on half of the values.
template <int kHead, int kQueryWarps>
struct AttentionBlock {
  static constexpr int parts = kHead <= 128 ? 1 : 2;
  static constexpr int part_elements = kHead / parts;
  static constexpr int threads = kQueryWarps * parts * 32;
  static constexpr int stride = kHead + 8;
  static constexpr int tile_elements = attention_tile * stride;
  static constexpr int query_bytes = attention_warp_queries * stride * 2;
  static constexpr int running_bytes = attention_warp_queries * part_elements * 4;
  static constexpr bool keeps_queries = kHead <= 128;
  static constexpr int running_offset = keeps_queries ? 0 : query_bytes;
  static constexpr int warp_bytes =
      query_bytes > running_offset + running_bytes ? query_bytes : running_offset + running_bytes;
  static constexpr int bytes = 2 * tile_elements * 2 + threads / 32 * warp_bytes;
};

// 8 elements to shared memory, of which the first `count` are read and the others are zero. cp.async if
// everything is a multiple of 16 bytes.
__device__ __forceinline__ void copy_8(bf16* to, const bf16* from, int count, bool is_aligned) {
  if (is_aligned) {
    cp_async16(to, from, count * 2);
    return;
  }
#pragma unroll 1
  for (int i = 0; i < 8; ++i) to[i] = i < count ? from[i] : __float2bfloat16(0.0f);
}

__device__ __forceinline__ bool is_aligned_16(const void* pointer, int64_t stride, int32_t width) {
  return (reinterpret_cast<uintptr_t>(pointer) & 15) == 0 && stride % 8 == 0 && width % 8 == 0;
}

// Keys of a kv head of one sequence; its values lie `value_offset` elements behind them.
struct PagedHead {
  const bf16* keys;  // of page 0
  const int32_t* block_table;
  int64_t page_stride;
  int64_t value_offset;
  int32_t page_shift;
  bool is_aligned;
};

__device__ __forceinline__ PagedHead paged_head(const Attention& work, int32_t sequence, int32_t kv_head) {
  const AttentionShape& shape = work.shape;
  const int64_t head_elements = int64_t{shape.page_size} * shape.head_size;
  return {work.cache + head_elements * kv_head, work.block_tables + int64_t{sequence} * shape.max_blocks,
          head_elements * shape.kv_heads * 2,   head_elements * shape.kv_heads,
          __ffs(shape.page_size) - 1,           is_aligned_16(work.cache, 0, shape.head_size)};
}

// Positions first .. first + tile - 1; those outside `wanted` are zeros and are not read.
template <int kHead, int kQueryWarps>
__device__ __forceinline__ void load_tile(const Attention& work, const PagedHead& head, int64_t offset,
                                          int32_t first, Range wanted, bf16* tile) {
  using Block = AttentionBlock<kHead, kQueryWarps>;
  constexpr int chunks = kHead / 8;
#pragma unroll 4
  for (int c = static_cast<int>(threadIdx.x); c < attention_tile * chunks; c += Block::threads) {
    const int place = c / chunks;
    const int column = c % chunks * 8;
    const int32_t position = first + place;
    const bf16* from = work.cache;
    int count = 0;
    if (position >= wanted.begin && position < wanted.end && column < work.shape.head_size) {
      const int32_t page = head.block_table[position >> head.page_shift];
      const int64_t entry = &head.block_table[position >> head.page_shift] - work.block_tables;
      if (check_index(work.error, Checked::block_tables, entry, page, 0, work.pages - 1)) {
        from = head.keys + page * head.page_stride + offset +
               int64_t{position & (work.shape.page_size - 1)} * work.shape.head_size + column;
        count = min(work.shape.head_size - column, 8);
      }
    }
    copy_8(tile + place * Block::stride + column, from, count, head.is_aligned);
  }
}

// A k16 step of 16 queries.
template <int kStride>
__device__ __forceinline__ void load_queries(const bf16* queries, int step, uint32_t (&a)[4]) {
  const int lane = static_cast<int>(threadIdx.x & 31);
  ldmatrix_x4(a, queries + (lane % 16) * kStride + step * 16 + lane / 16 * 8);
}
// A k16 step over the head of 16 positions: two n8 fragments.
template <int kStride>
__device__ __forceinline__ void load_keys(const bf16* tile, int position, int step, uint32_t (&b)[4]) {
  const int lane = static_cast<int>(threadIdx.x & 31);
  ldmatrix_x4(b, tile + (position + lane / 16 * 8 + lane % 8) * kStride + step * 16 + lane / 8 % 2 * 8);
}
// A k16 step over 16 positions of 16 elements of the head: two n8 fragments.
template <int kStride>
__device__ __forceinline__ void load_values(const bf16* tile, int position, int element, uint32_t (&b)[4]) {
  const int lane = static_cast<int>(threadIdx.x & 31);
  ldmatrix_x4_trans(b, tile + (position + lane % 16) * kStride + element + lane / 16 * 8);
}

}  // namespace llm42::cuda
