#include "cuda/graph.h"

#include <algorithm>
#include <utility>

#include "cuda/error.h"
#include "cuda/relaxed_capture.h"
#include "cuda/stream.h"

namespace llm42::cuda {

CudaGraph::CudaGraph(const llm42_stream& owner, int ordinal, GraphExecHandle work,
                     std::vector<std::shared_ptr<Block>> workspaces)
    : llm42_graph(owner), ordinal_(ordinal), workspaces_(std::move(workspaces)), work_(std::move(work)) {}

CudaGraph::~CudaGraph() {
  cudaSetDevice(ordinal_);
}

void CudaStream::begin_graph() {
  check(cudaStreamBeginCapture(begin(), cudaStreamCaptureModeThreadLocal), "beginning to record a graph");
}

std::unique_ptr<llm42_graph> CudaStream::end_graph() {
  std::vector<std::shared_ptr<Block>> workspaces = std::exchange(recorded_workspaces_, {});
  cudaGraph_t captured = nullptr;
  check(cudaStreamEndCapture(begin(), &captured), "recording a graph");
  const GraphHandle graph(captured);
  cudaGraphExec_t work = nullptr;
  check(cudaGraphInstantiateWithFlags(&work, graph.get(), 0), "making a graph of what was recorded");
  GraphExecHandle executable(work);
  return std::make_unique<CudaGraph>(*this, device_.ordinal(), std::move(executable), std::move(workspaces));
}

void CudaStream::drop_graph() {
  recorded_workspaces_.clear();
  cudaGraph_t captured = nullptr;
  // Fails where the capture had been spoilt, and ends it all the same.
  if (cudaStreamEndCapture(handle_.get(), &captured) != cudaSuccess) cudaGetLastError();
  if (captured != nullptr) cudaGraphDestroy(captured);
}

void CudaStream::launch(llm42_graph& graph) {
  const cudaStream_t stream = begin();
  errors();  // its kernels have the address of the slot
  check(cudaGraphLaunch(static_cast<const CudaGraph&>(graph).work(), stream), "launching a graph");
}

std::byte* CudaStream::recorded_workspace(int64_t size) {
  if (graph_workspace_ == nullptr || graph_workspace_->size() < size) {
    // Graphs of this stream run one after another, so that one block may serve them all, but it must stay
    // until the last of them is gone. It is not allocated in the order of this stream: a capture would make
    // the allocation a part of the graph.
    const RelaxedCapture relaxed;
    Memory& memory = device_.memory();
    graph_workspace_ = std::make_shared<Block>(memory, std::max(size, smallest_workspace),
                                               "workspace of a graph", memory.stream());
    check(cudaStreamSynchronize(memory.stream()), "allocating the workspace of a graph");
  }
  if (recorded_workspaces_.empty() || recorded_workspaces_.back() != graph_workspace_) {
    recorded_workspaces_.push_back(graph_workspace_);
  }
  return graph_workspace_->data();
}

}  // namespace llm42::cuda
