#include "cuda/weight.h"

#include <algorithm>
#include <cstring>

#include "core/dtype.h"
#include "core/error.h"
#include "core/validate.h"
#include "cuda/error.h"
#include "cuda/relaxed_capture.h"
#include "cuda/stream.h"

namespace llm42::cuda {

namespace {

// Row `row` of the parts stacked on one another.
const std::byte* source_row(const llm42_weight_params& params, int64_t row) {
  const llm42_weight_part* part = params.parts;
  while (row >= part->rows) row -= (part++)->rows;
  return static_cast<const std::byte*>(part->data) + row * params.columns * size_of(params.dtype);
}

// Row of the joined source that a packed row holds; -1 for padding.
int64_t source_of_packed(const llm42_weight_info& info, int64_t row) {
  if (info.layout != LLM42_WEIGHT_LAYOUT_GATE_UP) return row;
  const int64_t feature = row / (2 * kGateUpGroup) * kGateUpGroup + row % kGateUpGroup;
  if (feature >= info.rows / 2) return -1;
  return row % (2 * kGateUpGroup) < kGateUpGroup ? feature : info.rows / 2 + feature;
}

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

int64_t CudaWeight::packed_size(const llm42_weight_info& shape) {
  // At most 2^31 rows and padding, 2^24 columns and 2 bytes: no overflow.
  return linear_weight_rows(shape.rows, shape.layout == LLM42_WEIGHT_LAYOUT_GATE_UP) *
         linear_weight_stride(shape.columns) * int64_t{sizeof(bf16)};
}

CudaWeight::CudaWeight(CudaDevice& owner, const llm42_weight_info& shape)
    : llm42_weight(owner, shape), block_(owner.memory(), shape.size, "weight", owner.memory().stream()) {
  check(cudaStreamSynchronize(owner.memory().stream()), "allocating a weight");
}

std::unique_ptr<llm42_weight> CudaStream::create_weight(const llm42_weight_params& params) {
  if (params.format != LLM42_DTYPE_BF16) {
    fail(LLM42_STATUS_UNSUPPORTED, "format is ", params.format, " (", name_of(params.format),
         "); the cuda backend computes with bf16 weights: pass format bf16 to have the source rounded to it");
  }
  const RelaxedCapture relaxed;
  begin();
  llm42_weight_info info{};
  info.struct_size = sizeof info;
  info.format = params.format;
  info.layout = params.layout;
  info.columns = params.columns;
  for (int32_t i = 0; i < params.part_count; ++i) info.rows += params.parts[i].rows;
  info.size = CudaWeight::packed_size(info);
  auto weight = std::make_unique<CudaWeight>(device_, info);

  constexpr int64_t element = sizeof(bf16);
  const int64_t stride = weight->stride();
  uploads_.upload(reinterpret_cast<std::byte*>(weight->data()), info.size,
                  [&](int64_t from, int64_t to, std::byte* staged) {
                    // Ranges begin and end at elements: upload() cuts at multiples of 64 bytes.
                    for (int64_t at = from / element; at < to / element;) {
                      const int64_t row = at / stride;
                      const int64_t begin = at - row * stride;
                      const int64_t end = std::min(stride, begin + to / element - at);
                      const int64_t source = source_of_packed(info, row);
                      pack_row(params, source < 0 ? nullptr : source_row(params, source), begin, end,
                               staged + (at - from / element) * element);
                      at += end - begin;
                    }
                  });
  return weight;
}

}  // namespace llm42::cuda
