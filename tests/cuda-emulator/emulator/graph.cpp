// Graphs: the work that a stream would have run, in the order in which it was captured.
#include <algorithm>
#include <memory>
#include <vector>

#include "emulator/stream.h"

using namespace emu;

struct CUgraph_st {
  std::shared_ptr<const std::vector<Work>> work;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<Work>> work;
};

namespace {

template <class Handle>
std::vector<std::unique_ptr<Handle>>& all() {
  static std::vector<std::unique_ptr<Handle>> instance;
  return instance;
}

template <class Handle>
bool is_known(const Handle* handle) {
  return std::ranges::any_of(all<Handle>(), [=](const auto& known) { return known.get() == handle; });
}

template <class Handle>
cudaError_t destroy(Handle* handle) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_known(handle)) return cudaErrorInvalidResourceHandle;
  std::erase_if(all<Handle>(), [=](const auto& known) { return known.get() == handle; });
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  const std::lock_guard lock(runtime_mutex());
  if (stream == nullptr) return remember(cudaErrorStreamCaptureUnsupported);
  if (!is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (is_capturing(stream)) return remember(refuse_capture(stream));
  stream->capture = std::make_shared<Capture>();
  stream->capture->mode = mode;
  stream->capture->thread = std::this_thread::get_id();
  stream->capture->streams.push_back(stream);
  stream->began_capture = true;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard lock(runtime_mutex());
  if (graph == nullptr) return remember(cudaErrorInvalidValue);
  *graph = nullptr;
  if (stream == nullptr || !is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (!is_capturing(stream)) return remember(cudaErrorInvalidValue);
  if (!stream->began_capture) return remember(cudaErrorStreamCaptureUnmatched);
  const std::shared_ptr<Capture> capture = stream->capture;
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id()) {
    return remember(cudaErrorStreamCaptureWrongThread);
  }
  for (CUstream_st* member : capture->streams) {
    if (find_stream(member) != nullptr) member->capture = nullptr;
  }
  stream->began_capture = false;
  if (capture->is_invalid) return remember(cudaErrorStreamCaptureInvalidated);
  all<CUgraph_st>().push_back(std::make_unique<CUgraph_st>());
  all<CUgraph_st>().back()->work = std::make_shared<const std::vector<Work>>(std::move(capture->work));
  *graph = all<CUgraph_st>().back().get();
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const std::lock_guard lock(runtime_mutex());
  if (status == nullptr) return remember(cudaErrorInvalidValue);
  if (!is_stream(stream)) return remember(cudaErrorInvalidResourceHandle);
  *status = !is_capturing(stream)         ? cudaStreamCaptureStatusNone
            : stream->capture->is_invalid ? cudaStreamCaptureStatusInvalidated
                                          : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  const std::lock_guard lock(runtime_mutex());
  if (executable == nullptr) return remember(cudaErrorInvalidValue);
  if (!is_known(graph)) return remember(cudaErrorInvalidResourceHandle);
  all<CUgraphExec_st>().push_back(std::make_unique<CUgraphExec_st>());
  all<CUgraphExec_st>().back()->work = graph->work;
  *executable = all<CUgraphExec_st>().back().get();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t graph,
                                          unsigned long long flags) {
  return cudaGraphInstantiate(executable, graph, flags);
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  if (mode == nullptr || *mode > cudaStreamCaptureModeRelaxed) return remember(cudaErrorInvalidValue);
  exchange_capture_mode(*mode);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  if (!is_known(executable)) return remember(cudaErrorInvalidResourceHandle);
  return remember(enqueue(stream, [work = executable->work] {
    for (const Work& node : *work) node();
  }));
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return remember(destroy(executable));
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return remember(destroy(graph));
}
