// The largest values of a row, in order: larger first, ties to the lower id.
#pragma once

#include <cstdint>

#include "cpu/isa/kernels.h"

namespace llm42::cpu {

// A value and its id in one integer whose order is the wanted one: the larger key comes first.
using RankKey = uint64_t;

RankKey rank_key(float value, uint32_t id);
inline uint32_t id_of(RankKey key) {
  return ~static_cast<uint32_t>(key);
}

// Room that select_top() needs.
int64_t top_capacity(int64_t count, int64_t wanted);

// Leaves the `wanted` (1..count) first of `count` values in keys[0 .. wanted - 1], in order. NaN counts as
// -inf. keys has room for top_capacity() elements, ids for as many.
void select_top(const Kernels& kernels, const float* values, int64_t count, int64_t wanted, RankKey* keys,
                uint32_t* ids);

}  // namespace llm42::cpu
