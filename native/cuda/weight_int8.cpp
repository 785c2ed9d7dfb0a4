#include "cuda/weight_int8.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/quantize.h"
#include "core/weight_source.h"
#include "cuda/kernels/linear_int8/linear_int8_weight.h"
#include "cuda/weight_source.h"

namespace llm42::cuda {

namespace {

// Elements that are converted together; whole groups.
constexpr int64_t block = 16 * kInt8Group;
static_assert(block <= source_block);

// Bytes begin..end, whole groups, of a packed row.
void pack_row(const llm42_weight_params& params, const std::byte* source, float scale, int64_t begin,
              int64_t end, std::byte* packed) {
  std::memset(packed, 0, static_cast<size_t>(end - begin));
  if (source == nullptr || scale == 0.0f) return;
  float values[block];
  int8_t bytes[block];
  const int64_t filled = std::min<int64_t>(end, params.columns);
  for (; begin < filled; begin += block, packed += block) {
    const int64_t count = std::min(block, filled - begin);
    read_f32(source, params.dtype, begin, count, values);
    for (int64_t i = 0; i < count; ++i) bytes[i] = f32_to_i8(values[i], scale);
    for (int64_t i = 0; i < count; ++i) packed[int8_place(i)] = static_cast<std::byte>(bytes[i]);
  }
}

}  // namespace

std::unique_ptr<llm42_weight> create_int8_weight(CudaDevice& device, UploadStaging& uploads,
                                                 const llm42_weight_params& params,
                                                 const llm42_weight_info& info) {
  const bool is_gate_up = info.layout == LLM42_WEIGHT_LAYOUT_GATE_UP;
  const int64_t rows = linear_weight_rows(info.rows, is_gate_up);
  std::vector<float> scales(static_cast<size_t>(int8_scales(info.rows, is_gate_up)));
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t source = source_of_packed(info, row);
    if (source >= 0) scales[static_cast<size_t>(row)] = scale_of_row(params, source_row(params, 0, source));
  }

  auto weight = std::make_unique<CudaWeight>(device, info);
  const int64_t stride = int8_stride(info.columns);
  uploads.upload(reinterpret_cast<std::byte*>(weight->int8_data()), rows * stride,
                 [&](int64_t from, int64_t to, std::byte* staged) {
                   // Ranges begin and end at groups: upload() cuts at multiples of 64 bytes.
                   for (int64_t at = from; at < to;) {
                     const int64_t row = at / stride;
                     const int64_t begin = at - row * stride;
                     const int64_t end = std::min(stride, begin + to - at);
                     const int64_t source = source_of_packed(info, row);
                     pack_row(params, source < 0 ? nullptr : source_row(params, 0, source).data,
                              scales[static_cast<size_t>(row)], begin, end, staged + (at - from));
                     at += end - begin;
                   }
                 });
  const auto* const bytes = reinterpret_cast<const std::byte*>(scales.data());
  uploads.upload(reinterpret_cast<std::byte*>(weight->scales()),
                 static_cast<int64_t>(scales.size() * sizeof(float)),
                 [&](int64_t from, int64_t to, std::byte* staged) {
                   std::memcpy(staged, bytes + from, static_cast<size_t>(to - from));
                 });
  return weight;
}

}  // namespace llm42::cuda
