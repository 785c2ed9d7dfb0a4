// How products with packed weights are cut into pieces that fit the caches. None of it changes a bit.
#pragma once

#include <algorithm>
#include <cstdint>

namespace llm42::cpu {

constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Rows whose sums of one panel stay in the second-level cache.
constexpr int64_t rows_per_block = 480;

// Panels that a thread multiplies with few rows before it asks for more: the more in a row, the better memory
// gives them; the fewer, the less the others wait for the last.
inline int64_t panels_at_a_time(int64_t panels, int threads) {
  return std::clamp<int64_t>(panels / (2 * threads), 1, 4);
}

}  // namespace llm42::cpu
