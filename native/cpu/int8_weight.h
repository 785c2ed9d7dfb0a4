// A weight of int8 with a scale per output feature.
#pragma once

#include <memory>

#include "cpu/objects.h"

namespace llm42::cpu {

// Panels of 32 output features, [panel][K / 4, rounded up][32][4], zeros behind the elements; the panels hold
// the features that those of CpuWeight hold, the matrices of a weight with groups one after the other. Behind
// them the scales, f32 [panel][32].
class CpuInt8Weight final : public llm42_weight {
 public:
  CpuInt8Weight(CpuDevice& device, const llm42_weight_info& shape);

  static int64_t packed_size(const llm42_weight_info& shape);

  void* packed() const override { return block_.data(); }
  int64_t panels() const;  // of one matrix
  int64_t quads() const { return quads_of(info.columns); }
  int64_t panel_size() const { return quads() * 4 * panel_columns; }
  const int8_t* panel(int64_t index) const { return elements() + index * panel_size(); }
  int8_t* panel(int64_t index) { return elements() + index * panel_size(); }
  const float* scales(int64_t panel) const { return all_scales() + panel * panel_columns; }
  float* scales(int64_t panel) { return all_scales() + panel * panel_columns; }

  static int64_t quads_of(int64_t columns) { return (columns + 3) / 4; }

 private:
  int8_t* elements() const { return reinterpret_cast<int8_t*>(block_.data()); }
  float* all_scales() const {
    return reinterpret_cast<float*>(block_.data() + info.groups * panels() * panel_size());
  }

  Block block_;
};

// Packs `params`, whose format is i8. Refuses a source that is not finite.
std::unique_ptr<llm42_weight> create_int8_weight(CpuDevice& device, const llm42_weight_params& params);

}  // namespace llm42::cpu
