// The one device.
#include <cstdio>

#include "emulator/limits.h"
#include "emulator/runtime_api.h"
#include "emulator/settings.h"

using namespace emu;

namespace {

constexpr int cuda_version = 12040;

cudaDeviceProp properties() {
  cudaDeviceProp result{};
  std::snprintf(result.name, sizeof result.name, "CUDA emulator");
  result.totalGlobalMem = settings().memory_bytes;
  result.sharedMemPerBlock = max_default_shared_bytes;
  result.regsPerBlock = 65536;
  result.warpSize = warp_size;
  result.maxThreadsPerBlock = max_threads_per_block;
  result.maxThreadsDim[0] = max_block_x;
  result.maxThreadsDim[1] = max_block_y;
  result.maxThreadsDim[2] = max_block_z;
  result.maxGridSize[0] = max_grid_x;
  result.maxGridSize[1] = max_grid_y;
  result.maxGridSize[2] = max_grid_z;
  result.multiProcessorCount = settings().multiprocessors;
  result.major = 9;
  result.minor = 0;
  result.l2CacheSize = 32 << 20;
  result.sharedMemPerMultiprocessor = max_shared_bytes + 1024;
  result.sharedMemPerBlockOptin = max_shared_bytes;
  result.maxThreadsPerMultiProcessor = 2048;
  result.memoryPoolsSupported = 1;
  return result;
}

}  // namespace

cudaError_t cudaGetDeviceCount(int* count) {
  if (count == nullptr) return remember(cudaErrorInvalidValue);
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  return remember(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDevice(int* device) {
  if (device == nullptr) return remember(cudaErrorInvalidValue);
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* result, int device) {
  if (result == nullptr) return remember(cudaErrorInvalidValue);
  if (device != 0) return remember(cudaErrorInvalidDevice);
  *result = properties();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (value == nullptr) return remember(cudaErrorInvalidValue);
  if (device != 0) return remember(cudaErrorInvalidDevice);
  const cudaDeviceProp all = properties();
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = all.maxThreadsPerBlock;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(all.sharedMemPerBlock);
      return cudaSuccess;
    case cudaDevAttrWarpSize:
      *value = all.warpSize;
      return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      *value = all.multiProcessorCount;
      return cudaSuccess;
    case cudaDevAttrL2CacheSize:
      *value = all.l2CacheSize;
      return cudaSuccess;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = all.maxThreadsPerMultiProcessor;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      *value = all.major;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      *value = all.minor;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = static_cast<int>(all.sharedMemPerMultiprocessor);
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(all.sharedMemPerBlockOptin);
      return cudaSuccess;
    case cudaDevAttrMemoryPoolsSupported:
      *value = all.memoryPoolsSupported;
      return cudaSuccess;
  }
  return remember(cudaErrorInvalidValue);
}

cudaError_t cudaDriverGetVersion(int* version) {
  if (version == nullptr) return remember(cudaErrorInvalidValue);
  *version = cuda_version;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  return cudaDriverGetVersion(version);
}
