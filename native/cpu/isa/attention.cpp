// Softmax of a part of a row's scores, and the merge of parts.
#include "cpu/isa/elementary.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

LLM42_INLINE int64_t left(int64_t count, int64_t i) {
  return count - i < lanes ? count - i : lanes;
}

// Lanes of the vector at `i` that lie in [begin, end), others replaced.
LLM42_INLINE F32x16 within(F32x16 x, int64_t i, int64_t begin, int64_t end, F32x16 other) {
  if (end - i < lanes) x = select(first(end > i ? end - i : 0), x, other);
  if (begin > i) x = select(first(begin - i), other, x);
  return x;
}

LLM42_INLINE float to_f32(float value) {
  return value;
}
LLM42_INLINE float to_f32(uint16_t value) {
  return bf16_to_f32(value);
}
LLM42_INLINE F32x16 load_any(const float* p) {
  return load(p);
}
LLM42_INLINE F32x16 load_any(const uint16_t* p) {
  return load_bf16(p);
}

template <class Element>
void gather_panel(const void* source, int64_t stride, int64_t rows, int64_t width, float* panel) {
  const auto* from = static_cast<const Element*>(source);
  if (width == panel_columns) {
    for (int64_t row = 0; row < rows; ++row) {
      store(panel + row * panel_columns, load_any(from + row * stride));
      store(panel + row * panel_columns + lanes, load_any(from + row * stride + lanes));
    }
  } else if (width == lanes) {
    for (int64_t row = 0; row < rows; ++row)
      store(panel + row * panel_columns, load_any(from + row * stride));
  } else {
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < width; ++i) panel[row * panel_columns + i] = to_f32(from[row * stride + i]);
    }
  }
}

void softmax_part(float* scores, int64_t begin, int64_t end, float* largest_out, float* sum_out) {
  const float minus_infinity = -__builtin_inff();
  const int64_t from = begin / lanes * lanes;
  F32x16 highest = splat(minus_infinity);
  for (int64_t i = from; i < end; i += lanes) {
    highest = max(within(load(scores + i), i, begin, end, splat(minus_infinity)), highest);
  }
  const float top = largest(highest, minus_infinity);
  // With every score at -inf any finite reference makes every weight 0.
  const F32x16 reference = splat(top == minus_infinity ? 0.0f : top);
  F32x16 total = zero();
  for (int64_t i = from; i < end; i += lanes) {
    const F32x16 weight = within(exp_of_negative(sub(load(scores + i), reference)), i, begin, end, zero());
    store(scores + i, weight);
    total = add(total, weight);
  }
  *largest_out = top;
  *sum_out = sum(total);
}

void merge(float* running_largest, float* running_sum, float* running, float largest, float sum,
           const float* values, int64_t count) {
  const float minus_infinity = -__builtin_inff();
  const float top = largest > *running_largest ? largest : *running_largest;
  const F32x16 reference = splat(top == minus_infinity ? 0.0f : top);
  const F32x16 keep = exp(sub(splat(*running_largest), reference));
  const F32x16 take = exp(sub(splat(largest), reference));
  *running_sum = first_lane(fma(splat(sum), take, mul(splat(*running_sum), keep)));
  *running_largest = top;
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = left(count, i);
    store_first(running + i, fma(load_first(values + i, n), take, mul(load_first(running + i, n), keep)), n);
  }
}

void divide(const float* values, float divisor, float* output, int64_t count) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = left(count, i);
    store_first(output + i, div(load_first(values + i, n), splat(divisor)), n);
  }
}

void scale(const float* values, float factor, float* output, int64_t count) {
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = left(count, i);
    store_first(output + i, mul(load_first(values + i, n), splat(factor)), n);
  }
}

}  // namespace

void add_attention(Kernels& kernels) {
  kernels.gather_panel[format_f32] = gather_panel<float>;
  kernels.gather_panel[format_f16] = nullptr;  // no cache holds f16
  kernels.gather_panel[format_bf16] = gather_panel<uint16_t>;
  kernels.softmax_part = softmax_part;
  kernels.merge = merge;
  kernels.divide = divide;
  kernels.scale = scale;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
