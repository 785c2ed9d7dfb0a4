// Backends in a library of their own: what libllm42 and such a library agree on.
//
// A plug-in exports one C function, llm42_plugin_entry(), and hands out objects of the classes of
// core/backend.h. Its methods are called directly and may throw llm42::Error. Both libraries therefore use
// one C++ runtime, the system's: two private copies of it could not pass an exception between them. The
// number below keeps libraries of different builds apart.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/backend.h"

namespace llm42 {

struct Plugin {
  uint64_t abi;  // plugin_abi of the headers that it was built from; first, so that any version can read it
  std::unique_ptr<Device> (*open)(const llm42_device_options& options);
};

// To be raised with every change of core/backend.h, core/error.h or this file that sizes do not show.
constexpr uint64_t plugin_version = 3;

// The version above and, in the lower half, a hash of the sizes of all that crosses.
constexpr uint64_t plugin_abi = [] {
  uint32_t hash = 2166136261u;
  for (const size_t size : {sizeof(llm42_device),
                            sizeof(llm42_buffer),
                            sizeof(llm42_weight),
                            sizeof(llm42_kv_cache),
                            sizeof(llm42_stream),
                            sizeof(llm42_graph),
                            sizeof(llm42_view),
                            sizeof(llm42_device_options),
                            sizeof(llm42_device_info),
                            sizeof(llm42_weight_params),
                            sizeof(llm42_weight_info),
                            sizeof(llm42_kv_cache_params),
                            sizeof(llm42_embedding_params),
                            sizeof(llm42_gather_rows_params),
                            sizeof(llm42_linear_params),
                            sizeof(llm42_rms_norm_params),
                            sizeof(llm42_rope_write_kv_params),
                            sizeof(llm42_attention_params),
                            sizeof(llm42_log_softmax_params),
                            sizeof(llm42_top_logprobs_params),
                            sizeof(llm42_sample_params),
                            sizeof(llm42_first_mismatch_params),
                            sizeof(llm42_moe_route_params),
                            sizeof(llm42_moe_permute_params),
                            sizeof(llm42_grouped_linear_params),
                            sizeof(llm42_moe_combine_params),
                            sizeof(std::string),
                            size_t{LLM42_ABI_VERSION}}) {
    hash = (hash ^ static_cast<uint32_t>(size)) * 16777619u;
  }
  return plugin_version << 32 | hash;
}();

// Opens a device of the plug-in llm42_`name` ('-' read as '_') that lies in `folder`. Fails with
// LLM42_STATUS_DEVICE_UNAVAILABLE if it is not there, does not load or is of another build.
std::unique_ptr<Device> open_plugin_device(const std::string& folder, const std::string& name,
                                           const llm42_device_options& options);

}  // namespace llm42

#if defined(_WIN32)
#define LLM42_PLUGIN_EXPORT extern "C" __declspec(dllexport)
#else
#define LLM42_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
#endif

// What a plug-in exports: its description, valid as long as the library is loaded.
LLM42_PLUGIN_EXPORT const llm42::Plugin* llm42_plugin_entry(void) noexcept;
