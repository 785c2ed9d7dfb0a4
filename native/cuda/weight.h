// A packed weight: rows of `columns` elements, each padded with zeros to a multiple of 16 bytes; of bf16, or
// of int8 (linear_int8_weight.h) with the scales of its rows behind them.
//
// With layout gate_up, 8 rows of gate and the 8 rows of up that they meet take turns (gate 0..7, up 0..7,
// gate 8..15, ...), so that both meet in the registers of one thread; missing rows of the last 8 are zero.
// The matrices of a weight with groups follow one another.
#pragma once

#include "cuda/device.h"
#include "cuda/kernels/linear/linear_weight.h"
#include "cuda/primitives/platform.h"

namespace llm42::cuda {

class CudaWeight final : public llm42_weight {
 public:
  CudaWeight(CudaDevice& owner, const llm42_weight_info& shape);

  // Packed rows of one matrix.
  static int64_t packed_rows(const llm42_weight_info& shape);
  // Bytes of a packed weight, its scales included.
  static int64_t packed_size(const llm42_weight_info& shape);

  // Of format bf16. A weight of another format is refused: no kernel may take its bytes for bf16.
  bf16* data() const;
  // Elements from one row of bf16 to the next.
  int64_t stride() const { return linear_weight_stride(info.columns); }

  // Of format i8.
  int8_t* int8_data() const { return reinterpret_cast<int8_t*>(block_.data()); }
  float* scales() const;

 private:
  Block block_;
};

}  // namespace llm42::cuda
