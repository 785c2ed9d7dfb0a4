// Checks of every call's parameters, shared by all backends. They resolve default values in place (a stride
// of 0 becomes the dense stride, ...). An operator's check returns false when there is nothing to do.
//
// Contents of index arrays are device memory, so checking them is the backend's part.
#pragma once

#include "core/backend.h"

namespace llm42 {

void validate(const llm42_device_options& options);
void validate_buffer_size(int64_t size);
void validate_copy(const Stream& stream, const Buffer* buffer, int64_t offset, const char* host_name,
                   const void* host, int64_t size);
void validate(llm42_weight_params& params);
void validate(const llm42_weight_info& shape);
void validate(llm42_kv_cache_params& params);
void validate_copy_page(const Stream& stream, const KvCache* cache, int32_t source, int32_t destination);

// Refuses a stream that records a graph; `what` cannot be recorded.
void validate_not_recording(const Stream& stream, const char* what);
void validate_end_graph(const Stream& stream);
void validate_launch(const Stream& stream, const Graph* graph);

bool validate(const Stream& stream, llm42_embedding_params& params);
bool validate(const Stream& stream, llm42_gather_rows_params& params);
bool validate(const Stream& stream, llm42_linear_params& params);
bool validate(const Stream& stream, llm42_rms_norm_params& params);
bool validate(const Stream& stream, llm42_rope_write_kv_params& params);
bool validate(const Stream& stream, llm42_attention_params& params);
bool validate(const Stream& stream, llm42_log_softmax_params& params);
bool validate(const Stream& stream, llm42_top_logprobs_params& params);
bool validate(const Stream& stream, llm42_sample_params& params);
bool validate(const Stream& stream, llm42_first_mismatch_params& params);
bool validate(const Stream& stream, llm42_moe_route_params& params);
bool validate(const Stream& stream, llm42_moe_permute_params& params);
bool validate(const Stream& stream, llm42_grouped_linear_params& params);
bool validate(const Stream& stream, llm42_moe_combine_params& params);

// Size of an activation element; every backend so far uses f32 or a 16-bit type.
int32_t activation_size(const Stream& stream);

int32_t size_of(llm42_dtype dtype);
const char* name_of(llm42_dtype dtype);

}  // namespace llm42
