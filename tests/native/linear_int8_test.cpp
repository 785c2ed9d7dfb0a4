// Linear with int8 weights and rows through the C ABI: the exact integer sum, scaled twice, bit for bit.
#include <algorithm>
#include <cmath>

#include "core/quantize.h"
#include "harness.h"

namespace llm42::test {

namespace {

struct Shape {
  int64_t n;
  int32_t k;
};

struct Quantized {
  std::vector<int8_t> elements;
  std::vector<float> scales;
};

Quantized quantize(const std::vector<float>& values, int64_t columns) {
  Quantized result;
  for (size_t begin = 0; begin < values.size(); begin += static_cast<size_t>(columns)) {
    float largest = 0.0f;
    for (size_t i = begin; i < begin + static_cast<size_t>(columns); ++i)
      largest = std::max(largest, std::fabs(values[i]));
    result.scales.push_back(i8_scale(largest));
    for (size_t i = begin; i < begin + static_cast<size_t>(columns); ++i)
      result.elements.push_back(f32_to_i8(values[i], result.scales.back()));
  }
  return result;
}

std::vector<float> expected(const Shape& shape, const std::vector<float>& weight,
                            const std::vector<float>& x) {
  const Quantized w = quantize(weight, shape.k);
  const Quantized rows = quantize(x, shape.k);
  std::vector<float> y;
  for (size_t m = 0; m < rows.scales.size(); ++m) {
    for (size_t n = 0; n < w.scales.size(); ++n) {
      int64_t sum = 0;
      for (size_t k = 0; k < static_cast<size_t>(shape.k); ++k) {
        sum += rows.elements[m * static_cast<size_t>(shape.k) + k] *
               w.elements[n * static_cast<size_t>(shape.k) + k];
      }
      y.push_back(static_cast<float>(static_cast<int32_t>(sum)) * rows.scales[m] * w.scales[n]);
    }
  }
  return y;
}

std::vector<float> run(const Machine& machine, const Shape& shape, const std::vector<float>& weight,
                       const std::vector<float>& x) {
  const llm42_weight_part part = {weight.data(), static_cast<int64_t>(weight.size() * sizeof(float)),
                                  shape.n};
  llm42_weight_params wp{};
  wp.struct_size = sizeof wp;
  wp.dtype = LLM42_DTYPE_F32;
  wp.format = LLM42_DTYPE_I8;
  wp.columns = shape.k;
  wp.part_count = 1;
  wp.parts = &part;
  Weight packed;
  ok(llm42_weight_create(machine.stream, &wp, &packed.handle));
  const auto rows = static_cast<int32_t>(x.size() / static_cast<size_t>(shape.k));
  const Buffer input = machine.upload(x);
  const Buffer output = machine.allocate(rows * shape.n * 4);
  llm42_linear_params lp{};
  lp.struct_size = sizeof lp;
  lp.rows = rows;
  lp.numerics = LLM42_NUMERICS_FAST;
  lp.compute_dtype = LLM42_DTYPE_I8;
  lp.weight = packed.handle;
  lp.input = view(input);
  lp.input_stride = shape.k;
  lp.output = view(output);
  lp.output_stride = shape.n;
  ok(llm42_linear(machine.stream, &lp));
  return machine.download<float>(output, static_cast<size_t>(rows * shape.n));
}

}  // namespace

TEST(LinearInt8, IsTheExactSumForEveryNumberOfRowsAndIsa) {
  for (const llm42_cpu_isa isa : isas()) {
    for (const int32_t threads : {1, 2}) {
      if (is_sanitized && threads == 1) continue;
      const Machine machine(isa, threads, 64);
      for (const Shape shape : {Shape{1, 1}, Shape{31, 7}, Shape{32, 64}, Shape{33, 201}, Shape{290, 515}}) {
        for (const size_t rows : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 10u, 11u, 12u, 13u, 24u, 49u}) {
          if (is_sanitized && rows % 12 > 3) continue;
          const std::vector<float> weight = random_floats(static_cast<size_t>(shape.n * shape.k), 5, 0.1f);
          const std::vector<float> x = random_floats(rows * static_cast<size_t>(shape.k), 6);
          EXPECT_EQ("", difference(expected(shape, weight, x), run(machine, shape, weight, x)))
              << "isa " << isa << ", threads " << threads << ", N " << shape.n << ", K " << shape.k << ", M "
              << rows;
        }
      }
    }
  }
}

// Sums as large as they get, of products as large as they get: where instructions that saturate would, and
// where intermediate sums of those that wrap do.
TEST(LinearInt8, NeitherSaturatesNorOverflows) {
  constexpr int32_t deepest = 133144;
  for (const llm42_cpu_isa isa : isas()) {
    const Machine machine(isa, 1);
    for (const Shape shape : {Shape{3, 256}, Shape{1, deepest}}) {
      for (const float sign : {1.0f, -1.0f}) {
        const std::vector<float> weight(static_cast<size_t>(shape.n * shape.k), sign);
        for (const size_t rows : {1u, 5u}) {
          const std::vector<float> x(rows * static_cast<size_t>(shape.k), -1.0f);
          EXPECT_EQ("", difference(expected(shape, weight, x), run(machine, shape, weight, x)))
              << "isa " << isa << ", K " << shape.k << ", M " << rows << ", sign " << sign;
        }
      }
    }
  }
}

}  // namespace llm42::test
