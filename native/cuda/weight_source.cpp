#include "cuda/weight_source.h"

#include "cuda/kernels/linear/linear_weight.h"

namespace llm42::cuda {

int64_t source_of_packed(const llm42_weight_info& info, int64_t row) {
  if (info.layout != LLM42_WEIGHT_LAYOUT_GATE_UP) return row;
  const int64_t feature = row / (2 * kGateUpGroup) * kGateUpGroup + row % kGateUpGroup;
  if (feature >= info.rows / 2) return -1;
  return row % (2 * kGateUpGroup) < kGateUpGroup ? feature : info.rows / 2 + feature;
}

}  // namespace llm42::cuda
