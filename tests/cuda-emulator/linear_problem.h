// A product with random operands on the host, and what float64 says about it.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "cuda/kernels/linear/linear.h"

namespace llm42::cuda {

// How many multiprocessors the tests plan for.
constexpr int32_t kTestMultiprocessors = 16;

struct LinearProblem {
  int32_t rows;
  int32_t columns;  // of the output
  int32_t depth;
  LinearEpilogue epilogue = LinearEpilogue::kNone;
  bool is_output_f32 = true;
  bool has_bias = false;
  int64_t input_stride = 0;  // 0: the next multiple of 8
  int64_t output_stride = 0;
  int64_t input_offset = 0;  // elements; an odd one leaves the rows unaligned

  std::vector<bf16> input_memory{};
  std::vector<float> source{};  // weight as it comes: gate, then up
  std::vector<bf16> weight_memory{};
  std::vector<float> bias{};
  std::vector<bf16> residual{};

  bool is_gate_up() const { return epilogue == LinearEpilogue::kSwiglu; }
  int64_t source_rows() const { return int64_t{columns} * (is_gate_up() ? 2 : 1); }
  const bf16* input() const { return aligned(input_memory) + input_offset; }
  bf16* input() { return const_cast<bf16*>(static_cast<const LinearProblem*>(this)->input()); }

  static const bf16* aligned(const std::vector<bf16>& memory) {
    return reinterpret_cast<const bf16*>((reinterpret_cast<uintptr_t>(memory.data()) + 15) / 16 * 16);
  }

  void fill(uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    if (input_stride == 0) input_stride = (depth + 7) / 8 * 8;
    if (output_stride == 0) output_stride = columns;
    // NaN wherever an element has no business
    const bf16 nan(std::numeric_limits<float>::quiet_NaN());
    input_memory.assign(static_cast<size_t>(rows * input_stride + input_offset + 16), nan);
    for (int64_t m = 0; m < rows; ++m) {
      for (int64_t k = 0; k < depth; ++k) input()[m * input_stride + k] = bf16(normal(random));
    }
    const int64_t stride = linear_weight_stride(depth);
    source.resize(static_cast<size_t>(source_rows() * depth));
    weight_memory.assign(static_cast<size_t>(linear_weight_rows(source_rows(), is_gate_up()) * stride + 16),
                         nan);
    bf16* weight = const_cast<bf16*>(aligned(weight_memory));
    for (int64_t n = 0; n < source_rows(); ++n) {
      bf16* row = weight + linear_weight_row(n, source_rows(), is_gate_up()) * stride;
      for (int64_t k = 0; k < depth; ++k) {
        row[k] = bf16(normal(random) / std::sqrt(static_cast<float>(depth)));
        source[static_cast<size_t>(n * depth + k)] = float(row[k]);
      }
    }
    bias.resize(static_cast<size_t>(source_rows()));
    for (float& value : bias) value = normal(random);
    residual.resize(static_cast<size_t>(rows) * static_cast<size_t>(columns));
    for (bf16& value : residual) value = bf16(normal(random));
  }

  LinearShape shape() const {
    Linear work{};
    work.rows = rows;
    work.columns = columns;
    work.depth = depth;
    work.epilogue = epilogue;
    return linear_shape(work);
  }

  Linear work() const {
    Linear work{};
    work.input = input();
    work.input_stride = input_stride;
    work.weight = aligned(weight_memory);
    work.weight_stride = linear_weight_stride(depth);
    work.bias = has_bias ? bias.data() : nullptr;
    work.residual = epilogue == LinearEpilogue::kResidual ? residual.data() : nullptr;
    work.residual_stride = columns;
    work.output_stride = output_stride;
    work.rows = rows;
    work.columns = columns;
    work.depth = depth;
    work.epilogue = epilogue;
    work.is_output_f32 = is_output_f32;
    return work;
  }

  // Row-major outputs as f32; what the kernel must not write is checked to be untouched.
  std::vector<float> run(const LinearSchedule& schedule) const { return run_rows(schedule, 0, rows); }

  // The product of rows first .. first + count - 1 alone.
  std::vector<float> run_rows(const LinearSchedule& schedule, int32_t first, int32_t count) const {
    Linear part = work();
    part.input += first * input_stride;
    part.rows = count;
    if (part.residual != nullptr) part.residual += int64_t{first} * columns;
    LinearShape of_part = shape();
    of_part.rows = count;
    return run_output(part, linear_workspace_bytes(of_part, schedule),
                      [&](const Linear& work) { return linear(work, schedule, nullptr); });
  }

  // Gives `part` an output and a workspace, launches it and reads the output.
  template <class Launch>
  std::vector<float> run_output(Linear part, int64_t workspace_bytes, Launch&& launch) const {
    constexpr size_t guard = 64;
    const size_t element = is_output_f32 ? 4 : 2;
    const int32_t count = part.rows;
    std::vector<unsigned char> output(static_cast<size_t>(count * output_stride) * element + 2 * guard, 0xA5);
    part.output = output.data() + guard;
    std::vector<float> workspace(static_cast<size_t>(workspace_bytes / 4) + 8,
                                 std::numeric_limits<float>::quiet_NaN());
    part.workspace = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(workspace.data()) + 15) / 16 * 16);
    part.workspace_bytes = workspace_bytes;
    if (launch(part) != cudaSuccess) return {};
    std::vector<float> values(static_cast<size_t>(count) * static_cast<size_t>(columns));
    for (int64_t m = 0; m < count; ++m) {
      for (int64_t n = 0; n < columns; ++n) {
        unsigned char* place = output.data() + guard + static_cast<size_t>(m * output_stride + n) * element;
        float& value = values[static_cast<size_t>(m * columns + n)];
        if (is_output_f32) {
          std::memcpy(&value, place, 4);
        } else {
          bf16 rounded;
          std::memcpy(&rounded, place, 2);
          value = float(rounded);
        }
        std::memset(place, 0xA5, element);
      }
    }
    for (const unsigned char byte : output) {
      if (byte != 0xA5) return {};
    }
    return values;
  }

  struct Reference {
    double value;
    double bound;
  };

  // The sum of source row n, and how far f32 may be from it: every term is added once within a segment and
  // every segment once, and tensor cores may truncate (2^-23 of the magnitudes seen so far).
  Reference sum(int64_t m, int64_t n) const {
    double sum = 0, magnitude = 0;
    for (int64_t k = 0; k < depth; ++k) {
      const double product =
          double(float(input()[m * input_stride + k])) * source[static_cast<size_t>(n * depth + k)];
      sum += product;
      magnitude += std::abs(product);
    }
    return {sum, magnitude * (depth + 8) * 0x1p-23};
  }

  Reference expected(int64_t m, int64_t n) const {
    return finish(m, n, sum(m, n), is_gate_up() ? sum(m, columns + n) : Reference{});
  }

  Reference add_bias(Reference sum, int64_t n) const {
    if (!has_bias) return sum;
    sum.value += bias[static_cast<size_t>(n)];
    sum.bound += std::abs(sum.value) * 0x1p-23;
    return sum;
  }

  // Output [m, n] of the sums of source rows n and, behind kSwiglu, columns + n.
  Reference finish(int64_t m, int64_t n, const Reference& first, const Reference& second) const {
    Reference result = add_bias(first, n);
    if (is_gate_up()) {
      const Reference up = add_bias(second, columns + n);
      const double gate = result.value / (1 + std::exp(-result.value));
      // |silu'| < 1.1
      const double gate_bound = 1.1 * result.bound + std::abs(gate) * 0x1p-21;
      result.value = gate * up.value;
      result.bound = gate_bound * (std::abs(up.value) + up.bound) + std::abs(gate) * up.bound +
                     std::abs(result.value) * 0x1p-23;
    }
    if (epilogue == LinearEpilogue::kResidual) {
      result.value += float(residual[static_cast<size_t>(m * columns + n)]);
      result.bound += std::abs(result.value) * 0x1p-23;
    }
    if (!is_output_f32) result.bound += (std::abs(result.value) + result.bound) * 0x1p-8;
    return result;
  }
};

constexpr LinearTile kLinearTiles[] = {LinearTile::kRows16Columns64, LinearTile::kRows32Columns64,
                                       LinearTile::kRows64Columns64, LinearTile::kRows128Columns64,
                                       LinearTile::kRows128Columns128};

// As many elements of `actual` as are expected; the first that differs is named.
inline void expect_same_bits(const std::vector<float>& expected, const float* actual, const char* what) {
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(expected[i]), std::bit_cast<uint32_t>(actual[i]))
        << what << ": element " << i << ", " << expected[i] << " and " << actual[i];
  }
}

}  // namespace llm42::cuda
