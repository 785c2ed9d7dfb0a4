#include "cuda/weight.h"

#include <algorithm>
#include <cstring>

#include "core/dtype.h"
#include "core/error.h"
#include "core/validate.h"
#include "cuda/error.h"
#include "cuda/kernels/linear_int8/linear_int8_weight.h"
#include "cuda/relaxed_capture.h"
#include "cuda/stream.h"
#include "cuda/weight_int8.h"
#include "cuda/weight_source.h"

namespace llm42::cuda {

namespace {

uint16_t read_bf16(const std::byte* source, llm42_dtype dtype) {
  if (dtype == LLM42_DTYPE_F32) {
    float value;
    std::memcpy(&value, source, sizeof value);
    return f32_to_bf16(value);
  }
  uint16_t half;
  std::memcpy(&half, source, sizeof half);
  return f32_to_bf16(f16_to_f32(half));
}

// Elements begin..end of a packed row.
void pack_row(const llm42_weight_params& params, const std::byte* source, int64_t begin, int64_t end,
              std::byte* packed) {
  constexpr int64_t element = sizeof(bf16);
  const int64_t filled = source == nullptr ? begin : std::clamp<int64_t>(params.columns, begin, end);
  if (filled > begin && params.dtype == LLM42_DTYPE_BF16) {
    std::memcpy(packed, source + begin * element, static_cast<size_t>((filled - begin) * element));
  } else {
    for (int64_t k = begin; k < filled; ++k) {
      const uint16_t value = read_bf16(source + k * size_of(params.dtype), params.dtype);
      std::memcpy(packed + (k - begin) * element, &value, sizeof value);
    }
  }
  std::memset(packed + (filled - begin) * element, 0, static_cast<size_t>((end - filled) * element));
}

}  // namespace

int64_t CudaWeight::packed_rows(const llm42_weight_info& shape) {
  return linear_weight_rows(shape.rows, shape.layout == LLM42_WEIGHT_LAYOUT_GATE_UP);
}

int64_t CudaWeight::packed_size(const llm42_weight_info& shape) {
  // At most 2^31 rows and padding, 2^24 columns and 2 bytes: no overflow.
  const bool is_gate_up = shape.layout == LLM42_WEIGHT_LAYOUT_GATE_UP;
  if (shape.format == LLM42_DTYPE_I8) {
    return packed_rows(shape) * int8_stride(shape.columns) +
           int8_scales(shape.rows, is_gate_up) * int64_t{sizeof(float)};
  }
  return shape.groups * packed_rows(shape) * linear_weight_stride(shape.columns) * int64_t{sizeof(bf16)};
}

CudaWeight::CudaWeight(CudaDevice& owner, const llm42_weight_info& shape)
    : llm42_weight(owner, shape), block_(owner.memory(), shape.size, "weight", owner.memory().stream()) {
  check(cudaStreamSynchronize(owner.memory().stream()), "allocating a weight");
}

bf16* CudaWeight::data() const {
  if (info.format != LLM42_DTYPE_BF16) {
    fail(LLM42_STATUS_UNSUPPORTED, "the weight has format ", name_of(info.format),
         "; on the cuda backend this call takes weights of format bf16");
  }
  return reinterpret_cast<bf16*>(block_.data());
}

float* CudaWeight::scales() const {
  const int64_t rows = linear_weight_rows(info.rows, info.layout == LLM42_WEIGHT_LAYOUT_GATE_UP);
  return reinterpret_cast<float*>(block_.data() + rows * int8_stride(info.columns));
}

std::unique_ptr<llm42_weight> CudaStream::create_weight(const llm42_weight_params& params) {
  if (params.format != LLM42_DTYPE_BF16 && params.format != LLM42_DTYPE_I8) {
    fail(LLM42_STATUS_UNSUPPORTED, "format is ", params.format, " (", name_of(params.format),
         "); the cuda backend has weights of format bf16 and i8: pass format bf16 to have the source rounded "
         "to it");
  }
  if (params.format == LLM42_DTYPE_I8 && params.groups != 1) {
    fail(LLM42_STATUS_UNSUPPORTED, "groups is ", params.groups,
         " and format is i8; the cuda backend has several matrices in one weight as bf16 only");
  }
  const RelaxedCapture relaxed;
  begin();
  llm42_weight_info info{};
  info.struct_size = sizeof info;
  info.format = params.format;
  info.layout = params.layout;
  info.columns = params.columns;
  info.groups = params.groups;
  for (int32_t i = 0; i < params.part_count / params.groups; ++i) info.rows += params.parts[i].rows;
  info.size = CudaWeight::packed_size(info);
  if (info.format == LLM42_DTYPE_I8) return create_int8_weight(device_, uploads_, params, info);
  auto weight = std::make_unique<CudaWeight>(device_, info);

  constexpr int64_t element = sizeof(bf16);
  const int64_t stride = weight->stride();
  const int64_t rows = CudaWeight::packed_rows(info);
  uploads_.upload(reinterpret_cast<std::byte*>(weight->data()), info.size,
                  [&](int64_t from, int64_t to, std::byte* staged) {
                    // Ranges begin and end at elements: upload() cuts at multiples of 64 bytes.
                    for (int64_t at = from / element; at < to / element;) {
                      const int64_t row = at / stride;
                      const int64_t begin = at - row * stride;
                      const int64_t end = std::min(stride, begin + to / element - at);
                      const int64_t source = source_of_packed(info, row % rows);
                      pack_row(params, source < 0 ? nullptr : source_row(params, row / rows, source).data,
                               begin, end, staged + (at - from / element) * element);
                      at += end - begin;
                    }
                  });
  return weight;
}

}  // namespace llm42::cuda
