// Choice of the kernels at run time.
#pragma once

#include "cpu/isa/kernels.h"
#include "llm42/device.h"

namespace llm42::cpu {

// Best instruction set of this processor and build.
llm42_cpu_isa best_isa();

// Fails with LLM42_STATUS_UNSUPPORTED where the processor or the build lacks `isa`.
const Kernels& kernels_for(llm42_cpu_isa isa);

}  // namespace llm42::cpu
