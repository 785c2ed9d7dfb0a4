// Small argument checks, each of which names the argument, its value and what would be right.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "core/backend.h"

namespace llm42 {

// Largest number of elements in a row and from row to row. Below it, products of two such numbers and an
// element size cannot overflow 64 bits.
constexpr int64_t max_extent = INT32_MAX;

void check_range(const char* name, int64_t value, int64_t low, int64_t high);
void check_zero(const char* name, int64_t value);
void check_not_null(const char* name, const void* pointer);
void check_multiple(const char* name, int64_t value, const char* of, int64_t divisor);
void check_finite(const char* name, float value, float low);
void check_numerics(llm42_numerics numerics);

// Refuses factors of a product that a weight does not have, or whose sums need not be exact.
void check_compute_dtype(llm42_dtype compute, const llm42_weight_info& weight);

// Refuses a handle of another device than the stream's.
void check_owner(const char* name, const Device* owner, const Device* device);

template <class Handle>
void check_handle(const char* name, const Handle* handle, const Stream& stream) {
  check_not_null(name, handle);
  check_owner(name, handle->device, stream.device);
}

// A matrix inside a buffer: `rows` rows of `width` elements, `stride` elements apart.
struct Matrix {
  const char* name;
  llm42_view view;
  int32_t element_size;
  int64_t rows;
  int64_t width;
  int64_t stride;
};

inline Matrix vector(const char* name, llm42_view view, int32_t element_size, int64_t count) {
  return {name, view, element_size, 1, count, count};
}

// Resolves 0 to "dense" and checks the range.
int64_t resolve_stride(const char* name, int64_t stride, int64_t width);

void check_matrix(const Matrix& matrix, const Stream& stream);

void check_disjoint(const Matrix& written, std::initializer_list<Matrix> others);

// For operators that may work in place: the same rows exactly, or no common element.
void check_same_or_disjoint(const Matrix& written, const Matrix& other);

}  // namespace llm42
