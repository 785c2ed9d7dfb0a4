// The CPU backend through the C ABI, to compare kernels with.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "llm42/llm42.h"

namespace llm42::cuda {

class CpuBackend {
 public:
  CpuBackend() {
    llm42_device_options options{};
    options.struct_size = sizeof options;
    options.backend = "cpu";
    options.threads = 1;
    check(llm42_device_create(&options, &device_));
    check(llm42_stream_create(device_, &stream_));
  }
  CpuBackend(const CpuBackend&) = delete;
  ~CpuBackend() {
    for (llm42_buffer* buffer : buffers_) llm42_buffer_destroy(buffer);
    llm42_stream_destroy(stream_);
    llm42_device_destroy(device_);
  }

  llm42_stream* stream() const { return stream_; }

  llm42_view allocate(int64_t bytes) {
    buffers_.push_back(nullptr);
    check(llm42_buffer_create(device_, bytes, &buffers_.back()));
    return {buffers_.back(), 0};
  }
  template <class T>
  llm42_view upload(const std::vector<T>& values) {
    const int64_t bytes = int64_t(values.size() * sizeof(T));
    const llm42_view view = allocate(bytes);
    check(llm42_buffer_upload(stream_, view.buffer, 0, values.data(), bytes));
    return view;
  }
  template <class T>
  std::vector<T> download(llm42_view view, size_t count) const {
    std::vector<T> values(count);
    check(llm42_buffer_download(stream_, view.buffer, 0, values.data(), int64_t(count * sizeof(T))));
    check(llm42_stream_synchronize(stream_));
    return values;
  }

  static void check(llm42_status status) { ASSERT_EQ(status, LLM42_STATUS_OK) << llm42_error_message(); }

 private:
  llm42_device* device_ = nullptr;
  llm42_stream* stream_ = nullptr;
  std::vector<llm42_buffer*> buffers_;
};

}  // namespace llm42::cuda
