// Attention over the paged cache. A chunk of at most 256 positions of a kv head is converted to f32 panels
// once for a block of queries (rows of one sequence times the query heads of the group). Scores and weighted
// values are then the same tiles as in linear: one FMA chain per score over the head's elements, one per
// output element over the positions that its row sees, ascending. Positions that a row does not see are left
// out of its chains, so that whatever is stored there cannot matter.
#include "cpu/attention_plan.h"

#include <algorithm>
#include <cstring>

#include "cpu/thread_pool.h"

namespace llm42::cpu {

namespace {

// Positions whose keys lie side by side in a page, and a vector of whose scores is summed at a time.
constexpr int64_t block_positions = 16;

int64_t round_up(int64_t a, int64_t b) {
  return (a + b - 1) / b * b;
}

// Softmax state of a unit's queries: unnormalised values [query][padded head size], largest score, sum.
struct State {
  float* values;
  float* largest;
  float* sum;
  float* is_seen;  // 1 once a query has seen a position, else 0

  static int64_t floats(int64_t queries, int64_t width) { return round_up(queries * (width + 3), 16); }

  State(float* memory, int64_t queries, int64_t width)
      : values(memory), largest(values + queries * width), sum(largest + queries), is_seen(sum + queries) {}
};

class Worker {
 public:
  Worker(const llm42_attention_params& params, const CpuKvCache& cache, const Kernels& kernels,
         int64_t queries, float* memory)
      : p_(params),
        cache_(cache),
        kernels_(kernels),
        head_size_(cache.shape.head_size),
        width_(padded_head_size(cache)),
        group_(params.query_heads / cache.shape.kv_heads),
        chunk_(carve(memory, State::floats(queries, width_)), queries, width_),
        scaled_(carve(memory, queries * head_size_)),
        packed_queries_(carve(memory, queries * head_size_)),
        scores_(carve(memory, queries * attention_chunk)),
        packed_weights_(carve(memory, queries * attention_chunk)),
        panel_(carve(memory, panel_floats(cache))),
        ranges_(reinterpret_cast<Range*>(carve(memory, range_floats(queries)))) {}

  static int64_t padded_head_size(const CpuKvCache& cache) {
    return round_up(cache.shape.head_size, panel_columns);
  }

  // Size of `memory`.
  static int64_t floats(const CpuKvCache& cache, int64_t queries) {
    return State::floats(queries, padded_head_size(cache)) +
           2 * round_up(queries * cache.shape.head_size, 16) + 2 * round_up(queries * attention_chunk, 16) +
           panel_floats(cache) + range_floats(queries);
  }

  // Softmax state of a unit over a piece of its positions. `next` is what the thread is likely to need
  // afterwards, or null.
  void run_piece(const AttentionUnit& unit, Range piece, const State& state, const std::byte* next) {
    const int64_t queries = (unit.end_row - unit.first_row) * group_;
    pack_queries(unit, queries);
    std::fill_n(state.is_seen, queries, 0.0f);
    for (int64_t begin = piece.begin; begin < piece.end; begin += attention_chunk) {
      const int64_t end = std::min(begin + attention_chunk, piece.end);
      run_chunk(unit, queries, {begin, end}, end < piece.end ? keys_of(unit, end) : next);
      fold(queries, chunk_, state);
    }
  }

  // Keys of the page with a position.
  const std::byte* keys_of(const AttentionUnit& unit, int64_t position) const {
    return cache_.keys(p_.layer, page_of(unit, position), unit.kv_head);
  }

  // Adds a later state to an earlier one.
  void fold(int64_t queries, const State& later, const State& state) {
    for (int64_t q = 0; q < queries; ++q) {
      if (later.is_seen[q] == 0.0f) continue;
      const float* const values = later.values + q * width_;
      if (state.is_seen[q] == 0.0f) {
        state.is_seen[q] = 1.0f;
        state.largest[q] = later.largest[q];
        state.sum[q] = later.sum[q];
        std::memcpy(state.values + q * width_, values, static_cast<size_t>(head_size_) * sizeof(float));
      } else {
        kernels_.merge(state.largest + q, state.sum + q, state.values + q * width_, later.largest[q],
                       later.sum[q], values, head_size_);
      }
    }
  }

  void write_output(const AttentionUnit& unit, const State& state) {
    auto* const output = at<float>(p_.output);
    for (int64_t q = 0; q < (unit.end_row - unit.first_row) * group_; ++q) {
      const int64_t row = unit.first_row + q / group_;
      const int64_t head = unit.kv_head * group_ + q % group_;
      kernels_.divide(state.values + q * width_, state.sum[q],
                      output + row * p_.output_stride + head * head_size_, head_size_);
    }
  }

 private:
  static int64_t panel_floats(const CpuKvCache& cache) {
    return std::max<int64_t>(cache.shape.head_size, attention_chunk) * panel_columns;
  }
  static int64_t range_floats(int64_t queries) {
    return round_up(queries * int64_t{sizeof(Range) / sizeof(float)}, 16);
  }
  static float* carve(float*& memory, int64_t count) {
    float* const piece = memory;
    memory += round_up(count, 16);
    return piece;
  }

  int64_t queries_of_tile(int64_t first, int64_t queries) const {
    return std::min(kernels_.tile_rows, queries - first);
  }

  void pack_queries(const AttentionUnit& unit, int64_t queries) {
    const auto* const query = at<const float>(p_.query);
    for (int64_t q = 0; q < queries; ++q) {
      const int64_t row = unit.first_row + q / group_;
      const int64_t head = unit.kv_head * group_ + q % group_;
      kernels_.scale(query + row * p_.query_stride + head * head_size_, p_.scale, scaled_ + q * head_size_,
                     head_size_);
    }
    for (int64_t q = 0; q < queries; q += kernels_.tile_rows) {
      kernels_.pack_rows(scaled_ + q * head_size_, head_size_, queries_of_tile(q, queries), head_size_,
                         packed_queries_ + q * head_size_);
    }
  }

  // What queries first .. first + count - 1 see of the chunk: together, and all of them alike.
  Range any_of(int64_t first, int64_t count) const {
    Range any{attention_chunk, 0};
    for (int64_t q = first; q < first + count; ++q) {
      if (ranges_[q].begin >= ranges_[q].end) continue;
      any = {std::min(any.begin, ranges_[q].begin), std::max(any.end, ranges_[q].end)};
    }
    return any;
  }
  Range all_of(int64_t first, int64_t count) const {
    Range all{0, attention_chunk};
    for (int64_t q = first; q < first + count; ++q) {
      all = {std::max(all.begin, ranges_[q].begin), std::min(all.end, ranges_[q].end)};
    }
    return all;
  }

  // Leaves the state of the chunk alone in chunk_.
  void run_chunk(const AttentionUnit& unit, int64_t queries, Range chunk, const std::byte* next) {
    const auto* const positions = at<const int32_t>(p_.positions);
    for (int64_t q = 0; q < queries; ++q) {
      const Range seen = visible(positions[unit.first_row + q / group_], p_.window);
      ranges_[q] = {std::max(seen.begin, chunk.begin) - chunk.begin,
                    std::min(seen.end, chunk.end) - chunk.begin};
      chunk_.is_seen[q] = ranges_[q].begin < ranges_[q].end ? 1.0f : 0.0f;
    }
    const Range seen = any_of(0, queries);
    if (seen.begin >= seen.end) return;
    const bool is_direct = is_decode(unit);
    if (is_direct) {
      score_directly(unit, chunk.begin, seen);
    } else {
      score(unit, queries, chunk.begin, seen);
    }
    for (int64_t q = 0; q < queries; ++q) {
      if (chunk_.is_seen[q] == 0.0f) continue;
      kernels_.softmax_part(scores_ + q * attention_chunk, ranges_[q].begin, ranges_[q].end,
                            chunk_.largest + q, chunk_.sum + q);
    }
    if (is_direct) {
      weigh_directly(unit, chunk.begin, seen, next);
    } else {
      weigh_values(unit, queries, chunk.begin, seen);
    }
  }

  // A single row, whose queries all see the same: what reading the cache costs is all that counts, and a
  // panel would not be used again.
  bool is_decode(const AttentionUnit& unit) const {
    return unit.end_row - unit.first_row == 1 &&
           group_ <= std::min<int64_t>(most_decode_rows, kernels_.tile_rows) &&
           cache_.shape.page_size % block_positions == 0 && head_size_ % block_positions == 0;
  }

  void score_directly(const AttentionUnit& unit, int64_t origin, Range seen) {
    const int64_t page_size = cache_.shape.page_size;
    const void* keys[attention_chunk / block_positions + Kernels::blocks_ahead];
    const int64_t first = seen.begin / block_positions;
    const int64_t blocks = (seen.end - 1) / block_positions + 1 - first;
    const auto place = [&](int64_t i) { return (origin + i) % page_size * cache_.element_size(); };
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t i = (first + block) * block_positions;
      keys[block] = keys_of(unit, origin + i) + place(i);
    }
    // The values come next. Those of a page take as much memory as its keys, and are fetched as if they were.
    for (int64_t block = 0; block < Kernels::blocks_ahead; ++block) {
      const int64_t i = (first + std::min(block, blocks - 1)) * block_positions;
      keys[blocks + block] = values_of(unit, origin + i) + place(i);
    }
    kernels_.score_rows[format()][group_ - 1](packed_queries_, head_size_, keys, blocks, page_size,
                                              scores_ + first * block_positions, attention_chunk);
  }

  void weigh_directly(const AttentionUnit& unit, int64_t origin, Range seen, const std::byte* after) {
    const int64_t page_size = cache_.shape.page_size;
    std::fill_n(chunk_.values, group_ * width_, 0.0f);
    for (int64_t i = seen.begin; i < seen.end;) {
      const int64_t place = (origin + i) % page_size;
      const int64_t run = std::min(page_size - place, seen.end - i);
      const std::byte* const values = values_at(unit, origin + i);
      const std::byte* next = after != nullptr ? after : values;
      if (i + run < seen.end) next = values_at(unit, origin + i + run);
      kernels_.weigh_rows[format()][group_ - 1](scores_ + i, attention_chunk, run, values, next, head_size_,
                                                chunk_.values, width_);
      i += run;
    }
  }

  // scores_[query][position of the chunk], panels of 32 positions at a time.
  void score(const AttentionUnit& unit, int64_t queries, int64_t origin, Range seen) {
    for (int64_t begin = seen.begin / panel_columns * panel_columns; begin < seen.end;
         begin += panel_columns) {
      gather_keys(unit, origin, {std::max(begin, seen.begin), std::min(begin + panel_columns, seen.end)},
                  begin);
      for (int64_t q = 0; q < queries; q += kernels_.tile_rows) {
        const int64_t count = queries_of_tile(q, queries);
        const Range any = any_of(q, count);
        if (any.end <= begin || any.begin >= begin + panel_columns) continue;
        kernels_.tile_cached(count, packed_queries_ + q * head_size_, panel_,
                             scores_ + q * attention_chunk + begin, attention_chunk, head_size_, true, {});
      }
    }
  }

  // Weighted values, 32 elements of the head at a time.
  void weigh_values(const AttentionUnit& unit, int64_t queries, int64_t origin, Range seen) {
    for (int64_t q = 0; q < queries; q += kernels_.tile_rows) {
      const int64_t count = queries_of_tile(q, queries);
      const Range all = all_of(q, count);
      if (all.begin >= all.end) continue;
      kernels_.pack_rows(scores_ + q * attention_chunk + all.begin, attention_chunk, count,
                         all.end - all.begin, packed_weights_ + q * attention_chunk);
    }
    std::fill_n(chunk_.values, queries * width_, 0.0f);
    for (int64_t element = 0; element < head_size_; element += panel_columns) {
      gather_values(unit, origin, seen, element);
      for (int64_t q = 0; q < queries; q += kernels_.tile_rows) {
        weigh_tile(q, queries_of_tile(q, queries), element, seen.begin);
      }
    }
  }

  // Every query's chain runs over its own range. The part that all queries of the tile share is one tile;
  // what comes before and after it, at the edges of causality and of the window, goes query by query.
  void weigh_tile(int64_t first, int64_t count, int64_t element, int64_t panel_origin) {
    const Range all = all_of(first, count);
    const bool is_shared = all.begin < all.end;
    float* const sums = chunk_.values + first * width_ + element;
    const auto weigh_alone = [&](int64_t q, int64_t begin, int64_t end) {
      if (begin >= end) return;
      kernels_.tile_cached(1, scores_ + q * attention_chunk + begin,
                           panel_ + (begin - panel_origin) * panel_columns,
                           chunk_.values + q * width_ + element, width_, end - begin, false, {});
    };
    for (int64_t q = first; q < first + count; ++q) {
      weigh_alone(q, ranges_[q].begin, is_shared ? all.begin : ranges_[q].end);
    }
    if (!is_shared) return;
    kernels_.tile_cached(count, packed_weights_ + first * attention_chunk,
                         panel_ + (all.begin - panel_origin) * panel_columns, sums, width_,
                         all.end - all.begin, false, {});
    for (int64_t q = first; q < first + count; ++q) weigh_alone(q, all.end, ranges_[q].end);
  }

  int64_t page_of(const AttentionUnit& unit, int64_t position) const {
    const auto* const tables = at<const int32_t>(p_.block_tables);
    return tables[unit.sequence * p_.max_blocks + position / cache_.shape.page_size];
  }

  const std::byte* values_of(const AttentionUnit& unit, int64_t position) const {
    return cache_.values(p_.layer, page_of(unit, position), unit.kv_head);
  }

  const std::byte* values_at(const AttentionUnit& unit, int64_t position) const {
    return values_of(unit, position) + position % cache_.shape.page_size * head_size_ * cache_.element_size();
  }

  Format format() const { return cache_.shape.dtype == LLM42_DTYPE_F32 ? format_f32 : format_bf16; }

  // panel_[element][32] = keys of positions origin + begin ...; only those of `wanted` are read.
  void gather_keys(const AttentionUnit& unit, int64_t origin, Range wanted, int64_t begin) {
    const int64_t page_size = cache_.shape.page_size;
    const int64_t width = std::min<int64_t>(page_size, 16);
    for (int64_t i = wanted.begin / width * width; i < wanted.end;) {
      const int64_t position = origin + i;
      const int64_t place = position % page_size;
      // A whole panel at once where a page holds it.
      const int64_t run = i == begin && page_size - place >= panel_columns ? panel_columns : width;
      const std::byte* const keys = cache_.keys(p_.layer, page_of(unit, position), unit.kv_head);
      kernels_.gather_panel[format()](keys + place * cache_.element_size(), page_size, head_size_, run,
                                      panel_ + (i - begin));
      i += run;
    }
  }

  // panel_[position - seen.begin][32] = elements element .. element + 31 of the values.
  void gather_values(const AttentionUnit& unit, int64_t origin, Range seen, int64_t element) {
    const int64_t page_size = cache_.shape.page_size;
    const int64_t width = std::min(panel_columns, head_size_ - element);
    for (int64_t i = seen.begin; i < seen.end;) {
      const int64_t position = origin + i;
      const int64_t place = position % page_size;
      const int64_t run = std::min(page_size - place, seen.end - i);
      kernels_.gather_panel[format()](values_at(unit, position) + element * cache_.element_size(), head_size_,
                                      run, width, panel_ + (i - seen.begin) * panel_columns);
      i += run;
    }
  }

  const llm42_attention_params& p_;
  const CpuKvCache& cache_;
  const Kernels& kernels_;
  const int64_t head_size_;
  const int64_t width_;
  const int64_t group_;
  const State chunk_;
  float* const scaled_;
  float* const packed_queries_;
  float* const scores_;
  float* const packed_weights_;
  float* const panel_;
  Range* const ranges_;
};

}  // namespace

void CpuStream::attention(const llm42_attention_params& p) {
  const auto& cache = static_cast<const CpuKvCache&>(*p.cache);
  const Kernels& kernels = device_.kernels();
  const AttentionPlan plan = plan_attention(p, cache, device_.threads(), device_.planned_threads(p.numerics));
  const int threads = device_.threads_for(plan.operations);
  const int64_t queries = plan.queries_per_unit;
  const int64_t width = Worker::padded_head_size(cache);
  const int64_t state_floats = State::floats(queries, width);
  const int64_t worker_floats = Worker::floats(cache, queries);
  const auto units = static_cast<int64_t>(plan.units.size());
  const auto pieces = static_cast<int64_t>(plan.pieces.size());
  const bool is_merged = pieces > units;

  // Per thread a worker's memory and a state; then a state per piece, if pieces are merged afterwards.
  const int64_t thread_floats = worker_floats + state_floats;
  const int64_t total_floats = threads * thread_floats + (is_merged ? pieces * state_floats : 0);
  auto* const memory = reinterpret_cast<float*>(device_.workspace(total_floats * int64_t{sizeof(float)}));
  const auto worker_of = [&](int thread) {
    return Worker(p, cache, kernels, queries, memory + thread * thread_floats);
  };
  const auto piece_state = [&](int64_t piece) {
    return State(memory + threads * thread_floats + piece * state_floats, queries, width);
  };

  // A thread takes neighbours, so that it knows what comes next, but for the last of them.
  const int64_t share = std::clamp<int64_t>(pieces / (threads * 8), 1, 4);
  const auto next_of = [&](const Worker& worker, int64_t piece) -> const std::byte* {
    if (piece + 1 == pieces) return nullptr;
    const AttentionPiece& next = plan.pieces[static_cast<size_t>(piece + 1)];
    return worker.keys_of(plan.units[static_cast<size_t>(next.unit)], next.positions.begin);
  };
  const auto run_piece = [&](Worker& worker, int64_t piece, const State& state) {
    const AttentionPiece& own = plan.pieces[static_cast<size_t>(piece)];
    worker.run_piece(plan.units[static_cast<size_t>(own.unit)], own.positions, state, next_of(worker, piece));
  };
  if (!is_merged) {
    parallel_for(device_.pool(), threads, units, share, [&](int64_t i, int thread) {
      Worker worker = worker_of(thread);
      const State state(memory + thread * thread_floats + worker_floats, queries, width);
      run_piece(worker, i, state);
      worker.write_output(plan.units[static_cast<size_t>(i)], state);
    });
    return;
  }
  parallel_for(device_.pool(), threads, pieces, share, [&](int64_t i, int thread) {
    Worker worker = worker_of(thread);
    run_piece(worker, i, piece_state(i));
  });
  parallel_for(device_.pool(), threads, units, 1, [&](int64_t i, int thread) {
    const AttentionUnit& unit = plan.units[static_cast<size_t>(i)];
    Worker worker = worker_of(thread);
    const State first = piece_state(unit.first_piece);
    for (int64_t piece = unit.first_piece + 1; piece < unit.end_piece; ++piece) {
      worker.fold((unit.end_row - unit.first_row) * (p.query_heads / cache.shape.kv_heads),
                  piece_state(piece), first);
    }
    worker.write_output(unit, first);
  });
}

}  // namespace llm42::cpu
