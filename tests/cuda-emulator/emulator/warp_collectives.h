// Shuffles, votes and reductions of a warp.
#pragma once

#include <concepts>
#include <type_traits>

#include "emulator/fault.h"
#include "emulator/warp.h"

namespace emu {

// Every lane names the lane that it reads from, or -1 for itself.
template <class T>
T shuffle(const char* operation, unsigned mask, T value, int source) {
  static_assert(sizeof(T) <= 16, "a shuffle takes at most 16 bytes");
  struct Input {
    T value;
    int source;
  };
  const int lane = static_cast<int>(context().lane);
  return collective<T>(operation, mask, Input{value, source < 0 ? lane : source},
                       [=](uint32_t lanes, const Input* inputs, T* outputs) {
                         for (unsigned i = 0; i < warp_size; ++i) {
                           if ((lanes >> i & 1u) == 0) continue;
                           const int from = inputs[i].source;
                           if ((lanes >> from & 1u) == 0) {
                             fail("%s: lane %u reads lane %d, which the mask %08x leaves out", operation, i,
                                  from, mask);
                           }
                           outputs[i] = inputs[from].value;
                         }
                       });
}

// First lane of the running lane's segment of `width` lanes.
inline int segment_start(int width) {
  return static_cast<int>(context().lane) & ~(width - 1);
}

template <class T, class Combine>
T reduce(const char* operation, unsigned mask, T value, Combine combine) {
  return collective<T>(operation, mask, value, [=](uint32_t lanes, const T* inputs, T* outputs) {
    const int first = __builtin_ctz(lanes);
    T result = inputs[first];
    for (int i = first + 1; i < static_cast<int>(warp_size); ++i) {
      if ((lanes >> i & 1u) != 0) result = combine(result, inputs[i]);
    }
    for (unsigned i = 0; i < warp_size; ++i) outputs[i] = result;
  });
}

struct Votes {
  uint32_t lanes, yes;
};
inline Votes vote(const char* operation, unsigned mask, bool yes) {
  return collective<Votes>(operation, mask, yes, [](uint32_t lanes, const bool* inputs, Votes* outputs) {
    uint32_t result = 0;
    for (unsigned i = 0; i < warp_size; ++i) {
      if ((lanes >> i & 1u) != 0 && inputs[i]) result |= 1u << i;
    }
    for (unsigned i = 0; i < warp_size; ++i) outputs[i] = {lanes, result};
  });
}

}  // namespace emu

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  return emu::shuffle("__shfl_sync", mask, value, emu::segment_start(width) + (source & (width - 1)));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32) {
  const int source = static_cast<int>(emu::context().lane) ^ lane_mask;
  const bool is_inside = source < emu::segment_start(width) + width;
  return emu::shuffle("__shfl_xor_sync", mask, value, is_inside ? source : -1);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  const int source = static_cast<int>(emu::context().lane + distance);
  const bool is_inside = source < emu::segment_start(width) + width;
  return emu::shuffle("__shfl_down_sync", mask, value, is_inside ? source : -1);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  const int source = static_cast<int>(emu::context().lane) - static_cast<int>(distance);
  return emu::shuffle("__shfl_up_sync", mask, value, source >= emu::segment_start(width) ? source : -1);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return emu::vote("__ballot_sync", mask, predicate != 0).yes;
}
inline int __any_sync(unsigned mask, int predicate) {
  return emu::vote("__any_sync", mask, predicate != 0).yes != 0;
}
inline int __all_sync(unsigned mask, int predicate) {
  const emu::Votes votes = emu::vote("__all_sync", mask, predicate != 0);
  return votes.yes == votes.lanes;
}
// The lanes of `mask` whose value equals the caller's.
template <class T>
unsigned __match_any_sync(unsigned mask, T value) {
  return emu::collective<unsigned>("__match_any_sync", mask, value,
                                   [](uint32_t lanes, const T* inputs, unsigned* outputs) {
                                     for (unsigned i = 0; i < emu::warp_size; ++i) {
                                       outputs[i] = 0;
                                       for (unsigned j = 0; j < emu::warp_size; ++j) {
                                         const bool both = (lanes >> i & lanes >> j & 1u) != 0;
                                         if (both && inputs[i] == inputs[j]) outputs[i] |= 1u << j;
                                       }
                                     }
                                   });
}

template <std::integral T>
T __reduce_add_sync(unsigned mask, T value) {
  return emu::reduce("__reduce_add_sync", mask, value, [](T a, T b) {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) + static_cast<std::make_unsigned_t<T>>(b));
  });
}
template <std::integral T>
T __reduce_min_sync(unsigned mask, T value) {
  return emu::reduce("__reduce_min_sync", mask, value, [](T a, T b) { return b < a ? b : a; });
}
template <std::integral T>
T __reduce_max_sync(unsigned mask, T value) {
  return emu::reduce("__reduce_max_sync", mask, value, [](T a, T b) { return a < b ? b : a; });
}
inline unsigned __reduce_and_sync(unsigned mask, unsigned value) {
  return emu::reduce("__reduce_and_sync", mask, value, [](unsigned a, unsigned b) { return a & b; });
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned value) {
  return emu::reduce("__reduce_or_sync", mask, value, [](unsigned a, unsigned b) { return a | b; });
}
inline unsigned __reduce_xor_sync(unsigned mask, unsigned value) {
  return emu::reduce("__reduce_xor_sync", mask, value, [](unsigned a, unsigned b) { return a ^ b; });
}
