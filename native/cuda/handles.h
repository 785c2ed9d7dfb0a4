// Owners of the runtime's objects. Whoever destroys one has made its device current.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include "cuda/primitives/platform.h"
#include "cuda/relaxed_capture.h"

namespace llm42::cuda {

struct StreamDeleter {
  void operator()(cudaStream_t stream) const noexcept {
    const RelaxedCapture relaxed;
    cudaStreamDestroy(stream);
  }
};
struct EventDeleter {
  void operator()(cudaEvent_t event) const noexcept { cudaEventDestroy(event); }
};
struct PoolDeleter {
  void operator()(cudaMemPool_t pool) const noexcept {
    const RelaxedCapture relaxed;
    cudaMemPoolDestroy(pool);
  }
};
struct PinnedDeleter {
  void operator()(std::byte* memory) const noexcept {
    const RelaxedCapture relaxed;
    cudaFreeHost(memory);
  }
};

struct GraphDeleter {
  void operator()(cudaGraph_t graph) const noexcept { cudaGraphDestroy(graph); }
};
struct GraphExecDeleter {
  void operator()(cudaGraphExec_t graph) const noexcept { cudaGraphExecDestroy(graph); }
};

using StreamHandle = std::unique_ptr<std::remove_pointer_t<cudaStream_t>, StreamDeleter>;
using EventHandle = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, EventDeleter>;
using PoolHandle = std::unique_ptr<std::remove_pointer_t<cudaMemPool_t>, PoolDeleter>;
using GraphHandle = std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, GraphDeleter>;
using GraphExecHandle = std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, GraphExecDeleter>;
using PinnedMemory = std::unique_ptr<std::byte, PinnedDeleter>;  // page-locked host memory

// A stream that does not wait for the default stream.
StreamHandle make_stream();
// An event without a time stamp.
EventHandle make_event();
// The driver's pool of the device's memory.
PoolHandle make_pool(int device);
PinnedMemory make_pinned(size_t size);

}  // namespace llm42::cuda
