#include "cuda/kernels/attention/attention.h"

#include "cuda/kernels/attention/key_value_tile.h"
#include "cuda/kernels/attention/softmax_state.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

// Where the unnormalised values of a query over one split lie, and its state.
__device__ __forceinline__ int64_t partial_index(const AttentionShape& shape,
                                                 const AttentionSchedule& schedule, int32_t row,
                                                 int32_t query_head, int32_t split) {
  return (int64_t{row} * shape.query_heads + query_head) * schedule.splits + split;
}
__device__ __forceinline__ float* partial_values(const Attention& work, int64_t partial) {
  return work.workspace + partial * work.shape.head_size;
}
__device__ __forceinline__ float* partial_state(const Attention& work, const AttentionSchedule& schedule,
                                                int64_t partial) {
  const int64_t partials = int64_t{work.shape.rows} * work.shape.query_heads * schedule.splits;
  return work.workspace + partials * work.shape.head_size + partial * 2;
}

// One query of a thread; the four threads of a quad share it.
struct Query {
  int32_t row;  // -1: none
  int32_t head;
  Range seen;
  SoftmaxState state;    // of the split; `sum` is the thread's own part
  SoftmaxState running;  // of the splits before
  bool has_run;          // a split was seen
};

__device__ __forceinline__ Query make_query(const Attention& work, const AttentionSchedule& schedule,
                                            const QueryTile& tile, int32_t index, int32_t kv_head) {
  Query query{-1, 0, {0, 0}, empty_state(), empty_state(), false};
  if (index >= tile.count) return query;
  const int32_t group = work.shape.query_heads / work.shape.kv_heads;
  const int32_t m = tile.first + index;
  query.row = tile.first_row + m / group;
  query.head = kv_head * group + m % group;
  query.seen = visible(work, schedule, query.row);
  return query;
}

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

// Infinite and NaN halves of a pair.
__device__ __forceinline__ bool is_low_unbounded(uint32_t pair) {
  return (pair & 0x7f80u) == 0x7f80u;
}
__device__ __forceinline__ bool is_high_unbounded(uint32_t pair) {
  return (pair & 0x7f800000u) == 0x7f800000u;
}

// Infinite or NaN values at positions that some query of the warp does not see: 0 times them would be NaN.
// They are replaced by 0, and the queries that do see them get NaN, as the product would give them.
// `b`: a k16 x n8 fragment of positions first .. first + 15.
__device__ __forceinline__ void screen_values(uint32_t& b0, uint32_t& b1, int32_t first,
                                              const Query (&query)[2], float (&values)[4]) {
  const int lane = static_cast<int>(threadIdx.x & 31);
  const int k = lane % 4 * 2;
  uint32_t unbounded = (is_low_unbounded(b0) ? 1u << k : 0u) | (is_high_unbounded(b0) ? 2u << k : 0u) |
                       (is_low_unbounded(b1) ? 256u << k : 0u) | (is_high_unbounded(b1) ? 512u << k : 0u);
  if (is_low_unbounded(b0)) b0 &= 0xffff0000u;
  if (is_high_unbounded(b0)) b0 &= 0x0000ffffu;
  if (is_low_unbounded(b1)) b1 &= 0xffff0000u;
  if (is_high_unbounded(b1)) b1 &= 0x0000ffffu;
  // Of the column that the quad holds; then those of the thread's two columns of the result.
  unbounded |= __shfl_xor_sync(0xffffffffu, unbounded, 1);
  unbounded |= __shfl_xor_sync(0xffffffffu, unbounded, 2);
#pragma unroll
  for (int column = 0; column < 2; ++column) {
    const uint32_t positions = __shfl_sync(0xffffffffu, unbounded, (k + column) * 4);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int32_t begin = min(max(query[half].seen.begin - first, 0), 16);
      const int32_t end = min(max(query[half].seen.end - first, 0), 16);
      const uint32_t seen = begin < end ? (1u << end) - (1u << begin) : 0u;
      if ((positions & seen) != 0) values[half * 2 + column] = __uint_as_float(0x7fc00000u);
    }
  }
}

template <int kHead, int kQueryWarps>
__global__ void __launch_bounds__(AttentionBlock<kHead, kQueryWarps>::threads)
    attention_kernel(Attention work, AttentionSchedule schedule) {
  using Block = AttentionBlock<kHead, kQueryWarps>;
  constexpr int stride = Block::stride;
  constexpr int steps = kHead / 16;
  constexpr int score_tiles = attention_tile / 8;
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
    copy_8(queries + index * stride + column, from, count, is_query_aligned);
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
  uint32_t kept_queries[Block::keeps_queries ? steps : 1][4];
  if constexpr (Block::keeps_queries) {
#pragma unroll
    for (int step = 0; step < steps; ++step) load_queries<stride>(queries, step, kept_queries[step]);
  }
  __syncwarp();

  const float score_scale = multiply(work.scale, 0x1.715476p+0f);
  float accumulator[value_tiles][4];
#pragma unroll
  for (int i = 0; i < value_tiles; ++i) {
#pragma unroll
    for (int j = 0; j < 4; ++j) accumulator[i][j] = 0.0f;
  }

  for (;;) {
    const int32_t split_end = (split + 1) * schedule.split_length;
    load_tile<kHead, kQueryWarps>(work, head, head.value_offset, begin, block_sees, values);
    cp_async_commit();
    cp_async_wait<1>();
    __syncthreads();

    // A tile that no query of the warp sees would change nothing.
    const bool is_seen = sight.any.begin < begin + attention_tile && sight.any.end > begin;
    const bool is_whole = sight.all.begin <= begin && sight.all.end >= begin + attention_tile;
    float scores[score_tiles][4];
    if (is_seen) {
#pragma unroll
      for (int i = 0; i < score_tiles; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) scores[i][j] = 0.0f;
      }
#pragma unroll
      for (int step = 0; step < steps; ++step) {
        if constexpr (!Block::keeps_queries) load_queries<stride>(queries, step, kept_queries[0]);
        const auto& a = kept_queries[Block::keeps_queries ? step : 0];
#pragma unroll
        for (int i = 0; i < score_tiles; i += 2) {
          uint32_t b[4];
          load_keys<stride>(keys, i * 8, step, b);
          mma_m16n8k16_bf16(scores[i], a, {b[0], b[1]});
          mma_m16n8k16_bf16(scores[i + 1], a, {b[2], b[3]});
        }
      }
    }
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
        Query& q = query[half];
        float top = q.state.largest;
#pragma unroll
        for (int i = 0; i < score_tiles; ++i) {
#pragma unroll
          for (int j = 0; j < 2; ++j) {
            float& score = scores[i][half * 2 + j];
            score = multiply(score, score_scale);
            const int32_t position = begin + i * 8 + lane % 4 * 2 + j;
            const bool is_masked = !is_whole && (position < q.seen.begin || position >= q.seen.end);
            top = !is_masked && score > top ? score : top;
          }
        }
        top = largest_of_quad(top);
        const float reference = reference_of(top);
        const float keep = exp2_below_one(q.state.largest - reference);
        float sum = multiply(q.state.sum, keep);
#pragma unroll
        for (int i = 0; i < score_tiles; ++i) {
#pragma unroll
          for (int j = 0; j < 2; ++j) {
            float& score = scores[i][half * 2 + j];
            const int32_t position = begin + i * 8 + lane % 4 * 2 + j;
            const bool is_masked = !is_whole && (position < q.seen.begin || position >= q.seen.end);
            score = is_masked ? 0.0f : exp2_below_one(score - reference);
            sum = sum + score;
          }
        }
        q.state = {top, sum};
        // + 0 makes a value that underflows to -0 equal to the +0 that a product would leave.
#pragma unroll
        for (int i = 0; i < value_tiles; ++i) {
#pragma unroll
          for (int j = 0; j < 2; ++j) {
            float& value = accumulator[i][half * 2 + j];
            value = multiply(value, keep) + 0.0f;
          }
        }
      }
    }

    cp_async_wait<1>();
    __syncthreads();
    if (is_seen) {
#pragma unroll
      for (int k = 0; k < attention_tile / 16; ++k) {
        const uint32_t a[4] = {pack(scores[2 * k][0], scores[2 * k][1]),
                               pack(scores[2 * k][2], scores[2 * k][3]),
                               pack(scores[2 * k + 1][0], scores[2 * k + 1][1]),
                               pack(scores[2 * k + 1][2], scores[2 * k + 1][3])};
#pragma unroll
        for (int i = 0; i < value_tiles; i += 2) {
          uint32_t b[4];
          load_values<stride>(values, k * 16, first_element + i * 8, b);
          if (!is_whole) {
            const bool is_unbounded = is_low_unbounded(b[0]) || is_high_unbounded(b[0]) ||
                                      is_low_unbounded(b[1]) || is_high_unbounded(b[1]) ||
                                      is_low_unbounded(b[2]) || is_high_unbounded(b[2]) ||
                                      is_low_unbounded(b[3]) || is_high_unbounded(b[3]);
            if (__any_sync(0xffffffffu, is_unbounded)) {
              screen_values(b[0], b[1], begin + k * 16, query, accumulator[i]);
              screen_values(b[2], b[3], begin + k * 16, query, accumulator[i + 1]);
            }
          }
          mma_m16n8k16_bf16(accumulator[i], a, {b[0], b[1]});
          mma_m16n8k16_bf16(accumulator[i + 1], a, {b[2], b[3]});
        }
      }
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
          const int64_t partial = partial_index(work.shape, schedule, q.row, q.head, split);
          float* const to = partial_values(work, partial);
#pragma unroll
          for (int i = 0; i < value_tiles; ++i) {
#pragma unroll
            for (int j = 0; j < 2; ++j) {
              const int element = first_element + i * 8 + lane % 4 * 2 + j;
              if (element < work.shape.head_size) to[element] = accumulator[i][half * 2 + j];
            }
          }
          if (first_element == 0 && lane % 4 == 0) {
            float* const state = partial_state(work, schedule, partial);
            state[0] = q.state.largest;
            state[1] = q.state.sum;
          }
        } else if (sees) {
          // Running values are the thread's own: no other touches them.
          MergeFactors factors{0.0f, 0.0f};
          if (q.has_run) {
            factors = merge(q.running, q.state);
          } else {
            q.running = q.state;
          }
#pragma unroll
          for (int i = 0; i < value_tiles; ++i) {
#pragma unroll
            for (int j = 0; j < 2; ++j) {
              float& value = running[((i * 2 + half) * 2 + j) * 32 + lane];
              const float later = accumulator[i][half * 2 + j];
              value = q.has_run ? merged(factors, value, later) : later;
            }
          }
          q.has_run = true;
        }
        q.state = empty_state();
      }
#pragma unroll
      for (int i = 0; i < value_tiles; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) accumulator[i][j] = 0.0f;
      }
    }
    if (!has_next) break;
    split = next_split;
    begin = next;
    __syncthreads();
  }

  if (schedule.is_parallel) return;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const Query& q = query[half];
    if (!q.has_run) continue;
    bf16* const to = work.output + q.row * work.output_stride + int64_t{q.head} * work.shape.head_size;
#pragma unroll
    for (int i = 0; i < value_tiles; ++i) {
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        const int element = first_element + i * 8 + lane % 4 * 2 + j;
        if (element < work.shape.head_size) {
          to[element] = attention_output(running[((i * 2 + half) * 2 + j) * 32 + lane], q.running.sum);
        }
      }
    }
  }
}

constexpr int kMergeWarps = 4;

// Merges the splits of a query in ascending order; a warp per query.
__global__ void __launch_bounds__(kMergeWarps * 32) merge_kernel(Attention work, AttentionSchedule schedule) {
  const int64_t index = int64_t{blockIdx.x} * kMergeWarps + threadIdx.x / 32;
  if (index >= int64_t{work.shape.rows} * work.shape.query_heads) return;
  const int32_t row = static_cast<int32_t>(index / work.shape.query_heads);
  const int32_t head = static_cast<int32_t>(index % work.shape.query_heads);
  const Range seen = visible(work, schedule, row);
  if (seen.begin >= seen.end) return;
  const int32_t first_split = seen.begin / schedule.split_length;
  const int32_t last_split = (seen.end - 1) / schedule.split_length;
  bf16* const to = work.output + row * work.output_stride + int64_t{head} * work.shape.head_size;
  const int lane = static_cast<int>(threadIdx.x % 32);
  constexpr int kElements = attention_max_head_size / 32;
  float values[kElements];
  SoftmaxState running = empty_state();
  for (int32_t split = first_split; split <= last_split; ++split) {
    const int64_t partial = partial_index(work.shape, schedule, row, head, split);
    const float* const state = partial_state(work, schedule, partial);
    const float* const later = partial_values(work, partial);
    const SoftmaxState later_state{state[0], state[1]};
    MergeFactors factors{0.0f, 0.0f};
    if (split == first_split) {
      running = later_state;
    } else {
      factors = merge(running, later_state);
    }
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      const int element = i * 32 + lane;
      if (element >= work.shape.head_size) continue;
      values[i] = split == first_split ? later[element] : merged(factors, values[i], later[element]);
    }
  }
#pragma unroll
  for (int i = 0; i < kElements; ++i) {
    const int element = i * 32 + lane;
    if (element < work.shape.head_size) to[element] = attention_output(values[i], running.sum);
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
  const int64_t queries = int64_t{work.shape.rows} * work.shape.query_heads;
  return launch(merge_kernel, dim3(static_cast<unsigned>(ceil_div(queries, kMergeWarps))),
                dim3(kMergeWarps * 32), 0, stream, work, schedule);
}

}  // namespace llm42::cuda
