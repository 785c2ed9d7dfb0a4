// Packing of a weight as int8 (llm42_weight_params::format).
#pragma once

#include <memory>

#include "cuda/staging.h"
#include "cuda/weight.h"

namespace llm42::cuda {

// `info` is that of the weight to be made. Refuses a source that is not finite, before it takes any memory.
std::unique_ptr<llm42_weight> create_int8_weight(CudaDevice& device, UploadStaging& uploads,
                                                 const llm42_weight_params& params,
                                                 const llm42_weight_info& info);

}  // namespace llm42::cuda
