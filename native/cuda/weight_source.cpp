#include "cuda/weight_source.h"

#include "core/validate.h"
#include "cuda/kernels/linear/linear_weight.h"

namespace llm42::cuda {

SourceRow source_row(const llm42_weight_params& params, int64_t group, int64_t row) {
  auto part = static_cast<int32_t>(group * (params.part_count / params.groups));
  while (row >= params.parts[part].rows) row -= params.parts[part++].rows;
  const auto* data = static_cast<const std::byte*>(params.parts[part].data);
  return {part, row, data + row * params.columns * size_of(params.dtype)};
}

int64_t source_of_packed(const llm42_weight_info& info, int64_t row) {
  if (info.layout != LLM42_WEIGHT_LAYOUT_GATE_UP) return row;
  const int64_t feature = row / (2 * kGateUpGroup) * kGateUpGroup + row % kGateUpGroup;
  if (feature >= info.rows / 2) return -1;
  return row % (2 * kGateUpGroup) < kGateUpGroup ? feature : info.rows / 2 + feature;
}

}  // namespace llm42::cuda
