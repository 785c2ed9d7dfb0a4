// A product with a random int8 weight on the host, and what exact arithmetic says about it.
#pragma once

#include "cuda/kernels/linear_int8/linear_int8.h"
#include "linear_problem.h"

namespace llm42::cuda {

struct LinearInt8Problem {
  // Input, bias, residual and output of the product; its weight is not used.
  LinearProblem product;
  bool is_int8;  // rows, or else bf16

  std::vector<int8_t> source{};  // weight as it comes: gate, then up
  std::vector<float> source_scale{};
  std::vector<int8_t> weight_memory{};
  std::vector<float> scale_memory{};
  std::vector<int8_t> rows{};  // [rows, depth]
  std::vector<int8_t> rows_memory{};
  std::vector<float> row_scale{};

  template <class T>
  static T* aligned(std::vector<T>& memory) {
    return reinterpret_cast<T*>((reinterpret_cast<uintptr_t>(memory.data()) + 15) / 16 * 16);
  }

  void fill(uint32_t seed) {
    product.fill(seed);
    std::mt19937 random(seed + 1);
    std::uniform_int_distribution<int> byte(-127, 127);
    std::uniform_real_distribution<float> uniform(0.5f, 2.0f);
    const int64_t depth = product.depth, stride = int8_stride(depth);
    const int64_t count = product.source_rows();
    source.resize(static_cast<size_t>(count * depth));
    for (int8_t& value : source) value = static_cast<int8_t>(byte(random));
    source_scale.resize(static_cast<size_t>(count));
    for (float& value : source_scale) {
      value = uniform(random) / (64 * std::sqrt(static_cast<float>(depth)));
    }
    rows.resize(static_cast<size_t>(product.rows * depth));
    for (int8_t& value : rows) value = static_cast<int8_t>(byte(random));
    row_scale.resize(static_cast<size_t>(product.rows));
    for (float& value : row_scale) value = uniform(random) / 64;
    pack(stride, depth);
  }

  // Bytes behind the depth that must not matter: of the weight where rows end before them, else of the rows.
  void pack(int64_t stride, int64_t depth) {
    const int64_t count = product.source_rows();
    weight_memory.assign(static_cast<size_t>(linear_weight_rows(count, product.is_gate_up()) * stride + 16),
                         is_int8 ? 0 : 77);
    scale_memory.assign(static_cast<size_t>(int8_scales(count, product.is_gate_up()) + 4), 0.0f);
    for (int64_t n = 0; n < count; ++n) {
      const int64_t row = linear_weight_row(n, count, product.is_gate_up());
      aligned(scale_memory)[row] = source_scale[static_cast<size_t>(n)];
      for (int64_t k = 0; k < depth; ++k) {
        aligned(weight_memory)[row * stride + int8_place(k)] = source[static_cast<size_t>(n * depth + k)];
      }
    }
    rows_memory.assign(static_cast<size_t>(product.rows * stride + 16), 55);
    for (int64_t m = 0; m < product.rows; ++m) {
      for (int64_t k = 0; k < depth; ++k) {
        aligned(rows_memory)[m * stride + int8_place(k)] = rows[static_cast<size_t>(m * depth + k)];
      }
    }
  }

  LinearShape shape(int32_t count) const {
    LinearShape shape = product.shape();
    shape.rows = count;
    return shape;
  }
  LinearSchedule invariant(int32_t count) const {
    return invariant_int8_schedule(shape(count), kTestMultiprocessors);
  }
  LinearSchedule fast(int32_t count) const { return fast_int8_schedule(shape(count), kTestMultiprocessors); }

  LinearInt8 work() {
    LinearInt8 work{};
    work.product = product.work();
    work.product.weight = nullptr;
    work.product.weight_stride = 0;
    work.weight = aligned(weight_memory);
    work.weight_stride = int8_stride(product.depth);
    work.weight_scale = aligned(scale_memory);
    if (is_int8) {
      work.product.input = nullptr;
      work.rows = aligned(rows_memory);
      work.rows_stride = work.weight_stride;
      work.row_scale = row_scale.data();
    }
    return work;
  }

  std::vector<float> run(const LinearSchedule& schedule) { return run_rows(schedule, 0, product.rows); }

  // The product of rows first .. first + count - 1 alone, row-major as f32; empty where it was refused or
  // wrote outside the output.
  std::vector<float> run_rows(const LinearSchedule& schedule, int32_t first, int32_t count) {
    LinearInt8 part = work();
    if (is_int8) {
      part.rows += first * part.rows_stride;
      part.row_scale += first;
    } else {
      part.product.input += first * product.input_stride;
    }
    if (part.product.residual != nullptr) part.product.residual += int64_t{first} * product.columns;
    part.product.rows = count;
    return product.run_output(part.product, linear_workspace_bytes(shape(count), schedule),
                              [&](const Linear& output) {
                                part.product = output;
                                return linear_int8(part, schedule, nullptr);
                              });
  }

  // The scaled sum of source row n. With int8 rows it is exact up to the three roundings that the header
  // names, which are repeated here; with bf16 rows f32 may be `bound` away (linear_problem.h).
  LinearProblem::Reference sum(int64_t m, int64_t n) const {
    const int64_t depth = product.depth;
    const float scale = source_scale[static_cast<size_t>(n)];
    const int8_t* weight = source.data() + n * depth;
    if (is_int8) {
      int64_t sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += int64_t{rows[static_cast<size_t>(m * depth + k)]} * weight[k];
      const float by_row = static_cast<float>(sum) * row_scale[static_cast<size_t>(m)];
      return {by_row * scale, 0.0};
    }
    double sum = 0, magnitude = 0;
    for (int64_t k = 0; k < depth; ++k) {
      const double term = double(float(product.input()[m * product.input_stride + k])) * weight[k] * scale;
      sum += term;
      magnitude += std::abs(term);
    }
    return {sum, magnitude * (depth + 8) * 0x1p-23};
  }

  LinearProblem::Reference expected(int64_t m, int64_t n) const {
    LinearProblem::Reference first = sum(m, n), up{};
    if (product.is_gate_up()) up = sum(m, product.columns + n);
    return product.finish(m, n, first, up);
  }
};

}  // namespace llm42::cuda
