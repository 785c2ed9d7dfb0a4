#include "cpu/objects.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/error.h"
#include "cpu/kernel_table.h"
#include "cpu/processor.h"

namespace llm42::cpu {

std::unique_ptr<Device> open_device(const llm42_device_options& options) {
  if (options.ordinal != 0) {
    fail_argument("options.ordinal is ", options.ordinal, "; backend \"cpu\" has only device 0");
  }
  return std::make_unique<CpuDevice>(options);
}

CpuDevice::CpuDevice(const llm42_device_options& options)
    : llm42_device(options),
      memory_("machine", physical_memory(), options.memory_limit),
      kernels_(&kernels_for(options.isa == LLM42_CPU_ISA_AUTO ? best_isa() : options.isa)),
      isa_(options.isa == LLM42_CPU_ISA_AUTO ? best_isa() : options.isa),
      threads_(options.threads != 0 ? options.threads : std::clamp(usable_processors(), 1, 1024)),
      planned_threads_(options.planned_threads != 0 ? options.planned_threads : threads_),
      pool_(threads_) {}

void CpuDevice::get_info(llm42_device_info& info) const {
  info.threads = threads_;
  info.planned_threads = planned_threads_;
  info.isa = isa_;
  info.activation_dtype = LLM42_DTYPE_F32;
  info.fast_is_invariant = planned_threads_ < 4 ? 1 : 0;
  info.memory_total = memory_.total();
  info.memory_allocated = memory_.allocated();
  info.memory_peak = memory_.peak();
  info.memory_limit = memory_.limit();
  info.memory_free = memory_.available(free_memory());
  std::strncpy(info.backend, "cpu", sizeof info.backend - 1);
  std::strncpy(info.profile, "cpu-fma-1", sizeof info.profile - 1);
  std::strncpy(info.name, processor_name().c_str(), sizeof info.name - 1);
}

int64_t CpuDevice::run_int8(int64_t rounds) const {
  return rounds * kernels_->int8_round(rounds);
}

std::unique_ptr<llm42_stream> CpuDevice::create_stream() {
  return std::make_unique<CpuStream>(*this);
}

std::unique_ptr<llm42_buffer> CpuDevice::create_buffer(int64_t size) {
  return std::make_unique<CpuBuffer>(*this, size);
}

std::unique_ptr<llm42_kv_cache> CpuDevice::create_kv_cache(const llm42_kv_cache_params& params) {
  return std::make_unique<CpuKvCache>(*this, params);
}

std::byte* CpuDevice::workspace(int64_t size) {
  if (workspace_.size() < size) {
    workspace_ = Block();  // first give back, so that the peak is the larger one alone
    workspace_ = Block(memory_, std::max(size, int64_t{1} << 16), "workspace");
  }
  return workspace_.data();
}

void CpuStream::upload(llm42_buffer& buffer, int64_t offset, const void* source, int64_t size) {
  std::memcpy(static_cast<CpuBuffer&>(buffer).data() + offset, source, static_cast<size_t>(size));
}

void CpuStream::download(const llm42_buffer& buffer, int64_t offset, void* destination, int64_t size) {
  std::memcpy(destination, static_cast<const CpuBuffer&>(buffer).data() + offset, static_cast<size_t>(size));
}

void check_index(const char* name, int64_t place, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high) {
    fail_argument(name, "[", place, "] is ", value, "; it must be ", low, "..", high);
  }
}

void check_starts(const char* name, const int32_t* starts, int64_t groups, int64_t total) {
  check_index(name, 0, starts[0], 0, 0);
  for (int64_t i = 0; i < groups; ++i) check_index(name, i + 1, starts[i + 1], starts[i], total);
  check_index(name, groups, starts[groups], total, total);
}

}  // namespace llm42::cpu
