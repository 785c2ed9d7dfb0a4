// Where the rows of a packed weight come from.
#pragma once

#include <cstddef>

#include "llm42/weight.h"

namespace llm42::cuda {

// A row of a source matrix.
struct SourceRow {
  int32_t part;
  int64_t row;  // of the part
  const std::byte* data;
};

// Row `row` of the parts of a group stacked on one another.
SourceRow source_row(const llm42_weight_params& params, int64_t group, int64_t row);

// Row of the joined source of a group that a packed row of its matrix holds; -1 for padding.
int64_t source_of_packed(const llm42_weight_info& info, int64_t row);

}  // namespace llm42::cuda
