#include "emulator/warp.h"

#include "emulator/barrier.h"
#include "emulator/block.h"
#include "emulator/fault.h"

namespace emu {

void Warp::reset() {
  lanes_ = left_ = 0;
  for (const auto& meeting : meetings_) meeting->arrived = meeting->waiting_count = 0;
}

void Warp::leave(unsigned lane) {
  left_ |= 1u << lane;
  for (const auto& meeting : meetings_) {
    if (meeting->arrived != 0 && (meeting->lanes >> lane & 1u) != 0) {
      fail("lane %u left the kernel while lanes of its warp wait for it in %s", lane, meeting->operation);
    }
  }
}

Meeting& Warp::join(const char* operation, uint32_t mask) {
  const unsigned lane = context().lane;
  if ((mask >> lane & 1u) == 0)
    fail("%s: the mask %08x leaves out the calling lane %u", operation, mask, lane);
  if ((mask & left_) != 0) {
    fail("%s: the mask %08x names lanes %08x, which have left the kernel", operation, mask, mask & left_);
  }
  Meeting* meeting = nullptr;
  for (const auto& other : meetings_) {
    if (other->mask == mask) {
      meeting = other.get();
    }
  }
  if (meeting == nullptr) {
    meetings_.push_back(std::make_unique<Meeting>());
    meeting = meetings_.back().get();
    meeting->mask = mask;
  }
  if (meeting->arrived == 0) {
    meeting->operation = operation;
    meeting->lanes = mask & lanes_;
  } else if (std::strcmp(meeting->operation, operation) != 0) {
    fail("lanes with the mask %08x meet in different operations: %s and %s", mask, meeting->operation,
         operation);
  }
  return *meeting;
}

Meeting& join_meeting(const char* operation, uint32_t mask) {
  return local.block->warp_of(*local.thread).join(operation, mask);
}

bool arrive(Meeting& meeting) {
  meeting.arrived |= 1u << context().lane;
  if (meeting.arrived == meeting.lanes) return true;
  meeting.waiting[meeting.waiting_count++] = local.thread;
  local.block->park(meeting.operation);
  return false;
}

void finish(Meeting& meeting) {
  for (unsigned i = 0; i < meeting.waiting_count; ++i) local.block->wake(meeting.waiting[i]);
  meeting.waiting_count = 0;
  meeting.arrived = 0;
  ++meeting.number;
  local.block->progressed();
}

}  // namespace emu

void __syncwarp(unsigned mask) {
  const emu::Unobserved unobserved;
  emu::Meeting& meeting = emu::join_meeting("__syncwarp", mask);
  emu::Order& order = meeting.order[meeting.number % 2];
  order.release();
  if (emu::arrive(meeting)) emu::finish(meeting);
  order.acquire();
}
