// Room for the handlers of signals on threads that use the processor's matrix unit.
#pragma once

namespace llm42::cpu {

// To be called on a thread before it first uses tiles. From then on Linux saves eight more KiB of registers
// wherever it calls a signal's handler on that thread, and the alternate stack that .NET gives its threads
// has no room for them: a null reference would end the process instead of being an exception. So this gives
// the thread a larger one until it ends. A thread without an alternate stack is left as it is.
void make_room_for_tiles() noexcept;

}  // namespace llm42::cpu
