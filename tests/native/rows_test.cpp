// RMS norm, rotation, embedding and row gather.
#include <cmath>

#include "harness.h"

namespace llm42::test {

namespace {

std::vector<float> normalise(const Machine& machine, int32_t rows, int32_t groups, int32_t width,
                             const std::vector<float>& x, const std::vector<float>& weight,
                             std::vector<float>* residual) {
  const Buffer input = machine.upload(x), w = machine.upload(weight),
               output = machine.allocate(static_cast<int64_t>(x.size()) * 4);
  Buffer r;
  if (residual != nullptr) r = machine.upload(*residual);
  llm42_rms_norm_params p{};
  p.struct_size = sizeof p;
  p.rows = rows;
  p.groups = groups;
  p.width = width;
  p.epsilon = 1e-5f;
  p.input = view(input);
  p.residual = {r.handle, 0};
  p.weight = view(w);
  p.output = view(output);
  ok(llm42_rms_norm(machine.stream, &p));
  if (residual != nullptr) *residual = machine.download<float>(r, x.size());
  return machine.download<float>(output, x.size());
}

}  // namespace

TEST(RmsNorm, MatchesTheReferenceWithTheSameBitsOnEveryIsa) {
  for (const int32_t width : {1, 8, 15, 16, 17, 80, 576, 1000}) {
    const int32_t rows = 3, groups = 4;
    const auto count = static_cast<size_t>(rows * groups * width);
    const std::vector<float> x = random_floats(count, 1),
                             weight = random_floats(static_cast<size_t>(width), 2);
    for (const bool has_residual : {false, true}) {
      std::vector<float> expected, expected_sum;
      for (const llm42_cpu_isa isa : isas()) {
        std::vector<float> sum = random_floats(count, 3);
        const std::vector<float> before = sum;
        const std::vector<float> y =
            normalise(Machine(isa, 2), rows, groups, width, x, weight, has_residual ? &sum : nullptr);
        if (expected.empty()) {
          expected = y;
          expected_sum = sum;
        }
        EXPECT_EQ("", difference(expected, y)) << "isa " << isa << ", width " << width;
        EXPECT_EQ("", difference(expected_sum, sum)) << "isa " << isa << ", width " << width;
        for (size_t group = 0; group < static_cast<size_t>(rows * groups); ++group) {
          double squares = 0.0;
          const auto value = [&](size_t i) {
            return has_residual ? before[group * static_cast<size_t>(width) + i] +
                                      x[group * static_cast<size_t>(width) + i]
                                : x[group * static_cast<size_t>(width) + i];
          };
          for (size_t i = 0; i < static_cast<size_t>(width); ++i)
            squares += std::pow(static_cast<double>(value(i)), 2);
          const double scale = 1.0 / std::sqrt(squares / width + static_cast<double>(1e-5f));
          for (size_t i = 0; i < static_cast<size_t>(width); ++i) {
            ASSERT_NEAR(static_cast<double>(value(i)) * scale * static_cast<double>(weight[i]),
                        static_cast<double>(y[group * static_cast<size_t>(width) + i]), 1e-5);
          }
        }
      }
    }
  }
}

TEST(Rope, RotatesThePairs) {
  for (const llm42_cpu_isa isa : isas()) {
    for (const int64_t half : {1, 4, 16, 20, 64}) {
      const std::vector<float> x = random_floats(static_cast<size_t>(2 * half), 1);
      const std::vector<float> angles = random_floats(static_cast<size_t>(2 * half), 2);
      std::vector<float> y = x;
      cpu::kernels_for(isa).rotate(y.data(), angles.data(), angles.data() + half, half);
      for (size_t i = 0; i < static_cast<size_t>(half); ++i) {
        const auto h = static_cast<size_t>(half);
        EXPECT_EQ(std::fma(-x[h + i], angles[h + i], x[i] * angles[i]), y[i]) << "isa " << isa;
        EXPECT_EQ(std::fma(x[i], angles[h + i], x[h + i] * angles[i]), y[h + i]) << "isa " << isa;
      }
    }
  }
}

TEST(Embedding, ReadsTheRowsOfAPackedWeight) {
  const Machine machine;
  const std::vector<float> table = random_floats(70 * 9, 4);
  const llm42_weight_part part{table.data(), 70 * 9 * 4, 70};
  llm42_weight_params wp{};
  wp.struct_size = sizeof wp;
  wp.dtype = LLM42_DTYPE_F32;
  wp.columns = 9;
  wp.part_count = 1;
  wp.parts = &part;
  Weight weight;
  ok(llm42_weight_create(machine.stream, &wp, &weight.handle));
  const std::vector<int32_t> ids{69, 0, 31, 32, 64, 5};
  const Buffer id = machine.upload(ids), output = machine.allocate(6 * 9 * 4);
  llm42_embedding_params p{};
  p.struct_size = sizeof p;
  p.rows = 6;
  p.table = weight;
  p.ids = view(id);
  p.output = view(output);
  ok(llm42_embedding(machine.stream, &p));
  const std::vector<float> rows = machine.download<float>(output, 6 * 9);
  for (size_t r = 0; r < 6; ++r) {
    EXPECT_EQ("", difference(table.data() + static_cast<size_t>(ids[r]) * 9, rows.data() + r * 9, 9));
  }
  const Buffer bad = machine.upload(std::vector<int32_t>{0, 1, 2, 3, 70, 0});
  p.ids = view(bad);
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_embedding(machine.stream, &p));
  EXPECT_NE(nullptr, std::strstr(llm42_error_message(), "ids[4] is 70")) << llm42_error_message();
}

}  // namespace llm42::test
