// How products with packed weights are cut into pieces that fit the caches. None of it changes a bit.
#pragma once

#include <cstdint>

namespace llm42::cpu {

constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Rows whose sums of one panel stay in the second-level cache.
constexpr int64_t rows_per_block = 480;

}  // namespace llm42::cpu
