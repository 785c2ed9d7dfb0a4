// Operators whose kernels are still to come.
#pragma once

#include "core/error.h"

namespace llm42::cuda {

[[noreturn]] inline void not_implemented(const char* name) {
  fail(LLM42_STATUS_UNSUPPORTED, "not implemented yet on cuda: ", name);
}

}  // namespace llm42::cuda
