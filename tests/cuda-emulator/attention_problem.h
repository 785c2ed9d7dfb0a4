// Sequences with their keys, values and queries, laid into a paged cache and run through the emulated
// kernels.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <vector>

#include "cuda/kernels/attention/attention.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

struct AttentionModel {
  int query_heads;
  int kv_heads;
  int head_size;
  int window = 0;
  float scale = 0.0f;  // 0: 1 / sqrt(head size)
};

// Rows of one sequence in a call.
struct Rows {
  int sequence;
  std::vector<int> positions;
};

inline Rows rows_from_to(int sequence, int begin, int end) {
  Rows rows{sequence, std::vector<int>(end - begin)};
  std::iota(rows.positions.begin(), rows.positions.end(), begin);
  return rows;
}

// How a call is run. Negative or zero: as scheduled.
struct Manner {
  int page_size = 16;
  int large_blocks = -1;  // 0, 1
  int parallel = -1;      // 0, 1
  int split_blocks = 0;
  int split_length = 0;
  bool is_invariant = true;
  int multiprocessors = 4;
  int extra_blocks = 0;  // columns of the block table beyond what is needed
  uint32_t seed = 1;     // of the pages
  int query_offset = 0;  // elements that the queries are off their alignment
  int padding = 0;       // elements between rows of queries, and of outputs
  // Spoils the indices; the call must then report `error`.
  std::function<void(std::vector<int32_t>& starts, std::vector<int32_t>& positions,
                     std::vector<int32_t>& tables)>
      spoil = nullptr;
  Checked error = Checked::nothing;
};

class AttentionProblem {
 public:
  AttentionProblem(AttentionModel model, std::vector<int> lengths, uint32_t seed)
      : model_(model), lengths_(std::move(lengths)) {
    if (model_.scale == 0.0f) model_.scale = 1.0f / std::sqrt(float(model.head_size));
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    const auto fill = [&](std::vector<bf16>& values, int64_t count, float spread) {
      values.resize(count);
      for (bf16& value : values) value = bf16(spread * normal(random));
    };
    keys_.resize(lengths_.size());
    values_.resize(lengths_.size());
    queries_.resize(lengths_.size());
    for (size_t s = 0; s < lengths_.size(); ++s) {
      fill(keys_[s], int64_t{lengths_[s]} * model.kv_heads * model.head_size, 1.0f);
      fill(values_[s], int64_t{lengths_[s]} * model.kv_heads * model.head_size, 1.0f);
      fill(queries_[s], int64_t{lengths_[s]} * model.query_heads * model.head_size, 2.0f);
    }
  }

  bf16& key(int s, int position, int head, int i) { return keys_[s][index(position, head, i)]; }
  bf16& value(int s, int position, int head, int i) { return values_[s][index(position, head, i)]; }
  bf16& query(int s, int position, int head, int i) {
    return queries_[s][(int64_t{position} * model_.query_heads + head) * model_.head_size + i];
  }
  const AttentionModel& model() const { return model_; }
  int width() const { return model_.query_heads * model_.head_size; }

  // Outputs of all rows in order. Slots past the last position that a row of the sequence has are NaN, as are
  // all slots of other pages, and outputs before the call.
  std::vector<bf16> run(const std::vector<Rows>& batch, const Manner& manner) const {
    const int d = model_.head_size;
    const int page_size = manner.page_size;
    std::vector<int32_t> starts{0}, positions;
    int blocks = 1, pages = 3;
    for (const Rows& rows : batch) {
      positions.insert(positions.end(), rows.positions.begin(), rows.positions.end());
      starts.push_back(int32_t(positions.size()));
      if (rows.positions.empty()) continue;
      const int needed = *std::max_element(rows.positions.begin(), rows.positions.end()) / page_size + 1;
      blocks = std::max(blocks, needed);
      pages += needed;
    }
    blocks += manner.extra_blocks;
    std::vector<int32_t> free_pages(pages);
    std::iota(free_pages.begin(), free_pages.end(), 0);
    std::shuffle(free_pages.begin(), free_pages.end(), std::mt19937(manner.seed));

    const bf16 nan(std::numeric_limits<float>::quiet_NaN());
    const int64_t head_elements = int64_t{page_size} * d;
    std::vector<bf16> cache(pages * 2 * model_.kv_heads * head_elements, nan);
    std::vector<int32_t> tables(batch.size() * blocks, -7);  // entries past a row's block are not read
    const int64_t stride = width() + manner.padding;
    std::vector<bf16> query(manner.query_offset + positions.size() * stride, nan);
    size_t row = 0;
    for (size_t s = 0; s < batch.size(); ++s) {
      for (const int position : batch[s].positions) {
        const auto* from = queries_[batch[s].sequence].data() + int64_t{position} * width();
        std::copy_n(from, width(), query.data() + manner.query_offset + row++ * stride);
      }
      if (batch[s].positions.empty()) continue;
      const int last = *std::max_element(batch[s].positions.begin(), batch[s].positions.end());
      for (int block = 0; block <= last / page_size; ++block) {
        tables[s * blocks + block] = free_pages.back();
        free_pages.pop_back();
      }
      for (int position = 0; position <= last; ++position) {
        const int64_t page = tables[s * blocks + position / page_size];
        for (int head = 0; head < model_.kv_heads; ++head) {
          const int64_t place =
              (page * 2 * model_.kv_heads + head) * head_elements + position % page_size * d;
          const int64_t from = index(position, head, 0);
          std::copy_n(keys_[batch[s].sequence].data() + from, d, cache.data() + place);
          std::copy_n(values_[batch[s].sequence].data() + from, d,
                      cache.data() + place + model_.kv_heads * head_elements);
        }
      }
    }

    if (manner.spoil) manner.spoil(starts, positions, tables);
    Attention work{};
    work.shape = {int32_t(positions.size()),
                  int32_t(batch.size()),
                  model_.query_heads,
                  model_.kv_heads,
                  d,
                  page_size,
                  blocks,
                  manner.is_invariant};
    AttentionSchedule schedule = schedule_attention(work.shape, manner.multiprocessors);
    if (manner.large_blocks >= 0) {
      schedule.query_warps = manner.large_blocks == 1 ? attention_query_warps(schedule.head_tile) : 1;
      const int tile = 16 * schedule.query_warps;
      const int queries = work.shape.rows * model_.query_heads / model_.kv_heads;
      schedule.query_tiles = (queries + int(batch.size()) * (tile - 1)) / tile;
    }
    if (manner.split_length != 0) {
      schedule.split_length = manner.split_length;
      schedule.splits = int(ceil_div(schedule.max_positions, manner.split_length));
    }
    if (manner.parallel >= 0) schedule.is_parallel = manner.parallel == 1;
    schedule.split_blocks = !schedule.is_parallel     ? 1
                            : manner.split_blocks > 0 ? manner.split_blocks
                                                      : schedule.splits;
    const std::vector<float> workspace_content(
        schedule.is_parallel ? attention_workspace_bytes(work.shape, schedule.splits) / sizeof(float) : 0,
        std::numeric_limits<float>::quiet_NaN());
    std::vector<float> workspace = workspace_content;
    std::vector<bf16> output(positions.size() * stride, nan);
    work.query = query.data() + manner.query_offset;
    work.query_stride = stride;
    work.cache = cache.data();
    work.pages = pages;
    work.window = model_.window;
    work.sequence_starts = starts.data();
    work.positions = positions.data();
    work.block_tables = tables.data();
    work.output = output.data();
    work.output_stride = stride;
    work.scale = model_.scale;
    work.workspace = workspace.data();
    ErrorSlot error{};
    work.error = &error;
    EXPECT_EQ(attention(work, schedule, nullptr), cudaSuccess);
    EXPECT_EQ(error.checked, manner.error);
    std::vector<bf16> dense;
    for (size_t i = 0; i < positions.size(); ++i) {
      dense.insert(dense.end(), output.begin() + i * stride, output.begin() + i * stride + width());
    }
    return dense;
  }

  // Output of one row and query head in float64, and a bound of the kernel's error per element.
  struct Expected {
    std::vector<double> values, bounds;
  };
  Expected expected(int s, int position, int query_head) const {
    const int d = model_.head_size;
    const int head = query_head / (model_.query_heads / model_.kv_heads);
    const int begin = model_.window == 0 ? 0 : std::max(0, position + 1 - model_.window);
    std::vector<double> scores, magnitudes;
    for (int j = begin; j <= position; ++j) {
      double score = 0, magnitude = 0;
      for (int i = 0; i < d; ++i) {
        const double product =
            double(float(queries_[s][(int64_t{position} * model_.query_heads + query_head) * d + i])) *
            float(keys_[s][index(j, head, i)]);
        score += product;
        magnitude += std::abs(product);
      }
      scores.push_back(score * model_.scale);
      magnitudes.push_back(magnitude * std::abs(model_.scale));
    }
    const double top = *std::max_element(scores.begin(), scores.end());
    // A score is a chain of D / 16 rounded steps (the adds inside a step may truncate), scaled and shifted.
    const double score_error = *std::max_element(magnitudes.begin(), magnitudes.end()) * (d + 4) * 0x1p-23;
    double sum = 0;
    Expected result{std::vector<double>(d), std::vector<double>(d)};
    for (size_t j = 0; j < scores.size(); ++j) {
      const double weight = std::exp(scores[j] - top);
      sum += weight;
      for (int i = 0; i < d; ++i) {
        const double value = float(values_[s][index(begin + int(j), head, i)]);
        result.values[i] += weight * value;
        result.bounds[i] += weight * std::abs(value);
      }
    }
    // Weights: bf16 (2^-8), scores of value and sum, and f32 roundings of sums; then the result in bf16.
    const double relative = 0x1p-8 + 2 * score_error + (double(scores.size()) + 64) * 0x1p-22;
    for (int i = 0; i < d; ++i) {
      result.values[i] /= sum;
      result.bounds[i] =
          result.bounds[i] / sum * relative * (1 + 0x1p-8) + std::abs(result.values[i]) * 0x1p-8 + 1e-30;
    }
    return result;
  }

 private:
  int64_t index(int position, int head, int i) const {
    return (int64_t{position} * model_.kv_heads + head) * model_.head_size + i;
  }

  AttentionModel model_;
  std::vector<int> lengths_;
  std::vector<std::vector<bf16>> keys_, values_, queries_;
};

}  // namespace llm42::cuda
