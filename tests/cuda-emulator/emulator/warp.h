// Warps: meetings of lanes, through which all warp operations exchange their values.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "emulator/limits.h"
#include "emulator/sanitizer.h"
#include "emulator/thread.h"

namespace emu {

// Where the lanes of one mask meet.
struct Meeting {
  static constexpr size_t value_bytes = 64;

  uint32_t mask = 0;     // as the kernel gave it
  uint32_t lanes = 0;    // those of the mask that exist
  uint32_t arrived = 0;  // in the meeting that is under way
  const char* operation = nullptr;
  Thread* waiting[warp_size] = {};
  unsigned waiting_count = 0;
  // For __syncwarp; two objects by turns as in BlockBarrier.
  uint64_t number = 0;
  Order order[2];
  alignas(16) unsigned char input[warp_size * value_bytes];
  alignas(16) unsigned char output[warp_size * value_bytes];
};

class Warp {
 public:
  void reset();
  void add(unsigned lane) { lanes_ |= 1u << lane; }
  void leave(unsigned lane);

  // The meeting that the running lane joins.
  Meeting& join(const char* operation, uint32_t mask);

 private:
  uint32_t lanes_ = 0;  // those that the block has
  uint32_t left_ = 0;   // those that have left the kernel
  std::vector<std::unique_ptr<Meeting>> meetings_;
};

// The running lane joins its warp's meeting. Every caller but the last waits in arrive(); the last gets true,
// computes the outputs and calls finish(), which wakes the others.
Meeting& join_meeting(const char* operation, uint32_t mask);
bool arrive(Meeting& meeting);
void finish(Meeting& meeting);

// Every lane of `mask` gives `input`; compute(lanes, inputs, outputs) runs once, with arrays by lane, of
// which only `lanes` count. No order of memory follows, as in CUDA: only __syncwarp gives that.
template <class Output, class Input, class Compute>
Output collective(const char* operation, uint32_t mask, const Input& input, Compute&& compute) {
  static_assert(sizeof(Input) <= Meeting::value_bytes && sizeof(Output) <= Meeting::value_bytes);
  static_assert(std::is_trivially_copyable_v<Input> && std::is_trivially_copyable_v<Output>);
  static_assert(alignof(Input) <= 16 && alignof(Output) <= 16);
  const Unobserved unobserved;
  Meeting& meeting = join_meeting(operation, mask);
  const unsigned lane = context().lane;
  auto* inputs = reinterpret_cast<Input*>(meeting.input);
  auto* outputs = reinterpret_cast<Output*>(meeting.output);
  std::memcpy(static_cast<void*>(inputs + lane), &input, sizeof input);
  if (arrive(meeting)) {
    compute(meeting.lanes, static_cast<const Input*>(inputs), outputs);
    finish(meeting);
  }
  Output output;
  std::memcpy(static_cast<void*>(&output), outputs + lane, sizeof output);
  return output;
}

}  // namespace emu
