// A plug-in whose devices cannot be opened.
#include "core/error.h"
#include "core/plugin.h"

namespace {

std::unique_ptr<llm42_device> open(const llm42_device_options& options) {
  if (options.ordinal == 1) throw std::bad_alloc();
  llm42::fail(LLM42_STATUS_UNSUPPORTED, "ordinal ", options.ordinal, " fails in the plug-in");
}

}  // namespace

const llm42::Plugin* llm42_plugin_entry(void) noexcept {
  static constexpr llm42::Plugin plugin{llm42::plugin_abi, open};
  return &plugin;
}
