// Passes over a row of logits.
#include "cpu/isa/elementary.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

constexpr float minus_infinity = -__builtin_inff();

LLM42_INLINE int64_t left(int64_t count, int64_t i) {
  return count - i < lanes ? count - i : lanes;
}

// The vector at `i`, absent lanes replaced.
LLM42_INLINE F32x16 load_or(const float* x, int64_t count, int64_t i, float other) {
  if (count - i >= lanes) return load(x + i);
  return select(first(count - i), load_first(x + i, count - i), splat(other));
}

float largest_of(const float* x, int64_t count) {
  F32x16 highest = splat(minus_infinity);
  for (int64_t i = 0; i < count; i += lanes) highest = max(load_or(x, count, i, minus_infinity), highest);
  return largest(highest, minus_infinity);
}

// One accumulator per lane index % 16, ascending, then the fixed tree.
float sum_of_exp(const float* x, int64_t count, float top) {
  F32x16 total = zero();
  for (int64_t i = 0; i < count; i += lanes) {
    F32x16 value = exp(sub(load_or(x, count, i, minus_infinity), splat(top)));
    if (count - i < lanes) value = select(first(count - i), value, zero());
    total = add(total, value);
  }
  return sum(total);
}

float log_of(float x) {
  return first_lane(log(splat(x)));
}

void log_softmax(const float* x, int64_t count, float top, float log_sum, float* output) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = left(count, i);
    const F32x16 value = load_first(x + i, n);
    const F32x16 result = sub(sub(value, splat(top)), splat(log_sum));
    store_first(output + i, select(equal(value, splat(minus_infinity)), value, result), n);
  }
}

void exp_of(const float* x, float shift, float* output, int64_t count) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = left(count, i);
    store_first(output + i, exp(sub(load_first(x + i, n), splat(shift))), n);
  }
}

int64_t find_above(const float* x, int64_t count, float threshold, int64_t* position, uint32_t* ids,
                   int64_t capacity) {
  int64_t found = 0;
  int64_t i = *position;
  for (; i < count && found + lanes <= capacity; i += lanes) {
    const int64_t n = left(count, i);
    uint32_t hits = bits(less(splat(threshold), load_first(x + i, n)));
    if (n < lanes) hits &= (1u << n) - 1u;
    for (; hits != 0; hits &= hits - 1u) {
      ids[found++] = static_cast<uint32_t>(i) + static_cast<uint32_t>(__builtin_ctz(hits));
    }
  }
  *position = i < count ? i : count;
  return found;
}

}  // namespace

void add_logits(Kernels& kernels) {
  kernels.largest = largest_of;
  kernels.sum_of_exp = sum_of_exp;
  kernels.log = log_of;
  kernels.log_softmax = log_softmax;
  kernels.exp = exp_of;
  kernels.find_above = find_above;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
