// How a call of attention is cut into blocks. Host code without CUDA. Under invariant numerics nothing here
// reaches the bits: a row's tree follows from the head size and its position alone.
#pragma once

#include <algorithm>
#include <cstdint>

namespace llm42::cuda {

// Positions after which an invariant split begins; equal to LLM42_ATTENTION_SPLIT.
constexpr int32_t attention_split = 256;
constexpr int32_t attention_max_head_size = 256;
// Positions that are scored together.
constexpr int32_t attention_tile = 64;
// Queries of a warp: rows of one sequence times query heads of one kv head.
constexpr int32_t attention_warp_queries = 16;
// Above this, invariant splits are worked through one after another instead of side by side.
constexpr int64_t attention_workspace_limit = int64_t{256} << 20;

// What the host knows of a call; row counts per sequence and positions are in device memory.
struct AttentionShape {
  int32_t rows;
  int32_t sequences;
  int32_t query_heads;
  int32_t kv_heads;
  int32_t head_size;
  int32_t page_size;  // a power of two, 8..1024
  int32_t max_blocks;
  bool is_invariant;
};

struct AttentionSchedule {
  int32_t head_tile;      // head size that the kernel is compiled for; the rest is zeros
  int32_t query_warps;    // per block, 16 queries each: 1 or attention_query_warps()
  int32_t query_tiles;    // upper bound over the batch
  int32_t max_positions;  // upper bound of any row's position + 1
  int32_t split_length;   // positions per split, a multiple of the tile
  int32_t splits;         // upper bound of any row's splits
  int32_t split_blocks;   // blocks that share the splits of a query tile
  bool is_parallel;       // splits go to the workspace and are merged afterwards
  int64_t workspace_bytes;
};

// Warps of 16 queries in a large block; shared memory holds no more.
constexpr int32_t attention_query_warps(int32_t head_tile) {
  return head_tile <= 128 ? 4 : 2;
}

inline int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// 0 if no kernel holds such a head.
inline int32_t attention_head_tile(int32_t head_size) {
  for (const int32_t tile : {64, 80, 96, 128, 256}) {
    if (head_size <= tile) return tile;
  }
  return 0;
}

// Unnormalised values, largest score and sum of each row, query head and split.
inline int64_t attention_workspace_bytes(const AttentionShape& shape, int64_t splits) {
  return int64_t{shape.rows} * shape.query_heads * splits * (shape.head_size + 2) * int64_t{sizeof(float)};
}

inline AttentionSchedule schedule_attention(const AttentionShape& shape, int32_t multiprocessors) {
  AttentionSchedule s{};
  s.head_tile = attention_head_tile(shape.head_size);
  // Half of the int32, so that the end of a split is one too.
  s.max_positions =
      static_cast<int32_t>(std::min<int64_t>(int64_t{shape.max_blocks} * shape.page_size, int64_t{1} << 30));

  const int64_t queries = int64_t{shape.rows} * (shape.query_heads / shape.kv_heads);
  const int64_t sequences = std::min(shape.rows, shape.sequences);
  s.query_warps = queries > attention_warp_queries * sequences ? attention_query_warps(s.head_tile) : 1;
  const int64_t tile = s.query_warps * attention_warp_queries;
  s.query_tiles = static_cast<int32_t>((queries + sequences * (tile - 1)) / tile);

  // About as many blocks as run at once: two large ones per multiprocessor, or six small ones.
  const int64_t units = int64_t{s.query_tiles} * shape.kv_heads;
  const int64_t wanted_blocks = int64_t{multiprocessors} * (s.query_warps == 1 ? 6 : 2);
  if (shape.is_invariant) {
    s.split_length = attention_split;
    s.splits = static_cast<int32_t>(ceil_div(s.max_positions, s.split_length));
    s.workspace_bytes = attention_workspace_bytes(shape, s.splits);
    s.is_parallel = s.splits > 1 && units < wanted_blocks && s.workspace_bytes <= attention_workspace_limit;
  } else {
    const int64_t bytes_per_split = attention_workspace_bytes(shape, 1);
    const int64_t splits = std::min({ceil_div(wanted_blocks, units),
                                     std::max<int64_t>(attention_workspace_limit / bytes_per_split, 1),
                                     ceil_div(s.max_positions, 2 * attention_tile)});
    s.split_length =
        static_cast<int32_t>(ceil_div(ceil_div(s.max_positions, splits), attention_tile) * attention_tile);
    s.splits = static_cast<int32_t>(ceil_div(s.max_positions, s.split_length));
    s.workspace_bytes = attention_workspace_bytes(shape, s.splits);
    s.is_parallel = s.splits > 1;
  }
  if (s.is_parallel) {
    // Rarely are all rows as long as the table allows: more blocks than fit at once cost little.
    s.split_blocks =
        static_cast<int32_t>(std::min<int64_t>({s.splits, ceil_div(4 * wanted_blocks, units), 65535}));
  } else {
    s.split_blocks = 1;
    s.workspace_bytes = 0;
  }
  return s;
}

}  // namespace llm42::cuda
