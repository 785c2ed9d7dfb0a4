// How the emulator reports what it finds: a line on stderr, then abort.
#pragma once

namespace emu {

// Names the kernel, the block and the thread that is running, if one is.
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace emu
