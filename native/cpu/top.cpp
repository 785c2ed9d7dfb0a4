#include "cpu/top.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/dtype.h"

namespace llm42::cpu {

RankKey rank_key(float value, uint32_t id) {
  // + 0.0f makes -0 equal to +0; flipping the bits makes the order of the integers that of the floats.
  const float ranked = std::isnan(value) ? -std::numeric_limits<float>::infinity() : value + 0.0f;
  const uint32_t bits = bits_of(ranked);
  const uint32_t ordered = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return (static_cast<uint64_t>(ordered) << 32) | static_cast<uint32_t>(~id);
}

int64_t top_capacity(int64_t count, int64_t wanted) {
  return std::min(count, 2 * wanted + 4096) + 16;
}

void select_top(const Kernels& kernels, const float* values, int64_t count, int64_t wanted, RankKey* keys,
                uint32_t* ids) {
  const int64_t capacity = top_capacity(count, wanted);
  // The first candidates come unseen; later ones must beat the worst of those kept. An equal one cannot: its
  // id is higher.
  int64_t held = 0;
  int64_t position = std::min(count, wanted);
  for (int64_t i = 0; i < position; ++i) keys[held++] = rank_key(values[i], static_cast<uint32_t>(i));
  float worst = -std::numeric_limits<float>::infinity();
  for (;;) {
    std::nth_element(keys, keys + wanted - 1, keys + held, std::greater<>());
    held = wanted;
    const float value = values[id_of(keys[wanted - 1])];
    worst = std::isnan(value) ? -std::numeric_limits<float>::infinity() : value;
    if (position >= count) break;
    const int64_t found = kernels.find_above(values, count, worst, &position, ids, capacity - held);
    for (int64_t i = 0; i < found; ++i) keys[held++] = rank_key(values[ids[i]], ids[i]);
  }
  std::sort(keys, keys + wanted, std::greater<>());
}

}  // namespace llm42::cpu
