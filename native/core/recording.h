// The state of a stream that records a graph, as the edge keeps it for all backends.
#pragma once

#include <cstdio>
#include <thread>

#include "llm42/common.h"

namespace llm42 {

class Recording {
 public:
  // Of an operator: without it the graph would not do what was meant. The first one counts. A fixed array, so
  // that keeping the message cannot fail.
  void fail(llm42_status status, const char* message) noexcept {
    if (status_ != LLM42_STATUS_OK) return;
    status_ = status;
    std::snprintf(failure_, sizeof failure_, "%s", message);
  }

  llm42_status status() const { return status_; }
  const char* failure() const { return failure_; }
  bool is_of_this_thread() const { return thread_ == std::this_thread::get_id(); }

 private:
  std::thread::id thread_ = std::this_thread::get_id();
  llm42_status status_ = LLM42_STATUS_OK;
  char failure_[512] = "";
};

}  // namespace llm42
