#include "emulator/errors.h"

namespace emu {

namespace {

// Apart from Local: that is a worker's, and this is a host thread's.
constinit thread_local cudaError_t last_error = cudaSuccess;

}  // namespace

cudaError_t remember(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

}  // namespace emu

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define LLM42_EMULATOR_NAME(name, value, text) \
  case name:                                   \
    return #name;
    LLM42_EMULATOR_ERRORS(LLM42_EMULATOR_NAME)
#undef LLM42_EMULATOR_NAME
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
#define LLM42_EMULATOR_TEXT(name, value, text) \
  case name:                                   \
    return text;
    LLM42_EMULATOR_ERRORS(LLM42_EMULATOR_TEXT)
#undef LLM42_EMULATOR_TEXT
  }
  return "unrecognized error code";
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = emu::last_error;
  emu::last_error = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() {
  return emu::last_error;
}
