// Copies from the paged cache to shared memory, and the MMA fragments read from there.
#pragma once

#include "cuda/kernels/attention/query_tile.h"
#include "cuda/primitives/cp_async.h"
#include "cuda/primitives/mma.h"

namespace llm42::cuda {

// Shared memory of a block: a tile of keys, one of values, then 16 queries and running values per warp. A row
// of a tile has 8 elements more than the head, so that the eight rows of a matrix lie in different banks.
template <int kHead, int kWarps>
struct AttentionTile {
  static constexpr int positions = kHead <= 128 ? 64 : 32;
  static constexpr int threads = kWarps * 32;
  static constexpr int stride = kHead + 8;
  static constexpr int key_elements = positions * stride;
  // Heads up to 128 keep their queries in registers, and the running values take over the place.
  static constexpr bool keeps_queries = kHead <= 128;
  static constexpr int query_bytes = 16 * stride * 2;
  static constexpr int running_bytes = 16 * kHead * 4;

  __host__ __device__ static constexpr int warp_bytes(bool is_parallel) {
    if (is_parallel) return query_bytes;
    if (!keeps_queries) return query_bytes + running_bytes;
    return query_bytes > running_bytes ? query_bytes : running_bytes;
  }
  __host__ __device__ static constexpr int bytes(bool is_parallel) {
    return 2 * key_elements * 2 + kWarps * warp_bytes(is_parallel);
  }
};

// 8 elements to shared memory, of which the first `count` are read and the others are zero. cp.async if
// everything is a multiple of 16 bytes.
__device__ __forceinline__ void copy_8(bf16* to, const bf16* from, int count, bool is_aligned) {
  if (is_aligned) {
    cp_async16(to, from, count * 2);
    return;
  }
  for (int i = 0; i < 8; ++i) to[i] = i < count ? from[i] : __float2bfloat16(0.0f);
}

__device__ __forceinline__ bool is_aligned_16(const void* pointer, int64_t stride, int32_t width) {
  return (reinterpret_cast<uintptr_t>(pointer) & 15) == 0 && stride % 8 == 0 && width % 8 == 0;
}

// The keys (part 0) or values (part 1) of a kv head of one sequence.
struct PagedHead {
  const bf16* cache;
  const int32_t* block_table;
  int64_t page_stride;
  int64_t head_offset;
  int32_t page_shift;
  int32_t page_mask;
  int32_t pages;
  int32_t head_size;
  bool is_aligned;
};

__device__ __forceinline__ PagedHead paged_head(const Attention& work, int32_t sequence, int32_t kv_head,
                                                int32_t part) {
  const AttentionShape& shape = work.shape;
  const int64_t head_elements = int64_t{shape.page_size} * shape.head_size;
  return {work.cache,
          work.block_tables + int64_t{sequence} * shape.max_blocks,
          head_elements * shape.kv_heads * 2,
          head_elements * (int64_t{part} * shape.kv_heads + kv_head),
          __ffs(shape.page_size) - 1,
          shape.page_size - 1,
          work.pages,
          shape.head_size,
          is_aligned_16(work.cache, 0, shape.head_size)};
}

// Positions first .. first + tile - 1; those outside `wanted` are zeros and are not read.
template <int kHead, int kWarps>
__device__ __forceinline__ void load_tile(const PagedHead& head, int32_t first, Range wanted, bf16* tile,
                                          int32_t* error) {
  using Tile = AttentionTile<kHead, kWarps>;
  constexpr int chunks = kHead / 8;
#pragma unroll 4
  for (int c = static_cast<int>(threadIdx.x); c < Tile::positions * chunks; c += Tile::threads) {
    const int place = c / chunks;
    const int column = c % chunks * 8;
    const int32_t position = first + place;
    const bf16* from = head.cache;
    int count = 0;
    if (position >= wanted.begin && position < wanted.end && column < head.head_size) {
      const int32_t page = head.block_table[position >> head.page_shift];
      if (page < 0 || page >= head.pages) {
        report(error, device_error_page);
      } else {
        from += page * head.page_stride + head.head_offset +
                int64_t{position & head.page_mask} * head.head_size + column;
        count = min(head.head_size - column, 8);
      }
    }
    copy_8(tile + place * Tile::stride + column, from, count, head.is_aligned);
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
