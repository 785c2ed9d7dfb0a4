// What libllm42 finds in this library.
#include "core/plugin.h"

#include "cuda/device.h"

const llm42::Plugin* llm42_plugin_entry(void) noexcept {
  static constexpr llm42::Plugin plugin{llm42::plugin_abi, llm42::cuda::open_device};
  return &plugin;
}
