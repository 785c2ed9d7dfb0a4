// Memory pools: names without substance, since there is one memory.
#include <algorithm>
#include <memory>
#include <vector>

#include "emulator/stream.h"

using namespace emu;

struct CUmemPoolHandle_st {};

namespace {

// The first is the default pool.
std::vector<std::unique_ptr<CUmemPoolHandle_st>>& pools() {
  static std::vector<std::unique_ptr<CUmemPoolHandle_st>> instance = [] {
    std::vector<std::unique_ptr<CUmemPoolHandle_st>> result;
    result.push_back(std::make_unique<CUmemPoolHandle_st>());
    return result;
  }();
  return instance;
}

bool is_pool(cudaMemPool_t pool) {
  return std::ranges::any_of(pools(), [=](const auto& known) { return known.get() == pool; });
}

}  // namespace

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties) {
  if (pool == nullptr || properties == nullptr) return remember(cudaErrorInvalidValue);
  if (properties->allocType != cudaMemAllocationTypePinned ||
      properties->location.type != cudaMemLocationTypeDevice || properties->location.id != 0) {
    return remember(cudaErrorInvalidValue);
  }
  const std::lock_guard lock(runtime_mutex());
  pools().push_back(std::make_unique<CUmemPoolHandle_st>());
  *pool = pools().back().get();
  return cudaSuccess;
}

cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_pool(pool) || pool == pools().front().get()) return remember(cudaErrorInvalidValue);
  std::erase_if(pools(), [=](const auto& known) { return known.get() == pool; });
  return cudaSuccess;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  if (pool == nullptr) return remember(cudaErrorInvalidValue);
  if (device != 0) return remember(cudaErrorInvalidDevice);
  const std::lock_guard lock(runtime_mutex());
  *pool = pools().front().get();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device) {
  return cudaDeviceGetDefaultMemPool(pool, device);
}

cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t pool) {
  const std::lock_guard lock(runtime_mutex());
  if (device != 0) return remember(cudaErrorInvalidDevice);
  return remember(is_pool(pool) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr, void* value) {
  const std::lock_guard lock(runtime_mutex());
  return remember(is_pool(pool) && value != nullptr ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t) {
  const std::lock_guard lock(runtime_mutex());
  return remember(is_pool(pool) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMallocFromPoolAsync(void** address, size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_pool(pool)) return remember(cudaErrorInvalidValue);
  return cudaMallocAsync(address, bytes, stream);
}
