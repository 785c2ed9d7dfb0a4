// The CUDA backend's device: one GPU of this process.
#pragma once

#include <memory>
#include <string>

#include "core/backend.h"
#include "cuda/memory.h"

namespace llm42::cuda {

class CudaDevice final : public llm42_device {
 public:
  explicit CudaDevice(const llm42_device_options& options);

  llm42_dtype activation_dtype() const override { return LLM42_DTYPE_BF16; }
  void get_info(llm42_device_info& info) const override;
  std::unique_ptr<llm42_stream> create_stream() override;
  std::unique_ptr<llm42_buffer> create_buffer(int64_t size) override;
  std::unique_ptr<llm42_kv_cache> create_kv_cache(const llm42_kv_cache_params& params) override;

  int ordinal() const { return ordinal_; }
  int32_t multiprocessors() const { return multiprocessors_; }
  Memory& memory() { return memory_; }

  // Makes this the calling thread's current device. To be called first by everything that calls the runtime.
  void activate() const;

 private:
  const int ordinal_;
  const int32_t multiprocessors_;
  const std::string name_;
  Memory memory_;
};

// Opens the device that `options` ask for, or says what is missing.
std::unique_ptr<llm42_device> open_device(const llm42_device_options& options);

}  // namespace llm42::cuda
