#include "emulator/block_barrier.h"

#include <cstring>

#include "emulator/block.h"
#include "emulator/fault.h"
#include "emulator/sanitizer.h"

namespace emu {

void BlockBarrier::reset() {
  waiting_.clear();
  count_ = 0;
  operation_ = nullptr;
  votes_ = 0;
}

int BlockBarrier::wait(const char* operation, unsigned count, bool vote) {
  const Unobserved unobserved;
  Block& block = *local.block;
  const auto turn = static_cast<size_t>(meeting_ % 2);
  if (count == 0 && block.left() != 0) {
    fail("%s of all threads, but %u of %u have left the kernel", operation, block.left(), block.size());
  }
  if (!waiting_.empty() && (count_ != count || std::strcmp(operation_, operation) != 0)) {
    fail("threads meet at one barrier differently: %s of %u threads and %s of %u threads (0 = all)",
         operation_, count_, operation, count);
  }
  count_ = count;
  operation_ = operation;
  votes_ += vote ? 1 : 0;
  order_[turn].release();
  if (waiting_.size() + 1 == (count != 0 ? count : block.size())) {
    while (!waiting_.empty()) block.wake(waiting_.take());
    result_[turn] = votes_;
    votes_ = 0;
    ++meeting_;
    block.progressed();
  } else {
    waiting_.push(local.thread);
    block.park(operation);
  }
  order_[turn].acquire();
  return result_[turn];
}

void BlockBarrier::check_no_one_waits_for_all() const {
  if (!waiting_.empty() && count_ == 0) {
    fail("a thread left the kernel while %zu others wait in %s", waiting_.size(), operation_);
  }
}

}  // namespace emu
