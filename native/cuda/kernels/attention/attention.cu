#include "cuda/kernels/attention/attention.h"

#include "cuda/kernels/attention/key_value_tile.h"
#include "cuda/kernels/attention/merge_splits.h"
#include "cuda/kernels/attention/screen_values.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

__device__ __forceinline__ uint32_t pack(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  uint32_t bits;
  memcpy(&bits, &pair, sizeof bits);
  return bits;
}

__device__ __forceinline__ float largest_of_quad(float value) {
#pragma unroll
  for (int distance = 1; distance < 4; distance *= 2) {
    const float other = __shfl_xor_sync(0xffffffffu, value, distance);
    value = other > value ? other : value;
  }
  return value;
}
__device__ __forceinline__ float sum_of_quad(float value) {
#pragma unroll
  for (int distance = 1; distance < 4; distance *= 2) {
    value = value + __shfl_xor_sync(0xffffffffu, value, distance);
  }
  return value;
}

template <int kCount>
__device__ __forceinline__ void clear(float (&fragments)[kCount][4]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
#pragma unroll
    for (int j = 0; j < 4; ++j) fragments[i][j] = 0.0f;
  }
}

// The queries of a warp in registers, or the step of them in work.
template <int kHead, int kQueryWarps>
struct QueryFragments {
  uint32_t a[AttentionBlock<kHead, kQueryWarps>::keeps_queries ? kHead / 16 : 1][4];
};

// Scores of 16 queries over a tile of keys.
template <int kHead, int kQueryWarps>
__device__ __forceinline__ void score_tile(const bf16* keys, const bf16* queries,
                                           QueryFragments<kHead, kQueryWarps>& fragments,
                                           float (&scores)[attention_tile / 8][4]) {
  using Block = AttentionBlock<kHead, kQueryWarps>;
  clear(scores);
#pragma unroll
  for (int step = 0; step < kHead / 16; ++step) {
    if constexpr (!Block::keeps_queries) load_queries<Block::stride>(queries, step, fragments.a[0]);
    const auto& a = fragments.a[Block::keeps_queries ? step : 0];
#pragma unroll
    for (int i = 0; i < attention_tile / 8; i += 2) {
      uint32_t b[4];
      load_keys<Block::stride>(keys, i * 8, step, b);
      mma_m16n8k16_bf16(scores[i], a, {b[0], b[1]});
      mma_m16n8k16_bf16(scores[i + 1], a, {b[2], b[3]});
    }
  }
}

// Turns a query's scores (half 0 or 1 of the fragments) over positions begin .. begin + 63 into weights, and
// brings its state and values up to them.
template <int kValueTiles>
__device__ __forceinline__ void take_tile(Query& query, int half, int32_t begin, bool is_whole,
                                          float score_scale, float (&scores)[attention_tile / 8][4],
                                          float (&values)[kValueTiles][4]) {
  const int32_t first = begin + static_cast<int32_t>(threadIdx.x % 4 * 2);
  const auto is_masked = [&](int i, int j) {
    const int32_t position = first + i * 8 + j;
    return !is_whole && (position < query.seen.begin || position >= query.seen.end);
  };
  float top = query.state.largest;
#pragma unroll
  for (int i = 0; i < attention_tile / 8; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      float& score = scores[i][half * 2 + j];
      score = multiply(score, score_scale);
      top = !is_masked(i, j) && score > top ? score : top;
    }
  }
  top = largest_of_quad(top);
  const float reference = reference_of(top);
  const float keep = exp2_below_one(query.state.largest - reference);
  float sum = multiply(query.state.sum, keep);
#pragma unroll
  for (int i = 0; i < attention_tile / 8; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      float& score = scores[i][half * 2 + j];
      score = is_masked(i, j) ? 0.0f : exp2_below_one(score - reference);
      sum = sum + score;
    }
  }
  query.state = {top, sum};
  // + 0 makes a value that underflows to -0 equal to the +0 that a product would leave.
#pragma unroll
  for (int i = 0; i < kValueTiles; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      float& value = values[i][half * 2 + j];
      value = multiply(value, keep) + 0.0f;
    }
  }
}

// values += weights x tile of values.
template <int kStride, int kValueTiles>
__device__ __forceinline__ void weigh_tile(const bf16* tile, int first_element, int32_t begin, bool is_whole,
                                           const Query (&query)[2],
                                           const float (&weights)[attention_tile / 8][4],
                                           float (&values)[kValueTiles][4]) {
#pragma unroll
  for (int k = 0; k < attention_tile / 16; ++k) {
    const uint32_t a[4] = {pack(weights[2 * k][0], weights[2 * k][1]),
                           pack(weights[2 * k][2], weights[2 * k][3]),
                           pack(weights[2 * k + 1][0], weights[2 * k + 1][1]),
                           pack(weights[2 * k + 1][2], weights[2 * k + 1][3])};
#pragma unroll
    for (int i = 0; i < kValueTiles; i += 2) {
      uint32_t b[4];
      load_values<kStride>(tile, k * 16, first_element + i * 8, b);
      if (!is_whole && __any_sync(0xffffffffu, has_unbounded(b))) {
        screen_values(b[0], b[1], begin + k * 16, query, values[i]);
        screen_values(b[2], b[3], begin + k * 16, query, values[i + 1]);
      }
      mma_m16n8k16_bf16(values[i], a, {b[0], b[1]});
      mma_m16n8k16_bf16(values[i + 1], a, {b[2], b[3]});
    }
  }
}

// Place of a value among the running values of a warp; each is touched by its own thread only.
__device__ __forceinline__ int running_index(int i, int half, int j) {
  return ((i * 2 + half) * 2 + j) * 32 + static_cast<int>(threadIdx.x % 32);
}

// Merges a query's part of a split with those before.
template <int kValueTiles>
__device__ __forceinline__ void merge_running(Query& query, int half, float* running,
                                              const float (&values)[kValueTiles][4]) {
  MergeFactors factors{0.0f, 0.0f};
  if (query.has_run) {
    factors = merge(query.running, query.state);
  } else {
    query.running = query.state;
  }
#pragma unroll
  for (int i = 0; i < kValueTiles; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      float& value = running[running_index(i, half, j)];
      const float later = values[i][half * 2 + j];
      value = query.has_run ? merged(factors, value, later) : later;
    }
  }
  query.has_run = true;
}

template <int kValueTiles>
__device__ __forceinline__ void write_output(const Attention& work, const Query& query, int half,
                                             int first_element, const float* running) {
  bf16* const to = work.output + query.row * work.output_stride + int64_t{query.head} * work.shape.head_size;
#pragma unroll
  for (int i = 0; i < kValueTiles; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      const int element = first_element + i * 8 + static_cast<int>(threadIdx.x % 4 * 2) + j;
      if (element < work.shape.head_size) {
        to[element] = attention_output(running[running_index(i, half, j)], query.running.sum);
      }
    }
  }
}

template <int kHead, int kQueryWarps>
__global__ void __launch_bounds__(AttentionBlock<kHead, kQueryWarps>::threads)
    attention_kernel(Attention work, AttentionSchedule schedule) {
  using Block = AttentionBlock<kHead, kQueryWarps>;
  constexpr int value_tiles = Block::part_elements / 8;
  LLM42_DYNAMIC_SHARED(unsigned char, shared);
  bf16* const keys = reinterpret_cast<bf16*>(shared);
  bf16* const values = keys + Block::tile_elements;
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  unsigned char* const own = shared + 2 * Block::tile_elements * 2 + warp * Block::warp_bytes;
  bf16* const queries = reinterpret_cast<bf16*>(own);
  float* const running = reinterpret_cast<float*>(own + Block::running_offset);
  const int first_element = warp % Block::parts * Block::part_elements;

  const int32_t kv_head = static_cast<int32_t>(blockIdx.y);
  const int32_t group = work.shape.query_heads / work.shape.kv_heads;
  if (blockIdx.x == 0 && blockIdx.y == 0 && blockIdx.z == 0) {
    check_starts(work.error, Checked::sequence_starts, work.sequence_starts, work.shape.sequences,
                 work.shape.rows, static_cast<int>(threadIdx.x), Block::threads);
  }
  const QueryTile tile = find_query_tile(work, kQueryWarps * attention_warp_queries);
  if (tile.sequence < 0) return;
  const Sight block_sight = sight_of(work, schedule, tile.first_touched, tile.rows);
  const Range block_sees = block_sight.any;
  if (block_sees.begin >= block_sees.end) return;

  // The warp's own queries.
  const int32_t first_query = warp / Block::parts * attention_warp_queries;
  const int32_t query_count = min(max(tile.count - first_query, 0), attention_warp_queries);
  Sight sight{{0, 0}, {0, 0}};
  if (query_count > 0) {
    const int32_t first_m = tile.first + first_query;
    const int32_t first_row = tile.first_row + first_m / group;
    sight = sight_of(work, schedule, first_row, (first_m + query_count - 1) / group - first_m / group + 1);
  }
  Query query[2] = {make_query(work, schedule, tile, first_query + lane / 4, kv_head),
                    make_query(work, schedule, tile, first_query + lane / 4 + 8, kv_head)};

  // Queries to shared memory, those beyond the count as zeros.
  const bool is_query_aligned = is_aligned_16(work.query, work.query_stride, work.shape.head_size);
  for (int c = lane; c < attention_warp_queries * (kHead / 8); c += 32) {
    const int index = c / (kHead / 8);
    const int column = c % (kHead / 8) * 8;
    const bf16* from = work.query;
    int count = 0;
    if (index < query_count && column < work.shape.head_size) {
      const int32_t m = tile.first + first_query + index;
      from += (tile.first_row + m / group) * work.query_stride +
              (int64_t{kv_head} * group + m % group) * work.shape.head_size + column;
      count = min(work.shape.head_size - column, 8);
    }
    copy_8(queries + index * Block::stride + column, from, count, is_query_aligned);
  }
  cp_async_commit();

  const PagedHead head = paged_head(work, tile.sequence, kv_head);
  const int32_t first_split = block_sees.begin / schedule.split_length + static_cast<int32_t>(blockIdx.z);
  const int32_t last_split = (block_sees.end - 1) / schedule.split_length;
  const int32_t split_step = static_cast<int32_t>(gridDim.z);
  if (first_split > last_split) {
    cp_async_wait<0>();
    return;
  }
  const auto first_tile_of = [&](int32_t split) {
    return max(split * schedule.split_length, block_sees.begin / attention_tile * attention_tile);
  };
  int32_t split = first_split;
  int32_t begin = first_tile_of(split);
  load_tile<kHead, kQueryWarps>(work, head, 0, begin, block_sees, keys);
  cp_async_commit();
  cp_async_wait<1>();
  __syncwarp();
  QueryFragments<kHead, kQueryWarps> fragments;
  if constexpr (Block::keeps_queries) {
#pragma unroll
    for (int step = 0; step < kHead / 16; ++step)
      load_queries<Block::stride>(queries, step, fragments.a[step]);
  }
  __syncwarp();

  const float score_scale = multiply(work.scale, 0x1.715476p+0f);
  float sums[value_tiles][4];
  clear(sums);

  for (;;) {
    const int32_t split_end = (split + 1) * schedule.split_length;
    load_tile<kHead, kQueryWarps>(work, head, head.value_offset, begin, block_sees, values);
    cp_async_commit();
    cp_async_wait<1>();
    __syncthreads();

    // A tile that no query of the warp sees would change nothing.
    const bool is_seen = sight.any.begin < begin + attention_tile && sight.any.end > begin;
    const bool is_whole = sight.all.begin <= begin && sight.all.end >= begin + attention_tile;
    float scores[attention_tile / 8][4];
    if (is_seen) score_tile<kHead, kQueryWarps>(keys, queries, fragments, scores);
    __syncthreads();

    // The next keys come while this tile's values are weighed.
    int32_t next_split = split;
    int32_t next = begin + attention_tile;
    if (next >= min(split_end, block_sees.end)) {
      next_split = split + split_step;
      if (next_split <= last_split) next = first_tile_of(next_split);
    }
    const bool has_next = next_split <= last_split;
    if (has_next) load_tile<kHead, kQueryWarps>(work, head, 0, next, block_sees, keys);
    cp_async_commit();

    if (is_seen) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        take_tile(query[half], half, begin, is_whole, score_scale, scores, sums);
      }
    }
    cp_async_wait<1>();
    __syncthreads();
    if (is_seen) {
      weigh_tile<Block::stride>(values, first_element, begin, is_whole, query, scores, sums);
    }

    // The split is complete: hand it over, and begin the next one from nothing.
    if (!has_next || next_split != split) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        Query& q = query[half];
        q.state.sum = sum_of_quad(q.state.sum);
        const bool sees = q.seen.begin < q.seen.end && q.seen.begin < split_end &&
                          q.seen.end > split * schedule.split_length;
        if (sees && schedule.is_parallel) {
          store_partial(work, schedule, q, half, split, first_element, sums);
        } else if (sees) {
          merge_running(q, half, running, sums);
        }
        q.state = empty_state();
      }
      clear(sums);
    }
    if (!has_next) break;
    split = next_split;
    begin = next;
    __syncthreads();
  }

  if (schedule.is_parallel) return;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    if (query[half].has_run) {
      write_output<value_tiles>(work, query[half], half, first_element, running);
    }
  }
}

template <int kHead, int kQueryWarps>
cudaError_t launch_attention(const Attention& work, const AttentionSchedule& schedule, cudaStream_t stream) {
  const dim3 grid(static_cast<unsigned>(schedule.query_tiles), static_cast<unsigned>(work.shape.kv_heads),
                  static_cast<unsigned>(schedule.split_blocks));
  using Block = AttentionBlock<kHead, kQueryWarps>;
  return launch(attention_kernel<kHead, kQueryWarps>, grid, dim3(Block::threads), size_t{Block::bytes},
                stream, work, schedule);
}

template <int kHead>
cudaError_t launch_attention(const Attention& work, const AttentionSchedule& schedule, cudaStream_t stream) {
  constexpr int many = attention_query_warps(kHead);
  return schedule.query_warps == 1 ? launch_attention<kHead, 1>(work, schedule, stream)
                                   : launch_attention<kHead, many>(work, schedule, stream);
}

}  // namespace

cudaError_t attention(const Attention& work, const AttentionSchedule& schedule, cudaStream_t stream) {
  cudaError_t error = cudaErrorInvalidValue;
  switch (schedule.head_tile) {
    case 64:
      error = launch_attention<64>(work, schedule, stream);
      break;
    case 80:
      error = launch_attention<80>(work, schedule, stream);
      break;
    case 96:
      error = launch_attention<96>(work, schedule, stream);
      break;
    case 128:
      error = launch_attention<128>(work, schedule, stream);
      break;
    case 256:
      error = launch_attention<256>(work, schedule, stream);
      break;
    default:
      break;
  }
  if (error != cudaSuccess || !schedule.is_parallel) return error;
  return merge_splits(work, schedule, stream);
}

}  // namespace llm42::cuda
