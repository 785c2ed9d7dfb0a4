#include "core/memory_account.h"

#include <algorithm>

#include "core/error.h"

namespace llm42 {

void MemoryAccount::reserve(int64_t size, const char* what) {
  // An overcommitting system would promise anything, and kill the process when the promise falls due.
  if (total_ > 0 && size > total_ - allocated_) {
    fail(LLM42_STATUS_OUT_OF_MEMORY, what, " of ", size, " bytes: the ", owner_, " has ", total_,
         " bytes, of which ", allocated_, " are in use by this device");
  }
  if (limit_ > 0 && size > limit_ - allocated_) {
    fail(LLM42_STATUS_OUT_OF_MEMORY, what, " of ", size, " bytes: memory_limit is ", limit_,
         " bytes, of which ", allocated_, " are in use");
  }
  allocated_ += size;
  peak_ = std::max(peak_, allocated_);
}

int64_t MemoryAccount::available(int64_t free) const {
  int64_t result = free;
  if (total_ > 0) result = std::min(result, total_ - allocated_);
  if (limit_ > 0) result = std::min(result, limit_ - allocated_);
  return std::max<int64_t>(result, 0);
}

}  // namespace llm42
