// llm42/common.h
#include <cstdio>

#include "api/call.h"

namespace llm42 {

namespace {
// A fixed array, so that keeping a message cannot fail.
thread_local char last_message[1024];
}  // namespace

void set_error_message(const char* function, const char* message) noexcept {
  std::snprintf(last_message, sizeof last_message, "%s: %s", function, message);
}

}  // namespace llm42

int32_t llm42_abi_version(void) noexcept {
  return LLM42_ABI_VERSION;
}

const char* llm42_error_message(void) noexcept {
  return llm42::last_message;
}
