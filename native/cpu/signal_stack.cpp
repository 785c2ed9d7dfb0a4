#include "cpu/signal_stack.h"

#if defined(__linux__)

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#if !defined(AT_MINSIGSTKSZ)
#define AT_MINSIGSTKSZ 51
#endif

namespace llm42::cpu {

namespace {

// For a handler, beside what the kernel saves.
constexpr size_t handler_size = 64 * 1024;

class LargerStack {
 public:
  LargerStack() {
    const size_t wanted = getauxval(AT_MINSIGSTKSZ) + handler_size;
    if (sigaltstack(nullptr, &before_) != 0) return;
    if ((before_.ss_flags & SS_DISABLE) != 0 || before_.ss_size >= wanted) return;
    // A page below it that cannot be written, as a stack should have. If there is no memory for it, the
    // thread goes on with what it has.
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size_ = page + (wanted + page - 1) / page * page;
    void* const memory =
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return;
    mprotect(memory, page, PROT_NONE);
    stack_t larger{};
    larger.ss_sp = static_cast<std::byte*>(memory) + page;
    larger.ss_size = size_ - page;
    if (sigaltstack(&larger, nullptr) != 0) {
      munmap(memory, size_);
      return;
    }
    memory_ = memory;
    stack_ = larger.ss_sp;
  }

  LargerStack(const LargerStack&) = delete;
  LargerStack& operator=(const LargerStack&) = delete;

  // Whoever made the stack before frees it, and must find it.
  ~LargerStack() {
    stack_t now{};
    if (memory_ == nullptr || sigaltstack(nullptr, &now) != 0 || now.ss_sp != stack_) return;
    if (sigaltstack(&before_, nullptr) == 0) munmap(memory_, size_);
  }

 private:
  stack_t before_{};
  size_t size_ = 0;
  void* memory_ = nullptr;
  void* stack_ = nullptr;
};

}  // namespace

void make_room_for_tiles() noexcept {
  thread_local const LargerStack stack;
  (void)stack;
}

}  // namespace llm42::cpu

#else

namespace llm42::cpu {

void make_room_for_tiles() noexcept {}

}  // namespace llm42::cpu

#endif
