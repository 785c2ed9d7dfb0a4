// What every kernel file includes first: CUDA under nvcc, the emulator of tests/ under a C++ compiler.
// The host side of the real backend is C++ too; it is built with LLM42_CUDA_RUNTIME and the toolkit's
// headers.
#pragma once

#include <cstdint>
#include <utility>

#if defined(__CUDACC__) || defined(LLM42_CUDA_RUNTIME)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
// Dynamic shared memory of the block, as an array of T.
#define LLM42_DYNAMIC_SHARED(T, name)                            \
  extern __shared__ __align__(128) unsigned char llm42_shared[]; \
  T* name = reinterpret_cast<T*>(llm42_shared)
#else
#include "emulator/cuda_emulator.h"
#define LLM42_DYNAMIC_SHARED(T, name) T* name = reinterpret_cast<T*>(emu::dynamic_shared())
#endif

namespace llm42::cuda {

using bf16 = __nv_bfloat16;

}  // namespace llm42::cuda
