#include "core/shared_library.h"

#include "core/error.h"

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

namespace llm42 {

#if defined(_WIN32)

// Nothing opens a plug-in on Windows yet: whether exceptions and objects may cross between two libraries
// there is a question of its own.
std::string own_folder() {
  fail(LLM42_STATUS_DEVICE_UNAVAILABLE,
       "backends in a library of their own are not supported on Windows yet");
}

std::string library_file_name(const std::string& name) {
  return "lib" + name + ".dll";
}

SharedLibrary::SharedLibrary(const std::string&, std::string& reason) : handle_(nullptr) {
  reason = "not supported on Windows yet";
}

SharedLibrary::~SharedLibrary() = default;

void* SharedLibrary::find(const char*) const {
  return nullptr;
}

#else

std::string own_folder() {
  Dl_info info{};
  const auto self = reinterpret_cast<const void*>(&own_folder);
  if (dladdr(self, &info) == 0 || info.dli_fname == nullptr) {
    fail(LLM42_STATUS_INTERNAL, "the system does not tell where this library lies");
  }
  const std::string file = info.dli_fname;
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

std::string library_file_name(const std::string& name) {
#if defined(__APPLE__)
  return "lib" + name + ".dylib";
#else
  return "lib" + name + ".so";
#endif
}

SharedLibrary::SharedLibrary(const std::string& path, std::string& reason)
    : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  const char* const message = dlerror();
  reason = message == nullptr ? "unknown reason" : message;
}

SharedLibrary::~SharedLibrary() {
  if (handle_ != nullptr) dlclose(handle_);
}

void* SharedLibrary::find(const char* symbol) const {
  return dlsym(handle_, symbol);
}

#endif

}  // namespace llm42
