// The launch of a kernel.
#pragma once

#include <cstddef>
#include <functional>

#include "emulator/runtime_api.h"
#include "emulator/vector_types.h"

namespace emu {

// Refuses what CUDA refuses, with its codes, and enqueues the rest on `stream`. `kernel` is the function's
// address, `body` calls it with its arguments for one thread, `name` is for messages.
cudaError_t launch(const void* kernel, const char* name, dim3 grid, dim3 block, size_t shared_bytes,
                   cudaStream_t stream, std::function<void()> body);

}  // namespace emu
