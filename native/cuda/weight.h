// A packed weight: bf16 rows of `columns` elements, each padded with zeros to a multiple of 16 bytes.
//
// With layout gate_up, 8 rows of gate and the 8 rows of up that they meet take turns (gate 0..7, up 0..7,
// gate 8..15, ...), so that both meet in the registers of one thread; missing rows of the last 8 are zero.
#pragma once

#include "cuda/device.h"
#include "cuda/primitives/platform.h"

namespace llm42::cuda {

class CudaWeight final : public llm42_weight {
 public:
  // Rows of gate, or of up, that stand together.
  static constexpr int64_t gate_up_group = 8;

  CudaWeight(CudaDevice& owner, const llm42_weight_info& shape);

  // Bytes of a packed weight.
  static int64_t packed_size(const llm42_weight_info& shape);

  bf16* data() const { return reinterpret_cast<bf16*>(block_.data()); }
  // Elements from one row to the next.
  int64_t stride() const { return stride_of(info); }
  // Rows in memory, padding among them.
  int64_t packed_rows() const { return packed_rows_of(info); }

 private:
  static int64_t stride_of(const llm42_weight_info& shape);
  static int64_t packed_rows_of(const llm42_weight_info& shape);

  Block block_;
};

}  // namespace llm42::cuda
