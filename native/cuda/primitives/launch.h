// Launches a kernel by a call, so that the same line runs on a GPU and in the emulator.
#pragma once

#include <tuple>

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// Converts the arguments to the kernel's parameter types. `shared_bytes` is dynamic shared memory.
template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
                   cudaStream_t stream, Arguments&&... arguments) {
#if defined(__CUDACC__)
  if (shared_bytes > 48 * 1024) {
    const cudaError_t error =
        cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (error != cudaSuccess) return error;
  }
  kernel<<<grid, block, shared_bytes, stream>>>(Parameters(std::forward<Arguments>(arguments))...);
  return cudaGetLastError();
#else
  (void)stream;
  std::tuple<Parameters...> values(Parameters(std::forward<Arguments>(arguments))...);
  return emu::run(
      grid, block, shared_bytes, [&] { std::apply(kernel, values); }, __PRETTY_FUNCTION__);
#endif
}

}  // namespace llm42::cuda
