// What a stream has recorded, ready to be launched.
#pragma once

#include <memory>
#include <vector>

#include "cuda/device.h"

namespace llm42::cuda {

class CudaGraph final : public llm42_graph {
 public:
  // `workspaces`: the scratch memory that its kernels were recorded with.
  CudaGraph(const llm42_stream& owner, int ordinal, GraphExecHandle work,
            std::vector<std::shared_ptr<Block>> workspaces);
  ~CudaGraph() override;

  cudaGraphExec_t work() const { return work_.get(); }

 private:
  const int ordinal_;
  std::vector<std::shared_ptr<Block>> workspaces_;
  GraphExecHandle work_;
};

}  // namespace llm42::cuda
