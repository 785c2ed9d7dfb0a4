// Operators on rows of activations: embedding, row gather, linear, RMS norm.
#include "cuda/buffer.h"
#include "cuda/error.h"
#include "cuda/kernels/rms_norm/rms_norm.h"
#include "cuda/not_implemented.h"
#include "cuda/stream.h"

namespace llm42::cuda {

void CudaStream::embedding(const llm42_embedding_params&) {
  not_implemented("embedding");
}

void CudaStream::gather_rows(const llm42_gather_rows_params&) {
  not_implemented("gather_rows");
}

void CudaStream::linear(const llm42_linear_params&) {
  not_implemented("linear");
}

void CudaStream::rms_norm(const llm42_rms_norm_params& p) {
  const cudaStream_t stream = begin();
  const RmsNorm work{at<const bf16>(p.input),
                     p.input_stride,
                     at<bf16>(p.residual),
                     at<const float>(p.weight),
                     at<bf16>(p.output),
                     p.output_stride,
                     p.rows,
                     p.groups,
                     p.width,
                     p.epsilon};
  check(cuda::rms_norm(work, stream), "launching rms_norm");
}

}  // namespace llm42::cuda
