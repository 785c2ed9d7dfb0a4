// The CPU backend's device, stream and handles.
#pragma once

#include <memory>
#include <string>

#include "core/backend.h"
#include "cpu/isa/kernels.h"
#include "cpu/memory.h"
#include "cpu/thread_pool.h"

namespace llm42::cpu {

class CpuDevice final : public llm42_device {
 public:
  explicit CpuDevice(const llm42_device_options& options);

  llm42_dtype activation_dtype() const override { return LLM42_DTYPE_F32; }
  void get_info(llm42_device_info& info) const override;
  int64_t run_int8(int64_t rounds) const override;
  std::unique_ptr<llm42_stream> create_stream() override;
  std::unique_ptr<llm42_buffer> create_buffer(int64_t size) override;
  std::unique_ptr<llm42_kv_cache> create_kv_cache(const llm42_kv_cache_params& params) override;

  const Kernels& kernels() const { return *kernels_; }
  MemoryAccount& memory() { return memory_; }
  ThreadPool& pool() { return pool_; }
  int threads() const { return threads_; }

  // Threads worth waking for `operations` multiply-adds or elements of about the same cost.
  int threads_for(int64_t operations) const { return operations < 100'000 ? 1 : threads_; }

  // Threads that a call plans its splits for; 1 under invariant numerics, and below 4.
  int planned_threads(llm42_numerics numerics) const {
    return numerics == LLM42_NUMERICS_FAST && planned_threads_ >= 4 ? planned_threads_ : 1;
  }

  // Scratch memory, valid until the next call of workspace(); its content is unspecified.
  std::byte* workspace(int64_t size);

 private:
  MemoryAccount memory_;
  Block workspace_;
  const Kernels* kernels_;
  llm42_cpu_isa isa_;
  int threads_;
  int planned_threads_;
  ThreadPool pool_;
};

class CpuBuffer final : public llm42_buffer {
 public:
  CpuBuffer(CpuDevice& owner, int64_t bytes)
      : llm42_buffer(owner, bytes), block_(owner.memory(), bytes, "buffer") {}
  std::byte* data() const { return block_.data(); }

 private:
  Block block_;
};

// Panels of 32 output features, [panel][K][32]; missing features of the last panel are zero. With layout
// gate_up a panel holds 16 gate features and the 16 up features that they meet. The matrices of a weight with
// groups follow one another.
class CpuWeight final : public llm42_weight {
 public:
  CpuWeight(CpuDevice& device, const llm42_weight_info& shape);

  static int64_t packed_size(const llm42_weight_info& shape);

  void* packed() const override { return block_.data(); }
  Format format() const;
  int64_t panels() const;  // of one matrix
  int64_t element_size() const;
  const std::byte* panel(int64_t index) const { return block_.data() + index * panel_size(); }
  std::byte* panel(int64_t index) { return block_.data() + index * panel_size(); }

 private:
  int64_t panel_size() const { return info.columns * panel_columns * element_size(); }

  Block block_;
};

// [layer][page]: keys [kv_head][head_size][page_size], then values [kv_head][page_size][head_size].
class CpuKvCache final : public llm42_kv_cache {
 public:
  CpuKvCache(CpuDevice& device, const llm42_kv_cache_params& params);

  int64_t element_size() const { return shape.dtype == LLM42_DTYPE_F32 ? 4 : 2; }
  // Bytes of one head's keys, or values, in a page.
  int64_t head_bytes() const { return int64_t{shape.head_size} * shape.page_size * element_size(); }
  int64_t page_bytes() const { return 2 * shape.kv_heads * head_bytes(); }
  std::byte* page(int64_t layer, int64_t page) const {
    return block_.data() + (layer * shape.pages + page) * page_bytes();
  }
  std::byte* keys(int64_t layer, int64_t page_index, int64_t head) const {
    return page(layer, page_index) + head * head_bytes();
  }
  std::byte* values(int64_t layer, int64_t page_index, int64_t head) const {
    return page(layer, page_index) + (shape.kv_heads + head) * head_bytes();
  }

 private:
  Block block_;
};

class CpuStream final : public llm42_stream {
 public:
  explicit CpuStream(CpuDevice& owner) : llm42_stream(owner), device_(owner) {}

  void synchronize() override {}  // every operator is done when its call returns
  void upload(llm42_buffer& buffer, int64_t offset, const void* source, int64_t size) override;
  void download(const llm42_buffer& buffer, int64_t offset, void* destination, int64_t size) override;
  std::unique_ptr<llm42_weight> create_weight(const llm42_weight_params& params) override;
  std::unique_ptr<llm42_weight> create_unfilled_weight(const llm42_weight_info& shape) override;
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

 private:
  void linear_int8(const llm42_linear_params& params);
  void grouped_linear_int8(const llm42_grouped_linear_params& params);

  CpuDevice& device_;
};

// The first element of a view; NULL if it is absent.
template <class T>
T* at(const llm42_view& view) {
  if (view.buffer == nullptr) return nullptr;
  return reinterpret_cast<T*>(static_cast<const CpuBuffer*>(view.buffer)->data() + view.offset);
}

// Refuses an index outside low..high, naming the array and the place.
void check_index(const char* name, int64_t place, int64_t value, int64_t low, int64_t high);

// Checks `starts[groups + 1]`: from 0, never falling, up to `total`.
void check_starts(const char* name, const int32_t* starts, int64_t groups, int64_t total);

}  // namespace llm42::cpu
