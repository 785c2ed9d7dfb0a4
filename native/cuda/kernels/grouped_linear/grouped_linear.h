// Products of slots of activations with the matrices of their experts (llm42/moe.h).
#pragma once

#include "cuda/kernels/grouped_linear/grouped_linear_schedule.h"
#include "cuda/kernels/linear/linear.h"
#include "cuda/primitives/report.h"

namespace llm42::cuda {

// Where starts are wrong nothing is computed; an entry of `order` out of range leaves its place alone. Both
// are reported.
struct GroupedLinear {
  // Input, matrices and output: `rows` counts slots, which are the rows of the output, and `weight` is the
  // first of the matrices, which follow one another. No bias, no residual.
  Linear product;
  const int32_t* starts;  // [experts + 1]: the slots of expert e are order[starts[e]] .. order[starts[e+1]-1]
  const int32_t* order;   // [slots]: every slot once
  ErrorSlot* error;
  int32_t experts;        // 1 or more
  int32_t slots_per_row;  // slot s reads input row s / slots_per_row; 1 or more
};

constexpr GroupedShape grouped_shape(const GroupedLinear& work) {
  const LinearShape shape = linear_shape(work.product);
  return {shape.rows, work.experts, shape.columns, shape.depth};
}

// output[s] = epilogue(input[s / slots_per_row] x matrix^T), the matrix being that of the expert of slot s.
// With the segments of invariant_linear_schedule() each slot has the bits that linear() gives its row with
// that matrix alone. cudaErrorInvalidValue where the product is not valid (linear.h) or has a bias or a
// residual, or a size is below 1.
cudaError_t grouped_linear(const GroupedLinear& work, const LinearSchedule& schedule, cudaStream_t stream);

}  // namespace llm42::cuda
