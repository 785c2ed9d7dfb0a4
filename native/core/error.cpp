#include "core/error.h"

#include <cstdio>

namespace llm42 {

std::string to_text(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", value);
  return digits;
}

}  // namespace llm42
