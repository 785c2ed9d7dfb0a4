// Error codes of the runtime API, with CUDA's numbers.
#pragma once

#define LLM42_EMULATOR_ERRORS(X)                                                                       \
  X(cudaSuccess, 0, "no error")                                                                        \
  X(cudaErrorInvalidValue, 1, "invalid argument")                                                      \
  X(cudaErrorMemoryAllocation, 2, "out of memory")                                                     \
  X(cudaErrorInitializationError, 3, "initialization error")                                           \
  X(cudaErrorInvalidConfiguration, 9, "invalid configuration argument")                                \
  X(cudaErrorInvalidDevicePointer, 17, "invalid device pointer")                                       \
  X(cudaErrorInvalidMemcpyDirection, 21, "invalid copy direction for memcpy")                          \
  X(cudaErrorInsufficientDriver, 35, "CUDA driver version is insufficient for CUDA runtime version")   \
  X(cudaErrorDevicesUnavailable, 46, "CUDA-capable device(s) is/are busy or unavailable")              \
  X(cudaErrorInvalidDeviceFunction, 98, "invalid device function")                                     \
  X(cudaErrorNoDevice, 100, "no CUDA-capable device is detected")                                      \
  X(cudaErrorInvalidDevice, 101, "invalid device ordinal")                                             \
  X(cudaErrorNoKernelImageForDevice, 209, "no kernel image is available for execution on the device")  \
  X(cudaErrorInvalidResourceHandle, 400, "invalid resource handle")                                    \
  X(cudaErrorNotReady, 600, "device not ready")                                                        \
  X(cudaErrorIllegalAddress, 700, "an illegal memory access was encountered")                          \
  X(cudaErrorLaunchOutOfResources, 701, "too many resources requested for launch")                     \
  X(cudaErrorLaunchFailure, 719, "unspecified launch failure")                                         \
  X(cudaErrorNotSupported, 801, "operation not supported")                                             \
  X(cudaErrorStreamCaptureUnsupported, 900, "operation not permitted when stream is capturing")        \
  X(cudaErrorStreamCaptureInvalidated, 901, "operation failed due to a previous error during capture") \
  X(cudaErrorStreamCaptureUnmatched, 903, "stream capture was not begun by this call's stream")        \
  X(cudaErrorStreamCaptureWrongThread, 908, "the capture was begun by another thread")                 \
  X(cudaErrorUnknown, 999, "unknown error")

enum cudaError {
#define LLM42_EMULATOR_ENUMERATOR(name, value, text) name = value,
  LLM42_EMULATOR_ERRORS(LLM42_EMULATOR_ENUMERATOR)
#undef LLM42_EMULATOR_ENUMERATOR
};
using cudaError_t = cudaError;

namespace emu {

// For cudaGetLastError of this host thread; returns `error`.
cudaError_t remember(cudaError_t error);

}  // namespace emu

const char* cudaGetErrorName(cudaError_t error);
const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
