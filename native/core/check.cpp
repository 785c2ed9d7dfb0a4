#include "core/check.h"

#include <cmath>

#include "core/error.h"
#include "core/validate.h"

namespace llm42 {

void check_range(const char* name, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high) {
    fail_argument(name, " is ", value, "; it must be ", low, "..", high);
  }
}

void check_zero(const char* name, int64_t value) {
  if (value != 0) fail_argument(name, " is ", value, "; it must be 0");
}

void check_not_null(const char* name, const void* pointer) {
  if (pointer == nullptr) fail_argument(name, " is NULL");
}

void check_multiple(const char* name, int64_t value, const char* of, int64_t divisor) {
  if (value % divisor != 0) {
    fail_argument(name, " is ", value, "; it must be a multiple of ", of, " (", divisor, ")");
  }
}

void check_finite(const char* name, float value, float low) {
  if (!std::isfinite(value) || value < low) {
    fail_argument(name, " is ", value, "; it must be finite and at least ", low);
  }
}

void check_numerics(llm42_numerics numerics) {
  if (numerics != LLM42_NUMERICS_FAST && numerics != LLM42_NUMERICS_INVARIANT) {
    fail_argument("numerics is ", numerics, "; it must be 0 (fast) or 1 (invariant)");
  }
}

namespace {

// Most products of two numbers in -127..127 whose sum a 32-bit integer always holds.
constexpr int32_t max_i8_depth = INT32_MAX / (127 * 127);

}  // namespace

void check_compute_dtype(llm42_dtype compute, const llm42_weight_info& weight) {
  if (compute == LLM42_DTYPE_DEFAULT) return;
  if (compute != LLM42_DTYPE_I8) {
    fail_argument("compute_dtype is ", compute, " (", name_of(compute), "); it must be default or i8");
  }
  if (weight.format != LLM42_DTYPE_I8) {
    fail_argument("compute_dtype is ", compute, " (i8), but the weight has format ", name_of(weight.format),
                  "; pack it with format i8, or leave compute_dtype default");
  }
  if (weight.columns > max_i8_depth) {
    fail_argument("compute_dtype is ", compute, " (i8), but the weight has ", weight.columns,
                  " columns; sums of 32 bits are exact up to ", max_i8_depth,
                  ": leave compute_dtype default");
  }
}

void check_owner(const char* name, const Device* owner, const Device* device) {
  if (owner != device) fail_argument(name, " belongs to another device than the stream");
}

int64_t resolve_stride(const char* name, int64_t stride, int64_t width) {
  if (stride == 0) return width;
  if (stride < width || stride > max_extent) {
    fail_argument(name, " is ", stride, "; it must be 0 (dense) or ", width, "..", max_extent);
  }
  return stride;
}

namespace {

int64_t begin_of(const Matrix& matrix) {
  return matrix.view.offset;
}

int64_t end_of(const Matrix& matrix) {
  if (matrix.rows == 0 || matrix.width == 0) return matrix.view.offset;
  return matrix.view.offset + ((matrix.rows - 1) * matrix.stride + matrix.width) * matrix.element_size;
}

bool overlaps(const Matrix& a, const Matrix& b) {
  if (a.view.buffer == nullptr || a.view.buffer != b.view.buffer) return false;
  if (begin_of(a) == end_of(a) || begin_of(b) == end_of(b)) return false;
  if (end_of(a) <= begin_of(b) || end_of(b) <= begin_of(a)) return false;
  const int64_t pitch = a.stride * a.element_size;
  if (pitch != b.stride * b.element_size) return true;
  // Equal pitch, as with the parts of a fused projection: compare the columns alone.
  const int64_t shift = ((b.view.offset - a.view.offset) % pitch + pitch) % pitch;
  return shift < a.width * a.element_size || shift + b.width * b.element_size > pitch;
}

}  // namespace

void check_matrix(const Matrix& matrix, const Stream& stream) {
  const char* name = matrix.name;
  const llm42_view& view = matrix.view;
  if (view.buffer == nullptr) fail_argument(name, ".buffer is NULL");
  check_owner(name, view.buffer->device, stream.device);
  if (view.offset < 0 || view.offset > view.buffer->size) {
    fail_argument(name, ".offset is ", view.offset, "; it must be 0..", view.buffer->size,
                  ", the size of the buffer");
  }
  check_multiple(text(name, ".offset").c_str(), view.offset, "the element size", matrix.element_size);
  check_range(text(name, ": elements per row").c_str(), matrix.width, 0, max_extent);
  if (matrix.rows == 0 || matrix.width == 0) return;
  const int64_t needed = (matrix.rows - 1) * matrix.stride + matrix.width;
  const int64_t room = (view.buffer->size - view.offset) / matrix.element_size;
  if (needed > room) {
    fail_argument(name, " needs ", needed, " elements of ", matrix.element_size, " bytes (", matrix.rows,
                  " rows of ", matrix.width, ", stride ", matrix.stride, ") from offset ", view.offset,
                  ", but its buffer of ", view.buffer->size, " bytes has room for ", room);
  }
}

void check_disjoint(const Matrix& written, std::initializer_list<Matrix> others) {
  for (const Matrix& other : others) {
    if (overlaps(written, other)) {
      fail_argument(written.name, " (offset ", written.view.offset, ") overlaps ", other.name, " (offset ",
                    other.view.offset, ") in the same buffer");
    }
  }
}

void check_same_or_disjoint(const Matrix& written, const Matrix& other) {
  const bool same = written.view.buffer == other.view.buffer && written.view.offset == other.view.offset &&
                    written.stride == other.stride && written.width == other.width;
  if (!same) check_disjoint(written, {other});
}

}  // namespace llm42
