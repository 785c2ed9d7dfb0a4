#include "core/plugin.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/shared_library.h"

namespace llm42 {

std::unique_ptr<Device> open_plugin_device(const std::string& folder, const std::string& name,
                                           const llm42_device_options& options) {
  std::string suffix = name;
  std::replace(suffix.begin(), suffix.end(), '-', '_');
  const std::string file = library_file_name("llm42_" + suffix);
  const std::string path = folder + "/" + file;
  const auto refuse = [&](const auto&... words) {
    fail(LLM42_STATUS_DEVICE_UNAVAILABLE, "backend \"", name, "\": ", words...);
  };

  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    refuse(file, " is not in ", folder,
           "; build it with ./build.sh native --cuda and put it beside libllm42, or use backend \"cpu\"");
  }
  std::string reason;
  SharedLibrary library(path, reason);
  if (!library.is_open()) refuse(path, " does not load: ", reason);
  const auto entry = reinterpret_cast<decltype(&llm42_plugin_entry)>(library.find("llm42_plugin_entry"));
  if (entry == nullptr) {
    refuse(path, " is no plug-in of llm42: it does not export llm42_plugin_entry; replace it with the ", file,
           " of this build");
  }
  const Plugin* const plugin = entry();
  if (plugin->abi != plugin_abi) {
    refuse(path, " was built for plug-in ABI ", plugin->abi, ", this libllm42 for ", plugin_abi,
           "; take both from the same build");
  }
  library.keep();
  return plugin->open(options);
}

}  // namespace llm42
