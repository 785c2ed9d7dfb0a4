// Linear with an int8 weight.
#include "cuda/error.h"
#include "cuda/kernels/linear_int8/linear_int8.h"
#include "cuda/kernels/linear_int8/quantize_rows.h"
#include "cuda/stream.h"
#include "cuda/weight.h"

namespace llm42::cuda {

namespace {

constexpr int64_t aligned(int64_t bytes) {
  return (bytes + 15) / 16 * 16;
}

}  // namespace

void CudaStream::linear_int8(const llm42_linear_params& p, const Linear& product) {
  const cudaStream_t stream = handle_.get();
  const auto& weight = static_cast<const CudaWeight&>(*p.weight);
  LinearInt8 work{};
  work.product = product;
  work.weight = weight.int8_data();
  work.weight_stride = int8_stride(product.depth);
  work.weight_scale = weight.scales();

  const bool is_int8 = p.compute_dtype == LLM42_DTYPE_I8;
  const LinearShape shape = linear_shape(product);
  const LinearSchedule schedule = !is_int8 && p.numerics == LLM42_NUMERICS_INVARIANT
                                      ? invariant_int8_schedule(shape, device_.multiprocessors())
                                      : fast_int8_schedule(shape, device_.multiprocessors());
  // The workspace: segments, then the quantised rows and their scales.
  work.product.workspace_bytes = linear_workspace_bytes(shape, schedule);
  const int64_t segments = aligned(work.product.workspace_bytes);
  const int64_t rows = is_int8 ? product.rows * int8_stride(product.depth) : 0;
  const int64_t scales = is_int8 ? product.rows * int64_t{sizeof(float)} : 0;
  std::byte* const memory = segments + rows + scales > 0 ? workspace(segments + rows + scales) : nullptr;
  if (segments > 0) work.product.workspace = reinterpret_cast<float*>(memory);
  if (is_int8) {
    QuantizeRows quantization{};
    quantization.input = product.input;
    quantization.input_stride = product.input_stride;
    quantization.output = reinterpret_cast<int8_t*>(memory + segments);
    quantization.output_stride = int8_stride(product.depth);
    quantization.scale = reinterpret_cast<float*>(memory + segments + rows);
    quantization.rows = product.rows;
    quantization.width = product.depth;
    check(quantize_rows(quantization, stream), "launching quantize_rows");
    work.rows = quantization.output;
    work.rows_stride = quantization.output_stride;
    work.row_scale = quantization.scale;
  }
  check(cuda::linear_int8(work, schedule, stream), "launching linear_int8");
}

}  // namespace llm42::cuda
