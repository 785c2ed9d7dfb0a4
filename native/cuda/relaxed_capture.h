// Calls of the runtime that a capture forbids its thread.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// While one lives, this thread may make streams and allocate memory although a stream of it records a graph:
// the runtime forbids that because such a call may wait, which is no harm where it does not touch the
// recording stream.
class RelaxedCapture {
 public:
  RelaxedCapture() noexcept { cudaThreadExchangeStreamCaptureMode(&mode_); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;
  ~RelaxedCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;  // the other one while this lives
};

}  // namespace llm42::cuda
