#include "cuda/error.h"

#include "core/error.h"

namespace llm42::cuda {

namespace {

llm42_status_value status_of(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return LLM42_STATUS_OUT_OF_MEMORY;
    case cudaErrorInsufficientDriver:
    case cudaErrorNoDevice:
    case cudaErrorDevicesUnavailable:
      return LLM42_STATUS_DEVICE_UNAVAILABLE;
    case cudaErrorNoKernelImageForDevice:
      return LLM42_STATUS_UNSUPPORTED;
    default:
      return LLM42_STATUS_INTERNAL;
  }
}

}  // namespace

void check(cudaError_t error, const char* action) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // told here; the next launch shall not find it
  fail(status_of(error), action, " failed: ", cudaGetErrorString(error), " (", cudaGetErrorName(error), ")");
}

}  // namespace llm42::cuda
