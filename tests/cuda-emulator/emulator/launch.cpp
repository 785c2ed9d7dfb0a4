#include "emulator/launch.h"

#include <map>
#include <mutex>

#include "emulator/block.h"
#include "emulator/errors.h"
#include "emulator/stream.h"
#include "emulator/worker_pool.h"

namespace emu {

namespace {

// What cudaFuncSetAttribute allowed each kernel.
std::mutex attributes_mutex;
std::map<const void*, size_t> dynamic_shared_limits;

size_t dynamic_shared_limit(const void* kernel) {
  const std::lock_guard lock(attributes_mutex);
  const auto found = dynamic_shared_limits.find(kernel);
  return found == dynamic_shared_limits.end() ? max_default_shared_bytes : found->second;
}

cudaError_t check(const void* kernel, dim3 grid, dim3 block, size_t shared_bytes) {
  if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x == 0 || block.y == 0 || block.z == 0) {
    return cudaErrorInvalidConfiguration;
  }
  if (grid.x > max_grid_x || grid.y > max_grid_y || grid.z > max_grid_z) return cudaErrorInvalidConfiguration;
  if (block.x > max_block_x || block.y > max_block_y || block.z > max_block_z) {
    return cudaErrorInvalidConfiguration;
  }
  if (size_t{block.x} * block.y * block.z > max_threads_per_block) return cudaErrorInvalidConfiguration;
  if (shared_bytes > dynamic_shared_limit(kernel)) return cudaErrorInvalidValue;
  return cudaSuccess;
}

}  // namespace

cudaError_t launch(const void* kernel, const char* name, dim3 grid, dim3 block, size_t shared_bytes,
                   cudaStream_t stream, std::function<void()> body) {
  if (const cudaError_t error = check(kernel, grid, block, shared_bytes); error != cudaSuccess) {
    return remember(error);
  }
  return remember(enqueue(stream, [=] {
    Launch work;
    work.grid = grid;
    work.block = block;
    work.shared_bytes = shared_bytes;
    work.body = body;
    work.name = name;
    worker_pool().run(work);
  }));
}

}  // namespace emu

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  using namespace emu;
  if (kernel == nullptr) return remember(cudaErrorInvalidDeviceFunction);
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return remember(cudaErrorInvalidValue);
  if (value < 0 || static_cast<size_t>(value) > max_shared_bytes) return remember(cudaErrorInvalidValue);
  const std::lock_guard lock(attributes_mutex);
  dynamic_shared_limits[kernel] = static_cast<size_t>(value);
  return cudaSuccess;
}
