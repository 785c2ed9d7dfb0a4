// Errors of the CUDA runtime as errors of llm42.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// Fails unless `error` is cudaSuccess; `action` says what was tried: "copying to the device".
void check(cudaError_t error, const char* action);

}  // namespace llm42::cuda
