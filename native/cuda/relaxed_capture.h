// Calls of the runtime that a capture forbids its thread.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// While one lives, this thread may make streams, allocate memory and wait for other streams although a stream
// of it records a graph: the runtime forbids calls that may wait, which do no harm where they do not touch
// the recording stream. The edge refuses those that do.
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
