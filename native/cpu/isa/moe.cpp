// Sums of what the experts say.
#include "cpu/isa/elementary.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

void weighted_sum(const float* input, int64_t stride, const float* weights, int64_t count,
                  const float* residual, float* output, int64_t width) {
  for (int64_t i = 0; i < width; i += lanes) {
    const int64_t n = width - i < lanes ? width - i : lanes;
    F32x16 total = zero();
    for (int64_t j = 0; j < count; ++j) {
      total = fma(splat(weights[j]), load_first(input + j * stride + i, n), total);
    }
    if (residual != nullptr) total = add(load_first(residual + i, n), total);
    store_first(output + i, total, n);
  }
}

}  // namespace

void add_moe(Kernels& kernels) {
  kernels.weighted_sum = weighted_sum;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
