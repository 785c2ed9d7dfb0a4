// Launches a kernel by a call, so that the same line runs on a GPU and in the emulator.
#pragma once

#include <tuple>

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// Converts the arguments to the kernel's parameter types. `shared_bytes` is dynamic shared memory.
template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
                   cudaStream_t stream, Arguments&&... arguments) {
  constexpr size_t granted_to_all = 48 * 1024;
  if (shared_bytes > granted_to_all) {
    const cudaError_t error =
        cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (error != cudaSuccess) return error;
  }
#if defined(__CUDACC__)
  kernel<<<grid, block, shared_bytes, stream>>>(Parameters(std::forward<Arguments>(arguments))...);
  return cudaGetLastError();
#else
  const std::tuple<Parameters...> values(Parameters(std::forward<Arguments>(arguments))...);
  emu::launch(reinterpret_cast<const void*>(kernel), __PRETTY_FUNCTION__, grid, block, shared_bytes, stream,
              [=] { std::apply(kernel, values); });
  return cudaGetLastError();  // as above: also an error that nobody has looked at before
#endif
}

}  // namespace llm42::cuda
