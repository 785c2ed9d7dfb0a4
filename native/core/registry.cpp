#include "core/registry.h"

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/plugin.h"
#include "core/shared_library.h"

namespace llm42 {

// Defined by the built-in backend. Declared here, rather than included, so that core/ sees no header of cpu/.
namespace cpu {
std::unique_ptr<Device> open_device(const llm42_device_options& options);
}

namespace {

std::unique_ptr<Device> open_cuda(const llm42_device_options& options) {
  return open_plugin_device(own_folder(), "cuda", options);
}

std::unique_ptr<Device> open_cuda_emulated(const llm42_device_options& options) {
  return open_plugin_device(own_folder(), "cuda-emulated", options);
}

struct Backend {
  std::string_view name;
  std::unique_ptr<Device> (*open)(const llm42_device_options& options);
};

constexpr Backend backends[] = {
    {"cpu", cpu::open_device}, {"cuda", open_cuda}, {"cuda-emulated", open_cuda_emulated}};

}  // namespace

std::unique_ptr<Device> open_device(const llm42_device_options& options) {
  const std::string_view name = options.backend;
  std::string known;
  for (const Backend& backend : backends) {
    if (backend.name == name) return backend.open(options);
    known += text(known.empty() ? "" : ", ", "\"", backend.name, "\"");
  }
  fail_argument("options.backend is \"", name.substr(0, 64), "\"; known backends: ", known);
}

}  // namespace llm42
