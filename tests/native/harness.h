// C++ owners for the handles of the C ABI, and random data.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/dtype.h"
#include "cpu/kernel_table.h"
#include "llm42/llm42.h"

namespace llm42::test {

inline void ok(llm42_status status) {
  ASSERT_EQ(LLM42_STATUS_OK, status) << llm42_error_message();
}

// Under a sanitizer the portable kernels, loops over lanes, take tens of times as long: the largest tests run
// fewer shapes then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

// Instruction sets that this machine can run.
inline std::vector<llm42_cpu_isa> isas() {
  std::vector<llm42_cpu_isa> result;
  for (llm42_cpu_isa isa = LLM42_CPU_ISA_PORTABLE; isa <= cpu::best_isa(); ++isa) result.push_back(isa);
  return result;
}

template <class Handle, void (*destroy)(Handle*)>
struct Owner {
  Owner() = default;
  Owner(Owner&& other) noexcept : handle(other.handle) { other.handle = nullptr; }
  Owner& operator=(Owner&& other) noexcept {
    std::swap(handle, other.handle);
    return *this;
  }
  ~Owner() { destroy(handle); }
  operator Handle*() const { return handle; }
  Handle* handle = nullptr;
};

using Buffer = Owner<llm42_buffer, llm42_buffer_destroy>;
using Weight = Owner<llm42_weight, llm42_weight_destroy>;
using Cache = Owner<llm42_kv_cache, llm42_kv_cache_destroy>;

// A device with one stream.
struct Machine {
  explicit Machine(llm42_cpu_isa isa = LLM42_CPU_ISA_AUTO, int32_t threads = 1, int32_t planned_threads = 0) {
    llm42_device_options options{};
    options.struct_size = sizeof options;
    options.backend = "cpu";
    options.isa = isa;
    options.threads = threads;
    options.planned_threads = planned_threads;
    open(options);
  }
  explicit Machine(const llm42_device_options& options) { open(options); }

  Buffer allocate(int64_t bytes) const {
    Buffer buffer;
    ok(llm42_buffer_create(device, bytes, &buffer.handle));
    return buffer;
  }

  template <class T>
  Buffer upload(const std::vector<T>& values) const {
    const auto bytes = static_cast<int64_t>(values.size() * sizeof(T));
    Buffer buffer = allocate(bytes);
    ok(llm42_buffer_upload(stream, buffer, 0, values.data(), bytes));
    return buffer;
  }

  template <class T>
  std::vector<T> download(const Buffer& buffer, size_t count) const {
    std::vector<T> values(count);
    ok(llm42_buffer_download(stream, buffer, 0, values.data(), static_cast<int64_t>(count * sizeof(T))));
    ok(llm42_stream_synchronize(stream));
    return values;
  }

  Owner<llm42_device, llm42_device_destroy> device;
  Owner<llm42_stream, llm42_stream_destroy> stream;

 private:
  void open(const llm42_device_options& options) {
    ok(llm42_device_create(&options, &device.handle));
    ok(llm42_stream_create(device, &stream.handle));
  }
};

inline llm42_view view(const Buffer& buffer, int64_t offset = 0) {
  return {buffer.handle, offset};
}

inline std::vector<float> random_floats(size_t count, uint32_t seed, float scale = 1.0f) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> values(count);
  for (float& value : values) value = normal(generator);
  return values;
}

// First index at which the bits differ, or "" if none does.
template <class T>
std::string difference(const T* expected, const T* actual, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (std::memcmp(expected + i, actual + i, sizeof(T)) != 0) {
      return "element " + std::to_string(i) + " of " + std::to_string(count) + ": " +
             std::to_string(expected[i]) + " and " + std::to_string(actual[i]);
    }
  }
  return "";
}

template <class T>
std::string difference(const std::vector<T>& expected, const std::vector<T>& actual) {
  if (expected.size() != actual.size()) return "sizes differ";
  return difference(expected.data(), actual.data(), expected.size());
}

}  // namespace llm42::test
