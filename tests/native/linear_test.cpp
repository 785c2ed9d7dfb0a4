// Linear through the C ABI: parity with f64, and the same bits for every row count, instruction set and
// thread count.
#include <cmath>

#include "harness.h"

namespace llm42::test {

namespace {

struct Shape {
  int64_t n;
  int32_t k;
};

struct Problem {
  Shape shape;
  llm42_dtype dtype = LLM42_DTYPE_BF16;
  llm42_epilogue epilogue = LLM42_EPILOGUE_NONE;
  bool has_bias = false;
};

struct Inputs {
  std::vector<float> weight;  // as rounded to the format
  std::vector<uint16_t> half;
  std::vector<float> bias, x, residual;
};

int64_t width_of(const Problem& p) {
  return p.epilogue == LLM42_EPILOGUE_SWIGLU ? p.shape.n / 2 : p.shape.n;
}

Inputs make_inputs(const Problem& p, int32_t rows, uint32_t seed) {
  Inputs in;
  in.weight = random_floats(static_cast<size_t>(p.shape.n * p.shape.k), seed, 0.1f);
  if (p.dtype != LLM42_DTYPE_F32) {
    for (float& w : in.weight) {
      in.half.push_back(p.dtype == LLM42_DTYPE_BF16 ? f32_to_bf16(w) : f32_to_f16(w));
      w = p.dtype == LLM42_DTYPE_BF16 ? bf16_to_f32(in.half.back()) : f16_to_f32(in.half.back());
    }
  }
  in.bias = random_floats(static_cast<size_t>(p.shape.n), seed + 1);
  in.x = random_floats(static_cast<size_t>(rows) * static_cast<size_t>(p.shape.k), seed + 2);
  in.residual = random_floats(static_cast<size_t>(rows * width_of(p)), seed + 3);
  return in;
}

std::vector<float> run(const Machine& machine, const Problem& p, const Inputs& in, int32_t first_row,
                       int32_t rows, llm42_numerics numerics = LLM42_NUMERICS_INVARIANT) {
  const bool is_swiglu = p.epilogue == LLM42_EPILOGUE_SWIGLU;
  const int64_t element = p.dtype == LLM42_DTYPE_F32 ? 4 : 2;
  const auto* source = p.dtype == LLM42_DTYPE_F32 ? reinterpret_cast<const std::byte*>(in.weight.data())
                                                  : reinterpret_cast<const std::byte*>(in.half.data());
  const int64_t half = p.shape.n / 2;
  const llm42_weight_part parts[2] = {
      {source, half * p.shape.k * element, half},
      {source + half * p.shape.k * element, (p.shape.n - half) * p.shape.k * element, p.shape.n - half}};
  llm42_weight_params wp{};
  wp.struct_size = sizeof wp;
  wp.dtype = p.dtype;
  wp.layout = is_swiglu ? LLM42_WEIGHT_LAYOUT_GATE_UP : LLM42_WEIGHT_LAYOUT_ROWS;
  wp.columns = p.shape.k;
  wp.part_count = half > 0 ? 2 : 1;
  wp.parts = half > 0 ? parts : parts + 1;
  Weight weight;
  ok(llm42_weight_create(machine.stream, &wp, &weight.handle));

  const int64_t width = width_of(p);
  const std::vector<float> x(in.x.begin() + int64_t{first_row} * p.shape.k,
                             in.x.begin() + int64_t{first_row + rows} * p.shape.k);
  const std::vector<float> r(in.residual.begin() + first_row * width,
                             in.residual.begin() + (first_row + rows) * width);
  const Buffer input = machine.upload(x), bias = machine.upload(in.bias), residual = machine.upload(r);
  const Buffer output = machine.allocate(rows * width * 4);
  llm42_linear_params lp{};
  lp.struct_size = sizeof lp;
  lp.rows = rows;
  lp.numerics = numerics;
  lp.epilogue = p.epilogue;
  lp.weight = weight;
  lp.input = view(input);
  if (p.has_bias) lp.bias = view(bias);
  if (p.epilogue == LLM42_EPILOGUE_RESIDUAL) lp.residual = view(residual);
  lp.output = view(output);
  ok(llm42_linear(machine.stream, &lp));
  return machine.download<float>(output, static_cast<size_t>(rows * width));
}

// One f32 FMA chain per output, written as plainly as can be.
std::vector<float> chains(const Problem& p, const Inputs& in, int32_t rows) {
  std::vector<float> y;
  for (int64_t m = 0; m < rows; ++m) {
    for (int64_t n = 0; n < p.shape.n; ++n) {
      float sum = 0.0f;
      for (int64_t k = 0; k < p.shape.k; ++k) {
        sum = std::fma(in.x[static_cast<size_t>(m * p.shape.k + k)],
                       in.weight[static_cast<size_t>(n * p.shape.k + k)], sum);
      }
      if (p.has_bias) sum += in.bias[static_cast<size_t>(n)];
      if (p.epilogue == LLM42_EPILOGUE_RESIDUAL)
        sum = in.residual[static_cast<size_t>(m * p.shape.n + n)] + sum;
      y.push_back(sum);
    }
  }
  return y;
}

double reference_swiglu(const Problem& p, const Inputs& in, int64_t m, int64_t n) {
  double parts[2] = {};
  for (int i = 0; i < 2; ++i) {
    const int64_t row = n + i * p.shape.n / 2;
    for (int64_t k = 0; k < p.shape.k; ++k) {
      parts[i] += static_cast<double>(in.x[static_cast<size_t>(m * p.shape.k + k)]) *
                  static_cast<double>(in.weight[static_cast<size_t>(row * p.shape.k + k)]);
    }
    if (p.has_bias) parts[i] += static_cast<double>(in.bias[static_cast<size_t>(row)]);
  }
  return parts[0] / (1.0 + std::exp(-parts[0])) * parts[1];
}

}  // namespace

// The whole contract of cpu-fma-1 in one statement: the output is the plain chain, bit for bit.
TEST(Linear, IsOneChainPerOutput) {
  for (const llm42_cpu_isa isa : isas()) {
    for (const int32_t threads : {1, 2}) {
      if (is_sanitized && threads == 1) continue;
      const Machine machine(isa, threads);
      for (const Shape shape : {Shape{1, 1}, Shape{31, 7}, Shape{32, 64}, Shape{33, 200}, Shape{100, 513}}) {
        for (const int32_t rows : {1, 2, 3, 5, 6, 7, 11, 12, 13, 24, 37, 49, 130}) {
          const Problem p{shape,
                          rows % 2 == 0   ? LLM42_DTYPE_BF16
                          : rows % 3 == 0 ? LLM42_DTYPE_F16
                                          : LLM42_DTYPE_F32,
                          rows % 5 == 0 ? LLM42_EPILOGUE_RESIDUAL : LLM42_EPILOGUE_NONE, rows % 4 == 1};
          const Inputs in = make_inputs(p, rows, 7);
          EXPECT_EQ("", difference(chains(p, in, rows), run(machine, p, in, 0, rows)))
              << "isa " << isa << ", threads " << threads << ", N " << shape.n << ", K " << shape.k << ", M "
              << rows;
        }
      }
    }
  }
}

TEST(Linear, LargeProductsKeepTheChain) {
  const Problem p{{288, 700}, LLM42_DTYPE_BF16, LLM42_EPILOGUE_NONE, true};
  const int32_t rows = is_sanitized ? 150 : 1000;
  const Inputs in = make_inputs(p, rows, 11);
  EXPECT_EQ("", difference(chains(p, in, rows), run(Machine(LLM42_CPU_ISA_AUTO, 2), p, in, 0, rows)));
}

TEST(Linear, SwigluMatchesTheReferenceAndItselfOnEveryIsa) {
  for (const int64_t n : {2, 30, 32, 34, 64, 130}) {
    const Problem p{{n, 96}, LLM42_DTYPE_BF16, LLM42_EPILOGUE_SWIGLU, n % 4 == 0};
    const int32_t rows = 45;
    const Inputs in = make_inputs(p, rows, 3);
    const std::vector<float> expected = run(Machine(LLM42_CPU_ISA_PORTABLE), p, in, 0, rows);
    for (int64_t i = 0; i < rows * n / 2; ++i) {
      const double reference = reference_swiglu(p, in, i / (n / 2), i % (n / 2));
      ASSERT_NEAR(reference, static_cast<double>(expected[static_cast<size_t>(i)]),
                  1e-5 * (1 + std::fabs(reference)));
    }
    for (const llm42_cpu_isa isa : isas()) {
      const Machine machine(isa, 2);
      EXPECT_EQ("", difference(expected, run(machine, p, in, 0, rows))) << "isa " << isa << ", N " << n;
      for (const int32_t row : {0, 13, 44}) {
        EXPECT_EQ("", difference(expected.data() + row * (n / 2), run(machine, p, in, row, 1).data(),
                                 static_cast<size_t>(n / 2)))
            << "isa " << isa << ", N " << n << ", row " << row;
      }
    }
  }
}

// Fast numerics on a few threads are the invariant ones; planned for many they are not (the negative control
// of every claim above), and they then depend on the number of rows.
TEST(Linear, FastSplitsOnlyWhenPlannedForManyThreads) {
  const Problem p{{64, 1024}, LLM42_DTYPE_BF16, LLM42_EPILOGUE_NONE, false};
  const Inputs in = make_inputs(p, 300, 5);
  const std::vector<float> invariant = run(Machine(), p, in, 0, 1);
  for (const int32_t planned : {1, 2, 3}) {
    EXPECT_EQ("", difference(invariant,
                             run(Machine(LLM42_CPU_ISA_AUTO, 1, planned), p, in, 0, 1, LLM42_NUMERICS_FAST)));
  }
  const std::vector<float> split = run(Machine(LLM42_CPU_ISA_AUTO, 1, 64), p, in, 0, 1, LLM42_NUMERICS_FAST);
  EXPECT_NE("", difference(invariant, split));
  EXPECT_EQ("", difference(invariant, run(Machine(LLM42_CPU_ISA_AUTO, 1, 64), p, in, 0, 1)));
  for (const llm42_cpu_isa isa : isas()) {
    EXPECT_EQ("", difference(split, run(Machine(isa, 2, 64), p, in, 0, 1, LLM42_NUMERICS_FAST)))
        << "isa " << isa;
  }
  const std::vector<float> many = run(Machine(LLM42_CPU_ISA_AUTO, 1, 16), p, in, 0, 300, LLM42_NUMERICS_FAST);
  EXPECT_EQ("", difference(invariant.data(), many.data(), 64)) << "300 rows are work enough for 16 threads";
}

}  // namespace llm42::test
