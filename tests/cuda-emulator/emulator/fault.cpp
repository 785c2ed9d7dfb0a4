#include "emulator/fault.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "emulator/thread.h"

namespace emu {

void fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::fprintf(stderr, "CUDA emulator: ");
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  if (const Thread* thread = local.thread; thread != nullptr) {
    const Context& c = thread->context;
    std::fprintf(stderr, " [block %u,%u,%u thread %u,%u,%u]", c.block_index.x, c.block_index.y,
                 c.block_index.z, c.thread_index.x, c.thread_index.y, c.thread_index.z);
  }
  if (local.block != nullptr) std::fprintf(stderr, " in %s", kernel_name());
  std::fprintf(stderr, "\n");
  std::abort();
}

}  // namespace emu
