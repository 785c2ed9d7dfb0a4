// The CUDA backend's stream: one stream of the runtime, its staging memory, its workspace and its error slot.
#pragma once

#include <memory>
#include <vector>

#include "cuda/device.h"
#include "cuda/primitives/report.h"
#include "cuda/staging.h"

namespace llm42::cuda {

struct Linear;

class CudaStream final : public llm42_stream {
 public:
  explicit CudaStream(CudaDevice& owner);
  ~CudaStream() override;

  void synchronize() override;
  void upload(llm42_buffer& buffer, int64_t offset, const void* source, int64_t size) override;
  void download(const llm42_buffer& buffer, int64_t offset, void* destination, int64_t size) override;
  std::unique_ptr<llm42_weight> create_weight(const llm42_weight_params& params) override;
  void copy_page(llm42_kv_cache& cache, int32_t source, int32_t destination) override;

  void embedding(const llm42_embedding_params& params) override;
  void gather_rows(const llm42_gather_rows_params& params) override;
  void linear(const llm42_linear_params& params) override;
  void rms_norm(const llm42_rms_norm_params& params) override;
  void rope_write_kv(const llm42_rope_write_kv_params& params) override;
  void attention(const llm42_attention_params& params) override;
  void log_softmax(const llm42_log_softmax_params& params) override;
  void top_logprobs(const llm42_top_logprobs_params& params) override;
  void sample(const llm42_sample_params& params) override;
  void first_mismatch(const llm42_first_mismatch_params& params) override;
  void moe_route(const llm42_moe_route_params& params) override;
  void moe_permute(const llm42_moe_permute_params& params) override;
  void grouped_linear(const llm42_grouped_linear_params& params) override;
  void moe_combine(const llm42_moe_combine_params& params) override;

  // In graph.cpp.
  void begin_graph() override;
  std::unique_ptr<llm42_graph> end_graph() override;
  void drop_graph() override;
  void launch(llm42_graph& graph) override;

 private:
  static constexpr int64_t smallest_workspace = int64_t{1} << 16;

  // Makes the device current; the stream to launch on.
  cudaStream_t begin() const {
    device_.activate();
    return handle_.get();
  }

  // Where kernels report what they refuse.
  ErrorSlot* errors() {
    may_report_ = true;
    return reinterpret_cast<ErrorSlot*>(errors_.data());
  }

  // `product` is all of the product that does not depend on the weight's format, and has its input.
  void linear_int8(const llm42_linear_params& params, const Linear& product);

  // Scratch memory for the next launches, until the next call of workspace(); its content is unspecified.
  // Each stream has its own: the work of two streams may overlap.
  std::byte* workspace(int64_t size);
  // The same for launches that are recorded: apart, since a graph holds the address.
  std::byte* recorded_workspace(int64_t size);

  CudaDevice& device_;
  StreamHandle handle_;
  UploadStaging uploads_;
  DownloadStaging downloads_;
  Block workspace_;
  std::shared_ptr<Block> graph_workspace_;                   // of the graph that is recorded next
  std::vector<std::shared_ptr<Block>> recorded_workspaces_;  // of the graph that is recorded now
  Block errors_;
  PinnedMemory reported_;  // the error slot as the host sees it
  bool may_report_ = false;
};

}  // namespace llm42::cuda
