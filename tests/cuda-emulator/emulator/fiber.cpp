#include "emulator/fiber.h"

#include <sys/mman.h>

#include <cstdint>

#include "emulator/fault.h"
#include "emulator/sanitizer.h"

namespace emu {

namespace {

constexpr size_t stack_bytes = 128 * 1024;
constexpr size_t guard_bytes = 4096;  // an overflow is a fault, not another thread's data

char* map_stack() {
  void* memory = mmap(nullptr, stack_bytes + guard_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, guard_bytes, PROT_NONE) != 0) {
    fail("no memory for the stack of a thread");
  }
  return static_cast<char*>(memory) + guard_bytes;
}

}  // namespace

#if defined(__x86_64__)
// Saves what the ABI lets a callee keep, changes stacks, and restores it. swapcontext would do the same with
// two system calls for the signal mask.
extern "C" void llm42_emulator_switch(void** from, void* to);
asm(R"(
.text
.p2align 4
.type llm42_emulator_switch,@function
llm42_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size llm42_emulator_switch,.-llm42_emulator_switch
)");
#endif

Fiber::~Fiber() {
  if (stack_ == nullptr) return;
#if LLM42_EMULATOR_TSAN
  if (tsan_fiber_ != nullptr) __tsan_destroy_fiber(tsan_fiber_);
#endif
  munmap(stack_ - guard_bytes, stack_bytes + guard_bytes);
}

void Fiber::adopt_running_stack() {
#if LLM42_EMULATOR_TSAN
  tsan_fiber_ = __tsan_get_current_fiber();
#endif
}

void Fiber::prepare(void (*entry)()) {
  if (stack_ == nullptr) {
    stack_ = map_stack();
    bottom_ = stack_;
    size_ = stack_bytes;
  }
#if LLM42_EMULATOR_ASAN
  __asan_unpoison_memory_region(stack_, stack_bytes);
#endif
#if LLM42_EMULATOR_TSAN
  if (tsan_fiber_ == nullptr) tsan_fiber_ = __tsan_create_fiber(0);
#endif
#if defined(__x86_64__)
  void** top = reinterpret_cast<void**>(stack_ + stack_bytes);
  *--top = nullptr;  // the return address of `entry`, which keeps the stack aligned as at a call
  *--top = reinterpret_cast<void*>(entry);
  constexpr int saved_registers = 6;
  for (int i = 0; i < saved_registers; ++i) *--top = nullptr;
  stack_pointer_ = top;
#else
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_;
  context_.uc_stack.ss_size = stack_bytes;
  context_.uc_link = nullptr;
  makecontext(&context_, entry, 0);
#endif
}

void Fiber::run(Fiber& from, Fiber& to, [[maybe_unused]] bool from_ends) {
#if LLM42_EMULATOR_ASAN
  __sanitizer_start_switch_fiber(from_ends ? nullptr : &from.fake_stack_, to.bottom_, to.size_);
#endif
#if LLM42_EMULATOR_TSAN
  __tsan_switch_to_fiber(to.tsan_fiber_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__x86_64__)
  llm42_emulator_switch(&from.stack_pointer_, to.stack_pointer_);
#else
  swapcontext(&from.context_, &to.context_);
#endif
#if LLM42_EMULATOR_ASAN
  __sanitizer_finish_switch_fiber(from.fake_stack_, nullptr, nullptr);
#endif
}

void Fiber::arrived([[maybe_unused]] Fiber& origin) {
#if LLM42_EMULATOR_ASAN
  const void* bottom = nullptr;
  size_t size = 0;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
  // The first fiber of a block comes from the OS thread's stack; later ones come from other fibers.
  if (origin.bottom_ == nullptr) {
    origin.bottom_ = bottom;
    origin.size_ = size;
  }
#endif
}

}  // namespace emu
