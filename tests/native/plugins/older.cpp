// A plug-in of another build.
#include "core/plugin.h"

const llm42::Plugin* llm42_plugin_entry(void) noexcept {
  static constexpr llm42::Plugin plugin{llm42::plugin_abi - 1, nullptr};
  return &plugin;
}
