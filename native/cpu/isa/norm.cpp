// RMS norm and rotary embedding of one row.
#include "cpu/isa/elementary.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

LLM42_INLINE int64_t left(int64_t count, int64_t i) {
  return count - i < lanes ? count - i : lanes;
}

// One accumulator per lane index % 16, ascending, then the fixed tree. Absent lanes of the tail are zero.
void rms_norm(const float* x, float* residual, const float* weight, float* output, int64_t width,
              float epsilon) {
  F32x16 squares = zero();
  for (int64_t i = 0; i < width; i += lanes) {
    const int64_t count = left(width, i);
    F32x16 value = load_first(x + i, count);
    if (residual != nullptr) {
      value = add(load_first(residual + i, count), value);
      store_first(residual + i, value, count);
    }
    squares = fma(value, value, squares);
  }
  const float mean = sum(squares) / static_cast<float>(width);
  const F32x16 inverse = splat(1.0f / __builtin_sqrtf(mean + epsilon));
  const float* source = residual != nullptr ? residual : x;
  for (int64_t i = 0; i < width; i += lanes) {
    const int64_t count = left(width, i);
    const F32x16 normal = mul(load_first(source + i, count), inverse);
    store_first(output + i, mul(normal, load_first(weight + i, count)), count);
  }
}

void rotate(float* x, const float* cosines, const float* sines, int64_t half) {
  for (int64_t i = 0; i < half; i += lanes) {
    const int64_t count = left(half, i);
    const F32x16 a = load_first(x + i, count);
    const F32x16 b = load_first(x + half + i, count);
    const F32x16 cosine = load_first(cosines + i, count);
    const F32x16 sine = load_first(sines + i, count);
    store_first(x + i, negated_fma(b, sine, mul(a, cosine)), count);
    store_first(x + half + i, fma(a, sine, mul(b, cosine)), count);
  }
}

}  // namespace

void add_norm(Kernels& kernels) {
  kernels.rms_norm = rms_norm;
  kernels.rotate = rotate;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
