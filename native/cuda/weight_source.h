// Where the rows of a packed weight come from.
#pragma once

#include "core/weight_source.h"
#include "llm42/weight.h"

namespace llm42::cuda {

// Row of the joined source of a group that a packed row of its matrix holds; -1 for padding.
int64_t source_of_packed(const llm42_weight_info& info, int64_t row);

}  // namespace llm42::cuda
