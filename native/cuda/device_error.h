// What kernels report (primitives/report.h), in the words of the cpu backend.
#pragma once

#include "cuda/primitives/report.h"

namespace llm42::cuda {

// Fails with LLM42_STATUS_INVALID_ARGUMENT if something was reported.
void check_reported(const ErrorSlot& error);

}  // namespace llm42::cuda
