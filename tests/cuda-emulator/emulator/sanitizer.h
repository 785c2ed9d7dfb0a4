// What the emulator tells the sanitizers. The thread sanitizer sees every CUDA thread as a thread, ordered by
// CUDA's own barriers and fences alone: the emulator itself is compiled without it, and its inline parts
// that end up in instrumented kernels are hidden from it by Unobserved.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define LLM42_EMULATOR_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define LLM42_EMULATOR_ASAN 0
#endif

#if defined(LLM42_SANITIZE_THREAD)
#define LLM42_EMULATOR_TSAN 1
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
void __tsan_read_range(void* address, unsigned long size);
void __tsan_write_range(void* address, unsigned long size);
}
#else
#define LLM42_EMULATOR_TSAN 0
#endif

namespace emu {

// Sanitized kernels take about ten times as long: the largest tests run fewer shapes then.
inline constexpr bool is_sanitized = LLM42_EMULATOR_ASAN || LLM42_EMULATOR_TSAN;

// While one lives, the thread sanitizer ignores what this thread reads and writes.
class Unobserved {
 public:
#if LLM42_EMULATOR_TSAN
  Unobserved() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~Unobserved() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
#else
  Unobserved() {}
#endif
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;
};

// Memory that is about to serve someone else: what was done with it before is no longer of interest.
void forget_accesses(void* address, size_t size);

// Order between threads, as the thread sanitizer knows it: what precedes a release() happened before what
// follows a later acquire() of the same object.
class Order {
 public:
#if LLM42_EMULATOR_TSAN
  void release() {
    __tsan_release(this);
  }
  void acquire() {
    __tsan_acquire(this);
  }
  void forget() {
    forget_accesses(this, sizeof *this);
  }
#else
  void release() {}
  void acquire() {}
#endif

 private:
  [[maybe_unused]] alignas(8) char place_[8] = {};
};

// An access that the emulator makes for the running thread, which sanitizers are to judge as the kernel's.
inline void observe_read([[maybe_unused]] const void* address, [[maybe_unused]] size_t size) {
#if LLM42_EMULATOR_TSAN
  __tsan_read_range(const_cast<void*>(address), size);
#endif
}
inline void observe_write([[maybe_unused]] void* address, [[maybe_unused]] size_t size) {
#if LLM42_EMULATOR_TSAN
  __tsan_write_range(address, size);
#endif
}

}  // namespace emu
