// Operators that treat each row, or each window, by itself: RMS norm, row gather, first mismatch.
#include <algorithm>
#include <cstring>

#include "cpu/objects.h"
#include "cpu/thread_pool.h"

namespace llm42::cpu {

void CpuStream::rms_norm(const llm42_rms_norm_params& p) {
  const auto* input = at<const float>(p.input);
  const auto* weight = at<const float>(p.weight);
  auto* residual = at<float>(p.residual);
  auto* output = at<float>(p.output);
  const int64_t row_width = int64_t{p.groups} * p.width;
  const Kernels& kernels = device_.kernels();
  const int threads = device_.threads_for(p.rows * row_width);
  const int64_t units = int64_t{p.rows} * p.groups;
  parallel_for(device_.pool(), threads, units, std::clamp<int64_t>(units / (threads * 8), 1, 64),
               [&](int64_t unit, int) {
                 const int64_t row = unit / p.groups;
                 const int64_t column = unit % p.groups * p.width;
                 kernels.rms_norm(input + row * p.input_stride + column,
                                  residual == nullptr ? nullptr : residual + row * row_width + column, weight,
                                  output + row * p.output_stride + column, p.width, p.epsilon);
               });
}

void CpuStream::gather_rows(const llm42_gather_rows_params& p) {
  const auto* indices = at<const int32_t>(p.indices);
  const auto* input = at<const float>(p.input);
  auto* output = at<float>(p.output);
  for (int64_t row = 0; row < p.rows; ++row) check_index("indices", row, indices[row], 0, p.input_rows - 1);
  for (int64_t row = 0; row < p.rows; ++row) {
    std::memcpy(output + row * p.width, input + int64_t{indices[row]} * p.width,
                static_cast<size_t>(p.width) * sizeof(float));
  }
}

void CpuStream::first_mismatch(const llm42_first_mismatch_params& p) {
  const auto* starts = at<const int32_t>(p.starts);
  const auto* drafts = at<const int32_t>(p.drafts);
  const auto* predictions = at<const int32_t>(p.predictions);
  auto* accepted = at<int32_t>(p.accepted);
  check_starts("starts", starts, p.windows, p.draft_count);
  for (int64_t window = 0; window < p.windows; ++window) {
    const int64_t begin = starts[window];
    const int64_t count = starts[window + 1] - begin;
    int64_t same = 0;
    while (same < count && drafts[begin + same] == predictions[begin + window + same]) ++same;
    accepted[window] = static_cast<int32_t>(same);
  }
}

}  // namespace llm42::cpu
