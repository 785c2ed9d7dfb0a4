// A stack of its own that an OS thread can switch to and away from.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace emu {

class Fiber {
 public:
  // The OS thread's own stack, until prepare() gives it another.
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  // The next switch to this fiber calls `entry`, which must not return.
  void prepare(void (*entry)());

  // Runs `to` until something switches back to `from`. With `from_ends` nothing ever will.
  static void run(Fiber& from, Fiber& to, bool from_ends = false);

  // The first thing that `entry` calls; `origin` is the fiber of the OS thread.
  static void arrived(Fiber& origin);

  // Called on an OS thread's own stack before it runs fibers.
  void adopt_running_stack();

 private:
#if defined(__x86_64__)
  void* stack_pointer_ = nullptr;
#else
  ucontext_t context_{};
#endif
  char* stack_ = nullptr;  // its lowest usable byte
  // What the sanitizers know it by.
  const void* bottom_ = nullptr;
  size_t size_ = 0;
  void* fake_stack_ = nullptr;
  void* tsan_fiber_ = nullptr;
};

}  // namespace emu
